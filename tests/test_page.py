"""The built-in web page in a real browser, on recorded answers of the API: figures, gaps, clock changes, live feed."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from tests.page_elements import Element, Reader
from tests.page_recorded import DATA, Hub, recorded

FIGURES: Final = ("production", "surplus", "shared", "bought", "consumption")
COLUMNS: Final = ("production_kwh", "surplus_kwh", "allocated_kwh", "residual_kwh", "consumption_kwh")
RATES: Final = ("self_consumption", "self_sufficiency", "coverage")
BUDGET_MS: Final = 6000
DEADLINE_S: Final = 90


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser(hub: Hub, tmp_path: Path) -> Callable[..., Element]:
    chromium = shutil.which("chromium")
    if chromium is None:
        assert os.environ.get("HUB_TEST_REQUIRE_SERVERS") != "1", "chromium is required here and is not on PATH"
        pytest.skip("chromium is not on PATH, so the page cannot be looked at")

    def open_page(accept: str = "en", **query: str) -> Element:
        """Open the page, let six virtual seconds pass, and read what it became."""
        flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        flags += f" --disable-component-update --disable-sync --user-data-dir={tmp_path} --accept-lang={accept}"
        flags += f" --window-size=1280,1600 --virtual-time-budget={BUDGET_MS} --dump-dom"
        url = f"http://127.0.0.1:{hub.server_address[1]}/?{urlencode(query)}"
        command = [chromium, *flags.split(), url]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, start_new_session=True) as run:
            try:
                dump, _ = run.communicate(timeout=DEADLINE_S)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                raise
        reader = Reader()
        reader.feed(dump.decode())
        return reader.open[0]

    return open_page


def shown(day: dict[str, Any], comma: str) -> dict[str, str]:
    """The five figures of a day as the page must write them."""
    pairs = zip(FIGURES, COLUMNS, strict=True)
    return {name: f"{day['totals'][column]:.1f}".replace(".", comma) + " kWh" for name, column in pairs}


def table_rows(page: Element, name: str) -> list[Element]:
    """The rows in the body of a table."""
    return page.one(id=name).one(tag="tbody").all(tag="tr")


@pytest.mark.slow
def test_the_latest_day_in_french(hub: Hub, browser: Callable[..., Element]) -> None:
    page, day = browser(accept="fr-FR"), recorded("concarneau-day")
    assert page.one(tag="html").attributes["lang"] == "fr"
    assert page.one(id="date").text == "vendredi 16 octobre 2026"
    assert "hidden" not in page.one(id="ribbon").attributes
    assert page.one(id="ribbon").text.startswith("Données simulées.")
    for name, figure in shown(day, ",").items():
        assert page.one(data_figure=name).one(class_="value").text == figure
    for name in RATES:
        rate = f"{day['totals'][f'{name}_rate']:.0%}".replace("%", " %")
        assert page.one(data_rate=name).one(class_="value").text == rate
    assert page.one(id="lead").one(tag="strong").text == f"{day['totals']['self_sufficiency_rate']:.0%}".replace(
        "%", " %"
    )
    assert page.one(data_now="consumption").text == "14,8 kW consommés"
    assert page.one(id="state").text.startswith("Provisoire : 5 intervalles attendent encore des mesures.")
    assert "85 % des mesures de la journée entière sont connues." in page.one(id="state").text
    assert "hidden" in page.one(id="banner").attributes
    assert all(path.startswith(("/?", "/page/", "/v1/")) for path in hub.asked)


@pytest.mark.slow
def test_gaps_stay_gaps_and_provisional_intervals_are_marked(browser: Callable[..., Element]) -> None:
    page, day = browser(lang="en", community="concarneau", day="2026-10-16"), recorded("concarneau-day")
    rows = table_rows(page, "table-body")
    # Midnight to 21:45 is 87 quarter-hours; the four from 05:15 have no reading, the rest of the day is still to come.
    assert len(rows) == 87 == len(day["rows"]) + 4
    assert [row.text for row in rows[21:25]] == [
        f"{start} – {end}–––––no reading"
        for start, end in [("05:15", "05:30"), ("05:30", "05:45"), ("05:45", "06:00"), ("06:00", "06:15")]
    ]
    first = day["rows"][0]
    assert [cell.text for cell in rows[0].all(tag="td")] == [*(f"{first[c]:.2f}" for c in COLUMNS), "settled"]
    assert rows[-1].text.endswith("provisional, 12 of 14 flows known")
    chart = page.one(id="chart")
    assert len(chart.one(class_="gap").all(tag="rect")) == 1
    assert len(chart.one(class_="provisional").all(class_="layer")) == 3
    assert len(chart.all(class_="outline")) == 3  # consumption on both sides of the gap, production after it
    assert {"provisional", "no reading"} <= {item.text for item in page.one(id="legend").all(tag="li")}
    assert "start=2026-10-16&end=2026-10-17&step=15min&format=csv" in (page.one(id="download").attributes["href"] or "")
    points = page.one(id="members").all(class_="who")
    assert [point.text for point in points].count("…0471") == 1
    assert len(points) == 14
    assert len(page.one(id="week").all(tag="button")) == 7
    assert page.one(id="week").one(aria_current="date").attributes["data-day"] == "2026-10-16"


@pytest.mark.slow
def test_what_is_not_whole_says_how_much_is_known(browser: Callable[..., Element]) -> None:
    page, points = browser(lang="en", community="concarneau"), recorded("concarneau-points")["points"]
    assert {row["completeness"] for row in recorded("concarneau-week")["rows"]} == {1.0, 0.97247, 0.857142}
    days = {day.attributes["data-day"] or "": day for day in page.one(id="week").all(tag="button")}
    part = {name: [mark.text for mark in day.all(class_="part")] for name, day in days.items()}
    assert {name: marks for name, marks in part.items() if marks} == {
        "2026-10-11": ["97% known"],  # cut, as everywhere: 97.2 % is no more than 97
        "2026-10-16": ["85% known"],
    }
    assert "97% of its readings are known" in (days["2026-10-11"].attributes["aria-label"] or "")
    shown = [row.all(tag="td")[-1].text for row in page.one(id="members").all(tag="tr")[1:]]
    assert sorted(shown) == sorted(f"{int(point['completeness'] * 100)}%" for point in points)


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
        ["…1103", "soutiré", "59,5", "47,6", "29,8", "71 %"],
        ["…5512", "soutiré", "59,5", "71,4", "11,9", "29 %"],
    ]
    assert [row[-1].startswith(why) for row, why in zip(rows, (measured, shared), strict=True)] == [True, True]
    assert page.one(id="results").text.endswith("1 flux concorde, aux arrondis près.")


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
def test_a_day_of_25_hours_tells_its_doubled_hour_apart(hub: Hub, browser: Callable[..., Element]) -> None:
    hub.forbidden = {"points"}
    page = browser(lang="fr", community="mornant")
    starts = [cell.text for cell in page.one(id="table-body").all(scope="row")]
    assert len(starts) == 25
    assert starts[2:4] == ["02:00 – 02:00 (UTC+2)", "02:00 – 03:00 (UTC+1)"]
    assert [label.text for label in page.one(id="chart").all(class_="hour")] == [f"{h} h" for h in range(0, 24, 3)]
    assert page.one(id="state").text == "Arrêté : toutes les mesures attendues sont là."
    assert page.one(data_day="2026-10-22").attributes["aria-label"] == "jeudi 22 octobre 2026\u00a0: aucune mesure"
    assert page.one(id="members").text == "Les membres de cette journée ne peuvent pas être lus."
    assert page.all(class_="part") == []
    assert "hidden" in page.one(id="residuals-section").attributes
    assert "hidden" in page.one(id="results-section").attributes
    assert page.one(id="value").text.startswith("Pas encore calculé : cela demande quelques minutes")
    assert "hidden" in page.one(id="equity-part").attributes


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


@pytest.mark.slow
def test_members_with_long_names_fit_beside_the_week(hub: Hub, browser: Callable[..., Element]) -> None:
    hub.probe = (DATA / "long_names.js").read_bytes()
    page = browser(lang="fr", community="concarneau")
    assert page.one(id="members").all(class_="who")[0].text == "concarneau-municipal-roof-8"
    assert page.one(tag="body").attributes["data-over"] == "0", "pixels by which the table sticks out"


@pytest.mark.slow
def test_a_community_without_readings_says_what_to_do(browser: Callable[..., Element]) -> None:
    page = browser(lang="en", community="prats")
    assert page.one(id="empty").text.startswith("No readings yet.As soon as a device")
    assert "hidden" in page.one(id="content").attributes
    assert "hidden" in page.one(id="ribbon").attributes


@pytest.mark.slow
def test_what_is_refused_is_said_and_what_is_asked_is_text(browser: Callable[..., Element]) -> None:
    page = browser(lang="en", community='<b id="planted">x</b>', day="2026-10-01")
    banner = (
        'There is no community “<b id="planted">x</b>” here; this is Concarneau. The day lies before the first reading.'
    )
    assert page.one(id="banner").text == banner
    assert page.all(id="planted") == []
    assert "hidden" in page.one(id="content").attributes


@pytest.mark.slow
def test_keyboard_and_buttons(hub: Hub, browser: Callable[..., Element]) -> None:
    hub.probe = (DATA / "keyboard.js").read_bytes()
    page = browser(lang="en")
    row = recorded("concarneau-day")["rows"][3]
    values = [f"{name.title()} {row[column]:.2f} kWh" for name, column in zip(FIGURES, COLUMNS, strict=True)]
    noted = page.one(tag="body").attributes
    assert re.sub(r"\s", " ", noted["data-aloud"] or "") == ", ".join(["00:45 – 01:00", *values, "settled"])
    assert noted["data-place"] == "?lang=fr&community=concarneau&day=2026-10-15"
    assert noted["data-back"] == "vendredi 16 octobre 2026"
    assert any("start=2026-10-15&end=2026-10-16&step=15min" in path for path in hub.asked)


@pytest.mark.slow
def test_the_live_feed_moves_power_and_rereads_a_changed_day(hub: Hub, browser: Callable[..., Element]) -> None:
    power = {**recorded("concarneau-now"), "consumption_w": 4200, "production_w": 12340}
    changed = {"community": "concarneau", "days": ["2026-10-16"]}
    hub.events = "".join(
        f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in [("now", power), ("balance", changed)]
    ).encode()
    page = browser(lang="en")
    assert page.one(data_now="production").text == "12.3 kW produced"
    assert page.one(data_now="consumption").text == "4.2 kW consumed"
    assert sum("step=15min" in path for path in hub.asked) >= 2
    assert (
        page.one(id="live").attributes["data-state"] == "off"
    )  # the feed then answered that there is nothing to follow
