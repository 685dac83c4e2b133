"""Old versions of settled months: what they hold is what was stored, and it goes with member, age and community."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.frames import BALANCE, GIVEN, SETTLED_ALLOCATION
from energy.model import LONGEST_STILLNESS
from energy.time import Span
from store import balances, erasure, intervals, retention
from store.connect import connect
from store.queries import statement
from store.retention import Cutoffs
from tests.conftest import AskForTemplate
from tests.metering import HOUR, apply, exhaust
from tests.servers import Postgres
from tests.settled import (
    JANUARY,
    KEY,
    LATER,
    MEMBERS,
    STEPS,
    TENTH,
    TERRITORY,
    Rows,
    Valley,
    closed_month,
    declared,
    mark_all,
    month_template,
    number,
    seen,
    the_next_day,
    versions,
)

HOME: Final = '[[point]]\nid = "home"'
FLAT: Final = '[[point]]\nid = "flat"'


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with closed_month(database_server, template) as valley:
        yield valley


def corrected(valley: Valley) -> psycopg.Connection:
    """The closed month with a correction, in which both homes have a part."""
    _, connection, worker = valley
    declared(KEY, "home = 25, flat = 75")("", connection)
    exhaust(worker)
    assert len(versions(connection)) == 2
    return connection


def test_a_member_who_is_forgotten_is_in_no_version_and_all_else_stays(valley: Valley) -> None:
    connection = corrected(valley)
    before = [seen(connection, version) for version in (1, 2)]
    found = erasure.find_holder(connection, "dupont")
    assert erasure.measure(connection, found, LATER).allocations == 2 * STEPS
    erasure.freeze(connection, found, LATER)
    assert erasure.forget_rest(connection, "dupont", None, LATER, 0).allocations == 2 * STEPS
    exhaust(valley[2])
    for version, (steps, members) in enumerate(before, start=1):
        assert seen(connection, version) == (steps, [row for row in members if row[0] != "home"])


def test_a_point_that_is_removed_stays_in_the_old_version_under_its_number(valley: Valley) -> None:
    _, connection, worker = valley
    steps, members = seen(connection, 1)
    removed = f"removed-{number(connection, 'point', 'home')}"
    home = TERRITORY[TERRITORY.index(HOME) : TERRITORY.index(FLAT)]
    assert apply(connection, TERRITORY.replace(home, "").replace("home = 50, ", ""))
    exhaust(worker)
    assert versions(connection)[1:] == [(2, "regularisation", STEPS)]
    assert seen(connection, 1)[0] == steps
    kept = [(removed, "removed", *row[2:]) if row[0] == "home" else row for row in members]
    assert sorted(seen(connection, 1)[1]) == sorted(kept)
    assert [row[0] for row in seen(connection, 2)[1]] == ["flat", "roof"]
    assert connection.execute("SELECT count(*) FROM allocation WHERE point_no = 1").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM allocation_pair WHERE point_no = 1").fetchone() == (0,)


@pytest.mark.parametrize(
    ("before", "left"),
    [(JANUARY.end - HOUR, (2, 1, 3)), (JANUARY.end, (0, 0, 0))],
    ids=["all but an hour", "the whole month"],
)
def test_old_versions_are_kept_as_long_as_balances(
    valley: Valley, before: datetime, left: tuple[int, int, int]
) -> None:
    connection = corrected(valley)
    old = retention.read_old(connection, "balances", before)
    pairs = 2  # the roof gives to both homes
    assert old.rows == 2 * (STEPS - left[1]) * (1 + len(MEMBERS) + pairs)
    cutoffs = Cutoffs(None, None, before, LONGEST_STILLNESS)
    removed = sum(step.rows for step in retention.remove(connection, cutoffs, most=1000))
    assert removed == old.rows
    counts = [
        connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        for table in ("settlement", "balance_revision", "allocation_revision")
    ]
    assert counts == [(count,) for count in left]


def test_an_old_version_keeps_its_pairs_and_its_key(valley: Valley) -> None:
    before = paired(valley[1])
    connection = corrected(valley)
    assert before != paired(connection)
    assert [paired_as_of(connection, version) for version in (1, 2)] == [before, paired(connection)]
    sums = "SELECT start, point_no, sum(allocated_wh) FROM {} WHERE allocated_wh > 0 GROUP BY 1, 2 ORDER BY 1, 2"
    for pairs, parts in (("allocation_pair", "allocation"), ("allocation_pair_revision", "allocation_revision")):
        found = connection.execute(sums.format(pairs).encode()).fetchall()
        assert found == connection.execute(sums.format(parts).encode()).fetchall()
        assert len(found) >= 2 * STEPS
    shares = "SELECT DISTINCT v.rule->'shares_ppm'->>'home' FROM {} AS a LEFT JOIN key_version AS v ON v.no = a.key_no"
    assert connection.execute(shares.format("allocation").encode()).fetchall() == [("250000",)]
    assert connection.execute(shares.format("allocation_revision").encode()).fetchall() == [("500000",)]


def paired(connection: psycopg.Connection) -> Rows:
    """What each member had of each producer in the month, by what is stored now."""
    sums = """
        SELECT k.id, p.id, sum(a.allocated_wh)::bigint
        FROM allocation_pair AS a JOIN point AS k ON k.no = a.producer_no JOIN point AS p ON p.no = a.point_no
        WHERE a.start >= %s AND a.start < %s
        GROUP BY 1, 2 ORDER BY 1, 2
    """
    return connection.execute(sums, [JANUARY.start, JANUARY.end]).fetchall()


def paired_as_of(connection: psycopg.Connection, version: int) -> Rows:
    parameters = {"community_no": 1, "start": JANUARY.start, "end": JANUARY.end, "version": version}
    return connection.execute(statement("settlement_pairs"), parameters).fetchall()


def test_another_number_of_the_key_alone_makes_no_version(valley: Valley) -> None:
    _, connection, worker = valley
    connection.execute("UPDATE allocation SET key_no = NULL")
    mark_all(connection)
    exhaust(worker)
    assert len(versions(connection)) == 1
    assert connection.execute("SELECT FROM allocation WHERE key_no IS NULL").fetchone() is None


def test_whose_production_it_was_makes_a_version_and_pairs_where_none_were_make_none(valley: Valley) -> None:
    _, connection, worker = valley
    connection.execute("DELETE FROM allocation_pair WHERE start < %s", [TENTH])
    mark_all(connection)
    exhaust(worker)
    assert len(versions(connection)) == 1, "they were computed before pairs were kept"
    other = "UPDATE allocation_pair SET allocated_wh = allocated_wh + 1 WHERE start = %s"
    assert connection.execute(other, [TENTH]).rowcount == 2
    pairs = "SELECT community_no, start, producer_no, point_no, allocated_wh FROM {} WHERE start = %s ORDER BY point_no"
    changed = connection.execute(pairs.format("allocation_pair").encode(), [TENTH]).fetchall()
    mark_all(connection)
    exhaust(worker)
    assert versions(connection)[1:] == [(2, "regularisation", 1)]
    assert connection.execute(pairs.format("allocation_pair_revision").encode(), [TENTH]).fetchall() == changed


def test_versions_go_with_their_community(valley: Valley) -> None:
    connection = corrected(valley)
    apply(connection, "holder = []")
    for table in ("settlement", "balance_revision", "allocation_revision"):
        assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,), table


HOURS: Final = 5
Hour: TypeAlias = tuple[int, int, int]
WORK: Final = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(0, HOURS - 1),
        st.lists(
            st.none() | st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([0, 9])),
            min_size=1,
            max_size=HOURS,
        ),
    ),
    max_size=8,
)
"""Whether a day has passed; from which hour on; what each hour then has: Wh of two members and quality, or nothing."""


@given(work=WORK)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_version_is_what_was_stored_at_the_end_of_its_day(
    migrated_url: str, work: Sequence[tuple[bool, int, list[Hour | None]]]
) -> None:
    """A twin that copies everything: whatever is replaced, in whichever order, each version is the copy of its day."""
    with connect(migrated_url) as connection, connection.transaction(force_rollback=True):
        intervals.prepare(connection)
        connection.execute("INSERT INTO community (id, name, place, zone, step_min) VALUES ('v', '', '', 'UTC', 60)")
        connection.execute("INSERT INTO holder (id, kind) VALUES ('h', 'natural')")
        connection.execute(
            "INSERT INTO point (id, holder_no, name, role, category)"
            " SELECT p, no, '', 'consumer', 'home' FROM holder, unnest('{a, b}'::text[]) AS p"
        )
        numbers = {point: number(connection, "point", point) for point in "ab"}
        community_no = number(connection, "community", "v")
        month = Span(TENTH, TENTH + HOURS * HOUR)
        replaced(connection, community_no, 0, [(1, 0, 0)] * HOURS, numbers)
        connection.execute(
            "INSERT INTO settlement (community_no, month_start, month_end, version, reason)"
            " VALUES (%s, %s, %s, 1, 'first')",
            [community_no, month.start, month.end],
        )
        copies = [copied(connection, community_no)]
        is_open = False
        for has_passed, first, hours in work:
            if has_passed:
                the_next_day(connection)
                is_open = False
            replaced(connection, community_no, first, hours, numbers)
            now = copied(connection, community_no)
            if is_open:
                copies[-1] = now
            elif now != copies[-1]:
                copies.append(now)
                is_open = True
        for version, copy in enumerate(copies, start=1):
            assert as_version(connection, community_no, month, version) == copy[:2]
        found = connection.execute("SELECT count(*) FROM settlement WHERE community_no = %s", [community_no]).fetchone()
        assert found == (len(copies),)


def replaced(
    connection: psycopg.Connection,
    community_no: int,
    first: int,
    hours: Sequence[Hour | None],
    numbers: dict[str, int],
) -> None:
    """Replace some hours, the last of which may lie after the month."""
    known = [(TENTH + (first + i) * HOUR, hour[:2], hour[2]) for i, hour in enumerate(hours) if hour is not None]
    steps = [(at, sum(both_wh), 0, 0, sum(both_wh), 0, 2, 2, 9, True) for at, both_wh, _ in known]
    rows = [
        (point, at, energy_wh, None, 0, 0, energy_wh, None, quality, None)
        for at, both_wh, quality in known
        for point, energy_wh in zip(numbers, both_wh, strict=True)
        if energy_wh
    ]
    names = ["point", "start", *(name for name in SETTLED_ALLOCATION if name not in ("point", "start"))]
    schema = {name: SETTLED_ALLOCATION[name] for name in names}
    span = Span(TENTH + first * HOUR, TENTH + (first + len(hours)) * HOUR)
    allocation = pl.DataFrame(rows, schema, orient="row")
    balance = pl.DataFrame(steps, BALANCE, orient="row")
    balances.replace(connection, community_no, span, allocation, GIVEN.to_frame(), balance, numbers)


def copied(connection: psycopg.Connection, community_no: int) -> tuple[Rows, Rows, Rows]:
    """What a version tells of steps and members, and every allocation, by which a change is noticed."""
    parameters = [community_no, TENTH, TENTH + HOURS * HOUR]
    where = "WHERE community_no = %s AND start >= %s AND start < %s"
    steps = connection.execute(f"SELECT start, consumption_wh FROM balance {where} ORDER BY 1".encode(), parameters)
    members = f"""
        SELECT p.id, sum(import_wh)::bigint, max(quality)::int
        FROM allocation AS a JOIN point AS p ON p.no = a.point_no {where}
        GROUP BY 1 ORDER BY 1
    """
    rows = connection.execute(f"SELECT * FROM allocation {where} ORDER BY start, point_no".encode(), parameters)
    return steps.fetchall(), connection.execute(members.encode(), parameters).fetchall(), rows.fetchall()


def as_version(connection: psycopg.Connection, community_no: int, month: Span, version: int) -> tuple[Rows, Rows]:
    parameters = {"community_no": community_no, "start": month.start, "end": month.end, "version": version}
    steps = connection.execute(statement("settlement_balance"), parameters).fetchall()
    members = connection.execute(statement("settlement_points"), parameters).fetchall()
    return [row[:2] for row in steps], [(row[0], row[2], row[8]) for row in members]
