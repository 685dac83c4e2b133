"""A connection lost in the middle of a transaction, at each of its steps: what is tried again is stored once.

A step is stopped by a trigger that waits at a gate; then the server ends the connection, or the line is cut.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, get_args

import adbc_driver_manager
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from energy.errors import Unavailable
from ingest.append import Appender
from processing.run import Worker
from store import spans
from store.connect import connect
from store.readings import prepare
from tests.appending import NOON, told
from tests.conftest import AskForServer, AskForTemplate
from tests.databases import new_database
from tests.link import Link, linked
from tests.metering import DAY, HOUR, append, apply, exhaust, process, register, stored, wait_until
from tests.test_worker_faults import VALLEY

How: TypeAlias = Literal["ended by the server", "cut"]
LOST: Final = (psycopg.OperationalError, Unavailable, adbc_driver_manager.OperationalError)
GATE: Final = 4711
MAKE_GATE: Final = f"""
    CREATE OR REPLACE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$
"""
BEFORE: Final = "CREATE TRIGGER gate BEFORE {} ON {} FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate()"
AT_COMMIT: Final = """
    CREATE CONSTRAINT TRIGGER gate AFTER INSERT OR UPDATE ON {} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_at_gate()
"""
STAGING: Final = ("incoming", "computed")
STEPS_OF_A_BATCH: Final = [
    ("INSERT", "device"),
    ("INSERT", "series"),
    ("INSERT", "incoming"),
    ("INSERT", "reading"),
    ("UPDATE", "reading"),
    ("INSERT", "reading_revision"),
    ("INSERT", "stale"),
    ("INSERT", "rejected_message"),
    ("COMMIT", "stale"),
]
STEPS_OF_THE_WORKER: Final = [
    ("INSERT", "computed"),
    ("INSERT", "interval"),
    ("INSERT", "power_now"),
    ("INSERT", "stale"),
    ("INSERT", "allocation"),
    ("INSERT", "balance"),
    ("COMMIT", "stale"),
    ("COMMIT", "balance"),
]
FIRST: Final = [told("old", import_wh=5.0)]
BATCH: Final = [
    *(told(f"new-{i:02}", NOON + timedelta(days=i, minutes=i), import_wh=100.0 + i) for i in range(30)),
    told("old", import_wh=6.0),
    told("bad", import_wh=float("nan")),
]
FOUND: Final = {
    "readings": """
        SELECT d.id, r.at, r.value
        FROM reading AS r JOIN series AS s ON s.no = r.series_no JOIN device AS d ON d.no = s.device_no ORDER BY 1, 2
    """,
    "devices": "SELECT id, last_seen_at FROM device ORDER BY 1",
    "revisions": "SELECT old_value FROM reading_revision",
    "rejected": "SELECT topic, times FROM rejected_message",
    "marks": """
        SELECT DISTINCT d.id, t.day
        FROM stale AS t JOIN series AS s ON s.no = t.ref_no JOIN device AS d ON d.no = s.device_no ORDER BY 1, 2
    """,
}
"""What is there, by the names that people give; a mark twice means the same as once."""


@pytest.fixture(params=["wheel-16", "timescale-17"])
def migrated(
    ask_for_server: AskForServer, ask_for_template: AskForTemplate, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The address of a database with the schema of the hub, without and with TimescaleDB."""
    server = ask_for_server(request.param)
    with new_database(server, ask_for_template(server)) as url:
        yield url


def found(connection: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {name: connection.execute(query.encode()).fetchall() for name, query in FOUND.items()}


@contextmanager
def gate(connection: psycopg.Connection, observer: psycopg.Connection, step: str, table: str) -> Iterator[None]:
    """Let this connection wait at a step, while the gate is shut."""
    observer.execute(MAKE_GATE.encode())
    if step == "COMMIT":
        observer.execute(SQL(AT_COMMIT).format(Identifier(table)))
    elif table in STAGING:  # which only its own connection can see
        connection.execute(SQL(BEFORE).format(SQL("INSERT"), Identifier(table)))
    else:
        observer.execute(SQL(BEFORE).format(SQL("INSERT" if step == "INSERT" else "UPDATE"), Identifier(table)))
    yield
    if table not in STAGING:
        observer.execute(SQL("DROP TRIGGER gate ON {}").format(Identifier(table)))


@contextmanager
def shut_gate(url: str) -> Iterator[Callable[[], list[int]]]:
    """Shut the gate; yields a function that tells which server processes wait there."""
    waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
    with connect(url) as gate, connect(url) as observer:
        gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
        yield lambda: [pid for (pid,) in observer.execute(waiting, [GATE]).fetchall()]


def lose_in_the_middle(how: How, link: Link, url: str, what: Callable[[], object]) -> None:
    """Do something over a link until it waits at the gate, and lose its connection there."""
    with ThreadPoolExecutor(1) as thread, shut_gate(url) as waiting:
        done = thread.submit(what)
        wait_until(lambda: waiting() != [] or done.done())
        assert not done.done(), done.exception() or "it does not come to this step"
        if how == "cut":
            link.break_after(0, "cut")
        else:
            with connect(url) as operator:
                operator.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS w (pid)", [waiting()])
        assert isinstance(done.exception(20), LOST), done.exception()


@contextmanager
def linked_to(url: str) -> Iterator[tuple[Link, str]]:
    """A link to the server of an address, and the address that leads over it."""
    with linked(int(str(conninfo_to_dict(url)["port"]))) as link:
        yield link, make_conninfo(url, port=link.port)


@pytest.mark.parametrize("how", get_args(How))
def test_a_batch_whose_connection_is_lost_is_stored_once(migrated: str, how: How) -> None:
    """Lost at each step, and tried again each time; the last is the commit, which may have been done."""
    with connect(migrated) as observer, linked_to(migrated) as (link, url):
        appender = Appender()
        with connect(url) as connection:
            prepare(connection)
            appender.append(connection, FIRST)
        observer.execute("DELETE FROM stale")
        before = found(observer)
        for step, table in STEPS_OF_A_BATCH:
            with connect(url) as connection:
                prepare(connection)
                appender.begin()
                with gate(connection, observer, step, table):
                    lose_in_the_middle(how, link, migrated, lambda c=connection: appender.append(c, BATCH))
            if (how, step) != ("cut", "COMMIT"):
                assert found(observer) == before, f"at {step} of {table}"
        with connect(url) as connection:
            prepare(connection)
            appender.begin()
            appender.append(connection, BATCH)
        # A commit that nobody heard of was one: what cannot be read was then heard twice.
        assert_stored_once(found(observer), times_heard=2 if how == "cut" else 1)


def assert_stored_once(there: dict[str, list[tuple[Any, ...]]], times_heard: int) -> None:
    readings = [(f"new-{i:02}", NOON + timedelta(days=i, minutes=i), 100.0 + i) for i in range(30)]
    assert there == {
        "readings": [*readings, ("old", NOON, 6.0)],
        "devices": [*((device, at) for device, at, _ in readings), ("old", NOON)],
        "revisions": [(5.0,)],
        "rejected": [("hub/v1/bad", times_heard)],
        "marks": [*((device, at.date()) for device, at, _ in readings), ("old", NOON.date())],
    }


@pytest.mark.parametrize("how", get_args(How))
def test_a_batch_that_is_new_throughout_is_stored_once(migrated: str, how: How) -> None:
    """It is copied to its place without staging."""
    batch = [told("old", NOON + timedelta(days=i), import_wh=10.0 + i) for i in range(1, 20)]
    with connect(migrated) as observer, linked_to(migrated) as (link, url):
        for step, table in [("INSERT", "reading"), ("COMMIT", "stale")]:
            appender = Appender()
            with connect(url) as connection:
                prepare(connection)
                appender.append(connection, FIRST)  # and now it knows that what comes is later
                observer.execute("DELETE FROM stale")
                before = found(observer)
                with gate(connection, observer, step, table):
                    lose_in_the_middle(how, link, migrated, lambda c=connection, a=appender: a.append(c, batch))
            if (how, step) != ("cut", "COMMIT"):
                assert found(observer) == before, f"at {step} of {table}"
        with connect(url) as connection:
            prepare(connection)
            Appender().append(connection, batch)
        there = found(observer)
    readings = [(at, wh) for _, at, wh in there["readings"]]
    assert readings == [(NOON, 5.0), *((NOON + timedelta(days=i), 10.0 + i) for i in range(1, 20))]
    assert there["revisions"] == []
    assert [day for _, day in there["marks"]] == [at.date() for at, _ in readings[1:]]


@pytest.mark.parametrize("how", get_args(How))
def test_a_result_whose_connection_is_lost_is_computed_again(migrated: str, how: How) -> None:
    with connect(migrated) as observer, linked_to(migrated) as (link, url):
        apply(observer, VALLEY)
        append(observer, register("home", range(1000, 1900, 100), DAY + 8 * HOUR))
        process(migrated)
        expected = stored(observer)
        assert len(expected["interval"]) == len(expected["balance"]) == 8
        for step, table in STEPS_OF_THE_WORKER:
            observer.execute("TRUNCATE interval, power_now, allocation, balance, stale")
            observer.execute("INSERT INTO stale (kind, ref_no, day) SELECT 'series', no, %s FROM series", [DAY.date()])
            with (
                connect(url) as connection,
                closing(Worker(migrated, connection)) as worker,
                gate(connection, observer, step, table),
            ):
                lose_in_the_middle(how, link, migrated, lambda w=worker: exhaust(w))
            wait_until(lambda: process(migrated) == 0 and spans.count(observer) == (0, 0))
            assert stored(observer) == expected, f"at {step} of {table}"
