"""Where no register exists: what is told of intervals as it is told, power over time; never a sum of watts."""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest

from processing.flags import Place
from processing.intervals import intervals_from_registers
from processing.power_now import power_now
from tests.test_intervals import MEASURED, Interval, Register, Route, energies, readings, route, routes, shown, steady

HELD, TOLD, MEAN, SPLIT = (9, "power"), (0, "energy"), (0, "average"), (0, "split")
Kinds: TypeAlias = list[str]
T0 = datetime(2026, 3, 14, 12, tzinfo=UTC)


def of_kind(kind: str, series: int = 1, flow: str = "import", limit_w: int | None = None) -> Route:
    return (*route(series, flow, limit_w=limit_w)[:-1], kind)


TABLE: list[tuple[str, list[Register], list[Route], list[Interval]]] = [
    ("1 kW for a quarter of an hour", [[(m, 1000) for m in range(16)]], [of_kind("power")], energies(HELD, 250)),
    ("samples are weighed by how long they hold", [[(0, 4000), (5, 1000), (15, 0)]], [of_kind("power")],
        energies(HELD, 500)),
    ("adding watts would give a hundred times as much", [[(i / 60, 900) for i in range(901)]], [of_kind("power")],
        energies(HELD, 225)),
    ("a value holds for a quarter of an hour at most", [[(0, 1000), (15, 1000), (40, 1000)]], [of_kind("power")],
        energies(HELD, 250, 250)),
    ("silence longer than that is missing", [[(0, 1000), (10, 1000), (26, 1000)]], [of_kind("power")],
        energies(HELD, 250)),
    ("a zero is a measurement", [[(0, 0), (15, 0), (30, 0)]], [of_kind("power")], energies(HELD, 0, 0)),
    ("what is fed in is no consumption", [[(0, -800), (5, 1200), (15, 0)]], [of_kind("power")], energies(HELD, 200)),
    ("and the other way round", [[(0, -1200), (10, 1200), (15, 0)]], [of_kind("reversed")], energies(HELD, 200)),
    ("above the ceiling a value is left out, and the one before holds on", [[(0, 1000), (5, 53_700_000), (10, 1000),
        (15, 1000)]], [of_kind("power", limit_w=9000)], energies(HELD, 250)),
    ("half watts, rounded once a quarter", [[(0, 1.9), (7.5, 2.1), (15, 0)]], [of_kind("power")], energies(HELD, 1)),
    ("energies of quarter-hours are used as they come", [[(0, 120), (15, 130), (30, 140)]], [of_kind("energy")],
        energies(TOLD, 120, 130, 140)),
    ("of a minute, less than a Wh each", [[(m, 0.4) for m in range(61)]], [of_kind("energy")],
        energies(TOLD, 6, 6, 6, 6)),
    ("stamped on arrival, a second early or late", [[(15 * m + m % 2 / 60, 100) for m in range(6)]],
        [of_kind("energy")], energies(TOLD, 100, 100, 100, 100, 100, 100)),
    ("the step changes from quarter-hours to half-hours", [[(0, 50), (15, 50), (30, 100), (60, 100), (90, 100)]],
        [of_kind("energy")], [*energies(TOLD, 50, 50), *energies(SPLIT, 50, 50, 50, 50, 50, 50, since=30)]),
    ("of five minutes, added", [[(0, 10), (5, 11), (10, 12), (15, 13)]], [of_kind("energy")], energies(TOLD, 33)),
    ("of half-hours, divided to the Wh", [[(0, 101), (30, 101)]], [of_kind("energy")], energies(SPLIT, 50, 51, 50, 51)),
    ("of one that is lost nothing is known", [[(0, 120), (15, 130), (45, 150), (60, 160)]], [of_kind("energy")],
        [*energies(TOLD, 120, 130), *energies(TOLD, 150, 160, since=45)]),
    ("mean powers of half-hours", [[(0, 1000), (30, 501), (60, 0)]], [of_kind("average")],
        energies(SPLIT, 250, 250, 125, 125, 0, 0)),
    ("mean powers of minutes, rounded once", [[(m, 410.0) for m in range(61)]], [of_kind("average")],
        energies(MEAN, 103, 103, 103, 103)),
    ("mean powers of quarter-hours", [[(0, 1000), (15, 500)]], [of_kind("average")], energies(MEAN, 250, 125)),
    ("further apart than an hour, nobody knows what they stand for", [[(0, 1000), (61, 500)]], [of_kind("average")],
        []),
    ("a register comes first", [steady(15, 3, 70), [(m, 1000.0) for m in range(31)]], [route(), of_kind("power", 2)],
        energies(MEASURED, 70, 70)),
    ("even where it is silent: then the quarter is missing", [steady(15, 2, 70), [(m, 1000.0) for m in range(31)]],
        [route(), of_kind("power", 2)], energies(MEASURED, 70)),
    ("two power meters of one home add up", [[(0, 1000), (15, 0)], [(0, 400), (15, 0)]],
        [of_kind("power"), of_kind("power", 2)], energies(HELD, 350)),
    ("all or nothing", [[(0, 1000), (15, 0)], [(0, 400)]], [of_kind("power"), of_kind("power", 2)], []),
]  # fmt: skip


@pytest.mark.parametrize(("why", "registers", "routed", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_each_kind(why: str, registers: list[Register], routed: list[Route], expected: list[Interval]) -> None:
    assert shown(intervals_from_registers(readings(*registers), routes(*routed))) == expected, why


def test_order_of_arrival_does_not_matter() -> None:
    told = readings([(m, 100.0 * (m % 7)) for m in range(46)])
    backwards = intervals_from_registers(told.reverse(), routes(of_kind("power")))
    assert backwards.equals(intervals_from_registers(told, routes(of_kind("power"))))


def test_the_power_of_now_is_the_last_one_told() -> None:
    told = readings([(0, 1000), (1, 1500)], steady(1, 20, 10))
    now = power_now(told, routes(of_kind("power"), route(2, "export")))
    minute = timedelta(minutes=1)
    assert now.rows() == [(1, "export", T0 + 19 * minute, 600), (1, "import", T0 + minute, 1500)]
    assert power_now(readings([(0, 42)]), routes(of_kind("power"))).rows() == [(1, "import", T0, 42)]


FROZEN: list[tuple[str, Register, Route, set[int]]] = [
    ("three hours of the same power to the last digit", [(10 * m, 230.5) for m in range(20)], of_kind("power"), {10}),
    ("a zero may last", [(10 * m, 0) for m in range(20)], of_kind("power"), {9}),
    ("a digit that changes is alive", [(10 * m, 230.5 + m % 2 / 10) for m in range(20)], of_kind("power"), {9}),
    ("two hours are not enough", [(10 * m, 230.5 if m < 13 else 99) for m in range(20)], of_kind("power"), {9}),
    ("energies told alike for three hours", [(15 * m, 55) for m in range(13)], of_kind("energy"), {10}),
    ("a register may rise evenly", steady(15, 20, 55), route(), {0}),
]


@pytest.mark.parametrize(("why", "told", "routed", "qualities"), FROZEN, ids=[row[0] for row in FROZEN])
def test_a_frozen_power_is_questionable(why: str, told: Register, routed: Route, qualities: set[int]) -> None:
    assert set(intervals_from_registers(readings(told), routes(routed))["quality"]) == qualities, why


def test_a_producer_that_produces_at_night_is_questionable() -> None:
    """At noon UTC the sun is up in Paris, and down on the other side of the Earth."""
    register = readings(steady(15, 5, 55))
    roof = routes(route(flow="export"))
    assert set(intervals_from_registers(register, roof, place=Place(48.9, 2.3))["quality"]) == {0}
    assert set(intervals_from_registers(register, roof, place=Place(-48.9, -177.7))["quality"]) == {10}
    home = routes(route(flow="export"), route(2))
    assert set(intervals_from_registers(register, home, place=Place(-48.9, -177.7))["quality"]) == {0}
