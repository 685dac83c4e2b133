"""Settled months: closed when they are whole, corrected by versions, and every old version readable to the Wh."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Final

import psycopg
import pytest

from energy.model import LONGEST_STILLNESS
from energy.time import Span
from processing.housekeeping import Housekeeper
from store import spans
from store.connect import connect
from store.queries import statement
from store.retention import Keeping
from store.settlements import close_months
from tests.conftest import AskForTemplate
from tests.metering import HOUR, append, exhaust, register, wait_until, worker_on
from tests.servers import Postgres
from tests.settled import (
    JANUARY,
    KEY,
    LATER,
    STEPS,
    TENTH,
    Valley,
    closed_month,
    corrected_reading,
    curve,
    declared,
    fill,
    mark_all,
    month_template,
    number,
    seen,
    stored,
    the_next_day,
    versions,
    whole_month,
)

LEFT: Final = 'name = "Flat"\ncategory = "home"\nmembership = [{ community = "valley", to = 2026-01-20T00:00:00Z }]'
CHANGES: Final[list[tuple[str, Callable[[str, psycopg.Connection], None], int]]] = [
    ("a reading is corrected", corrected_reading, 2),
    ("the operator hands out a curve of six hours", curve, 6),
    ("another key, of which the community's sums know nothing", declared(KEY, "home = 25, flat = 75"), STEPS),
    ("a member left earlier", declared('name = "Flat"\ncategory = "home"\ncommunity = "valley"', LEFT), 12 * 24 - 1),
    ("another step: every second half-hour was not there", declared("step_min = 60", "step_min = 30"), 2 * STEPS),
]


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with closed_month(database_server, template) as valley:
        yield valley


@pytest.fixture
def whole(database_server: Postgres, template: str) -> Iterator[Valley]:
    with whole_month(database_server, template) as valley:
        yield valley


@pytest.mark.parametrize(("why", "change", "steps"), CHANGES, ids=[case[0] for case in CHANGES])
def test_what_comes_later_is_a_version_and_the_old_one_stays_readable(
    valley: Valley, why: str, change: Callable[[str, psycopg.Connection], None], steps: int
) -> None:
    url, connection, worker = valley
    before = stored(connection)
    assert len(before[0]) == STEPS
    change(url, connection)
    exhaust(worker)
    assert spans.count(connection) == (0, 0)
    assert stored(connection) != before, why
    assert versions(connection) == [(1, "first", 0), (2, "regularisation", steps)]
    assert seen(connection, 1) == before
    assert seen(connection, 2) == stored(connection)
    now = {row[0]: row for row in stored(connection)[0]}
    then = {row[0]: row for row in before[0]}
    different = [at for at in now.keys() | then.keys() if now.get(at) != then.get(at)]
    assert len(different) <= steps


def test_one_day_of_work_is_one_version(valley: Valley) -> None:
    """However many corrections come that day; the first closing is a version of its own, even of the same day."""
    _, connection, worker = valley
    wait_until(lambda: seconds_of_the_day() < 86_400 - 60, 90)  # the day of a version is that of the database's clock
    snapshots = [stored(connection)]
    for day in range(2):
        for hour in range(3):
            corrected_reading("", connection, TENTH + (day + hour) * HOUR, 1 + hour)
            exhaust(worker)
        snapshots.append(stored(connection))
        the_next_day(connection)
    assert [row[:2] for row in versions(connection)] == [(1, "first"), (2, "regularisation"), (3, "regularisation")]
    assert snapshots[0] != snapshots[1] != snapshots[2]
    assert [seen(connection, version) for version in (1, 2, 3)] == snapshots


def seconds_of_the_day() -> float:
    return time.time() % 86_400


def test_the_sums_of_many_versions_read_each_balance_once_or_twice(valley: Valley) -> None:
    """Not once more for each version: an interface that grows with every correction becomes slow."""
    _, connection, worker = valley
    for day in range(4):
        corrected_reading("", connection, TENTH + day * HOUR)
        exhaust(worker)
        the_next_day(connection)
    rows = connection.execute(statement("settlements"), {"community_no": 1}).fetchall()
    assert len(rows) == 5
    for row in rows:
        steps, _ = seen(connection, row[3])
        assert row[7:10] == tuple(sum(step[i] for step in steps) for i in (1, 2, 3))
    explain = b"EXPLAIN (ANALYZE, TIMING OFF) " + statement("settlements")
    plan = [
        line
        for (line,) in connection.execute(explain, {"community_no": 1})
        if re.search(r" on balance\b| on _hyper", line)
    ]
    read = sum(
        round(float(n)) * int(m) for line in plan for n, m in re.findall(r"actual rows=([\d.]+) loops=(\d+)", line)
    )
    assert STEPS <= read <= 2 * STEPS + 100, plan


def test_what_changes_nothing_makes_no_version(valley: Valley) -> None:
    _, connection, worker = valley
    mark_all(connection)
    exhaust(worker)
    append(connection, register("home-meter", [0, 100, 200], JANUARY.start))  # as it was known
    append(connection, register("home-meter", [100 * 4 * STEPS + 7], JANUARY.end + HOUR))  # of February
    exhaust(worker)
    assert connection.execute("SELECT count(*) FROM balance WHERE start >= %s", [JANUARY.end]).fetchone() != (0,)
    assert versions(connection) == [(1, "first", 0)]
    rows = connection.execute("SELECT FROM balance_revision UNION ALL SELECT FROM allocation_revision").fetchall()
    assert rows == []


def test_a_whole_month_is_closed_once_and_in_time(both_migrated_url: str) -> None:
    """By housekeeping; over a span that reaches beyond the month on both sides, and on both servers."""
    with worker_on(both_migrated_url) as (connection, worker):
        fill(connection, worker, Span(JANUARY.start - 5 * HOUR, JANUARY.end + 50 * HOUR))
        assert list(close_months(connection, JANUARY.end - HOUR / 60)) == [0], "the month is not over"
        keeping = Keeping(0, 0, 0, 90, 10**8, LONGEST_STILLNESS, settled_after=40_000)
        keep_house(connection, keeping)
        assert versions(connection) == [], "corrections are waited for"
        keep_house(connection, Keeping(0, 0, 0, 90, 10**8, LONGEST_STILLNESS))
        assert versions(connection) == [(1, "first", 0)]
        assert list(close_months(connection, LATER)) == [0], "once"
        before = stored(connection)
        corrected_reading("", connection)
        exhaust(worker)
        assert versions(connection) == [(1, "first", 0), (2, "regularisation", 2)]
        assert (seen(connection, 1), seen(connection, 2)) == (before, stored(connection))


def keep_house(connection: psycopg.Connection, keeping: Keeping) -> None:
    housekeeper = Housekeeper(connection, keeping)
    while housekeeper.step():
        pass


def one_step_gone(connection: psycopg.Connection) -> None:
    connection.execute("DELETE FROM balance WHERE start = %s", [TENTH])


def one_step_provisional(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE balance SET settled = false WHERE start = %s", [TENTH])


def marked(kind: spans.Kind, table: str, id_: str, day: date) -> Callable[[psycopg.Connection], None]:
    def mark(connection: psycopg.Connection) -> None:
        if kind == "series":
            append(connection, register(id_, [1], datetime(day.year, day.month, day.day, 12, tzinfo=UTC)))
        else:
            with connection.transaction():
                spans.mark(connection, kind, [(number(connection, table, id_), day)])

    return mark


HINDRANCES: Final[list[tuple[str, Callable[[psycopg.Connection], None], int]]] = [
    ("an hour is missing", one_step_gone, 0),
    ("in an hour somebody is awaited", one_step_provisional, 0),
    ("a day of the community waits", marked("community", "community", "valley", date(2026, 1, 20)), 0),
    ("a curve of a member waits", marked("curve", "point", "flat", date(2026, 1, 31)), 0),
    ("readings of a member wait", marked("series", "", "flat-meter", date(2026, 1, 1)), 0),
    ("another month waits", marked("community", "community", "valley", date(2026, 2, 3)), 1),
    ("a device of nobody waits", marked("series", "", "stranger", date(2026, 1, 20)), 1),
]


def test_what_is_not_whole_is_not_closed(whole: Valley) -> None:
    url, connection, _ = whole
    for why, hinder, closed in HINDRANCES:
        with connection.transaction(force_rollback=True):
            hinder(connection)
            assert list(close_months(connection, LATER)) == [closed], why
    with connect(url) as other, other.transaction():
        parameters = {"community_no": number(connection, "community", "valley")}
        assert other.execute(statement("settlement_lock"), parameters).fetchone() == (True,)
        assert list(close_months(connection, LATER)) == [0], "somebody computes it"
    assert list(close_months(connection, LATER)) == [1]
