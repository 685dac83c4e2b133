"""Flags of doubtful values: the sun, tables, labelled and real solar data with precision and recall, and one law."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.frames import FLOW_INTERVALS, READINGS, ROUTES, UTC_TIME
from processing.flags import (
    CONTEXT,
    DARK_DEG,
    FLAGS,
    Place,
    flag_power,
    questionable,
    questionable_from,
    solar_elevation_deg,
)
from tests.registers import Route, compute

SOLAR: Final = Path(__file__).parent / "data" / "solar"
NOON: Final = datetime(2026, 3, 14, 12, tzinfo=UTC)
QUARTER: Final = timedelta(minutes=15)
GOLDEN: Final = Place(39.742, -105.18)
PARIS: Final = Place(48.8566, 2.3522)

Told: TypeAlias = list[tuple[float, float]]
"""(minutes after noon, value)."""


def elevations_deg(place: Place, *instants: datetime) -> list[float]:
    at = pl.DataFrame({"at": instants}, schema={"at": UTC_TIME})
    return at.select(solar_elevation_deg(pl.col("at"), place)).to_series().to_list()


SUN: Final = [
    # NREL's SPA example (Reda and Andreas 2004): topocentric elevation without refraction.
    ("SPA: Golden, 17 October 2003, 12:30:30 -07:00", "2003-10-17T19:30:30Z", Place(39.742476, -105.1786), 39.872),
    # At a pole the elevation is the declination: 0 at the equinoxes, the obliquity at the solstices.
    ("March equinox at the pole", "2026-03-20T14:46:00Z", Place(90, 0), 0.0),
    ("June solstice at the pole", "2026-06-21T08:25:00Z", Place(90, 77), 23.436),
    ("September equinox at the other pole", "2026-09-23T00:05:00Z", Place(-90, 0), 0.0),
    ("December solstice at the pole", "2026-12-21T20:50:00Z", Place(90, -120), -23.436),
    # Almanacs call it sunrise when the centre is 0.833 degrees below the horizon.
    ("sunrise in Paris on 21 June, 05:47", "2026-06-21T03:47:00Z", PARIS, -0.833),
    ("sunset in Paris on 21 June, 21:58", "2026-06-21T19:58:00Z", PARIS, -0.833),
]


@pytest.mark.parametrize(("why", "at", "place", "expected"), SUN, ids=[row[0] for row in SUN])
def test_the_sun_where_it_is_published(why: str, at: str, place: Place, expected: float) -> None:
    assert elevations_deg(place, datetime.fromisoformat(at)) == pytest.approx([expected], abs=0.03), why


def test_the_sun_at_all_longitudes() -> None:
    """On the equator at an equinox it is as high here as it is deep on the other side of the Earth."""
    equinox = datetime(2026, 3, 20, 14, 46, tzinfo=UTC)
    heights = [elevations_deg(Place(0, longitude), equinox)[0] for longitude in range(-180, 181)]
    assert heights[0] == pytest.approx(heights[-1], abs=1e-9)
    assert all(a == pytest.approx(-b, abs=0.01) for a, b in zip(heights[:180], heights[180:], strict=False))
    # By the sun it is 14:38:33 at Greenwich, which is noon at 39.6 degrees west.
    assert heights.index(max(heights)) - 180 == -40
    assert max(heights) == pytest.approx(90, abs=0.5)


def test_the_sun_at_all_latitudes() -> None:
    """On the longest day of either half of the Earth: noon and midnight, to the minute."""
    for latitude in range(0, 91, 10):
        for at, side in ((datetime(2026, 6, 21, tzinfo=UTC), 1), (datetime(2026, 12, 21, tzinfo=UTC), -1)):
            day = elevations_deg(Place(side * latitude, 0), *(at + timedelta(minutes=i) for i in range(1440)))
            assert max(day) == pytest.approx(90 - abs(latitude - 23.436), abs=0.02)
            assert min(day) == pytest.approx(abs(latitude + 23.436 - 90) * (1 if latitude > 66.6 else -1), abs=0.02)
    for place in ((91, 0), (0, 181), (float("nan"), 0)):
        with pytest.raises(ValueError, match="no place on Earth"):
            Place(*place)


def frame(told: Told, series_no: int = 1) -> pl.DataFrame:
    rows = [(series_no, NOON + timedelta(minutes=minute), float(value)) for minute, value in told]
    return pl.DataFrame(rows, schema=READINGS, orient="row")


def steady(value: float, last: float, first: float = 0, every: float = 15) -> Told:
    return [(first + i * every, value) for i in range(round((last - first) / every) + 1)]


POWERS: Final[list[tuple[str, Told, dict[str, list[float]]]]] = [
    ("three hours of the same are frozen, all of them", steady(70, 180), {"frozen": [m for m, _ in steady(0, 180)]}),
    ("a minute less is not", [*steady(70, 165), (179, 70)], {}),
    ("standing still at zero is a night, or a cloud, or a holiday", steady(0, 600), {}),
    ("what changes in the last digit lives", [(m, v + m / 1e6) for m, v in steady(70, 300)], {}),
    ("a silence of more than an hour: two readings, not one repeated", [*steady(70, 120), *steady(70, 330, 181)], {}),
    ("hourly values may freeze as well", [*steady(7, 240, every=60)], {"frozen": [0, 60, 120, 180, 240]}),
    ("what comes before and after is not", [(-15, 71), *steady(70, 180, every=60), (195, 71)],
        {"frozen": [0, 60, 120, 180]}),
    ("negative power freezes too", steady(-70, 180, every=60), {"frozen": [0, 60, 120, 180]}),
    ("a tenth above the limit is believed, more is not", [(0, 1100), (15, 1100.1), (30, 99_999)],
        {"outlier": [15, 30]}),
    ("a production draws some watts, not a tenth of its limit", [(0, -2.8), (15, -100), (30, -100.1)],
        {"outlier": [30]}),
    ("the sun sets at 17:54 UTC, and civil twilight ends at 18:26", [(354, 60), (385, 1), (387, 1), (600, 3), (615, -3),
        (630, 0)], {"night": [387, 600]}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "told", "expected"), POWERS, ids=[row[0] for row in POWERS])
def test_what_is_flagged(why: str, told: Told, expected: dict[str, list[float]]) -> None:
    flagged = flag_power(frame(told).reverse(), limits_w={1: 1000}, producers=[1], place=PARIS)
    minutes = (pl.col("at") - NOON).dt.total_minutes()
    found = {flag: flagged.filter(flag).select(minutes).to_series().to_list() for flag in FLAGS}
    assert {flag: at for flag, at in found.items() if at} == expected, why


def test_series_do_not_mix_and_only_productions_know_a_night() -> None:
    two = pl.concat([frame(steady(70, 90)), frame(steady(70, 180, 105), series_no=2), frame([(600, 5000)], 3)])
    flagged = flag_power(two, limits_w={1: 100, 2: 100}, producers=[1, 2], place=PARIS)
    assert flagged.columns == [*READINGS.names(), *FLAGS]
    assert not flagged.select(pl.any_horizontal(FLAGS).any()).item()
    assert flag_power(frame([]), place=PARIS).is_empty()
    with pytest.raises(ValueError, match="column value is missing"):
        flag_power(frame([]).drop("value"))


def test_means_freeze_with_the_time_they_stand_for_and_are_dark_when_all_of_it_is() -> None:
    assert not flag_power(frame(steady(70, 165)))["frozen"].any()
    assert flag_power(frame(steady(70, 165)), lasting=QUARTER)["frozen"].all()
    before_dawn = frame([(1030, 5), (1050, 5)])
    assert flag_power(before_dawn, producers=[1], place=PARIS)["night"].to_list() == [True, True]
    assert flag_power(before_dawn, producers=[1], place=PARIS, lasting=QUARTER)["night"].to_list() == [True, False]


# Real data. Precision: of what is flagged, how much is labelled; recall: of what is labelled, how much is flagged.


def rated(file: str, label: str) -> tuple[pl.DataFrame, pl.Series]:
    """Readings of a system of 1 MW [W], and their labels; the file knows parts of the rated power."""
    told = pl.read_csv(SOLAR / file, schema_overrides={"value_normalized": pl.Float64}).drop_nulls("value_normalized")
    at = pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S%z", time_unit="us", time_zone="UTC")
    readings = told.select(series_no=pl.lit(1, pl.Int32), at=at, value=pl.col("value_normalized") * 1e6)
    assert readings["at"].is_sorted()
    return readings, told[label].cast(pl.String).str.to_lowercase() == "true"


def score(flagged: pl.Series, labels: pl.Series, why: str) -> tuple[float, float]:
    hits, marked, labelled = (int(found.sum()) for found in (flagged & labels, flagged, labels))
    precision, recall = hits / marked, hits / labelled
    print(
        f"{why}: {hits} of {labelled} labelled found, {marked - hits} of {len(labels) - labelled} others flagged; "
        f"precision {precision:.3f}, recall {recall:.3f}"
    )
    return precision, recall


def test_precision_and_recall_of_frozen() -> None:
    readings, labels = rated("stale.csv", "stale_data_mask")
    assert labels.sum() == 245
    flagged = flag_power(readings, limits_w={1: 1_000_000}, producers=[1])
    precision, recall = score(flagged["frozen"], labels, "frozen")
    assert precision >= 0.98
    assert recall >= 0.98
    assert not flagged["outlier"].any()


def test_precision_and_recall_of_outlier() -> None:
    """The sixth wrong value lies within the bounds, where it might have been a cloud."""
    readings, labels = rated("outliers.csv", "outlier")
    assert labels.sum() == 6
    flagged = flag_power(readings, limits_w={1: 1_000_000}, producers=[1])
    precision, recall = score(flagged["outlier"], labels, "outlier")
    assert precision >= 0.98
    assert recall >= 0.8
    assert not flagged["frozen"].any()


def test_a_real_roof_has_no_night_until_its_clock_is_wrong() -> None:
    told = pl.read_csv(SOLAR / "2016-07.csv").drop_nulls()
    at = pl.col("measured_on").str.to_datetime("%Y-%m-%d %H:%M:%S%z", time_unit="us", time_zone="UTC")
    readings = told.select(series_no=pl.lit(1, pl.Int32), at=at, value="ac_power")

    def flags(hours: int) -> dict[str, int]:
        moved = readings.with_columns(pl.col("at") + timedelta(hours=hours))
        flagged = flag_power(moved, limits_w={1: 5500}, producers=[1], place=GOLDEN)
        return {flag: int(flagged[flag].sum()) for flag in FLAGS}

    assert flags(0) == {"frozen": 0, "night": 0, "outlier": 0}
    dark = readings.filter(solar_elevation_deg(pl.col("at"), GOLDEN) < DARK_DEG)
    assert dark.height > 1000
    assert (dark["value"] < 0).all(), "the inverter draws a little all night"
    found = {hours: flags(hours)["night"] for hours in (-7, -2, 2, 7)}
    print("night: readings flagged where the clock is so many hours wrong:", found)
    assert min(found.values()) >= 32 * 2, "two hours wrong: some quarter-hours of every day"
    for moved in (Place(42.4, -105.18), Place(37.1, -105.18), Place(39.742, -101.7), Place(39.742, -108.7)):
        roughly = flag_power(readings, producers=[1], place=moved)
        assert roughly["night"].sum() == 0, "300 km away"


# Intervals.

TEN_PM: Final = NOON + timedelta(hours=10)


def intervals(*rows: tuple[int, str, datetime, int, int, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=FLOW_INTERVALS, orient="row")


def test_doubtful_intervals_keep_their_energy() -> None:
    told = intervals(
        (1, "export", NOON, 500, 0, "register"),
        (1, "export", TEN_PM, 0, 0, "register"),
        (1, "export", TEN_PM + QUARTER, 3, 9, "linear"),
        (1, "import", TEN_PM, 3, 0, "register"),
        (2, "export", TEN_PM, 3, 0, "register"),
        (3, "export", NOON, 9999, 0, "energy"),
        (3, "import", NOON, 2476, 0, "energy"),
        *((4, "import", NOON + i * QUARTER, 40, 14, "energy") for i in range(12)),
        *((5, "import", NOON + i * QUARTER, 40, 0, "register") for i in range(12)),
    )

    def changed(**arguments: Any) -> list[tuple[int, str, datetime]]:
        found = questionable(told.reverse(), producers=[1], place=PARIS, limits_w={3: 9000}, **arguments)
        assert found.drop("quality").equals(told.drop("quality"))
        assert set(found.filter(found["quality"] != told["quality"])["quality"]) <= {10}
        return found.filter(found["quality"] != told["quality"]).select("point_no", "flow", "start").rows()

    assert changed(kinds=["night"]) == [(1, "export", TEN_PM + QUARTER)], "another's nights are batteries, perhaps"
    assert changed(kinds=["outlier"]) == [(3, "import", NOON)], "nobody declared how much a home may inject"
    assert changed(kinds=["frozen"], told=[]) == []
    assert changed(kinds=["frozen"]) == [(4, "import", NOON + i * QUARTER) for i in range(12)], "registers may repeat"
    assert changed(kinds=[]) == []
    assert len(changed()) == 14
    assert questionable(intervals(), place=PARIS).schema == FLOW_INTERVALS


def test_intervals_of_doubtful_readings() -> None:
    """Frozen from minute 5 to 185, then alive; an outlier at 400, after which nothing is heard for hours."""
    readings = frame([(-10, 60), *steady(70, 185, 5, every=20), (198, 60), (400, 2000), (800, 60)])
    flagged = flag_power(readings, limits_w={1: 1000})
    told = intervals(*((1, "export", NOON + i * QUARTER, 18, 0, "power") for i in range(-4, 40)))
    span = {"valid_from": NOON - timedelta(days=1), "valid_to": NOON + timedelta(days=1)}
    route = {"series_no": 1, "point_no": 1, "flow": "export", "tariff": "", "limit_w": None, "kind": "power", **span}
    found = questionable_from(told, flagged, pl.DataFrame([route], schema=ROUTES))
    assert found.drop("quality").equals(told.drop("quality"))
    minutes = (pl.col("start") - NOON).dt.total_minutes()
    assert found.filter(quality=10).select(minutes).to_series().to_list() == [
        *range(0, 210, 15), 390, 405, 420, 435, 450,
    ]  # fmt: skip
    elsewhere = pl.DataFrame([{**route, "point_no": 2}, {**route, "valid_to": NOON}], schema=ROUTES)
    assert questionable_from(told, flagged, elsewhere).equals(told)


gaps_min = st.sampled_from([5, 15, 30, 59, 60, 61, 90])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(gaps_min, st.sampled_from([70, 70, 70, 70, 0, 71])), min_size=1, max_size=60), st.data())
def test_a_flag_depends_on_its_context_and_no_more(steps: list[tuple[int, int]], data: st.DataObject) -> None:
    """So a window computed anew with its context around it is flagged as the whole is."""
    minute, told = 0, []
    for gap, value in steps:
        minute += gap
        told.append((minute, value))
    whole = flag_power(frame(told), place=PARIS)
    at = data.draw(st.sampled_from(whole["at"].to_list()))
    near = whole.select(READINGS.names()).filter(pl.col("at").is_between(at - CONTEXT, at + CONTEXT))
    assert flag_power(near, place=PARIS).filter(at=at).equals(whole.filter(at=at))


# A device whose clock leaps: no flag, for its register gives it away when intervals are made.


@pytest.mark.parametrize("limit_w", [None, 9000])
@pytest.mark.parametrize("count", [1, 2, 3, 12])
def test_a_clock_that_leaps_and_returns_adds_no_energy(count: int, limit_w: int | None) -> None:
    """Its readings fall between those told before. Where stamps meet exactly, only a single one is made good."""
    every = timedelta(minutes=10)
    sound = {(1, NOON + i * every): 1000.0 + 100 * i for i in range(96)}
    truth = {row[2]: row[3] for row in compute(sound, [Route(1, 1, limit_w=limit_w)])}
    for leap in (timedelta(minutes=37), timedelta(minutes=61), *([timedelta(hours=2)] if count == 1 else [])):
        told = {(1, NOON + i * every): 1000.0 + 100 * i for i in range(96) if not 70 <= i < 70 + count}
        told |= {(1, NOON + i * every - leap): 1000.0 + 100 * i for i in range(70, 70 + count)}
        found = compute(told, [Route(1, 1, limit_w=limit_w)])
        assert len(found) >= len(truth) - 20
        assert sum(row[3] for row in found) <= sum(truth[row[2]] for row in found)
