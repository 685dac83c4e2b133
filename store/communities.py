"""Communities as they are shown, with the key in force and the span of their figures; and the health of the hub."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from energy.errors import NotFound
from energy.validity import FOREVER_AGO
from store.queries import statement


@dataclass(frozen=True, slots=True)
class CommunityRow:
    """A community with its internal number, the members it has today and the span of its balances.

    `rule` is what its key says in one word each: its type, and whose the surplus is.
    """

    no: int
    id: str
    name: str
    place: str
    zone: str
    step_min: int
    simulated: bool
    points: int
    rule: dict[str, Any] | None
    valid_from: datetime | None
    first_start: datetime | None
    last_start: datetime | None

    @property
    def key_since(self) -> datetime | None:
        """Since when the key is in force; None when it always was."""
        return None if self.valid_from == FOREVER_AGO else self.valid_from


def read_communities(connection: psycopg.Connection) -> list[CommunityRow]:
    """All communities, by id."""
    return _read(connection, None)


def read_community(connection: psycopg.Connection, community: str) -> CommunityRow:
    """One community.

    Raises:
        NotFound: nobody declared a community of that id.
    """
    rows = _read(connection, community) if "\0" not in community else []  # which PostgreSQL's text cannot hold
    if not rows:
        raise NotFound(
            f"there is no community {community!r}; `hub apply` declares communities, /v1/communities lists them"
        )
    return rows[0]


def read_health(connection: psycopg.Connection) -> dict[str, Any]:
    """Versions of the server, devices heard, what was rejected (up to 10,000 of each), what waits to be recomputed."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("health")).fetchone()
    assert row is not None, "the query has no FROM and gives one row"
    return row


def _read(connection: psycopg.Connection, community: str | None) -> list[CommunityRow]:
    with connection.cursor(row_factory=class_row(CommunityRow)) as cursor:
        return cursor.execute(statement("communities"), {"id": community}).fetchall()
