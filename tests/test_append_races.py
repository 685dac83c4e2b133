"""Writers at once: when a series was first positive, chunks at whose edge two of them meet, and deadlocks."""

import logging
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from energy.errors import Unavailable
from energy.model import Reading
from ingest.append import Appender
from ingest.session import Delivery, Session
from ingest.write import Writer as WriterThread
from store.connect import connect, database_answers
from store.listeners import ListenerState
from tests import appending
from tests.metering import wait_until
from tests.writers import NOON, Writer, told

SECOND: Final = 1 / 60
DAY: Final = 24 * 60
WAITING: Final = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
FIRST: Final = "SELECT first_positive_at, (SELECT min(at) FROM reading WHERE value > 0) FROM series"
ZEROS: Final = [told(day * DAY, 0) for day in range(10)]
MOVES: Final[list[tuple[str, list[Reading], list[Reading], list[Reading]]]] = [
    ("the later one comes second", [told(0, 0)], [told(10 * SECOND)], [told(20 * SECOND)]),
    ("the later one comes first", [told(0, 0)], [told(20 * SECOND)], [told(10 * SECOND)]),
    ("both before what was noted, the earlier first", [*ZEROS, told(9.5 * DAY)], [told(2.5 * DAY)], [told(5.5 * DAY)]),
    ("both before what was noted, the later first", [*ZEROS, told(9.5 * DAY)], [told(5.5 * DAY)], [told(2.5 * DAY)]),
    ("what was noted is corrected", [*ZEROS, told(5.5 * DAY)], [told(5.5 * DAY, 0)], [told(2.5 * DAY)]),
    ("and nothing else was positive before", [*ZEROS, told(2.5 * DAY)], [told(2.5 * DAY, 0)], [told(1.5 * DAY)]),
]


def rows(connection: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


@pytest.mark.parametrize(("why", "before", "one", "other"), MOVES, ids=[row[0] for row in MOVES])
def test_two_writers_agree_when_a_series_was_first_positive(
    both_migrated_url: str, why: str, before: list[Reading], one: list[Reading], other: list[Reading]
) -> None:
    """A zero after that is an outage, one before is none: the days of those that change sides must be marked."""
    with ExitStack() as stack:
        first, second, looker = (Writer(stack.enter_context(connect(both_migrated_url))) for _ in range(3))
        first.append(*before)
        second.append(*before)
        ((noted, _),) = rows(looker.connection, FIRST)
        looker.connection.execute("TRUNCATE stale")
        waits = threading.Thread(target=second.append, args=other)
        with first.connection.transaction():
            first.append(*one)
            waits.start()
            wait_until(lambda: len(rows(looker.connection, WAITING)) == 1)
        waits.join()
        ((found, truth),) = rows(looker.connection, FIRST)
        assert found == truth, why
        far = datetime.max.replace(tzinfo=UTC)
        other_side = {r.at.date() for r in before if r.at and r.value == 0 and (noted or far) > r.at > truth}
        marked = {day for _, day in looker.everything()["stale"]}
        assert marked >= other_side, why


def test_two_writers_meet_at_the_edge_of_a_chunk(both_migrated_url: str) -> None:
    """COPY writes a hypertable chunk by chunk, an insert series by series: who mixes them waits for each other."""
    failures: list[BaseException] = []

    def write(writer: Writer, batch: Sequence[Reading]) -> None:
        try:
            writer.append(*batch)
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    devices = [f"meter-{n:02}" for n in range(80)]
    with ExitStack() as stack:
        writers = [Writer(stack.enter_context(connect(both_migrated_url))) for _ in range(2)]
        for week in range(8):
            edge = (datetime(2026, 3, 19, tzinfo=UTC) + timedelta(weeks=week) - NOON) / timedelta(minutes=1)
            for place, writer in enumerate(writers):
                writer.append(*(told(edge - 1 + place * SECOND, 1, device) for device in devices))
            batch = [
                told(edge + ((i + k) % 2 * 2 - 1) * 20 * SECOND + k * SECOND / 10, 1, device)
                for i, device in enumerate(devices)
                for k in range(30)
            ]
            writers[1].book.was_new = False
            threads = [threading.Thread(target=write, args=(writer, batch)) for writer in writers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert failures == []
        assert rows(writers[0].connection, "SELECT count(*) FROM reading") == [(8 * 80 * (2 + 30),)]


def test_a_batch_that_lost_a_deadlock_is_written_again_at_once(
    both_migrated_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ingest.write")
    acknowledged: list[int] = []
    session = Session(acknowledged.extend, lambda: None)
    session.open(resumed=False)
    state = ListenerState("test", NOON, is_connected=True)
    with connect(both_migrated_url) as looker, connect(both_migrated_url) as other:
        Writer(looker).append(told(0))
        thread = WriterThread(
            both_migrated_url, Appender(), session, lambda: state, batch=10, capacity=10,
            quarantine=(timedelta(days=1), 10**6),
        )  # fmt: skip
        for minute in (1, 2):
            heard = appending.told("a", NOON + timedelta(minutes=minute), import_wh=minute)
            thread.put(Delivery(heard, mid=minute, qos=1, connection=1))
        insert = b"INSERT INTO reading SELECT no, %s, 7 FROM series"
        other.execute("SET deadlock_timeout = '20s'")  # so that it is the batch which is given up
        try:
            with other.transaction():
                other.execute(insert, [NOON + timedelta(minutes=2)])
                thread.start()
                wait_until(lambda: len(rows(looker, WAITING)) == 1)
                other.execute(insert, [NOON + timedelta(minutes=1)])
            wait_until(lambda: acknowledged == [1, 2])
        finally:
            thread.stop()
        assert thread.state().database_losses == 0, "it was never away"
        assert [value for *_, value in Writer(looker).everything()["reading"]] == [1, 1, 2]
        assert "written again" in caplog.text


def test_a_deadlock_is_told_as_one() -> None:
    with pytest.raises(Unavailable, match=r"two writers .* waited for each other") as told_as, database_answers():
        raise psycopg.errors.DeadlockDetected("deadlock detected")
    assert "does not answer" not in str(told_as.value)
