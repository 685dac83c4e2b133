"""A changed day needs no more than its window: windows.sql, readings_beside.sql and processing/run.py, retold here."""

import re
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.time import ceil_to_step, floor_to_step, utc_day
from tests.registers import FOREVER, T0, Readings, Route, Row, compute, keep_good, scenes

SQL = Path(__file__).parents[1] / "store" / "sql" / "queries"
FAR = 100_000_000


def limits(query: str) -> set[int]:
    return {int(count) for count in re.findall(r"LIMIT (\d+)", (SQL / f"{query}.sql").read_text(encoding="utf-8"))}


(REACH,), (CONTEXT,) = limits("windows"), limits("readings_beside")


def first_positive(readings: Readings) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for (series, at), value in readings.items():
        if value > 0:
            found[series] = min(at, found.get(series, at))
    return found


def usable(readings: Readings, first: dict[int, datetime]) -> Readings:
    """Without the zeros of outages: a register does not go back to zero by itself."""
    return {k: value for k, value in readings.items() if value != 0 or k[1] <= first.get(k[0], FOREVER)}


def reach(readings: Readings, series: int, day: date) -> tuple[datetime, datetime]:
    span = utc_day(day)
    ats = sorted(at for s, at in readings if s == series)
    before, after = [at for at in ats if at < span.start][-REACH:], [at for at in ats if at >= span.end][:REACH]
    return min(before, default=span.start), max(after, default=span.end)


def around(readings: Readings, series: int, start: datetime, end: datetime) -> Readings:
    ats = sorted(at for s, at in readings if s == series)
    before, after = [at for at in ats if at < start][-CONTEXT:], [at for at in ats if at > end][:CONTEXT]
    return {(series, at): readings[series, at] for at in ats if start <= at <= end or at in before or at in after}


def recompute(readings: Readings, routes: list[Route], stale: set[tuple[int, date]], stored: list[Row]) -> list[Row]:
    points = {r.point for r in routes for series, _ in stale if r.series == series}
    routes = [r for r in routes if r.point in points]
    windows: dict[int, tuple[datetime, datetime]] = {}
    for point in points:
        reached = [
            reach(readings, s, day) for s, day in stale if any((r.series, r.point) == (s, point) for r in routes)
        ]
        windows[point] = floor_to_step(min(a for a, _ in reached)), ceil_to_step(max(b for _, b in reached))
    read: Readings = {}
    for series in {r.series for r in routes}:
        own = [windows[r.point] for r in routes if r.series == series]
        read |= around(readings, series, min(a for a, _ in own), max(b for _, b in own))
    inside = lambda row: row[0] in windows and windows[row[0]][0] <= row[2] < windows[row[0]][1]  # noqa: E731
    return sorted([row for row in stored if not inside(row)] + [row for row in compute(read, routes) if inside(row)])


SPREAD = st.sampled_from([600, 1800, 3600, 7200, 7201, 20_000, 40_000])


@settings(max_examples=100, deadline=None)
@given(st.data(), scenes(most=30, gaps=SPREAD))
def test_a_changed_day_needs_no_more_than_its_window(data: st.DataObject, scene: tuple[Readings, list[Route]]) -> None:
    readings, routes = scene
    series = data.draw(st.sampled_from(sorted({r.series for r in routes})))
    day = (T0 + timedelta(days=data.draw(st.integers(0, 6)))).date()
    told = [at for s, at in readings if s == series and at in utc_day(day)]
    instants = st.integers(0, 86_399).map(lambda s: utc_day(day).start + timedelta(seconds=s))
    if told:
        instants |= st.sampled_from(told)
    values = st.sampled_from(sorted({0.0, 40.0, *(v for (s, _), v in readings.items() if s == series)}))
    changes = data.draw(st.dictionaries(instants, values | st.integers(0, 2000).map(float), min_size=1, max_size=8))
    changed = readings | {(series, at): value for at, value in changes.items()}

    first = first_positive(readings)
    stored = compute(usable(readings, first), routes)
    earlier = {s: min(at, first.get(s, at)) for s, at in first_positive(changed).items()}
    now = first | earlier
    unveiled = {(s, at.date()) for s, at in changed if now.get(s, FOREVER) < at < first.get(s, FOREVER)}
    kept = usable(changed, now)
    assert recompute(kept, routes, {(series, day)} | unveiled, stored) == compute(kept, routes)


FARTHEST: list[tuple[str, list[int], list[int], list[int]]] = [
    ("to the fourth before: spared now, the second meets it", [200, 200, FAR, 200, FAR], [200], []),
    ("to the fourth after: spared now, the second meets it", [], [10], [12, 10, 112, 10, 10, 10]),
    ("a held reading turns out to be a reset", [900, 1000, 40], [50], []),
    ("a glitch turns out to be one", [900, 1000, 40], [1100], []),
    ("a late reading in a gap", [900], [950], [1000]),
]


@pytest.mark.parametrize(("why", "before", "told", "after"), FARTHEST, ids=[row[0] for row in FARTHEST])
def test_how_far_a_change_reaches(why: str, before: list[int], told: list[int], after: list[int]) -> None:
    apart = timedelta(minutes=15)
    day = utc_day(T0.date())
    stored: Readings = {(1, day.start - (len(before) - i) * apart): float(wh) for i, wh in enumerate(before)}
    stored |= {(1, day.end + i * apart): float(wh) for i, wh in enumerate(after)}
    start = day.end - len(told) * apart if after else day.start
    readings = stored | {(1, start + i * apart): float(wh) for i, wh in enumerate(told)}
    routes = [Route(1, 1)]
    assert recompute(readings, routes, {(1, T0.date())}, compute(stored, routes)) == compute(readings, routes), why


levels = st.lists(st.sampled_from([40, 41, 42, 140, 240, FAR, FAR + 1]), max_size=7)


@settings(max_examples=600, deadline=None)
@given(levels, levels, levels, levels)
def test_beyond_the_reach_nothing_is_joined_differently(
    before: list[int], told: list[int], retold: list[int], after: list[int]
) -> None:
    def joined(inner: list[int]) -> set[tuple[datetime, datetime]]:
        whole = [(-len(before) + i, wh) for i, wh in enumerate(before)]
        whole += [((i + 1) / 10, wh) for i, wh in enumerate(inner)] + [(1 + i, wh) for i, wh in enumerate(after)]
        kept = keep_good([(T0 + timedelta(minutes=10 * at), wh) for at, wh in whole], None)
        return {(a[0], b[0]) for a, b in pairwise(kept) if b[2]}

    for left, right in joined(told) ^ joined(retold):
        assert left >= T0 - timedelta(minutes=10 * REACH)
        assert right <= T0 + timedelta(minutes=10 * REACH)
