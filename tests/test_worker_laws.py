"""Laws of the worker: whatever the order of arrival, the tables equal what all readings give at once."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.model import Quantity, Reading
from energy.time import ceil_to_step
from processing.run import Worker
from store import spans
from tests.metering import DAY, FORGET_ALL, append, apply, compute_at_once, exhaust, stored, worker_on

TERRITORY: Final = """
community = [{ id = "valley", name = "Valley", place = "Somewhere" }]
holder = [{ id = "someone" }]

[[point]]
id = "home"
holder = "someone"
name = "Home whose meter was swapped"
category = "home"
community = "valley"
device = [
    { id = "old", to = 2026-01-06T12:05:00Z },
    { id = "new", from = 2026-01-06T12:05:00Z },
]
[[point]]
id = "flat"
holder = "someone"
name = "Flat with two tariffs"
category = "home"
limit_kva = 9
community = "valley"
device = [{ id = "flat" }]
[[point]]
id = "roof"
holder = "someone"
name = "Roof"
role = "producer"
category = "solar"
community = "valley"
device = [{ id = "roof", measures = "production" }, { id = "barn", measures = "production" }]
"""
REGISTERS: Final = [
    ("old", Quantity.IMPORT_ENERGY, ""),
    ("new", Quantity.IMPORT_ENERGY, ""),
    ("flat", Quantity.IMPORT_ENERGY, "HC"),
    ("flat", Quantity.IMPORT_ENERGY, "HP"),
    ("roof", Quantity.PV_ENERGY, ""),
    ("barn", Quantity.PV_ENERGY, ""),
]
GAPS_MIN: Final = [5, 5, 10, 10, 15, 15, 20, 40, 90, 130, 300]
RISES_WH: Final = [0, 0, 1, 37, 250, 900]
EVENTS: Final = ["ok"] * 14 + ["zero", "high", "low", "reset", "twice", "revised"]
"""What becomes of a reading: mostly nothing, else an outage, a glitch, a reset, a repetition, a correction."""
QUARRELS: Final = ["ok", "ok", "high", "low"]
"""Two registers under one name, and glitches without end."""


@dataclass(frozen=True)
class Delivery:
    """Readings in order of arrival, cut into batches, and after which batches the worker had its turn."""

    batches: list[list[Reading]]
    worked: list[bool]


@st.composite
def history(draw: st.DrawFn, device: str, quantity: Quantity, tariff: str) -> list[Reading]:
    """What one register says over some days, oldest first; a correction follows what it corrects."""
    # Most of what can go wrong is near midnight, where a window ends.
    at = DAY + timedelta(hours=draw(st.sampled_from([0, 20, 22, 23])), minutes=draw(st.integers(0, 59)))
    at += timedelta(days=draw(st.sampled_from([0, 0, 1, 3])))
    level_wh = draw(st.sampled_from([0, 0, 1_000, 70_000]))
    said: list[Reading] = []
    events = draw(st.sampled_from([EVENTS, QUARRELS]))
    for _ in range(draw(st.integers(4, 20))):
        event = draw(st.sampled_from(events))
        if event == "reset":
            level_wh = draw(st.sampled_from([3, 40]))
        shown_wh = {"zero": 0, "high": level_wh + 10_000_000, "low": level_wh // 2}.get(event, level_wh)
        said.append(Reading(device, quantity, shown_wh, at, tariff=tariff, dialect="test"))
        if event == "twice":
            said.append(said[-1])
        if event == "revised":
            said.append(Reading(device, quantity, shown_wh + 5, at, tariff=tariff, dialect="test"))
        at += timedelta(minutes=draw(st.sampled_from(GAPS_MIN)))
        level_wh += draw(st.sampled_from(RISES_WH))
    return said


@st.composite
def deliveries(draw: st.DrawFn, *, corrected: bool = True) -> Delivery:
    """The histories of all registers in any order; a reading and its correction may change places.

    Not corrected: of the values of one instant only the first, so that what is stored does not depend on the order.
    """
    registers = draw(st.sampled_from([REGISTERS, REGISTERS[:1], REGISTERS[4:5], REGISTERS[2:4], REGISTERS[4:]]))
    readings = [reading for register in registers for reading in draw(history(*register))]
    if not corrected:
        readings = [*{(r.device, r.tariff, r.at): r for r in reversed(readings)}.values()]
    order = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 - an order, not a secret
    match draw(st.sampled_from(["in order", "shuffled", "a late stretch"])):
        case "in order":
            readings.sort(key=lambda reading: reading.at or DAY)
        case "shuffled":
            order.shuffle(readings)
        case _:
            readings.sort(key=lambda reading: reading.at or DAY)
            cut = sorted(order.sample(range(len(readings) + 1), 2))
            readings = readings[: cut[0]] + readings[cut[1] :] + readings[cut[0] : cut[1]]
    batches: list[list[Reading]] = []
    while readings:
        size = draw(st.sampled_from([1, 2, 4, 40]))
        batches.append(readings[:size])
        readings = readings[size:]
    return Delivery(batches, draw(st.lists(st.booleans(), min_size=len(batches), max_size=len(batches))))


@pytest.fixture
def valley(migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, Worker]]:
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        yield migrated_url, connection, worker


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(delivery=deliveries())
def test_any_order_of_arrival_gives_what_all_readings_give_at_once(
    valley: tuple[str, psycopg.Connection, Worker], delivery: Delivery
) -> None:
    url, connection, worker = valley
    connection.execute(FORGET_ALL)
    for batch, worked in zip(delivery.batches, delivery.worked, strict=True):
        append(connection, batch)
        if worked:
            exhaust(worker)
    exhaust(worker)
    assert spans.count(connection) == (0, 0)
    assert stored(connection)["interval"] == compute_at_once(url, connection)
    settled = stored(connection)
    days = {row[3].date() for row in settled["interval"]} | {row[1].date() for row in settled["balance"]}
    spans.mark(connection, "community", [(1, day) for day in days])
    exhaust(worker)
    assert stored(connection) == settled, "settled anew, everything is as it was"


def stored_after(
    valley: tuple[str, psycopg.Connection, Worker], delivery: Delivery
) -> dict[str, list[tuple[Any, ...]]]:
    """What is computed of a delivery, and nothing else; but the power of now, which is what was heard last."""
    _, connection, worker = valley
    connection.execute(FORGET_ALL)
    for batch, worked in zip(delivery.batches, delivery.worked, strict=True):
        append(connection, batch)
        if worked:
            exhaust(worker)
    exhaust(worker)
    assert spans.count(connection) == (0, 0)
    return {table: rows for table, rows in stored(connection).items() if table != "power_now"}


@pytest.mark.slow
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(delivery=deliveries(corrected=False))
def test_late_or_split_data_gives_what_early_data_gives_and_again_changes_nothing(
    valley: tuple[str, psycopg.Connection, Worker], delivery: Delivery
) -> None:
    _, connection, worker = valley
    readings = sorted((r for batch in delivery.batches for r in batch), key=lambda reading: reading.at or DAY)
    early = stored_after(valley, Delivery([readings], [True]))
    late = stored_after(valley, delivery)
    assert late == early

    written = {table: connection.execute(query.encode()).fetchall() for table, query in WRITTEN.items()}
    append(connection, readings)
    assert spans.count(connection) == (0, 0), "what is known already makes nothing stale"
    days = connection.execute("SELECT DISTINCT series_no, (at AT TIME ZONE 'UTC')::date FROM reading").fetchall()
    spans.mark(connection, "series", days)
    assert exhaust(worker) == len(days), "made anew, no interval is another, and no community is settled again"
    assert {table: connection.execute(query.encode()).fetchall() for table, query in WRITTEN.items()} == written


WRITTEN: Final = {
    table: f"SELECT t.*, xmin::text FROM {table} AS t ORDER BY 1, 2, 3"
    for table in ("interval", "allocation", "balance")
}
"""The rows and the transaction that last wrote each."""


@pytest.mark.slow
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(1, 115), st.integers(0, 900)), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_intervals_and_balance_add_up_to_the_difference_of_the_register(
    valley: tuple[str, psycopg.Connection, Worker], steps: list[tuple[int, int]], chance: random.Random
) -> None:
    """A sound register from one edge of the grid to another, in parts that come in any order."""
    at, shown_wh = DAY + timedelta(hours=20), 5_000
    told = [Reading("roof", Quantity.PV_ENERGY, shown_wh, at, dialect="test")]
    for gap_min, rise_wh in steps:
        at, shown_wh = at + timedelta(minutes=gap_min), shown_wh + rise_wh
        told.append(Reading("roof", Quantity.PV_ENERGY, shown_wh, at, dialect="test"))
    told.append(
        Reading("roof", Quantity.PV_ENERGY, shown_wh + 7, ceil_to_step(at + timedelta(minutes=1)), dialect="test")
    )
    chance.shuffle(told)
    batches = [told[i : i + 5] for i in range(0, len(told), 5)]
    found = stored_after(valley, Delivery(batches, [chance.random() < 0.5 for _ in batches]))
    assert sum(row[4] for row in found["interval"]) == shown_wh + 7 - 5_000
    assert sum(row[3] for row in found["balance"]) == shown_wh + 7 - 5_000
