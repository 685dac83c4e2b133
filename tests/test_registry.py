"""Applying a territory: the database becomes what the file says, and its tables as if it had always been so."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Final

import psycopg
import pytest

from energy.model import Territory
from energy.territory import parse_territory
from store.connect import connect
from store.registry import apply_changes, difference, read_territory
from store.sites import read_sites
from tests.conftest import AskForServer, AskForTemplate
from tests.databases import new_database
from tests.edits import BASE, EDITS, Edit, base_readings
from tests.metering import FORGET_ALL, append, apply, marks, process, stored
from tests.servers import BOTH_KINDS

READINGS: Final = "SELECT series_no, at, value FROM reading ORDER BY 1, 2"


@pytest.fixture(scope="module", params=BOTH_KINDS)
def two_databases(
    ask_for_server: AskForServer, ask_for_template: AskForTemplate, request: pytest.FixtureRequest
) -> Iterator[tuple[str, str]]:
    """One database to edit, one to build from scratch."""
    server = ask_for_server(request.param)
    template = ask_for_template(server)
    with new_database(server, template) as edited, new_database(server, template) as scratch:
        yield edited, scratch


def begin(url: str, connection: psycopg.Connection, territory: str) -> None:
    """Empty the database, declare a territory, hear all its devices, and compute."""
    apply(connection, Territory())
    connection.execute(FORGET_ALL)
    apply(connection, territory)
    append(connection, base_readings())
    process(url)


@cache
def built_from_scratch(url: str, territory: str) -> dict[str, list[tuple[object, ...]]]:
    with connect(url) as connection:
        begin(url, connection, territory)
        return stored(connection)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.why)
def test_an_edit_says_marks_and_gives_what_it_should(edit: Edit, two_databases: tuple[str, str]) -> None:
    url, scratch = two_databases
    with connect(url) as connection:
        begin(url, connection, BASE)
        heard = connection.execute(READINGS).fetchall()
        assert sorted(apply(connection, edit.after)) == sorted(edit.lines)
        assert marks(connection, "series") == edit.series
        assert marks(connection, "community") == edit.communities
        process(url)
        assert stored(connection) == built_from_scratch(scratch, edit.after)
        assert connection.execute(READINGS).fetchall() == heard
        assert apply(connection, edit.after) == [], "applied twice changes nothing"
        assert marks(connection, "series") | marks(connection, "community") == set()


@pytest.mark.slow
@pytest.mark.parametrize(("two_databases", "seed"), [("wheel-16", 1), ("timescale-17", 2)], indirect=["two_databases"])
def test_any_path_of_edits_comes_by_what_each_territory_gives(seed: int, two_databases: tuple[str, str]) -> None:
    """From one edited territory straight to another: differences that no single row of the table shows."""
    url, scratch = two_databases
    path = random.Random(seed).sample(EDITS, len(EDITS))  # noqa: S311 - an order, not a secret
    with connect(url) as connection:
        begin(url, connection, BASE)
        for edit in path:
            apply(connection, edit.after)
            process(url)
            assert stored(connection) == built_from_scratch(scratch, edit.after), edit.why


def test_a_territory_is_read_back_as_it_was_applied_and_goes_without_a_trace(both_migrated_url: str) -> None:
    with connect(both_migrated_url) as connection:
        begin(both_migrated_url, connection, BASE)
        declared, known = parse_territory(BASE), read_territory(connection)
        assert difference(known, declared) == difference(declared, known) == []
        for name in ("communities", "holders", "points", "mappings", "memberships", "keys", "sites"):
            assert set(map(repr, getattr(known, name))) == set(map(repr, getattr(declared, name)))
        assert sorted(read_sites(connection), key=repr) == sorted(declared.sites, key=repr)
        assert all(stored(connection).values())

        heard = connection.execute(READINGS).fetchall()
        apply(connection, Territory())
        process(both_migrated_url)
        assert read_territory(connection) == Territory()
        assert not any(stored(connection).values())
        assert connection.execute(READINGS).fetchall() == heard


def test_a_change_that_fails_changes_nothing(both_migrated_url: str) -> None:
    with connect(both_migrated_url) as connection:
        begin(both_migrated_url, connection, BASE)
        before = stored(connection)
        changes = difference(parse_territory(BASE), parse_territory(EDITS[-2].after))
        holder_first = sorted(changes, key=lambda change: change.table != "holder")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            apply_changes(connection, holder_first)
        assert difference(read_territory(connection), parse_territory(BASE)) == []
        assert stored(connection) == before
        assert marks(connection, "series") | marks(connection, "community") == set()
