"""Nothing goes before its time: days that failed, chunks that somebody reads; and what went is told in any case."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import pytest

from energy.errors import Unavailable
from energy.model import LONGEST_STILLNESS, Message, Quantity, Reading
from processing.housekeeping import EVERY_S, Housekeeper
from store import erasure, retention
from store.connect import connect
from store.kept import write_kept
from store.readings import SeriesBook
from store.readings import append as append_batch
from store.rejected import RejectedMessage, RejectedReading, add_messages, add_readings, trim
from store.retention import Cutoffs, Keeping
from tests.hub_command import call_hub
from tests.metering import append, apply, process, register, stored, wait_until
from tests.test_frozen import TERRITORY

TODAY: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
LONG_AGO: Final = TODAY - timedelta(days=400)
DAYS: Final = {"HUB_KEEP_READINGS_DAYS": "100"}
KEEPING: Final = Keeping(100, 0, 0, 90, 10**8, LONGEST_STILLNESS)


@pytest.fixture
def filled(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """A day long ago, computed."""
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        append(connection, register("h", range(100, 9_700, 100), LONG_AGO))
        append(connection, register("r", range(40, 3_880, 40), LONG_AGO, quantity=Quantity.PV_ENERGY))
        process(both_migrated_url)
        yield both_migrated_url, connection


def count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return row[0]


def has_chunks(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is not None


def test_days_that_failed_are_given_up_only_when_told(
    filled: tuple[str, psycopg.Connection], caplog: pytest.LogCaptureFixture
) -> None:
    url, connection = filled
    add_messages(connection, [RejectedMessage(Message("a/b", b"?"), "unknown", LONG_AGO)])
    append(connection, register("h", [7], LONG_AGO + timedelta(minutes=5)))
    connection.execute("UPDATE stale SET error = 'a bug', attempts = 9, not_before = now() + '1 hour'::interval")
    now_s = 0.0
    housekeeper = Housekeeper(connection, KEEPING, lambda: now_s)
    with caplog.at_level(logging.WARNING):
        while housekeeper.step():
            pass
        now_s += EVERY_S - 1
        assert not housekeeper.step(), "a minute later nothing would be different"
    assert [record.message.partition(" before")[0] for record in caplog.records] == [
        "what is old could not all be removed (1 day"
    ]
    assert count(connection, "reading") == 193
    add_messages(connection, [RejectedMessage(Message("a/b", b"?"), "unknown", LONG_AGO)])
    before = f"{TODAY - timedelta(days=69):%Y-%m-%d}"
    code, done, why = call_hub("retention", "--yes", settings={"HUB_DATABASE_URL": url, **DAYS})
    assert code == 1
    assert done == "1 rejected message or reading removed\n", "which is gone already"
    assert why == (
        f"hub retention: 1 day before {before} could not be computed (a bug), and could never be once what they are"
        " made of is gone; mend that first, or give them up with `hub retention --yes --now`\n"
    )
    assert count(connection, "reading") == 193
    assert call_hub("retention", "--yes", "--now", settings={"HUB_DATABASE_URL": url, **DAYS})[0] == 0
    assert count(connection, "reading") == 0
    # They are frozen now, and hold nothing up the next day.
    retention.freeze(connection, KEEPING.cutoffs(TODAY + timedelta(days=1)))


def test_a_chunk_that_somebody_reads_is_not_waited_for(
    filled: tuple[str, psycopg.Connection], caplog: pytest.LogCaptureFixture
) -> None:
    """A backup reads for hours; whoever waits to drop what it reads lets ingestion and processing wait behind."""
    url, connection = filled
    append(connection, register("h", range(10_000, 10_400, 100), TODAY - timedelta(days=5)))
    process(url)
    stop, ingested = threading.Event(), 0

    def ingest() -> None:
        nonlocal ingested
        with connect(url) as other:
            other.execute("SET lock_timeout = '2s'")
            while not stop.is_set():
                append(
                    other, register("h", [20_000 + ingested], TODAY - timedelta(days=4) + timedelta(minutes=ingested))
                )
                ingested += 1

    with connect(url) as reader, reader.transaction():
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        read = "SELECT count(*) FROM reading WHERE at < now() - '100 days'::interval"
        assert reader.execute(read.encode()).fetchone() == (192,)
        ingestion = threading.Thread(target=ingest)
        ingestion.start()
        try:
            code, _, why = call_hub("retention", "--yes", settings={"HUB_DATABASE_URL": url, **DAYS})
            with caplog.at_level(logging.WARNING):
                housekeeper = Housekeeper(connection, KEEPING)
                while housekeeper.step():
                    pass
            so_far = ingested
            wait_until(lambda: ingested > so_far)
        finally:
            stop.set()
            ingestion.join(20)
        assert not ingestion.is_alive()
        if has_chunks(connection):
            assert code == 1
            assert why.startswith("hub retention: somebody, perhaps a backup, reads the old chunk that is next; run")
            assert len(caplog.records) == 1
            assert "somebody, perhaps a backup" in caplog.records[0].message
            assert reader.execute(read.encode()).fetchone() == (192,)
        else:
            assert (code, len(caplog.records)) == (0, 0)
    assert call_hub("retention", "--yes", settings={"HUB_DATABASE_URL": url, **DAYS})[0] == 0
    assert stored(connection)["interval"]
    assert connection.execute(read.encode()).fetchone() == (0,)


def test_what_is_beyond_the_size_of_the_quarantine_is_counted_too(migrated_url: str) -> None:
    """As many are shown as then go."""
    with connect(migrated_url) as connection:
        now = datetime.now(UTC)
        for minutes in range(30):
            at = now - timedelta(minutes=minutes)
            message = Message(f"topic/{minutes:02}", bytes(70))
            add_messages(connection, [RejectedMessage(message, "unknown", at if minutes < 29 else LONG_AGO)])
            reading = Reading("d", Quantity.IMPORT_ENERGY, 1e30, at, dialect="test")
            add_readings(connection, [RejectedReading(reading, "too much", at)])
        shown = retention.read_old(connection, "rejected", now - timedelta(days=90), 2_000)
        # 185 B for each message and 159 B for each reading.
        assert shown.rows == (30 - 10) + (30 - 12)
        assert trim(connection, timedelta(days=90), 2_000) == shown.rows
        assert retention.read_old(connection, "rejected", now - timedelta(days=90), 2_000).rows == 0
        assert retention.read_old(connection, "rejected", now - timedelta(days=90), 10**6).rows == 0


def test_old_values_are_found_by_their_time(migrated_url: str) -> None:
    with connect(migrated_url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(
            b"EXPLAIN SELECT ctid FROM reading_revision WHERE at < now() ORDER BY at LIMIT 10"
        ).fetchall()
        assert "reading_revision_at" in str(plan)


def test_a_batch_without_readings_is_stored_before_somebody_is_forgotten_or_after(migrated_url: str) -> None:
    """Both touch what was refused, and then what is kept for later messages: each would wait for the other."""
    said = RejectedMessage(Message("a/h/birth", b'"h"'), "unknown", LONG_AGO)
    with connect(migrated_url) as connection, connect(migrated_url) as ingesting, connect(migrated_url) as forgetting:
        apply(connection, TERRITORY)
        add_messages(connection, [said])
        write_kept(connection, {"a/h/birth": b"?"})
        ended: list[str] = []

        def forget() -> None:
            erasure.forget_rest(forgetting, "someone", None, TODAY, 0)
            ended.append("forgotten")

        thread = threading.Thread(target=forget)
        with ingesting.transaction():
            append_batch(ingesting, SeriesBook(), [])
            add_messages(ingesting, [said])
            thread.start()
            waits = "SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
            waits += " WHERE d.datname = current_database() AND NOT l.granted"
            wait_until(lambda: connection.execute(waits.encode()).fetchone() is not None)
            write_kept(ingesting, {"a/h/birth": b"new"})
        thread.join(20)
        assert ended == ["forgotten"]
        assert (count(connection, "rejected_message"), count(connection, "kept_message")) == (0, 0)


def test_the_lock_of_a_chunk_is_said_to_be_somebody_s(filled: tuple[str, psycopg.Connection]) -> None:
    url, connection = filled
    if not has_chunks(connection):
        assert list(retention.remove(connection, Cutoffs(TODAY, None, None, LONGEST_STILLNESS)))
        return
    with connect(url) as reader, reader.transaction():
        reader.execute("SELECT FROM reading LIMIT 1")
        with pytest.raises(Unavailable, match="reads the old chunk"):
            list(retention.remove(connection, Cutoffs(TODAY, None, None, LONGEST_STILLNESS)))
