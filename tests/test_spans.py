"""Stale spans: marked in the transaction of the change, claimed by one worker at a time, never lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Final

import psycopg
import pytest

from store import spans
from store.connect import connect
from store.queries import statement
from store.spans import StaleSpan
from tests.metering import wait_until

DAY: Final = date(2026, 1, 5)
NEXT: Final = DAY + timedelta(days=1)
DUE: Final = "UPDATE stale SET not_before = now() - interval '1 second'"
LIMIT: Final = 500


@pytest.fixture
def one(both_migrated_url: str) -> Iterator[psycopg.Connection]:
    """A connection on which nothing waits long for a lock."""
    with connect(both_migrated_url) as connection:
        connection.execute("SET lock_timeout = '5s'")
        yield connection


@pytest.fixture
def other(both_migrated_url: str) -> Iterator[psycopg.Connection]:
    with connect(both_migrated_url) as connection:
        connection.execute("SET lock_timeout = '5s'")
        yield connection


def waiting(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT ref_no, day, attempts FROM stale ORDER BY id").fetchall()


def test_a_claimed_mark_goes_with_the_commit_and_comes_back_with_a_rollback(one: psycopg.Connection) -> None:
    spans.mark(one, "series", [(1, DAY), (1, NEXT), (1, DAY)])
    with one.transaction(force_rollback=True):
        assert spans.claim(one, "series", LIMIT) == [StaleSpan(1, DAY, 0), StaleSpan(1, NEXT, 0)]
        assert spans.claim(one, "community", LIMIT) == []
    assert spans.count(one) == (2, 0)
    with one.transaction():
        assert len(spans.claim(one, "series", LIMIT)) == 2
    assert spans.count(one) == (0, 0)


def test_the_oldest_marks_are_taken_first_up_to_the_limit(one: psycopg.Connection) -> None:
    for ref_no in (3, 1, 2):
        spans.mark(one, "series", [(ref_no, DAY)])
    with one.transaction():
        assert [span.ref_no for span in spans.claim(one, "series", 2)] == [1, 3]
    assert waiting(one) == [(2, DAY, 0)]


def test_a_second_worker_takes_what_the_first_left(one: psycopg.Connection, other: psycopg.Connection) -> None:
    spans.mark(one, "series", [(1, DAY)])
    spans.mark(one, "series", [(2, DAY)])
    with one.transaction(), other.transaction():
        assert [span.ref_no for span in spans.claim(one, "series", 1)] == [1]
        assert [span.ref_no for span in spans.claim(other, "series", 1)] == [2]


def test_another_day_of_a_claimed_community_waits(one: psycopg.Connection, other: psycopg.Connection) -> None:
    """Else the older of two results could overwrite the newer one."""
    spans.mark(one, "community", [(1, DAY)])
    with one.transaction():
        assert spans.claim(one, "community", LIMIT) == [StaleSpan(1, DAY, 0)]
        spans.mark(other, "community", [(1, NEXT)])
        spans.mark(other, "series", [(1, DAY)])
        with other.transaction():
            assert spans.claim(other, "community", LIMIT) == []
            assert spans.claim(other, "series", LIMIT) == [StaleSpan(1, DAY, 0)], "series 1 is not community 1"
    with other.transaction():
        assert spans.claim(other, "community", LIMIT) == [StaleSpan(1, NEXT, 0)]


def test_a_mark_made_while_its_span_is_computed_survives(one: psycopg.Connection, other: psycopg.Connection) -> None:
    spans.mark(one, "series", [(1, DAY)])
    with one.transaction():
        spans.claim(one, "series", LIMIT)
        spans.mark(other, "series", [(1, DAY)])
    assert waiting(one) == [(1, DAY, 0)]


def test_a_waiting_mark_serves_again_and_is_not_taken_before_the_change_is_there(
    one: psycopg.Connection, other: psycopg.Connection
) -> None:
    spans.mark(one, "series", [(1, DAY)])
    with one.transaction():
        spans.mark(one, "series", [(1, DAY), (2, DAY)])
        with other.transaction():
            assert spans.claim(other, "series", LIMIT) == []
    assert waiting(one) == [(1, DAY, 0), (2, DAY, 0)]


def test_two_changes_of_a_span_do_not_wait_for_one_another(one: psycopg.Connection, other: psycopg.Connection) -> None:
    spans.mark(one, "series", [(1, DAY)])
    with one.transaction(), other.transaction():
        spans.mark(one, "series", [(1, DAY)])
        spans.mark(other, "series", [(1, DAY)])
    assert waiting(one) == [(1, DAY, 0)]


def test_a_change_that_is_taken_back_marks_nothing_and_wakes_nobody(
    one: psycopg.Connection, other: psycopg.Connection
) -> None:
    other.execute(statement("stale_listen"))
    with one.transaction(force_rollback=True):
        spans.mark(one, "series", [(1, DAY)])
    spans.mark(one, "community", [])
    spans.mark(one, "community", [(7, DAY)])
    assert [notice.payload for notice in other.notifies(timeout=5, stop_after=1)] == ["community"]
    assert waiting(one) == [(7, DAY, 0)]


@pytest.mark.parametrize(
    ("failures", "delay_s"),
    [(1, 4), (2, 16), (3, 64), (4, 256), (5, 1024), (6, 3600), (7, 3600), (600, 3600), (40_000, 3600)],
)
def test_a_failed_span_is_tried_ever_more_rarely(failures: int, delay_s: int, both_migrated_url: str) -> None:
    """600: after three weeks at one try an hour, and 40,000 after years, the delay must still be a number."""
    with connect(both_migrated_url) as connection:
        spans.retry_later(connection, "series", [StaleSpan(1, DAY, failures - 1)], "no luck")
        assert connection.execute(
            "SELECT round(extract(epoch FROM not_before - now())), error FROM stale"
        ).fetchone() == (pytest.approx(delay_s, abs=1), "no luck")
        assert spans.claim(connection, "series", LIMIT) == []
        assert spans.count(connection) == (1, 1)
        connection.execute(DUE)
        assert spans.claim(connection, "series", LIMIT) == [StaleSpan(1, DAY, min(failures, 1000))]
        assert spans.count(connection) == (0, 0)


def test_a_new_mark_takes_the_failures_of_its_span_with_it(one: psycopg.Connection, other: psycopg.Connection) -> None:
    spans.retry_later(one, "series", [StaleSpan(1, DAY, 2), StaleSpan(1, NEXT, 0)], "no luck")
    spans.mark(one, "series", [(1, DAY)])
    assert spans.count(one) == (3, 2), "a failure does not serve as a mark: it may wait for an hour"
    with one.transaction():
        assert spans.claim(one, "series", LIMIT) == [StaleSpan(1, DAY, 3)]
        with other.transaction():
            assert spans.claim(other, "series", LIMIT) == []
    assert waiting(one) == [(1, NEXT, 1)]


def test_a_change_of_the_territory_waits_for_workers_and_they_for_it(
    one: psycopg.Connection, other: psycopg.Connection
) -> None:
    other.execute("SET lock_timeout = '20ms'")
    with one.transaction():
        spans.claim(one, "series", LIMIT)
        with other.transaction():
            spans.claim(other, "series", LIMIT)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(statement("territory_change"))
    with one.transaction():
        one.execute(statement("territory_change"))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            spans.claim(other, "series", LIMIT)


@pytest.mark.slow
def test_many_workers_never_share_a_community_and_lose_no_change(both_migrated_url: str) -> None:
    """Four workers note what they read of a counter beside the claim, as Arrow reads do, while it goes on counting."""
    changes, communities, workers = 150, 3, 4
    busy = [threading.Lock() for _ in range(communities)]
    seen = [0] * communities
    done = threading.Event()

    def work() -> None:
        with connect(both_migrated_url) as connection, connect(both_migrated_url) as reader:
            while not done.is_set():
                with connection.transaction():
                    for ref_no in {span.ref_no for span in spans.claim(connection, "community", 2)}:
                        assert busy[ref_no].acquire(blocking=False), "two workers have the same community"
                        row = reader.execute("SELECT changes FROM counter WHERE ref_no = %s", [ref_no]).fetchone()
                        assert row is not None
                        seen[ref_no] = row[0]
                        busy[ref_no].release()

    with ThreadPoolExecutor(workers) as threads, connect(both_migrated_url) as marker:
        marker.execute("CREATE TABLE counter AS SELECT ref_no, 0 AS changes FROM generate_series(0, 2) AS g (ref_no)")
        results = [threads.submit(work) for _ in range(workers)]
        try:
            for change in range(changes):
                ref_no = change % communities
                with marker.transaction():
                    spans.mark(marker, "community", [(ref_no, DAY + timedelta(days=change % 2))])
                    marker.execute("UPDATE counter SET changes = changes + 1 WHERE ref_no = %s", [ref_no])
            wait_until(lambda: spans.count(marker) == (0, 0) or any(result.done() for result in results))
        finally:
            done.set()
        for result in results:
            result.result(10)
        assert seen == [changes // communities] * communities
