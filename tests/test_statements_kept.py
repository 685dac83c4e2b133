"""Statements of months that are frozen: made anew while all that they are of is there, kept when some of it is gone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import psycopg
import pytest

from store import spans, statements
from store.erasure import forget_rest
from store.queries import statement
from tests.conftest import AskForTemplate
from tests.metering import apply
from tests.servers import Postgres
from tests.settled import JANUARY, LATER, Valley, month_template, whole_month
from tests.test_statements import PRICED, WORTH, equity, make_all, worth

OLD: Final = datetime(2026, 1, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with whole_month(database_server, template) as valley:
        yield valley


def remove(connection: psycopg.Connection, *names: str) -> None:
    """Carry out what retention does, of all before OLD; the community is frozen for longer."""
    connection.execute("UPDATE community SET frozen_before = %s", [LATER])
    for name in names:
        connection.execute(statement(name), {"community_no": 1, "before": OLD, "most": 10**6})


def test_a_tariff_reaches_a_frozen_month_in_which_the_community_began(valley: Valley) -> None:
    _, connection, _ = valley
    remove(connection, "allocations_remove", "balances_remove")
    make_all(valley)
    assert {eur for eurs in worth(connection).values() for eur in eurs} == {None}
    apply(connection, PRICED)
    make_all(valley)
    assert all(any(eur is not None for eur in eurs) for eurs in worth(connection).values())


@pytest.mark.parametrize("gone", [["allocations_remove"], ["allocations_remove", "balances_remove"]])
def test_what_is_being_removed_for_its_age_is_not_made_anew_from_the_rest(valley: Valley, gone: list[str]) -> None:
    _, connection, _ = valley
    apply(connection, PRICED)
    make_all(valley)
    remove(connection, *gone)
    statements.mark(connection, 1, JANUARY)
    assert make_all(valley) == 1
    assert worth(connection) == WORTH


@pytest.mark.parametrize("is_old", [False, True])
def test_equity_tells_nothing_of_who_is_forgotten_from_that_moment_on(valley: Valley, is_old: bool) -> None:
    _, connection, _ = valley
    make_all(valley)
    columns = "members, consumption_wh"
    assert equity(connection, columns)["2026-01", "all", ""] == (2, 744 * 640)
    if is_old:
        remove(connection, "allocations_remove", "balances_remove")
    forget_rest(connection, "dupont", None, LATER, 0)
    assert equity(connection, columns) == {}
    make_all(valley)
    periods = ("2026", "2026-01", "2026-winter")
    assert equity(connection, columns) == {
        (period, *group): (1, 744 * 240) for period in periods for group in (("all", ""), ("category", "home"))
    }


def test_the_longest_due_comes_first_and_its_community_alone_is_taken(valley: Valley) -> None:
    url, connection, _ = valley
    make_all(valley)
    connection.execute(
        "INSERT INTO community (id, name, place, zone, step_min)"
        " SELECT 'c' || n, 'C', 'C', 'Europe/Paris', 15 FROM generate_series(1, 3) AS n"
    )
    numbers = [no for (no,) in connection.execute("SELECT no FROM community ORDER BY no")]
    for number in numbers:
        statements.mark(connection, number, JANUARY)
    connection.execute("UPDATE statement_due SET due_at = now() - community_no * '1 min'::interval; ANALYZE")
    with connection.transaction(), psycopg.connect(url) as other, psycopg.connect(url) as third:
        claimed = [statements.claim(each) for each in (connection, other, third)]
    assert [due and due.community_no for due in claimed] == numbers[:0:-1]


def test_one_that_failed_and_is_marked_right_now_is_not_waited_for(valley: Valley) -> None:
    url, connection, _ = valley
    connection.execute("UPDATE statement_due SET error = 'x', due_at = now() + '1 hour'::interval")
    waiting = len(spans.read_waiting(connection))
    connection.execute("SET lock_timeout = '100ms'")
    with psycopg.connect(url) as other:
        statements.mark(other, 1, JANUARY)
        assert spans.retry_now(connection) == waiting - 1
    assert spans.retry_now(connection) == 1
