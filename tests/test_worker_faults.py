"""The worker among others: killed, cut off, raced by changes of the territory, woken and not woken. Nothing is lost."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import psycopg
import pytest

from energy.time import Span
from processing import run
from store import spans, statements
from store.connect import connect
from store.migrate import migrate
from tests.metering import (
    DAY,
    HOUR,
    append,
    apply,
    compute_at_once,
    exhaust,
    process,
    register,
    stored,
    wait_until,
    worker_on,
)
from tests.processes import ServerProcess
from tests.servers import running_postgres

PROJECT: Final = Path(__file__).parent.parent
VALLEY_FILE: Final = Path(__file__).parent / "data" / "territory" / "valley.toml"
VALLEY: Final = VALLEY_FILE.read_text().replace(", to = 2026-01-05T12:00:00Z", "")  # a key for every hour
MOVED: Final = VALLEY.replace('[{ id = "home" }]', "[]").replace('[{ id = "barn" }]', '[{ id = "home" }]')
EIGHT: Final = DAY + 8 * HOUR
WORKS_UNTIL_KILLED: Final = (
    "import sys, threading; from processing.run import work; work(sys.argv[1], threading.Event())"
)
NEVER_S: Final = 3600.0


@contextmanager
def working(url: str) -> Iterator[threading.Thread]:
    """A thread in which the worker runs, as in `hub process`; it ends with the context."""
    stop = threading.Event()
    thread = threading.Thread(target=run.work, args=(url, stop), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def home_hour(connection: psycopg.Connection, hour: int) -> None:
    append(connection, register("home", [1000 + 400 * hour + 100 * i for i in range(5)], DAY + hour * HOUR))


def steps(connection: psycopg.Connection) -> int:
    return len(stored(connection)["balance"])


def somebody_waits(connection: psycopg.Connection, locktype: str) -> Callable[[], bool]:
    query = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = %s AND NOT granted)"
    return lambda: connection.execute(query, [locktype]).fetchone() == (True,)


def test_a_worker_killed_in_the_middle_of_a_transaction_loses_nothing(any_migrated_url: str) -> None:
    """It is stopped at a lock after its claim, killed there with SIGKILL, and another does the work."""
    with connect(any_migrated_url) as connection, connect(any_migrated_url) as gate:
        apply(connection, VALLEY)
        home_hour(connection, 8)
        gate.execute("BEGIN")
        gate.execute("LOCK TABLE interval IN EXCLUSIVE MODE")
        worker = subprocess.Popen([sys.executable, "-c", WORKS_UNTIL_KILLED, any_migrated_url], cwd=PROJECT)
        try:
            wait_until(somebody_waits(connection, "relation"))
            with connection.transaction():
                assert spans.claim(connection, "series", 1) == [], "it has the span"
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
        gate.execute("ROLLBACK")
        wait_until(lambda: exhausted(any_migrated_url, connection))
        assert steps(connection) == 4


def exhausted(url: str, connection: psycopg.Connection) -> bool:
    """Process what is due; False while the server has not yet noticed the death of another worker."""
    process(url)
    return spans.count(connection) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("end", [ServerProcess.kill, ServerProcess.stop], ids=["killed", "stopped"])
def test_a_database_that_goes_away_and_comes_back_is_survived(end: Callable[[ServerProcess], None]) -> None:
    with running_postgres("wheel-16") as server:
        with connect(server.url()) as connection:
            migrate(connection)
            apply(connection, VALLEY)
        with working(server.url()):
            for hour in (8, 9, 10):
                with connect(server.url()) as connection:
                    home_hour(connection, hour)
                    wait_until(lambda c=connection, h=hour: steps(c) == 4 * (h - 7))
                end(server.process)
                server.process.start()
        with connect(server.url()) as connection:
            assert stored(connection)["interval"] == compute_at_once(server.url(), connection)


def test_a_cut_connection_is_replaced(any_migrated_url: str) -> None:
    with connect(any_migrated_url) as connection, working(any_migrated_url) as thread:
        apply(connection, VALLEY)
        home_hour(connection, 8)
        wait_until(lambda: steps(connection) == 4)
        connection.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
            """
        )
        home_hour(connection, 9)
        wait_until(lambda: steps(connection) == 8)
        assert thread.is_alive()


def test_a_notification_wakes_the_worker(any_migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would otherwise look again in an hour."""
    monkeypatch.setattr(run, "POLL_S", NEVER_S)
    with connect(any_migrated_url) as connection, working(any_migrated_url):
        apply(connection, VALLEY)
        for hour in (8, 9, 10):
            home_hour(connection, hour)
            wait_until(lambda h=hour: steps(connection) == 4 * (h - 7))


def test_a_statement_that_takes_long_holds_up_no_reading(any_migrated_url: str) -> None:
    """It is stopped where it would be stored; the readings that come meanwhile have their balances."""
    with connect(any_migrated_url) as connection, connect(any_migrated_url) as gate:
        apply(connection, VALLEY)
        gate.execute("BEGIN")
        gate.execute("LOCK TABLE statement IN EXCLUSIVE MODE")
        with working(any_migrated_url):
            home_hour(connection, 8)
            wait_until(lambda: steps(connection) == 4)
            connection.execute("UPDATE statement_due SET due_at = now()")
            wait_until(somebody_waits(gate, "relation"))
            home_hour(connection, 9)
            wait_until(lambda: steps(connection) == 8)
            gate.execute("ROLLBACK")
            made = "SELECT EXISTS (SELECT FROM statement)"
            wait_until(lambda: connection.execute(made).fetchone() == (True,))


def test_who_marks_a_month_while_its_statement_ends_is_waited_for(any_migrated_url: str) -> None:
    """The statement would else be due at once, and be made twice within seconds."""
    day = Span(EIGHT, EIGHT + HOUR)
    with (
        connect(any_migrated_url) as connection,
        connect(any_migrated_url) as maker,
        connect(any_migrated_url) as gate,
        ThreadPoolExecutor(1) as threads,
    ):
        apply(connection, VALLEY)
        connection.execute("DELETE FROM statement_due")
        statements.mark(connection, 1, day)
        connection.execute("UPDATE statement_due SET due_at = now()")
        with maker.transaction():
            due = statements.claim(maker)
            assert due is not None
            with connection.transaction():
                statements.mark(connection, 1, day)
                made = threads.submit(statements.unmark, maker, due)
                wait_until(somebody_waits(gate, "transactionid"))
            made.result(20)
        later = "SELECT marks, due_at > now() FROM statement_due"
        assert connection.execute(later).fetchall() == [(2, True)]


def test_a_lost_notification_costs_one_poll(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "POLL_S", 0.5)
    with connect(migrated_url) as connection:
        apply(connection, VALLEY)
        with working(migrated_url):
            home_hour(connection, 8)
            wait_until(lambda: steps(connection) == 4)
            # Marked without a word, as by a worker whose notification went under with the listening connection.
            connection.execute("TRUNCATE balance")
            connection.execute(
                "INSERT INTO stale (kind, ref_no, day) SELECT 'community', no, %s FROM community", [DAY.date()]
            )
            wait_until(lambda: steps(connection) == 4)


def test_a_worker_that_has_read_the_old_territory_cannot_write_after_the_new_one(any_migrated_url: str) -> None:
    """It is stopped with the old devices in hand; the change of the territory must wait for it."""
    with (
        worker_on(any_migrated_url) as (connection, worker),
        connect(any_migrated_url) as gate,
        connect(any_migrated_url) as owner,
        ThreadPoolExecutor(2) as threads,
    ):
        apply(owner, VALLEY)
        home_hour(owner, 8)
        gate.execute("BEGIN")
        gate.execute("LOCK TABLE interval IN EXCLUSIVE MODE")
        computed = threads.submit(worker.work_once)
        wait_until(somebody_waits(gate, "relation"))
        applied = threads.submit(apply, owner, MOVED)
        wait_until(somebody_waits(gate, "advisory"))
        gate.execute("COMMIT")
        assert computed.result(20) > 0
        assert len(applied.result(20)) == 2
        exhaust(worker)
        assert {row[0] for row in stored(connection)["interval"]} == {"barn"}
        assert stored(connection)["interval"] == compute_at_once(any_migrated_url, connection)


@pytest.mark.slow
def test_two_workers_an_appender_and_changes_at_once_end_where_one_worker_would(any_migrated_url: str) -> None:
    """Late hours, repeated hours and a device that moves to and fro, while two workers compute."""
    with connect(any_migrated_url) as connection, connect(any_migrated_url) as owner:
        apply(connection, VALLEY)
        with working(any_migrated_url), working(any_migrated_url):
            for turn, hour in enumerate((8, 20, 9, 3, 8, 14, 15, 2)):
                home_hour(connection, hour)
                append(connection, register("flat", [40 * hour + i for i in range(9)], DAY + hour * HOUR, tariff="HC"))
                append(connection, register("flat", [80 * hour + i for i in range(9)], DAY + hour * HOUR, tariff="HP"))
                apply(owner, MOVED if turn % 2 == 0 else VALLEY)
            wait_until(lambda: spans.count(connection) == (0, 0))
        assert stored(connection)["interval"] == compute_at_once(any_migrated_url, connection)
        assert {row[0] for row in stored(connection)["interval"]} == {"home", "flat"}
        settled = stored(connection)
        spans.mark(connection, "community", community_days(connection))
        process(any_migrated_url)
        assert stored(connection) == settled


def community_days(connection: psycopg.Connection) -> list[tuple[int, date]]:
    numbers = connection.execute("SELECT no FROM community").fetchall()
    return [(no, (DAY + timedelta(days=days)).date()) for (no,) in numbers for days in (-1, 0, 1)]
