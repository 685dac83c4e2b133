"""The nightly check: at its time, a step at a time, by one process, and told to whoever watches."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
import pytest

from processing.checking import Checker, Nightly
from processing.run import work
from store import recomputation
from store.connect import connect
from tests.conftest import AskForServer
from tests.deployed_database import as_role, deployed_database
from tests.filled_hub import serving
from tests.metering import HOUR, process, wait_until
from tests.recomputed import SECOND, checks, counts, fill, recompute, tamper


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


PARIS: Final = ZoneInfo("Europe/Paris")
EVENING: Final = datetime(2026, 1, 8, 18, tzinfo=UTC)
NIGHT: Final = datetime(2026, 1, 9, 2, tzinfo=UTC)
NIGHTLY: Final = Nightly(time(3), PARIS)


@pytest.fixture
def valley(migrated_url: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """Three days of two communities; the operator has a curve of half a day."""
    with connect(migrated_url) as connection:
        fill(migrated_url, connection)
        yield migrated_url, connection


def steps_of(checker: Checker) -> int:
    """Step until nothing more is to be done; return how often."""
    steps = 1
    while checker.step():
        steps += 1
    return steps


def test_a_check_every_night(valley: tuple[str, psycopg.Connection], caplog: pytest.LogCaptureFixture) -> None:
    url, connection = valley
    clock = Clock(EVENING)
    checker = Checker(url, connection, NIGHTLY, clock)
    assert not checker.step()
    assert checks(connection) == []
    clock.now = NIGHT
    with caplog.at_level(logging.INFO):
        assert steps_of(checker) == 4 * 3 + 1, (
            "for each day all points, and each of two communities; the last reading is of a fourth"
        )
    whole = recompute(url)[1]["compared"]
    assert checks(connection)[0] == (True, sum(whole.values()), 0, 0)
    assert f"{sum(whole.values())} computed rows are what the readings give" in caplog.text
    connection.execute("DELETE FROM recomputation WHERE no > 1")
    connection.execute("UPDATE recomputation SET started_at = %s", [NIGHT])
    checker = Checker(url, connection, NIGHTLY, clock)
    clock.now = NIGHT + 23 * HOUR
    assert not checker.step()
    tamper(connection, "UPDATE balance SET surplus_wh = 999 WHERE community_no = 1 AND start = %(at)s")
    clock.now = NIGHT + 24 * HOUR
    with caplog.at_level(logging.ERROR):
        steps_of(checker)
    (said,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "1 of 2" in said.getMessage()
    assert "balance valley at 2026-01-05T12:00Z for one; `hub recompute` shows them" in said.getMessage()
    assert checks(connection)[-1] == (True, sum(whole.values()), 1, 0)


def test_a_check_that_was_interrupted_goes_on_where_it_was(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    clock = Clock(EVENING)
    checker = Checker(url, connection, NIGHTLY, clock)
    clock.now = NIGHT
    assert all(checker.step() for _ in range(5)), "in the middle of the second day"
    checker.close()
    (under_way,) = checks(connection)
    assert not under_way[0]
    assert under_way[1] > 0
    assert steps_of(Checker(url, connection, NIGHTLY, clock)) == 3 * 3 + 1, "from the second day on"
    (done,) = checks(connection)
    assert done == (True, sum(recompute(url)[1]["compared"].values()), 0, 0)


def test_one_process_checks_and_not_while_it_is_busy(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    with connect(url) as other:
        clock = Clock(EVENING)
        checker, second = Checker(url, connection, NIGHTLY, clock), Checker(url, other, NIGHTLY, clock)
        clock.now = NIGHT
        assert checker.step()
        assert not checker.step(is_busy=True)
        assert not second.step(), "the first has the lock"
        steps_of(checker)
        connection.execute("UPDATE recomputation SET started_at = %s", [NIGHT])
        clock.now = NIGHT + 2 * HOUR
        assert not second.step(), "and has done it"
        assert len(checks(connection)) == 1


def test_a_failure_stops_the_check_for_an_hour_and_not_the_work(
    valley: tuple[str, psycopg.Connection], caplog: pytest.LogCaptureFixture
) -> None:
    url, connection = valley
    clock = Clock(EVENING)
    checker = Checker(url, connection, NIGHTLY, clock)
    clock.now = NIGHT
    assert checker.step()
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert not checker.step()
    assert "the nightly check stopped" in caplog.text
    assert not checker.step()
    clock.now = NIGHT + HOUR
    steps_of(checker)
    assert checks(connection)[0][0]


@pytest.mark.parametrize(
    ("why", "instant", "due"),
    [
        ("in the evening, tomorrow", EVENING, NIGHT),
        ("in the night, today", NIGHT - HOUR, NIGHT),
        ("at that time, tomorrow", NIGHT, NIGHT + 24 * HOUR),
        ("in summer an hour earlier", datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 2, 1, tzinfo=UTC)),
    ],
)
def test_when_it_is_due(why: str, instant: datetime, due: datetime) -> None:
    assert NIGHTLY.after(instant) == due, why


def test_the_login_of_processing_may_check_and_mend(ask_for_server: AskForServer) -> None:
    with deployed_database(ask_for_server("wheel-16")) as url:
        with connect(url) as connection:
            fill(url, connection)
            tamper(connection, "DELETE FROM balance WHERE start = %(at)s")
        own = as_role(url, "hub_process")
        assert counts(recompute(own, "--repair")[1]) == (0, 0, 2)
        process(own)
        assert recompute(own)[0] == 0
        with connect(own) as connection:
            clock = Clock(EVENING)
            checker = Checker(own, connection, NIGHTLY, clock)
            connection.execute("UPDATE recomputation SET started_at = %s", [EVENING])
            clock.now = NIGHT
            steps_of(checker)
            assert checks(connection)[-1][0]
            assert len(checks(connection)) == 3


def test_the_worker_makes_up_for_a_check_that_was_missed(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    connection.execute("INSERT INTO recomputation (started_at, ended_at) VALUES (now() - '2 days'::interval, now())")
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(url, stop, None, NIGHTLY))
    worker.start()
    try:
        wait_until(lambda: len(checks(connection)) == 2 and checks(connection)[1][0])
    finally:
        stop.set()
        worker.join()
    assert checks(connection)[1][1] > 0


def test_metrics_tell_of_the_last_check_of_everything(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    with serving(url) as client:
        assert "hub_recompute" not in client.get("/metrics").text, "never is no zero"
        recompute(url)
        tamper(connection, "DELETE FROM balance WHERE start = %(at)s")
        recompute(url)
        recompute(url, "--since", f"{SECOND:%Y-%m-%d}")
        lines = dict(
            line.split() for line in client.get("/metrics").text.splitlines() if line.startswith("hub_recompute")
        )
    last = recomputation.read_last(connection)
    assert last is not None
    assert last.equal_at is not None
    assert {name: float(value) for name, value in lines.items()} == {
        "hub_recompute_differences": 2,
        "hub_recompute_compared": last.compared,
        "hub_recompute_waiting": 0,
        "hub_recompute_ended_timestamp_seconds": last.ended_at.timestamp(),
        "hub_recompute_last_success_timestamp_seconds": last.equal_at.timestamp(),
    }
    assert last.equal_at < last.ended_at
