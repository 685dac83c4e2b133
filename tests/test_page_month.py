"""What the page says of whole months: value, the operator's settlement, and residuals."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.page_browser import browser_on, table_rows
from tests.page_elements import Element
from tests.page_recorded import DATA, Hub, recorded, serving


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as hub:
        yield hub


@pytest.fixture
def browser(hub: Hub, tmp_path: Path) -> Callable[..., Element]:
    return browser_on(hub, tmp_path)


@pytest.mark.slow
def test_residuals_of_the_month_are_shown_where_the_operator_is_known(
    hub: Hub, browser: Callable[..., Element]
) -> None:
    page = browser(lang="fr", community="concarneau")
    assert any("/concarneau/residuals?start=2026-10-01&end=2026-11-01" in path for path in hub.asked)
    assert "hidden" not in page.one(id="residuals-section").attributes
    assert page.one(id="residuals-month").text == "octobre 2026"
    rows = [[cell.text for cell in row.children if isinstance(cell, Element)] for row in table_rows(page, "residuals")]
    assert rows[:2] == [
        ["…8840", "injecté", "412,9", "398,1", "-14,7", "-3,6 %", "1 436", "39"],
        ["…1103", "soutiré", "187,4", "196,9", "+9,5", "+5,1 %", "1 440", "39"],
    ]
    assert rows[-1] == ["…5512", "soutiré", "–", "–", "–", "–", "0", "1 440"], "not to be compared, never zero"
    assert len(rows) == len(recorded("concarneau-residuals")["residuals"])
    assert [head.text for head in page.one(id="residuals").all(scope="col")][5] == "% du gestionnaire"
    rows = [[cell.text for cell in row.children if isinstance(cell, Element)] for row in table_rows(page, "by-index")]
    assert rows == [
        ["…1103", "soutiré", "187,9", "15", "-0,5", "-0,3 %", "+8,6", "+4,9 %"],
        ["…5512", "soutiré", "9,3", "1", "–", "–", "–", "–"],
    ]


@pytest.mark.slow
def test_the_operators_settlement_is_shown_with_its_cause(hub: Hub, browser: Callable[..., Element]) -> None:
    page = browser(lang="fr", community="concarneau")
    assert any("/concarneau/settlements/operator?month=2026-10" in path for path in hub.asked)
    assert page.one(id="results-month").text == "octobre 2026"
    rows = [[cell.text for cell in row.children if isinstance(cell, Element)] for row in table_rows(page, "results")]
    measured, shared = "L’énergie mesurée diffère : le compteur", "L’énergie mesurée concorde, l’énergie partagée non"
    assert [row[:-1] for row in rows] == [
        ["…1103", "soutiré", "297,6", "267,8", "29,8", "71 %"],
        ["…5512", "soutiré : partagé", "59,5", "71,4", "11,9", "29 %"],
    ]
    assert [row[-1].startswith(why) for row, why in zip(rows, (measured, shared), strict=True)] == [True, True]
    assert page.one(id="results").text.endswith("1 flux concorde, aux arrondis près.")
    heads = page.one(id="results").all(scope="col")
    assert [head.text for head in heads if head.attributes.get("class") == "why"] == ["Pourquoi"], "as its cells"


@pytest.mark.slow
def test_where_nothing_of_a_settlement_agrees_nothing_is_said_to(hub: Hub, browser: Callable[..., Element]) -> None:
    hub.probe = (DATA / "none_agrees.js").read_bytes()
    page = browser(lang="en", community="concarneau")
    assert [cell.text for cell in table_rows(page, "results")[-1].all(tag="td")] == [
        "injected", "119.0", "–", "119.0", "0%", "The operator has no result of it.",
    ]  # fmt: skip
    assert page.one(id="results").all(class_="aside") == []


@pytest.mark.slow
@pytest.mark.parametrize(("minutes", "times"), [(0, 1), (11, 2)], ids=["a moment later", "ten minutes later"])
def test_residuals_are_read_again_with_a_changed_day_but_seldom(
    hub: Hub, browser: Callable[..., Element], minutes: int, times: int
) -> None:
    later = f"const now = Date.now; setTimeout(() => (Date.now = () => now() + {minutes * 60_000}), 1_000)"
    hub.probe, hub.events = later.encode(), b'event: balance\ndata: {"days": ["2026-10-16"]}\n\n'
    browser(lang="en", community="concarneau")
    assert sum("/residuals?" in path for path in hub.asked) == times


@pytest.mark.slow
def test_what_the_month_was_worth_is_shown_in_sums_and_groups_of_three_or_more(
    hub: Hub, browser: Callable[..., Element]
) -> None:
    page, served = browser(lang="fr", community="concarneau"), recorded("concarneau-value")
    assert any("/concarneau/value?start=2026-10-01&end=2026-11-01" in path for path in hub.asked)
    assert page.one(id="value-month").text.startswith("octobre 2026")
    names = ("saving_eur", "revenue_eur", "local_value_rate")
    assert (served["totals"]["saving_eur"], served["totals"]["revenue_eur"]) == ("66.5532784", "121.75758")
    figures = [page.one(data_value=name).one(class_="value").text for name in names]
    assert figures == ["66,55 €", "121,76 €", "61 %"]
    note = page.one(id="value").one(class_="aside").text
    assert note.startswith("22 % des mesures du mois entier sont connues. Les chiffres sont en cours de recalcul")
    rows = [[cell.text for cell in row.children if isinstance(cell, Element)] for row in table_rows(page, "equity")]
    assert rows == [
        ["Tous les membres (12)", "0,33", "0,66", "0,79", "1,00"],
        ["Logements (8)", "0,73", "0,34", "0,80", "0,45"],
    ]
    assert {row["group_name"] for row in recorded("concarneau-equity")["rows"] if row["members"] == 2} == {"public"}
    assert [row["point"] for row in served["rows"] if row["point"] in page.one(id="value-section").text] == []


@pytest.mark.slow
@pytest.mark.parametrize("refused", ["value", "equity"])
def test_what_the_month_was_worth_is_not_shown_to_who_may_not_see_it(
    hub: Hub, browser: Callable[..., Element], refused: str
) -> None:
    hub.forbidden = {refused}
    page = browser(lang="en", community="concarneau")
    assert page.one(id="value").text == "What sharing was worth cannot be read."
    assert "hidden" in page.one(id="equity-part").attributes
    assert "hidden" in page.one(id="banner").attributes
    assert "hidden" not in page.one(id="content").attributes
