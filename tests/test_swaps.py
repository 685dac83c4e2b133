"""Meter swaps that an operator recorded: nothing is lost between the two registers, whoever tells them."""

from collections.abc import Sequence
from typing import TypeAlias

import polars as pl
import pytest

from energy.frames import SWAPS
from processing.intervals import intervals_from_registers
from tests.test_intervals import (
    MEASURED,
    SPLIT,
    Interval,
    Register,
    Route,
    after,
    energies,
    readings,
    route,
    routes,
    shown,
)

Swap: TypeAlias = tuple[float, int, int]
"""(minutes after noon, index of the old register, index of the new one). [Wh]"""

OLD = [(0, 1000), (15, 1100), (30, 1200)]
NEW = [(45, 25), (60, 75)]
TABLE: list[tuple[str, list[Register], list[Route], list[Swap], list[Interval]]] = [
    ("recorded on an edge", [[*OLD, *NEW]], [route()], [(30, 1200, 5)], energies(MEASURED, 100, 100, 20, 50)),
    ("within a quarter-hour: both parts count", [[*OLD, *NEW]], [route()], [(40, 1260, 5)],
        energies(MEASURED, 100, 100, 80, 50)),
    ("by another device from then on", [OLD, NEW], [route(1, until=40), route(2, since=40)], [(40, 1260, 5)],
        energies(MEASURED, 100, 100, 80, 50)),
    ("what the old device says afterwards does not count", [[*OLD, (50, 9000)], NEW], [route(1), route(2, since=40)],
        [(40, 1260, 5)], energies(MEASURED, 100, 100, 80, 50)),
    ("a reading at the very instant gives way to the indexes", [[*OLD[:2], (30, 1), *NEW]], [route()], [(30, 1200, 5)],
        energies(MEASURED, 100, 100, 20, 50)),
    ("unrecorded, the quarter-hour is missing", [[*OLD, *NEW]], [route()], [],
        [*energies(MEASURED, 100, 100), *energies(MEASURED, 50, since=45)]),
    ("of another flow, it is not recorded", [[*OLD, *NEW], [(0, 0)]], [route(), route(2, "export")], [],
        [*energies(MEASURED, 100, 100), *energies(MEASURED, 50, since=45)]),
    ("two swaps", [[(0, 1000), (15, 1100), (30, 60), (45, 7)]], [route()], [(20, 1150, 10), (40, 100, 2)],
        energies(MEASURED, 100, 100, 45)),
    ("two swaps, three devices", [OLD[:2], [(30, 60)], [(45, 7)]],
        [route(1, until=20), route(2, since=20, until=40), route(3, since=40)], [(20, 1150, 10), (40, 100, 2)],
        energies(MEASURED, 100, 100, 45)),
    ("an index that the next reading contradicts is a glitch with it; what it says of the levels stays", [[*OLD, *NEW]],
        [route()], [(40, 1260, 40)], [*energies(MEASURED, 100, 100), *energies(SPLIT, 47, 48, since=30)]),
    ("one far beyond the new register breaks it", [[*OLD, *NEW]], [route()], [(40, 1260, 500_000)],
        [*energies(MEASURED, 100, 100), *energies(MEASURED, 50, since=45)]),
]  # fmt: skip


def swaps(rows: Sequence[Swap], flow: str = "import") -> pl.DataFrame:
    told = [(1, flow, "", after(at), old, new) for at, old, new in rows]
    return pl.DataFrame(told, schema=SWAPS, orient="row")


@pytest.mark.parametrize(("why", "registers", "routed", "recorded", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_swaps(
    why: str, registers: list[Register], routed: list[Route], recorded: list[Swap], expected: list[Interval]
) -> None:
    made = intervals_from_registers(readings(*registers), routes(*routed), swaps(recorded))
    assert shown(made) == expected, why


def test_one_of_two_tariffs_is_swapped() -> None:
    both = [[(0, 1000), (15, 1100), (45, 25)], [(0, 0), (15, 1), (30, 2), (45, 3)]]
    swap = swaps([(30, 1200, 5)]).with_columns(tariff=pl.lit("HP"))
    made = intervals_from_registers(readings(*both), routes(route(1, tariff="HP"), route(2, tariff="HC")), swap)
    assert shown(made) == energies(MEASURED, 101, 101, 21)


def test_a_swap_of_a_point_without_readings_gives_nothing() -> None:
    made = intervals_from_registers(readings(), routes(route()), swaps([(30, 1200, 5)]))
    assert shown(made) == []
