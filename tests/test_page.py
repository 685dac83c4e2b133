"""The built-in web page in a real browser, on recorded answers of the API: figures, gaps, clock changes, live feed."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.page_browser import browser_on, table_rows
from tests.page_elements import Element
from tests.page_recorded import DATA, Hub, recorded, serving

FIGURES: Final = ("production", "surplus", "shared", "bought", "consumption")
COLUMNS: Final = ("production_kwh", "surplus_kwh", "allocated_kwh", "residual_kwh", "consumption_kwh")
RATES: Final = ("self_consumption", "self_sufficiency", "coverage")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as hub:
        yield hub


@pytest.fixture
def browser(hub: Hub, tmp_path: Path) -> Callable[..., Element]:
    return browser_on(hub, tmp_path)


def shown(day: dict[str, Any], comma: str) -> dict[str, str]:
    """The five figures of a day as the page must write them."""
    pairs = zip(FIGURES, COLUMNS, strict=True)
    return {name: f"{day['totals'][column]:.1f}".replace(".", comma) + " kWh" for name, column in pairs}


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
    assert page.one(id="now-body").text.endswith("À 21 h 52, 12 points entendus sur 14.")
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
def test_a_day_of_25_hours_tells_its_doubled_hour_apart(hub: Hub, browser: Callable[..., Element]) -> None:
    hub.forbidden = {"points"}
    page = browser(lang="fr", community="mornant")
    starts = [cell.text for cell in page.one(id="table-body").all(scope="row")]
    assert len(starts) == 25
    assert starts[2:4] == ["2 h – 2 h (UTC+2)", "2 h – 3 h (UTC+1)"]
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
def test_members_with_long_names_fit_beside_the_week(hub: Hub, browser: Callable[..., Element]) -> None:
    hub.probe = (DATA / "long_names.js").read_bytes()
    page = browser(lang="fr", community="concarneau")
    assert page.one(id="members").all(class_="who")[0].text == "concarneau-municipal-roof-8"
    assert page.one(tag="body").attributes["data-over"] == "0", "pixels by which the table sticks out"


@pytest.mark.slow
def test_no_figure_of_members_is_hidden_on_a_phone(hub: Hub, browser: Callable[..., Element]) -> None:
    """What has no room is scrolled to, as the shade at the edge says."""
    hub.probe = (DATA / "hidden_columns.js").read_bytes()
    noted = browser(lang="en", community="concarneau", width=390).one(tag="body").attributes
    assert noted["data-hidden"] == "Kind", "which stands above its members there"


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
