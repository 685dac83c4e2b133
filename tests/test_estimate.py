"""Long gaps: the energy that the register knows, along the course of the weeks around; nothing where none is known."""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.frames import READINGS, SWAPS
from energy.time import STEP
from processing.intervals import LONGEST_INTERPOLATION, VALID, intervals_from_registers, measure
from tests.test_intervals import route, routes

MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
WEEK, HOUR = timedelta(days=7), timedelta(hours=1)
SHAPE, EVEN = (8, "shape"), (10, "even")
Energies: TypeAlias = dict[datetime, tuple[int, tuple[int, str]]]


def house(weeks: int, *gaps: tuple[datetime, datetime], scale: int = 1, every: timedelta = STEP) -> pl.DataFrame:
    """A register that rises by its own number of Wh in each quarter-hour of the week; readings within gaps are lost."""
    rows, wh, at = [], 0, MONDAY
    while at <= MONDAY + weeks * WEEK:
        if not any(start < at < end for start, end in gaps):
            rows.append((1, at, float(wh)))
        wh += sum(profile(at + i * STEP) for i in range(every // STEP)) * scale
        at += every
    return pl.DataFrame(rows, schema=READINGS, orient="row")


def profile(at: datetime) -> int:
    return 10 + 7 * at.weekday() + 3 * at.hour + at.minute // 15


def made(readings: pl.DataFrame) -> Energies:
    rows = intervals_from_registers(readings, routes(route())).iter_rows()
    return {start: (wh, (quality, method)) for _, _, start, wh, quality, method in rows}


GAP = (MONDAY + WEEK + 10 * HOUR, MONDAY + WEEK + 15 * HOUR)


@pytest.mark.parametrize("weeks", [2, 3, 4])
def test_the_course_is_that_of_the_weeks_around(weeks: int) -> None:
    intervals = made(house(weeks, GAP))
    assert len(intervals) == weeks * 7 * 96
    for start, (wh, kind) in intervals.items():
        inside = GAP[0] <= start < GAP[1]
        assert (wh, kind) == (profile(start), SHAPE if inside else (0, "register")), start


def test_the_estimate_closes_on_the_register_and_not_on_the_other_weeks() -> None:
    """Twice the energy of other weeks: the same course, twice as high."""
    lost = house(3, GAP)
    known = pl.col("at") >= GAP[1]
    extra = sum(profile(GAP[0] + i * STEP) for i in range(20))
    intervals = made(lost.with_columns(pl.when(known).then(pl.col("value") + extra).otherwise("value")))
    gap = {start: value for start, value in intervals.items() if GAP[0] <= start < GAP[1]}
    assert [wh for wh, _ in gap.values()] == [2 * profile(start) for start in gap]


def test_gaps_begin_and_end_anywhere() -> None:
    """Readings seven minutes off the grid: the register at both ends is what it was, to the Wh."""
    off = timedelta(minutes=7)
    lost = house(3, GAP).with_columns(pl.col("at") + off)
    intervals = made(lost)
    first, last = min(intervals), max(intervals)
    assert [first + i * STEP for i in range(len(intervals))] == sorted(intervals), "no interval is missing"
    total = intervals_from_registers(house(3).with_columns(pl.col("at") + off), routes(route()))
    assert sum(wh for wh, _ in intervals.values()) == total["energy_wh"].sum()
    assert {kind for start, (_, kind) in intervals.items() if GAP[0] + STEP <= start < GAP[1]} == {SHAPE}
    assert last > GAP[1]


def test_without_a_week_that_was_measured_nothing_is_invented() -> None:
    assert not any(GAP[0] <= start < GAP[1] for start in made(house(1, (GAP[0] - WEEK, GAP[1] - WEEK))))
    both = made(house(2, GAP, (GAP[0] - WEEK + HOUR, GAP[1] - WEEK - 2 * HOUR)))
    assert both[GAP[0] - WEEK + HOUR][1] == (9, "linear"), "what was estimated itself"
    assert not any(GAP[0] <= start < GAP[1] for start in both), "is no reference"


def test_a_register_read_every_three_hours() -> None:
    """Then no week was measured, and nothing is known of the course."""
    assert made(house(3, every=3 * HOUR)) == {}


def test_where_nothing_flowed_in_other_weeks_the_energy_is_spread_evenly_and_questionable() -> None:
    flat = house(2, GAP).with_columns(value=pl.when(pl.col("at") >= GAP[1]).then(2000.0).otherwise(0.0))
    gap = {start: value for start, value in made(flat).items() if GAP[0] <= start < GAP[1]}
    assert list(gap.values()) == [(100, EVEN)] * 20


def test_a_fortnight_is_estimated_by_the_weeks_beside_it() -> None:
    away = (MONDAY + 2 * WEEK + 3 * HOUR, MONDAY + 4 * WEEK + 3 * HOUR)
    intervals = made(house(7, away))
    assert {intervals[start][1] for start in intervals if away[0] <= start < away[1]} == {SHAPE}
    assert all(wh == profile(start) for start, (wh, _) in intervals.items())


def test_no_shape_is_taken_across_a_reset() -> None:
    reset = house(3, GAP).with_columns(pl.when(pl.col("at") >= GAP[1]).then(pl.col("value") % 1000).otherwise("value"))
    assert not any(GAP[0] <= start < GAP[1] for start in made(reset))


def test_gaps_are_told_so_that_they_are_computed_again() -> None:
    found = measure(house(2, GAP), routes(route()), SWAPS.to_frame())
    assert found.open_gaps.rows() == [(1, "import", 1, *GAP)]
    assert measure(house(2), routes(route()), SWAPS.to_frame()).open_gaps.is_empty()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_estimates_add_up_to_the_register(data: st.DataObject) -> None:
    starts = st.integers(0, 4 * 7 * 96 - 1).map(lambda i: MONDAY + i * STEP)
    lengths = st.integers(9, 400).map(lambda i: i * STEP)
    gaps = [(start, start + data.draw(lengths)) for start in data.draw(st.lists(starts, min_size=1, max_size=4))]
    off = timedelta(seconds=data.draw(st.integers(0, 899)))
    lost = house(4, *gaps).with_columns(pl.col("at") + off)
    intervals = intervals_from_registers(lost, routes(route()))
    before = measure(lost, routes(route()), SWAPS.to_frame()).intervals
    assert intervals["start"].is_unique().all()
    assert (intervals["energy_wh"] >= 0).all()
    kept = intervals.filter(pl.col("quality") == VALID)
    assert kept.equals(before.filter(pl.col("quality") == VALID)), "what was measured stays"
    register = dict(lost.select("at", "value").iter_rows())
    for start, end in zip(lost["at"], lost["at"].shift(-1), strict=True):
        if end is None or end - start <= LONGEST_INTERPOLATION or off:
            continue
        inside = intervals.filter(pl.col("start").is_between(start, end, closed="left"))
        assert inside["energy_wh"].sum() in (0, register[end] - register[start])
