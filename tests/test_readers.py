"""Arrow readers of the interface: lent, kept for the next request, and closed in the end, whoever else is at it."""

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import psycopg
import pytest

from api.reading import Readers
from energy.errors import Unavailable
from store.connect import connect


@pytest.fixture
def connection(migrated_url: str) -> Iterator[psycopg.Connection]:
    with connect(migrated_url) as connection:
        yield connection


@pytest.fixture
def readers(migrated_url: str) -> Iterator[Readers]:
    readers = Readers(migrated_url)
    yield readers
    readers.close()


def use_two(readers: Readers, connection: psycopg.Connection) -> set[int]:
    """Read with two readers at once; return the processes that serve them."""
    with readers.borrow() as one, readers.borrow() as other:
        for reader in (one, other):
            assert reader.read(connection, "migrations_ran", {}).height > 0
    return served_by(connection)


def served_by(connection: psycopg.Connection) -> set[int]:
    query = """
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    """
    return {pid for (pid,) in connection.execute(query)}


def test_a_request_that_is_sent_away_costs_no_other_its_connection(
    readers: Readers, connection: psycopg.Connection
) -> None:
    kept = use_two(readers, connection)
    assert len(kept) == 2
    with pytest.raises(Unavailable), readers.borrow():
        raise Unavailable("all connections are busy")
    assert use_two(readers, connection) == kept


def test_readers_whose_connection_was_lost_open_another(readers: Readers, connection: psycopg.Connection) -> None:
    lost = use_two(readers, connection)
    connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid", [list(lost)])
    found = use_two(readers, connection)
    assert len(found) == 2
    assert not found & lost


@pytest.mark.parametrize("line", range(1, 6))
def test_who_closes_does_not_mind_that_another_was_faster(line: int) -> None:
    """The other one closes all just before this line of the first."""
    readers = Readers("postgresql://nobody@127.0.0.1:1/nothing")
    with readers.borrow(), readers.borrow():
        pass
    lines = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Callable[..., Any] | None:
        nonlocal lines
        if frame.f_code is not Readers.close.__code__:
            return None
        if event == "line":
            lines += 1
            if lines == line:
                readers.close()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        readers.close()
    finally:
        sys.settrace(before)
    assert lines >= line
