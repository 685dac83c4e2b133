"""Stale spans: what changed and must be recomputed. Marked in the transaction of the change, claimed by workers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

import psycopg

from store.queries import statement

Kind: TypeAlias = Literal["series", "community", "curve"]
"""Of a curve the number is that of its point."""


@dataclass(frozen=True, slots=True)
class StaleSpan:
    """A UTC day of a series, curve or community to recompute; `attempts` counts the failures so far."""

    ref_no: int
    day: date
    attempts: int


def mark(connection: psycopg.Connection, kind: Kind, spans: Iterable[tuple[int, date]]) -> None:
    """Mark (number, UTC day) pairs of a kind stale and wake the workers when the transaction commits."""
    pairs = list(spans)
    if not pairs:
        return
    parameters = {"kind": kind, "refs": [ref for ref, _ in pairs], "days": [day for _, day in pairs]}
    connection.execute(statement("stale_mark"), parameters)
    connection.execute(statement("stale_notify"), {"kind": kind})


def claim(connection: psycopg.Connection, kind: Kind, limit: int) -> list[StaleSpan]:
    """Take up to `limit` marks of a kind for the open transaction; they are gone when it commits.

    Until then the territory stays as it is: a change of it waits, and marks what it touches afterwards.
    """
    connection.execute(statement("territory_keep"))
    rows = connection.execute(statement("stale_claim"), {"kind": kind, "limit": limit})
    return [StaleSpan(ref_no, day, attempts) for ref_no, day, attempts in rows]


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
