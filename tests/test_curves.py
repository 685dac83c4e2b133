"""The operator's curves to intervals: cases by hand, laws, and a slow twin that counts minute by minute."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.frames import CURVES, FLOW_INTERVALS
from energy.time import floor_to_step, local_day
from processing.curves import intervals_from_curves

TEN: Final = datetime(2026, 1, 5, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
QUARTER: Final = timedelta(minutes=15)
BRUT, COMPLETE, CORRIGE = 0, 1, 2
RAW, VALID, ESTIMATED, QUESTIONABLE = 14, 0, 8, 10


def value(minute: int, step_min: int, mean_w: float, nature: int = BRUT, quality: int = RAW) -> tuple[Any, ...]:
    """A value of point 1 that starts so many minutes after ten."""
    return 1, "import", TEN + minute * MINUTE, step_min, nature, mean_w, quality


def frame(rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), CURVES, orient="row")


CASES: Final[list[tuple[str, list[tuple[Any, ...]], list[tuple[int, int, int, str]]]]] = [
    ("nothing known, nothing made", [], []),
    ("a quarter-hour as it is", [value(0, 15, 400)], [(0, 100, VALID, "curve")]),
    (
        "a half-hour is split, and its parts add up: 166.5 Wh",
        [value(0, 30, 333), value(30, 30, 333)],
        [(0, 83, VALID, "split"), (15, 83, VALID, "split"), (30, 83, VALID, "split"), (45, 84, VALID, "split")],
    ),
    (
        "steps of ten minutes cross the grid",
        [value(0, 10, 600), value(10, 10, 660), value(20, 10, 720)],
        [(0, 155, VALID, "curve"), (15, 175, VALID, "curve")],
    ),
    (
        "the step changes within the quarter-hour",
        [value(0, 10, 600), value(10, 5, 1200), value(15, 60, 400)],
        [(0, 200, VALID, "curve"), *[(m, 100, VALID, "split") for m in (15, 30, 45, 60)]],
    ),
    (
        "a quarter-hour with a hole is missing, not smaller",
        [value(0, 10, 600), value(15, 15, 400)],
        [(15, 100, 0, "curve")],
    ),
    (
        "a hole ends the run: what is below a Wh is not carried over it",
        [value(0, 15, 2), value(30, 15, 2)],
        [(0, 0, 0, "curve"), (30, 0, 0, "curve")],
    ),
    ("without one it is carried", [value(m, 15, 2) for m in (0, 15)], [(0, 0, 0, "curve"), (15, 1, 0, "curve")]),
    (
        "corrected outranks completed and raw",
        [value(0, 15, 400, nature, 0) for nature in (1, 2, 0)],
        [(0, 100, 0, "curve")],
    ),
    (
        "corrected outranks, although its step is longer",
        [value(0, 30, 800, CORRIGE, VALID), value(0, 15, 400), value(15, 15, 400)],
        [(0, 200, VALID, "split"), (15, 200, VALID, "split")],
    ),
    (
        "of one nature the finer step counts where it covers",
        [value(0, 60, 400), value(15, 15, 800)],
        [(0, 100, 0, "split"), (15, 200, 0, "curve"), (30, 100, 0, "split"), (45, 100, 0, "split")],
    ),
    (
        "of one step the later start counts",
        [value(0, 30, 400), value(15, 30, 800)],
        [(0, 100, 0, "split"), (15, 200, 0, "split"), (30, 200, 0, "split")],
    ),
    (
        "the worst quality of what is summed",
        [value(0, 5, 120), value(5, 5, 120, COMPLETE, ESTIMATED), value(10, 5, 120, BRUT, QUESTIONABLE)],
        [(0, 30, QUESTIONABLE, "curve")],
    ),
    (
        "midnight in UTC ends the run",
        [value(14 * 60 - 30, 60, 2)],
        [
            (14 * 60 - 30, 0, 0, "split"),
            (14 * 60 - 15, 1, 0, "split"),
            (14 * 60, 0, 0, "split"),
            (14 * 60 + 15, 1, 0, "split"),
        ],
    ),
    ("as much as can be", [value(0, 60, 1e9)], [(m, 250_000_000, 0, "split") for m in (0, 15, 30, 45)]),
]


@pytest.mark.parametrize(("why", "rows", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_case_by_hand(why: str, rows: list[tuple[Any, ...]], expected: list[tuple[int, int, int, str]]) -> None:
    made = intervals_from_curves(frame(rows))
    assert made.schema == FLOW_INTERVALS
    wanted = [(1, "import", TEN + m * MINUTE, wh, quality, method) for m, wh, quality, method in expected]
    assert made.rows() == wanted, why


def test_flows_and_points_do_not_mix() -> None:
    rows = [
        (point, flow, TEN, 15, BRUT, 400.0 * point if flow == "import" else 40.0, RAW)
        for point in (1, 2)
        for flow in ("import", "export")
    ]
    made = intervals_from_curves(frame(rows)).select("point_no", "flow", "energy_wh").rows()
    assert made == [(1, "export", 10), (1, "import", 100), (2, "export", 10), (2, "import", 200)]


@pytest.mark.parametrize(
    ("zone", "day", "quarters"),
    [
        ("Europe/Paris", date(2026, 3, 29), 92),
        ("Europe/Paris", date(2026, 10, 25), 100),
        ("Europe/Vienna", date(2026, 3, 29), 92),
        ("Europe/Lisbon", date(2026, 10, 25), 100),
        ("Atlantic/Azores", date(2026, 3, 29), 92),
        ("Atlantic/Azores", date(2026, 6, 1), 96),
    ],
)
@pytest.mark.parametrize("step_min", [10, 30, 60])
def test_days_of_the_clock_change(zone: str, day: date, quarters: int, step_min: int) -> None:
    span = local_day(day, ZoneInfo(zone))
    steps = (span.end - span.start) // (step_min * MINUTE)
    rows = [(1, "import", span.start + i * step_min * MINUTE, step_min, BRUT, 1000.0, RAW) for i in range(steps)]
    made = intervals_from_curves(frame(rows))
    assert made.height == quarters
    assert made.get_column("energy_wh").to_list() == [250] * quarters


steps = st.sampled_from([1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60])


@st.composite
def curves(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Values around midnight in UTC, some overlapping, most upon one another; one of each key."""
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    minute = 13 * 60
    for _ in range(draw(st.integers(1, 25))):
        step_min, nature = draw(steps), draw(st.sampled_from([0, 0, 0, 1, 2]))
        minute += draw(st.sampled_from([0, 0, 0, 0, 0, 5, 15, -10, -step_min, 7]))
        mean_w = draw(st.integers(0, 9_000_000)) / 1000
        flow = draw(st.sampled_from(["import", "import", "import", "export"]))
        start = TEN + minute * MINUTE
        rows[flow, start, step_min, nature] = (
            1,
            flow,
            start,
            step_min,
            nature,
            mean_w,
            draw(st.sampled_from([0, 8, 14])),
        )
        minute += step_min
    return list(rows.values())


def counted_slowly(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The same by a walk over every minute, in fractions."""
    best: dict[tuple[str, datetime], tuple[Any, ...]] = {}
    for _, flow, start, step_min, nature, mean_w, quality in rows:
        for at in (start + i * MINUTE for i in range(step_min)):
            rank = (nature, -step_min, start, mean_w, quality)
            best[flow, at] = max(best.get((flow, at), rank), rank)
    made: list[tuple[Any, ...]] = []
    for flow in ("export", "import"):
        total, began, before = Fraction(0), Fraction(0), None
        quarter: list[tuple[Any, ...]] = []
        for at in sorted(at for of, at in best if of == flow):
            if before is None or at - before != MINUTE or at.date() != before.date():
                total, quarter = Fraction(0), []
            if at == floor_to_step(at):
                quarter, began = [], total
            quarter.append(best[flow, at])
            total += Fraction(round(best[flow, at][3] * 1000), 60_000)
            before = at
            if at + MINUTE == floor_to_step(at + MINUTE) and len(quarter) == 15:
                quality = max(0 if rank[4] == RAW else rank[4] for rank in quarter)
                method = "split" if any(rank[1] < -15 for rank in quarter) else "curve"
                made.append((1, flow, floor_to_step(at), total // 1 - began // 1, quality, method))
    return made


@settings(max_examples=150, deadline=None)
@given(curves(), st.randoms())
def test_it_equals_its_slow_twin_in_any_order(rows: list[tuple[Any, ...]], chance: Any) -> None:
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    assert intervals_from_curves(frame(shuffled)).rows() == counted_slowly(rows)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(steps, st.integers(0, 9_000_000)), min_size=1, max_size=40))
def test_the_intervals_of_a_run_add_up(parts: list[tuple[int, int]]) -> None:
    """To the energy between their outer edges, to the Wh, whatever the steps."""
    rows: list[tuple[Any, ...]] = []
    minute, edges = 0, {0: Fraction(0)}
    total = Fraction(0)
    for step_min, mean_mw in parts:
        if minute + step_min > 14 * 60:
            break
        rows.append(value(minute, step_min, mean_mw / 1000))
        for i in range(1, step_min + 1):
            total += Fraction(mean_mw, 60_000)
            edges[minute + i] = total
        minute += step_min
    made = intervals_from_curves(frame(rows))
    assert made.height == minute // 15
    assert made.get_column("energy_wh").sum() == edges[minute // 15 * 15] // 1
