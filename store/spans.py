"""Stale spans: what changed and must be recomputed. Marked in the transaction of the change, claimed by workers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

import psycopg

from store.queries import statement

Kind: TypeAlias = Literal["series", "community", "curve"]
"""Of a curve the number is that of its point."""
WaitingKind: TypeAlias = Kind | Literal["statement"]
"""Also months whose statements could not be made."""


@dataclass(frozen=True, slots=True)
class StaleSpan:
    """A UTC day of a series, curve or community to recompute; `attempts` counts the failures so far.

    Of a community perhaps only from `first_start` to `last_start` changed; None: any of the day.
    """

    ref_no: int
    day: date
    attempts: int
    first_start: datetime | None = None
    last_start: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaitingSpan:
    """A mark as people read it: whose day it is, when it is tried next, and why it failed; None: it did not.

    Of a statement `day` is the first of its month.
    `what`: a device with its quantity, a point, or a community. `points`: those that a series or a curve counts for.
    """

    kind: WaitingKind
    what: str
    points: list[str]
    day: date
    attempts: int
    next_try_at: datetime
    error: str | None


def mark(connection: psycopg.Connection, kind: Kind, spans: Iterable[tuple[int, date]]) -> None:
    """Mark (number, UTC day) pairs of a kind stale and wake the workers when the transaction commits."""
    pairs = list(spans)
    if not pairs:
        return
    parameters = {"kind": kind, "refs": [ref for ref, _ in pairs], "days": [day for _, day in pairs]}
    connection.execute(statement("stale_mark"), parameters)
    connection.execute(statement("stale_notify"), {"kind": kind})


def mark_communities(
    connection: psycopg.Connection, parts: Mapping[tuple[int, date], tuple[datetime, datetime]]
) -> None:
    """Mark what changed of UTC days of communities, by number and day: the first and the last start of an interval."""
    if not parts:
        return
    ordered = sorted(parts)
    parameters = {
        "refs": [ref for ref, _ in ordered],
        "days": [day for _, day in ordered],
        "firsts": [parts[key][0] for key in ordered],
        "lasts": [parts[key][1] for key in ordered],
    }
    connection.execute(statement("stale_mark_part"), parameters)
    connection.execute(statement("stale_notify"), {"kind": "community"})


def claim(connection: psycopg.Connection, kind: Kind, limit: int) -> list[StaleSpan]:
    """Take up to `limit` marks of a kind for the open transaction; they are gone when it commits.

    Until then the territory stays as it is: a change of it waits, and marks what it touches afterwards.
    """
    connection.execute(statement("territory_keep"))
    rows = connection.execute(statement("stale_claim"), {"kind": kind, "limit": limit})
    return [StaleSpan(*row) for row in rows]


def retry_later(connection: psycopg.Connection, kind: Kind, spans: Iterable[StaleSpan], error: str) -> None:
    """Mark spans whose computation failed again, with the reason and a growing delay."""
    for span in spans:
        connection.execute(
            statement("stale_retry"),
            {"kind": kind, "ref_no": span.ref_no, "day": span.day, "attempts": span.attempts + 1, "error": error},
        )


def count(connection: psycopg.Connection) -> tuple[int, int]:
    """How many spans wait, and how many of these failed before."""
    row = connection.execute(statement("stale_count")).fetchone()
    assert row is not None, "count() always gives a row"
    return row[0], row[1]


def read_waiting(connection: psycopg.Connection, most: int | None = None) -> list[WaitingSpan]:
    """The marks that there are, at most so many: those set aside first, then in order of day."""
    return [WaitingSpan(*row) for row in connection.execute(statement("stale_spans"), {"most": most})]


def retry_now(connection: psycopg.Connection) -> int:
    """Make all that was set aside due, and wake the workers; return how many marks that are."""
    with connection.transaction():
        kinds = [kind for (kind,) in connection.execute(statement("stale_retry_now"))]
        for kind in sorted({*kinds}):
            connection.execute(statement("stale_notify"), {"kind": kind})
    return len(kinds)
