"""Registers to intervals: what each kind of register gives, then routes, tariffs, swaps and clock changes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

import polars as pl
import pytest

from energy.frames import FLOW_INTERVALS, READINGS, ROUTES
from energy.model import LONGEST_STILLNESS
from energy.time import PARIS, local_day
from processing.intervals import LONGEST_INTERPOLATION, intervals_from_registers
from processing.power_now import power_now

T0 = datetime(2026, 3, 14, 12, tzinfo=UTC)
FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MEASURED, SPLIT, LINEAR = (0, "register"), (0, "split"), (9, "linear")

Minutes: TypeAlias = float
Register: TypeAlias = Sequence[tuple[Minutes | timedelta, float]]
Interval: TypeAlias = tuple[Minutes, int, tuple[int, str]]


def after(minutes: Minutes | timedelta) -> datetime:
    return T0 + (minutes if isinstance(minutes, timedelta) else timedelta(minutes=minutes))


def readings(*registers: Register) -> pl.DataFrame:
    """Readings of series 1, 2, 3..., by minutes after noon."""
    rows = [(no, after(at), wh) for no, register in enumerate(registers, 1) for at, wh in register]
    return pl.DataFrame(rows, schema=READINGS, orient="row")


def route(
    series: int = 1,
    flow: str = "import",
    tariff: str = "",
    *,
    point: int = 1,
    limit_w: int | None = None,
    since: Minutes | None = None,
    until: Minutes | None = None,
) -> tuple[object, ...]:
    start, end = FROM if since is None else after(since), TO if until is None else after(until)
    return (series, point, flow, tariff, limit_w, start, end, "register")


def routes(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=ROUTES, orient="row")


def shown(intervals: pl.DataFrame, point: int = 1, flow: str = "import") -> list[Interval]:
    assert intervals.schema == FLOW_INTERVALS
    rows = intervals.filter(point_no=point, flow=flow).drop("point_no", "flow").iter_rows()
    return [((start - T0) / timedelta(minutes=1), wh, (quality, method)) for start, wh, quality, method in rows]


def steady(step_min: Minutes, count: int, wh: int) -> list[tuple[Minutes, float]]:
    return [(i * step_min, i * wh) for i in range(count)]


def energies(kind: tuple[int, str], *energies_wh: int, since: Minutes = 0) -> list[Interval]:
    return [(since + 15 * i, wh, kind) for i, wh in enumerate(energies_wh)]


REGISTERS: list[tuple[str, Register, list[Interval]]] = [
    ("no readings, no intervals", [], []),
    ("one reading differs from nothing", [(0, 100)], []),
    ("readings on the edges are used as they are", [(0, 1000), (15, 1100), (30, 1250)], energies(MEASURED, 100, 150)),
    ("between readings the register is interpolated", [(-10, 1000), (5, 1150), (20, 1300)], energies(MEASURED, 150)),
    (
        "the example of docs/intervals.md",
        [(-2, 10_000), (10, 10_240), (20, 10_440), (32, 10_680)],
        energies(MEASURED, 300, 300),
    ),
    ("an edge counts what has surely flowed: rounded down", [(-7, 0), (8, 100), (23, 101)], energies(MEASURED, 54)),
    ("only whole quarters: the rest waits for more readings", [(1, 0), (14, 10), (29, 50)], []),
    ("readings every 10 seconds", steady(1 / 6, 181, 1), energies(MEASURED, 90, 90)),
    ("readings every quarter of an hour, off the grid", steady(15, 4, 60)[1:], energies(MEASURED, 60, 60, since=15)),
    ("readings every 20 minutes are split", steady(20, 4, 80), energies(SPLIT, 60, 60, 60, 60)),
    ("half-hours are split into exact parts, and count as measured", [(0, 0), (30, 101)], energies(SPLIT, 50, 51)),
    ("half-hours and a bit are estimated", [(0, 0), (31, 31)], energies(LINEAR, 15, 15)),
    ("hours are estimated, exactly", [(0, 0), (60, 101)], energies(LINEAR, 25, 25, 25, 26)),
    ("a gap of two hours is filled", [(0, 0), (LONGEST_INTERPOLATION, 808)], energies(LINEAR, *[101] * 8)),
    ("just more is missing, not invented", [(0, 0), (LONGEST_INTERPOLATION + MICROSECOND, 808)], []),
    (
        "around a long gap, edges with a reading on them still count",
        [(0, 0), (15, 10), (300, 800), (315, 830)],
        [*energies(MEASURED, 10), *energies(MEASURED, 30, since=300)],
    ),
    ("a still register proves that nothing flowed", [(0, 500), (180, 500)], energies(MEASURED, *[0] * 12)),
    (
        "whole Wh: decimals are rounded half to even, before anything else",
        [(0, 0.4), (15, 100.5), (30, 201.5)],
        energies(MEASURED, 100, 102),
    ),
    ("a reading told twice counts once", [(0, 0), (15, 100), (15, 100), (30, 200)], energies(MEASURED, 100, 100)),
    ("of two values at once, the lower", [(0, 0), (15, 130), (15, 100), (30, 200)], energies(MEASURED, 100, 100)),
    ("a glitch to zero is left out", [(0, 5e6), (15, 0), (30, 5e6 + 200)], energies(SPLIT, 100, 100)),
    ("so is a small dip", [(0, 5000), (15, 4900), (30, 5200)], energies(SPLIT, 100, 100)),
    ("a spike above the ceiling is left out", [(0, 100), (15, 53.7e6), (30, 300)], energies(SPLIT, 100, 100)),
    ("so is a spike below the ceiling", [(0, 100), (15, 4000), (30, 300)], energies(SPLIT, 100, 100)),
    (
        "a good reading between two glitches is kept",
        [(0, 0), (15, 9e6), (30, 200), (45, 9e6), (60, 400)],
        energies(SPLIT, 100, 100, 100, 100),
    ),
    (
        "two glitches in a row look like a reset: the jump back is above the ceiling, and missing",
        [(0, 5e6), (15, 100), (30, 110), (45, 5e6 + 300), (60, 5e6 + 400)],
        [*energies(MEASURED, 10, since=15), *energies(MEASURED, 100, since=45)],
    ),
    (
        "under the ceiling the jump back is counted: a known limit",
        [(0, 5000), (15, 100), (30, 110), (45, 5300)],
        energies(MEASURED, 10, 5190, since=15),
    ),
    (
        "two registers under one name are missing, not invented",
        [(15 * i, i + 4000 * (i % 2)) for i in range(9)],
        energies(SPLIT, 1, 1) + energies(SPLIT, 1, 1, since=90),
    ),
    ("a reset breaks the register", [(0, 9000), (15, 9100), (30, 40), (45, 140)],
        [*energies(MEASURED, 100), *energies(MEASURED, 100, since=30)]),
    ("a Linky rolls over at 10^9 Wh", [(0, 999_999_900), (15, 50), (30, 150)], energies(MEASURED, 150, 100)),
    ("so does a meter of five digits of kWh", [(0, 99_999_000), (15, 0.4), (30, 2000)], energies(MEASURED, 1000, 2000)),
    ("after a day of silence it may have been reset", [(0, 99_900_000), (24 * 60, 100), (24 * 60 + 15, 200)],
        energies(MEASURED, 100, since=24 * 60)),
    ("within a quarter too", [(-5, 999_999_700), (5, 999_999_900), (25, 300)], energies(SPLIT, 300)),
    ("over the ceiling it is a reset", [(0, 999_800_000), (15, 0), (30, 100)], energies(MEASURED, 100, since=15)),
    ("a glitch near the end is a glitch", [(0, 999_999_800), (15, 10), (30, 999_999_900), (45, 999_999_950)],
        [*energies(SPLIT, 50, 50), *energies(MEASURED, 50, since=30)]),
    ("a smaller counter that begins again is a reset: its size is not known", [(0, 65_000), (15, 40), (30, 140)],
        energies(MEASURED, 100, since=15)),
    ("a first reading far too high stands alone", [(0, 9e6), (15, 100), (30, 150)], energies(MEASURED, 50, since=15)),
    ("a last reading that falls is held", [(0, 100), (15, 200), (30, 10)], energies(MEASURED, 100)),
    ("if the next go on from there, it was a reset", [(0, 100), (15, 200), (30, 10), (45, 20)],
        [*energies(MEASURED, 100), *energies(MEASURED, 10, since=30)]),
    ("if the next returns, it was a glitch", [(0, 100), (15, 200), (30, 10), (45, 320)],
        [*energies(MEASURED, 100), *energies(SPLIT, 60, 60, since=15)]),
    ("a last reading far too high is held", [(0, 100), (15, 200), (30, 9e6)], energies(MEASURED, 100)),
    ("a last reading tells that the one before was the spike", [(0, 0), (15, 9e6), (30, 120)], energies(SPLIT, 60, 60)),
]  # fmt: skip


@pytest.mark.parametrize(("why", "register", "expected"), REGISTERS, ids=[row[0] for row in REGISTERS])
def test_each_kind_of_register(why: str, register: Register, expected: list[Interval]) -> None:
    assert shown(intervals_from_registers(readings(register), routes(route()))) == expected, why


CEILINGS: list[tuple[str, int | None, Register, list[Interval]]] = [
    ("without a limit, 50 kWh in a quarter is believed", None, [(0, 0), (15, 50_000)], energies(MEASURED, 50_000)),
    ("and a Wh more is not", None, [(0, 0), (15, 50_001), (30, 50_101)], energies(MEASURED, 100, since=15)),
    ("9 kVA: 9.9 kW for a quarter", 9000, [(0, 0), (15, 2475)], energies(MEASURED, 2475)),
    ("and a Wh more is not", 9000, [(0, 0), (15, 2476), (30, 2576)], energies(MEASURED, 100, since=15)),
    ("the margin is exact: 1.1 x 10 W for 2 h is 22 Wh", 10, [(0, 0), (120, 22), (135, 22)],
        [*energies(LINEAR, 2, 3, 3, 3, 2, 3, 3, 3), *energies(MEASURED, 0, since=120)]),
    ("23 Wh are a break", 10, [(0, 0), (120, 23), (135, 23)], energies(MEASURED, 0, since=120)),
    ("the ceiling grows with the time", 9000, [(0, 0), (60, 9900)], energies(LINEAR, 2475, 2475, 2475, 2475)),
    ("a quarter's worth is believed at once: registers come in steps", 9000, [(0, 0), (1, 2475), (15, 2475)],
        energies(MEASURED, 2475)),
    ("the largest point and register", 10**9, [(0, 8e15), (15, 8e15 + 275e6)], energies(MEASURED, 275 * 10**6)),
]  # fmt: skip


@pytest.mark.parametrize(("why", "limit_w", "register", "expected"), CEILINGS, ids=[row[0] for row in CEILINGS])
def test_the_ceiling(why: str, limit_w: int | None, register: Register, expected: list[Interval]) -> None:
    assert shown(intervals_from_registers(readings(register), routes(route(limit_w=limit_w)))) == expected, why


def test_a_register_may_be_still_for_a_month_and_no_longer() -> None:
    def zeros(gap: timedelta) -> list[int]:
        return intervals_from_registers(readings([(0, 500), (gap, 500)]), routes(route()))["energy_wh"].to_list()

    assert zeros(LONGEST_STILLNESS) == [0] * 31 * 96
    assert zeros(LONGEST_STILLNESS + MICROSECOND) == []


OLD = [(0, 1000), (15, 1100), (30, 1200), (45, 1300), (60, 1400)]
NEW = [(0, 5), (15, 7), (30, 9), (45, 40), (60, 90)]
HALF = [(at, wh / 2) for at, wh in OLD]
SILENT = [(0, 0), (15, 20)]
Route: TypeAlias = tuple[object, ...]
ROUTED: list[tuple[str, list[Register], list[Route], list[Interval]]] = [
    ("a swap on an edge loses nothing", [OLD, NEW], [route(1, until=30), route(2, since=30)],
        energies(MEASURED, 100, 100, 31, 50)),
    ("a swap within a quarter loses that quarter", [OLD, NEW], [route(1, until=20), route(2, since=20)],
        [*energies(MEASURED, 100), *energies(MEASURED, 31, 50, since=30)]),
    ("a device that measures elsewhere since then", [OLD], [route(1, until=30), route(1, point=2, since=30)],
        energies(MEASURED, 100, 100)),
    ("a device heard before it came here", [OLD], [route(1, since=30)], energies(MEASURED, 100, 100, since=30)),
    ("a device that nobody mapped", [OLD], [], []),
    ("a mapping whose device was never heard", [], [route(1)], []),
    ("tariff registers add up", [HALF, HALF], [route(1, tariff="HP"), route(2, tariff="HC")],
        energies(MEASURED, 100, 100, 100, 100)),
    ("all of them or nothing", [OLD, SILENT], [route(1, tariff="HP"), route(2, tariff="HC")], energies(MEASURED, 120)),
    ("a total outranks tariffs", [OLD, HALF], [route(1), route(2, tariff="HP")],
        energies(MEASURED, 100, 100, 100, 100)),
    ("even a silent total: tariffs may not be all there is", [SILENT, OLD], [route(1), route(2, tariff="HP")],
        energies(MEASURED, 20)),
    ("two inverters on one roof add up", [OLD, NEW], [route(1), route(2)], energies(MEASURED, 102, 102, 131, 150)),
    ("with one silent, the roof is missing", [OLD, SILENT], [route(1), route(2)], energies(MEASURED, 120)),
    ("with one never heard too", [OLD], [route(1), route(2)], []),
    ("the worse of two registers tells the quality", [OLD, [(0, 0), (60, 60)]], [route(1), route(2)],
        energies(LINEAR, 115, 115, 115, 115)),
    ("export is another matter", [OLD, SILENT], [route(1), route(2, "export")], energies(MEASURED, 100, 100, 100, 100)),
    ("so is another point", [OLD, SILENT], [route(1), route(2, point=2)], energies(MEASURED, 100, 100, 100, 100)),
    ("each register has the ceiling of its point", [OLD, OLD], [route(1), route(2, limit_w=100, point=2)],
        energies(MEASURED, 100, 100, 100, 100)),
]  # fmt: skip


@pytest.mark.parametrize(("why", "registers", "routed", "expected"), ROUTED, ids=[row[0] for row in ROUTED])
def test_which_registers_make_a_flow(
    why: str, registers: list[Register], routed: list[Route], expected: list[Interval]
) -> None:
    assert shown(intervals_from_registers(readings(*registers), routes(*routed))) == expected, why


def test_a_device_that_moves_feeds_its_new_point() -> None:
    computed = intervals_from_registers(readings(OLD), routes(route(1, until=30), route(1, point=2, since=30)))
    assert shown(computed, point=2) == energies(MEASURED, 100, 100, since=30)


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2025, 3, 30), 92), (date(2025, 10, 26), 100), (date(2025, 6, 15), 96)]
)
def test_local_days_of_a_clock_change_have_their_quarters(day: date, quarters: int) -> None:
    span = local_day(day, PARIS)
    register = pl.DataFrame({"at": pl.datetime_range(span.start, span.end, "10m", time_unit="us", eager=True)}).select(
        series_no=pl.lit(1, pl.Int32), at="at", value=pl.int_range(pl.len()) * 20.0
    )
    valid = pl.DataFrame([(1, 1, "import", "", None, span.start, span.end, "register")], schema=ROUTES, orient="row")
    computed = intervals_from_registers(register, valid)
    assert computed["start"].is_between(span.start, span.end, closed="left").all()
    assert computed["energy_wh"].to_list() == [30] * quarters


def test_a_frame_of_another_shape_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="column value is missing"):
        intervals_from_registers(readings().drop("value"), routes(route()))
    with pytest.raises(ValueError, match="column limit_w is String, not Int64"):
        intervals_from_registers(readings(), routes(route()).with_columns(limit_w=pl.lit("9")))


POWERS: list[tuple[str, list[Register], list[Route], list[tuple[float, int]]]] = [
    ("nothing heard", [], [route()], []),
    ("one reading has no power", [[(0, 100)]], [route()], []),
    ("the mean of the last five minutes", [steady(1, 20, 10)], [route()], [(19, 600)]),
    ("or of as long as it takes to have two readings", [[(0, 0), (30, 500)]], [route()], [(30, 1000)]),
    ("hourly readings tell nothing about now", [[(0, 0), (60, 500)]], [route()], []),
    ("rounded to the watt", [[(0, 0), (7, 1)]], [route()], [(7, 9)]),
    ("two inverters add up", [steady(15, 3, 100), steady(15, 3, 50)], [route(1), route(2)], [(30, 600)]),
    ("a silent one does not count for ever", [steady(15, 9, 100), steady(15, 3, 50)], [route(1), route(2)],
        [(120, 400)]),
    ("nor does a meter swapped away", [steady(15, 9, 100), steady(15, 9, 100)],
        [route(1, until=60), route(2, since=60)], [(120, 400)]),
    ("a total is not added to its tariffs", [steady(15, 3, 100), steady(15, 3, 100)], [route(1), route(2, tariff="HP")],
        [(30, 400)]),
    ("tariffs alone add up", [steady(15, 3, 100), steady(15, 3, 50)], [route(1, tariff="HC"), route(2, tariff="HP")],
        [(30, 600)]),
    ("never across a reset", [[(0, 900), (15, 1000), (30, 40), (45, 140)]], [route()], [(45, 400)]),
    ("never from a held reading", [[(0, 900), (15, 1000), (30, 40)]], [route()], [(15, 400)]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "registers", "routed", "expected"), POWERS, ids=[row[0] for row in POWERS])
def test_power_now(why: str, registers: list[Register], routed: list[Route], expected: list[tuple[float, int]]) -> None:
    now = power_now(readings(*registers), routes(*routed))
    assert [((at - T0) / timedelta(minutes=1), power_w) for _, _, at, power_w in now.iter_rows()] == expected, why
