"""A full disk under the database: nothing half-written, nothing lost, and once there is room all goes on by itself."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from ingest.append import Appender
from store import spans
from store.connect import FULL, connect
from store.migrate import schema_is_current
from store.readings import prepare
from tests.appending import NOON, told
from tests.conftest import enter_or_do_without
from tests.databases import MIGRATED, new_database
from tests.filled_hub import serving
from tests.hub_command import run_hub, sentence_of
from tests.hub_process import Hub, addresses, ask, count, running_hub, wait_until, waits_for_lock
from tests.metering import DAY, append, apply, compute_at_once, process, register, stored
from tests.publishing import STORED, kept_for, message
from tests.reliability import SMALL, assert_all_once, assert_nothing_kept, streaming, wait_for_readings
from tests.servers import Mosquitto, PostgresKind
from tests.small_disk import SmallDisk, running_on_small_disk
from tests.test_worker_faults import VALLEY

KINDS: Final[list[PostgresKind]] = ["wheel-16", "timescale-17"]
SAID_AT: Final = re.compile(r"(?m)^(\S+ \S+) WARNING .*" + FULL)
ROOM_FOR: Final = [0, 16_384, 50_000, 100_000, 200_000, 400_000, 800_000, 1_600_000]
"""Bytes left, so that a batch finds the disk full in its beginning, in the middle and late."""
UNMARKED: Final = """
    SELECT DISTINCT series_no, (at AT TIME ZONE 'UTC')::date FROM reading
    EXCEPT SELECT ref_no, day FROM stale WHERE kind = 'series'
"""


@pytest.fixture(scope="module", params=KINDS)
def disk(no_server_left: None, request: pytest.FixtureRequest) -> Iterator[SmallDisk]:
    """A server whose databases lie on 64 MB."""
    with ExitStack() as stack:
        yield enter_or_do_without(stack, running_on_small_disk(request.param, "small", "64m"))


@pytest.fixture
def url(disk: SmallDisk) -> Iterator[str]:
    """The address of a database with the schema of the hub on the small disk."""
    with disk.database(MIGRATED) as address:
        yield address


def assert_it_says_so_ever_more_rarely(hub: Hub, times: int = 3) -> None:
    """Wait for so many sentences in a row, and see that it waits longer after each."""
    hub.wait_for(FULL, times=times)
    instants = [datetime.fromisoformat(at.replace(",", ".")) for at in SAID_AT.findall(hub.said)]
    pauses = [later - earlier for earlier, later in pairwise(instants)][: times - 1]
    for number, pause in enumerate(pauses):
        assert pause >= timedelta(seconds=0.45 * 2**number), pauses
    assert "Traceback" not in hub.said


def everything(connection: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    rows = {name: connection.execute(SQL("SELECT * FROM {}").format(Identifier(name))).fetchall() for (name,) in tables}
    return {name: sorted(found, key=repr) for name, found in rows.items()}


def test_a_batch_that_finds_the_disk_full_leaves_nothing_and_is_stored_later(disk: SmallDisk, url: str) -> None:
    """New devices, new days, another value for what is there, and a message that cannot be read."""
    batch = [told(f"meter-{i}", NOON + timedelta(days=i % 3, minutes=i), import_wh=float(i)) for i in range(4000)]
    batch = [*batch[:2000], told("meter-0", import_wh=7.0), told("bad", import_wh=float("nan")), *batch[2000:]]
    with connect(url) as connection:
        prepare(connection)
        Appender().append(connection, [told("meter-0", import_wh=5.0)])
        before = everything(connection)
        assert len(before["reading"]) == len(before["device"]) == len(before["stale"]) == 1
        full = set()
        appender = Appender()
        for leave_bytes in ROOM_FOR:
            disk.fill(leave_bytes)
            with pytest.raises(psycopg.errors.DiskFull) as caught:
                appender.append(connection, batch)
            full.add(str(caught.value).partition(":")[0])
            assert everything(connection) == before
            assert appender.counts.messages == 0
            disk.free()
            connection.execute("VACUUM")  # which gives back what the failure took
        assert len(full) > 1, "it was full at more than one place"
        appender.append(connection, batch)
        assert appender.counts.rejected_messages == 1
        assert (count(url, "reading"), count(url, "reading_revision")) == (4000, 2)
        assert count(url, "rejected_message") == 1
        assert ask(url, UNMARKED.encode()) == []


def unreadable(url: str) -> int:
    """How many messages are in quarantine for what they say, and not for what the database could not do."""
    return ask(url, "SELECT count(*) FROM rejected_message WHERE reason LIKE 'hub_v1: not valid JSON%%'")[0][0]


def test_ingestion_waits_for_room_and_goes_on_by_itself(
    disk: SmallDisk, url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """What is asked meanwhile is asked on a connection made before: a full disk may not let a new one in."""
    settings = {**addresses(url, mosquitto), **SMALL}
    with (
        connect(url) as witness,
        running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub,
        streaming(mosquitto.port, is_troubled=True) as stream,
    ):
        wait_for_readings(url, 100)
        disk.fill(50_000)
        assert_it_says_so_ever_more_rarely(hub)
        assert witness.execute(UNMARKED.encode()).fetchall() == []
        disk.free()
        hub.wait_for("the database is back")
        wait_for_readings(url, len(stream.said))

        # Full again, and now the hub dies: the broker still has all that is not stored.
        disk.fill(50_000)
        hub.wait_for(FULL, times=hub.said.count(FULL) + 1)
        stream.finish()
        hub.kill()
        there = set(witness.execute(STORED).fetchall())
        assert there <= set(stream.said)
        kept = {(arrived.topic, arrived.payload) for arrived in kept_for(mosquitto.port)}
        lost = [row for row in stream.said if row not in there and message(row) not in kept]
        assert lost == []
        assert len(there) < len(stream.said), "something waited"
        disk.free()
        hub.start()
        assert_all_once(url, stream)
        wait_until(lambda: unreadable(url) == len(stream.broken), "all that cannot be read")
        assert hub.terminate() == 0
    assert ask(url, UNMARKED.encode()) == []
    assert_nothing_kept(mosquitto.port)


def test_processing_waits_for_room_and_keeps_what_it_has_to_do(disk: SmallDisk, url: str, tmp_path: Path) -> None:
    """The disk is filled while the worker is about to write: a new one may not even come in."""
    settings = {"database_url": url}
    with (
        connect(url) as connection,
        connect(url) as gate,
        running_hub("process", log=tmp_path / "hub.log", settings=settings, until="") as hub,
    ):
        apply(connection, VALLEY)
        wait_until(lambda: spans.count(connection) == (0, 0), "start")
        gate.execute("BEGIN")
        gate.execute("LOCK TABLE interval IN EXCLUSIVE MODE")
        append(connection, register("home", range(1000, 4000, 100), DAY))
        marks = spans.count(connection)
        assert marks[0] > 0
        wait_until(lambda: waits_for_lock(url), "worker that is about to write")
        disk.fill()
        gate.execute("COMMIT")
        assert_it_says_so_ever_more_rarely(hub)
        assert spans.count(connection) == marks, "all wait, and none is called a failure"
        assert stored(connection)["interval"] == []
        disk.free()
        wait_until(lambda: spans.count(connection) == (0, 0), "end of the work")
        assert hub.terminate() == 0
        found = stored(connection)
        assert found["interval"] == compute_at_once(url, connection)
        assert len(found["balance"]) == 29
        spans.mark(connection, "community", [(no, DAY.date()) for (no,) in ask(url, "SELECT no FROM community")])
        assert process(url) > 0
        assert stored(connection) == found


def test_a_migration_without_room_leaves_the_database_as_it_was(disk: SmallDisk) -> None:
    with disk.database() as url, connect(url) as connection:
        before = everything(connection)
        for leave_bytes in (0, 300_000):
            disk.fill(leave_bytes)
            sentence = sentence_of("migrate", run_hub("migrate", settings={"HUB_DATABASE_URL": url}))
            assert re.match(f"{FULL}: .*could not (extend file|write init file)", sentence), sentence
            assert everything(connection) == before == {}
            assert connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is None
        disk.free()
        code, _, stderr = run_hub("migrate", settings={"HUB_DATABASE_URL": url})
        assert (code, stderr) == (0, "")
        with connect(url) as again:
            assert schema_is_current(again)


def test_the_interface_still_answers(disk: SmallDisk, url: str) -> None:
    """It has asked before: for its first connection to a database PostgreSQL may have to write a file."""
    with connect(url) as connection:
        apply(connection, VALLEY)
    with serving(url) as hub:
        (community, *_) = hub.get("/v1/communities").json()["communities"]
        paths = ["/v1/health", f"/v1/communities/{community['id']}/balance?start=2026-01-05", "/open/v1"]
        assert [hub.get(path).status_code for path in paths] == [200, 200, 200]
        disk.fill()
        assert [hub.get(path).status_code for path in paths] == [200, 200, 200]


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_dies_for_want_of_room_is_waited_for(
    no_server_left: None, mosquitto: Mosquitto, tmp_path: Path, kind: PostgresKind
) -> None:
    """Without room for its log of changes PostgreSQL ends at once, and comes back when there is some."""
    with ExitStack() as stack:
        disk = enter_or_do_without(stack, running_on_small_disk(kind, "data/pg_wal", "160m"))
        url = stack.enter_context(new_database(disk.server, MIGRATED))
        settings = {**addresses(url, mosquitto), **SMALL}
        hub = stack.enter_context(running_hub("ingest", log=tmp_path / "hub.log", settings=settings))
        stream = stack.enter_context(streaming(mosquitto.port))
        wait_for_readings(url, 100)
        disk.fill()
        wait_until(lambda: not writes_on(url), "end of the server")
        hub.wait_for("the database does not answer", times=2)
        disk.free()
        disk.server.process.kill()
        disk.server.process.start()
        hub.wait_for("the database is back")
        stream.finish()
        assert_all_once(url, stream)
        assert ask(url, UNMARKED.encode()) == []
        assert hub.terminate() == 0
        assert_nothing_kept(mosquitto.port)


def writes_on(url: str) -> bool:
    """Make the server begin another file of its log; False when it could not."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000)), pg_switch_wal()")
    except psycopg.OperationalError:
        return False
    return True
