"""What is kept no longer goes, bit by bit; and nothing that was made of it changes, whatever comes afterwards."""

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import psycopg
import pytest

from energy.errors import Unavailable
from energy.model import LONGEST_STILLNESS, Quantity
from processing.run import Worker
from store import retention
from store.connect import connect
from store.retention import Cutoffs, Old
from tests.metering import DAY, HOUR, append, apply, exhaust, register, stored, wait_until, worker_on
from tests.test_frozen import TERRITORY

LATER: Final = DAY + timedelta(days=200)
BEFORE: Final = DAY + timedelta(days=120)
"""After the end of every chunk with the first day in it, and long before the later one."""
QUARTERS: Final = 4 * 24
READINGS: Final = Cutoffs(BEFORE, None, None, LONGEST_STILLNESS)
ALL: Final = Cutoffs(BEFORE, BEFORE, BEFORE, LONGEST_STILLNESS)


@pytest.fixture
def settled(both_migrated_url: str) -> Iterator[tuple[psycopg.Connection, Worker]]:
    """Two days of two points, half a year apart, computed."""
    with worker_on(both_migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        for day in (DAY, LATER):
            append(connection, register("h", range(0, 100 * QUARTERS + 1, 100), day))
            append(connection, register("r", range(0, 40 * QUARTERS + 1, 40), day, quantity=Quantity.PV_ENERGY))
        append(connection, register("h", [7], DAY + HOUR))  # a revision
        append(connection, register("h", [400], DAY + HOUR))
        exhaust(worker)
        yield connection, worker


def count(connection: psycopg.Connection, table: str, column: str = "start") -> tuple[int, int]:
    """Rows before and after the cut-off."""
    query = f"SELECT count(*) FILTER (WHERE {column} < %s), count(*) FILTER (WHERE {column} >= %s) FROM {table}"
    row = connection.execute(query.encode(), [BEFORE, BEFORE]).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize("is_frozen", [True, False])
def test_history_outlives_the_readings_because_it_is_frozen(
    settled: tuple[psycopg.Connection, Worker], *, is_frozen: bool
) -> None:
    connection, worker = settled
    before = stored(connection)
    assert count(connection, "reading", "at") == (2 * (QUARTERS + 1), 2 * (QUARTERS + 1))
    if is_frozen:
        retention.freeze(connection, READINGS)
    removed = list(retention.remove(connection, READINGS))
    assert {step.kind for step in removed} == {"readings", "revisions"}
    assert count(connection, "reading", "at") == (0, 2 * (QUARTERS + 1))
    assert count(connection, "reading_revision", "at") == (0, 0)
    # A late reading, a new subscribed power, a meter that moves to the other point on the first day.
    append(connection, register("h", [3], DAY + timedelta(minutes=1)))
    apply(connection, TERRITORY.replace('name = "Home"', 'name = "Home"\nlimit_kva = 9'))
    apply(connection, TERRITORY.replace('{ id = "h" }', '{ id = "h", from = 2026-01-05T12:00:00Z }'))
    exhaust(worker)
    after = stored(connection)
    for table, at in (("interval", 3), ("balance", 1), ("allocation", 2)):
        old = [[row for row in rows[table] if row[at] < BEFORE] for rows in (before, after)]
        assert len(old[0]) > 0
        assert (old[0] == old[1]) == is_frozen, table
        new = [[row for row in rows[table] if row[at] >= BEFORE] for rows in (before, after)]
        assert new[0] == new[1]


def test_each_kind_goes_by_itself(settled: tuple[psycopg.Connection, Worker]) -> None:
    connection, worker = settled
    retention.freeze(connection, ALL)
    removed = {step.kind for step in retention.remove(connection, ALL)}
    assert removed == {"readings", "revisions", "intervals", "allocations", "balances"}
    for table in ("interval", "balance", "allocation"):
        old, new = count(connection, table)
        assert (old, new > 0) == (0, True), table
    rest = stored(connection)
    append(connection, register("h", [3], DAY + timedelta(minutes=1)))
    append(connection, register("r", [3], DAY + timedelta(minutes=1), quantity=Quantity.PV_ENERGY))
    apply(connection, TERRITORY.replace("step_min = 60", "step_min = 30"))
    exhaust(worker)
    old = [row for row in stored(connection)["balance"] if row[1] < BEFORE]
    assert old == [], "what is gone is not made anew of the rest"
    assert stored(connection)["interval"] == rest["interval"]


def test_it_goes_in_bounded_steps_and_may_end_after_any(settled: tuple[psycopg.Connection, Worker]) -> None:
    connection, _ = settled
    retention.freeze(connection, ALL)
    first = list(islice(retention.remove(connection, ALL, most=10), 3))
    left = count(connection, "reading", "at")[0]
    assert 0 <= left < 2 * (QUARTERS + 1), "what was done is committed"
    rest = list(retention.remove(connection, ALL, most=10))
    assert all(step.rows <= 10 for step in [*first, *rest])
    assert len(first) + len(rest) >= QUARTERS // 10
    assert [count(connection, table)[0] for table in ("interval", "balance", "allocation")] == [0, 0, 0]
    assert list(retention.remove(connection, ALL)) == []


def test_a_chunk_that_reaches_beyond_stays_whole(settled: tuple[psycopg.Connection, Worker]) -> None:
    connection, _ = settled
    middle = Cutoffs(DAY + 12 * HOUR, None, None, LONGEST_STILLNESS)
    list(retention.remove(connection, middle))
    old = connection.execute("SELECT count(*) FROM reading WHERE at < %s", [middle.readings]).fetchone()
    assert old == (2 * QUARTERS // 2 if has_chunks(connection) else 0,)


def has_chunks(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')").fetchone() == (
        True,
    )


def test_what_would_go_is_told_and_stays(settled: tuple[psycopg.Connection, Worker]) -> None:
    connection, _ = settled
    connection.execute("ANALYZE")  # TimescaleDB estimates the rows of a chunk
    chunks = 1 if has_chunks(connection) else None
    readings = retention.read_old(connection, "readings", BEFORE)
    rows = 2 * (QUARTERS + 1) + 2
    assert readings == Old("readings", BEFORE, DAY, rows, readings.size_bytes, chunks)
    intervals = retention.read_old(connection, "intervals", BEFORE)
    assert intervals == Old("intervals", BEFORE, DAY, 2 * QUARTERS, intervals.size_bytes, chunks)
    balances = retention.read_old(connection, "balances", BEFORE)
    assert balances == Old("balances", BEFORE, DAY, 24 + 48 + 24, balances.size_bytes)  # and the pairs
    for old in (readings, intervals, balances):
        assert 1_000 < old.size_bytes < 1_000_000
    assert retention.read_old(connection, "readings", None) == Old("readings", None, DAY, 0, 0)
    assert count(connection, "reading", "at")[0] == 2 * (QUARTERS + 1)


def test_ingestion_goes_on_meanwhile(settled: tuple[psycopg.Connection, Worker], both_migrated_url: str) -> None:
    """Readings come in beside it at every step; where rows go one by one, even beside a step that is not committed.

    (A chunk is nobody else's in the transaction that drops it, which takes some milliseconds.)
    """
    connection, _ = settled
    retention.freeze(connection, ALL)
    with connect(both_migrated_url) as other:
        other.execute("SET lock_timeout = '5s'")
        steps = 0
        with nullcontext() if has_chunks(connection) else connection.transaction():
            for steps, _removed in enumerate(retention.remove(connection, ALL, most=50), start=1):
                for device in ("h", f"new {steps}"):
                    append(other, register(device, [10_000 + steps], LATER + timedelta(days=2, minutes=steps)))
        assert steps >= 5
    assert count(connection, "reading", "at") == (0, 2 * (QUARTERS + 1) + 2 * steps)


def test_a_register_that_is_all_gone_is_awaited_no_more(both_migrated_url: str) -> None:
    """A tariff ended long ago. While its readings are there they tell so; without them it would be awaited for ever."""
    with worker_on(both_migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        append(connection, register("h", range(10), DAY, tariff="night"))
        append(connection, register("h", range(0, 1000, 10), DAY, tariff="day"))
        exhaust(worker)
        retention.freeze(connection, READINGS)
        list(retention.remove(connection, READINGS))
        append(connection, register("h", range(10, 1010, 10), LATER, tariff="day"))
        exhaust(worker)
        assert len([row for row in stored(connection)["interval"] if row[3] >= LATER]) == 99


def test_what_waits_is_computed_first(settled: tuple[psycopg.Connection, Worker]) -> None:
    connection, worker = settled
    append(connection, register("h", [9_700], DAY + timedelta(days=1, minutes=5)))
    with pytest.raises(Unavailable, match=r"^1 day before 2026-06-05 waits to be computed"):
        retention.freeze(connection, READINGS)
    assert connection.execute("SELECT count(*) FROM point WHERE frozen_before IS NOT NULL").fetchone() == (0,)
    exhaust(worker)
    retention.freeze(connection, READINGS)
    assert connection.execute("SELECT DISTINCT frozen_before FROM point").fetchall() == [(BEFORE + LONGEST_STILLNESS,)]
    retention.freeze(connection, Cutoffs(DAY, DAY, None, LONGEST_STILLNESS))
    assert connection.execute("SELECT DISTINCT frozen_before FROM point").fetchall() == [
        (BEFORE + LONGEST_STILLNESS,)
    ], "a freeze never goes back"


def test_a_worker_ends_what_it_has_in_hand_before_anything_is_frozen(
    settled: tuple[psycopg.Connection, Worker], both_migrated_url: str
) -> None:
    """One that settles a day by what it has read would else write after the freeze, from half of what there was."""
    connection, _ = settled
    with connect(both_migrated_url) as busy, connect(both_migrated_url) as observer:
        with busy.transaction():
            busy.execute("SELECT pg_advisory_xact_lock_shared(hashtext('territory'), 0)")
            thread = threading.Thread(target=retention.freeze, args=(connection, ALL))
            thread.start()
            waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            wait_until(lambda: observer.execute(waiting).fetchone() is not None)
            frozen = observer.execute("SELECT count(*) FROM point WHERE frozen_before IS NOT NULL").fetchone()
            assert frozen == (0,)
        thread.join(10)
    assert count_frozen(connection) == 2


def count_frozen(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM point WHERE frozen_before IS NOT NULL").fetchone()
    assert row is not None
    return row[0]


def test_only_one_removes_at_a_time(both_migrated_url: str) -> None:
    with connect(both_migrated_url) as one, connect(both_migrated_url) as other:
        with (
            retention.alone(one, "retention") as first,
            retention.alone(other, "retention") as second,
            retention.alone(other, "forget") as third,
        ):
            assert (first, second, third) == (True, False, True)
        with retention.alone(other, "retention") as now:
            assert now


def test_cut_offs_are_days() -> None:
    now = datetime.fromisoformat("2026-07-10T23:30:00+02:00")
    keeping = retention.Keeping(100, 0, 400, 90, 1, LONGEST_STILLNESS)
    cutoffs = keeping.cutoffs(now)
    assert str(cutoffs.readings) == "2026-04-01 00:00:00+00:00"
    assert cutoffs.intervals is None
    assert str(cutoffs.points) == "2026-05-02 00:00:00+00:00"
    assert str(cutoffs.communities) == "2025-06-05 00:00:00+00:00", "balances that are gone are not made anew"
