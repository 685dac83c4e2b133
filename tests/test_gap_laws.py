"""Laws of what reaches far: a gap takes its shape from other weeks, a swap joins two devices, power stands in.

Whatever the order of arrival, the tables equal what all readings give at once.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.model import Quantity, Reading
from processing.run import Worker
from store import spans, swaps
from store.spans import StaleSpan
from store.swaps import Swap
from tests.metering import FORGET_ALL, append, apply, compute_at_once, exhaust, stored, worker_on

MONDAY: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
WEEK: Final = timedelta(days=7)
TEN: Final = timedelta(minutes=10)
SWAPPED: Final = MONDAY + 2 * WEEK + timedelta(hours=3, minutes=20)
TERRITORY: Final = f"""
community = [{{ id = "valley", name = "Valley", place = "Somewhere" }}]
holder = [{{ id = "someone" }}]

[[point]]
id = "home"
holder = "someone"
name = "Home whose meter was swapped"
category = "home"
community = "valley"
device = [{{ id = "old", to = {SWAPPED.isoformat()} }}, {{ id = "new", from = {SWAPPED.isoformat()} }}]
[[point]]
id = "roof"
holder = "someone"
name = "Roof whose meter says what it feeds in"
role = "producer"
category = "solar"
community = "valley"
device = [{{ id = "roof", measures = "production" }}]
[[point]]
id = "shed"
holder = "someone"
name = "Shed without a register"
category = "home"
community = "valley"
device = [{{ id = "plug" }}]
"""


def level_wh(at: datetime) -> int:
    """What flowed since the beginning: 300 W, and twice that in every second half-hour."""
    halves = (at - MONDAY) // timedelta(minutes=30)
    return 1000 + 150 * halves + 150 * (halves // 2)


@st.composite
def histories(draw: st.DrawFn) -> list[Reading]:
    """Five weeks of Monday mornings every half-hour, with holes; the meter is replaced in the third."""
    readings: list[Reading] = []
    for week in range(5):
        hole = draw(st.integers(0, 12)), draw(st.sampled_from([0, 0, 5, 6, 9]))
        for half in range(13):
            at = MONDAY + week * WEEK + half * timedelta(minutes=30, seconds=draw(st.sampled_from([0, 0, 7])))
            if hole[0] <= half < sum(hole):
                continue
            is_old = at < SWAPPED
            shown = level_wh(at) - (0 if is_old else level_wh(SWAPPED) - 5)
            shown = draw(st.sampled_from([shown] * 12 + [0, shown + 10_000_000]))
            device = "old" if is_old else "new"
            readings.append(Reading(device, Quantity.IMPORT_ENERGY, float(shown), at, dialect="test"))
            power_w = draw(st.sampled_from([250.0, 250.0, 250.0, 250.0, float(half * 100 - 300)]))
            readings += [
                Reading("plug", Quantity.ACTIVE_POWER, power_w, at + i * TEN, dialect="test") for i in range(3)
            ]
    return readings


@pytest.fixture
def valley(migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, Worker]]:
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        yield migrated_url, connection, worker


@pytest.mark.slow
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(readings=histories(), seed=st.integers(0, 2**32), swap_after=st.integers(0, 6))
def test_any_order_of_arrival_gives_what_all_readings_give_at_once(
    valley: tuple[str, psycopg.Connection, Worker], readings: list[Reading], seed: int, swap_after: int
) -> None:
    url, connection, worker = valley
    connection.execute(FORGET_ALL)
    order = random.Random(seed)  # noqa: S311 - an order, not a secret
    if order.random() < 0.7:
        order.shuffle(readings)
    turns = 0
    while readings:
        size = order.choice([1, 5, 40])
        append(connection, readings[:size])
        readings = readings[size:]
        if turns == swap_after:
            record(connection)
        if order.random() < 0.5:
            worker.work_once()
        turns += 1
    if turns <= swap_after:
        record(connection)
    exhaust(worker)
    assert stored(connection)["interval"] == compute_at_once(url, connection)


def test_a_register_that_comes_later_leaves_what_power_told_before(
    valley: tuple[str, psycopg.Connection, Worker],
) -> None:
    url, connection, worker = valley
    power = [Reading("plug", Quantity.ACTIVE_POWER, 400, MONDAY + i * TEN, dialect="test") for i in range(13)]
    append(connection, power)
    exhaust(worker)
    before = stored(connection)["interval"]
    later = MONDAY + timedelta(days=10)
    told = [Reading("plug", Quantity.IMPORT_ENERGY, 1000 + 50 * i, later + i * TEN, dialect="test") for i in range(7)]
    append(connection, [*told, Reading("plug", Quantity.ACTIVE_POWER, 400, later, dialect="test")])
    exhaust(worker)
    after = stored(connection)["interval"]
    assert after == compute_at_once(url, connection)
    assert before
    assert set(before) <= set(after)
    assert {method for *_, method in after} == {"power", "register"}


def test_a_gap_computed_beside_the_week_that_gives_its_shape_is_computed_again(
    valley: tuple[str, psycopg.Connection, Worker],
) -> None:
    """A span that failed before is computed by itself, in the same transaction: it cannot see what the others wrote."""
    url, connection, worker = valley
    told = [
        Reading("old", Quantity.IMPORT_ENERGY, 1000.0 + 50 * (week * 100 + i), MONDAY + week * WEEK + i * TEN)
        for week in range(2)
        for i in range(37)
        if not (week == 1 and 9 <= i < 27)
    ]
    append(connection, told)
    (series_no,) = connection.execute("SELECT no FROM series").fetchone() or (0,)
    gap_day = (MONDAY + WEEK).date()
    connection.execute("DELETE FROM stale WHERE day = %s", [gap_day])
    spans.retry_later(connection, "series", [StaleSpan(series_no, gap_day, 0)], "once")
    connection.execute("UPDATE stale SET not_before = now()")
    exhaust(worker)
    assert stored(connection)["interval"] == compute_at_once(url, connection)


def test_a_production_without_yield_is_what_it_feeds_in(valley: tuple[str, psycopg.Connection, Worker]) -> None:
    _, connection, worker = valley

    def registers(quantity: Quantity, start: datetime) -> list[Reading]:
        return [Reading("roof", quantity, 1000.0 + 60 * i, start + i * TEN, dialect="test") for i in range(7)]

    append(connection, registers(Quantity.EXPORT_ENERGY, MONDAY))
    exhaust(worker)
    assert {(row[1], row[4]) for row in stored(connection)["interval"]} == {("export", 90)}
    append(connection, registers(Quantity.PV_ENERGY, MONDAY) + registers(Quantity.EXPORT_ENERGY, MONDAY + WEEK))
    exhaust(worker)
    rows = stored(connection)["interval"]
    assert {row[4] for row in rows} == {90}, "the yield, and not both"
    assert max(row[3] for row in rows) < MONDAY + WEEK, "what is fed in counts no more"


def record(connection: psycopg.Connection) -> None:
    swap = Swap("import", "", SWAPPED, level_wh(SWAPPED), 5)
    with connection.transaction():
        swaps.put(connection, "home", swap, swaps.read_registers(connection, "home", "import", SWAPPED))


def test_the_laws_meet_what_they_are_about(valley: tuple[str, psycopg.Connection, Worker]) -> None:
    """A gap with a shape, a quarter-hour across the swap, and energy from power."""
    _, connection, worker = valley
    half = timedelta(minutes=30)
    told: list[Any] = []
    for week in range(4):
        for at in (MONDAY + week * WEEK + i * half for i in range(13)):
            if week == 1 and 3 <= (at - MONDAY - WEEK) // half < 9:
                continue
            shown = level_wh(at) if at < SWAPPED else level_wh(at) - level_wh(SWAPPED) + 5
            told.append(Reading("old" if at < SWAPPED else "new", Quantity.IMPORT_ENERGY, shown, at, dialect="test"))
    power = [Reading("plug", Quantity.ACTIVE_POWER, 400, MONDAY + i * timedelta(minutes=5)) for i in range(7)]
    append(connection, told + power)
    record(connection)
    exhaust(worker)
    methods = {(point, method) for point, *_, method in stored(connection)["interval"]}
    assert methods == {("home", "split"), ("home", "shape"), ("home", "register"), ("shed", "power")}
    across = connection.execute(
        "SELECT energy_wh, method FROM interval WHERE start = %s", [SWAPPED - timedelta(minutes=5)]
    ).fetchall()
    assert across == [(150, "register")], "the old register stands still to the swap, the new one rises"
