"""Comparisons of sharing keys: who is compared, and those that were asked for: waiting, running, done or failed."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import polars as pl
import psycopg
from psycopg import IsolationLevel
from psycopg.errors import SerializationFailure
from psycopg.rows import class_row
from psycopg.types.json import Json, Jsonb

from energy.errors import NotFound
from energy.frames import COMPARED_POINTS
from energy.model import Role
from store.queries import statement

Status: TypeAlias = Literal["waiting", "running", "done", "failed"]
MOST_WAITING: Final = 3
"""So many comparisons of a community wait or run at a time: each takes some seconds of a worker."""
MOST_KEPT: Final = 20
LONGEST_KEPT: Final = timedelta(days=90)
MOST_ATTEMPTS: Final = 3
GIVEN_UP: Final = "it was begun several times and the worker never came to its end; ask for fewer keys or months"


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A comparison of months (YYYY-MM) under keys, by name, and how far it is.

    That is `steps_done` of `steps`, which is None before it runs.
    """

    no: int
    asked_at: datetime
    ended_at: datetime | None
    status: Status
    steps_done: int
    steps: int | None
    error: str | None
    first: str
    last: str
    keys: list[str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A comparison that a worker has in hand."""

    no: int
    community_no: int
    community: str
    request: dict[str, Any]


def read_compared_points(connection: psycopg.Connection, community_no: int) -> pl.DataFrame:
    """COMPARED_POINTS of all who ever take part in a community, by id."""
    rows = connection.execute(statement("comparison_points"), {"community_no": community_no}).fetchall()
    return pl.DataFrame(rows, COMPARED_POINTS, orient="row")


def read_roles(connection: psycopg.Connection, community_no: int) -> dict[str, Role]:
    """The roles of all who ever take part in a community, by id of the point."""
    rows = connection.execute(statement("comparison_roles"), {"community_no": community_no}).fetchall()
    return {point: Role(role) for point, role in rows}


def add(connection: psycopg.Connection, community_no: int, request: Mapping[str, Any]) -> int | None:
    """Ask for a comparison; return its number, or None where too many wait already.

    Of several who ask at once, PostgreSQL tells all but one that their count is of before, and they count again: the
    login of the interface may hold no lock. The connection is in no transaction.
    """
    parameters = {"community_no": community_no, "request": Jsonb(request), "most": MOST_WAITING}
    connection.isolation_level = IsolationLevel.SERIALIZABLE
    try:
        while True:
            with suppress(SerializationFailure):
                with connection.transaction():
                    row = connection.execute(statement("comparison_add"), parameters).fetchone()
                return None if row is None else row[0]
    finally:
        connection.isolation_level = None


def read_comparisons(connection: psycopg.Connection, community_no: int) -> list[ComparisonRow]:
    """The comparisons of a community, the newest first."""
    return _read(connection, community_no, None)


def read_comparison(connection: psycopg.Connection, community_no: int, no: int) -> ComparisonRow:
    """One of them.

    Raises:
        NotFound: there is none of that number, or it was removed.
    """
    rows = _read(connection, community_no, no)
    if not rows:
        raise NotFound(f"there is no comparison {no} of this community, or it is no longer kept; see the list of them")
    return rows[0]


def read_result(connection: psycopg.Connection, community_no: int, no: int) -> dict[str, Any] | None:
    """What a comparison found; None where it has not ended, or is not there."""
    parameters = {"community_no": community_no, "no": no}
    row = connection.execute(statement("comparison_result"), parameters).fetchone()
    return None if row is None else row[0]


def read_report(connection: psycopg.Connection, community_no: int, no: int, language: str) -> str | None:
    """The report of a comparison as HTML; None where it has not ended, or is not there."""
    parameters = {"community_no": community_no, "no": no, "language": language}
    row = connection.execute(statement("comparison_report"), parameters).fetchone()
    return None if row is None else row[0]


def claim(connection: psycopg.Connection) -> Claimed | None:
    """Take the comparison that has waited for longest; None when none waits.

    The caller is alone in it (`retention.alone`): what it finds running was left by a worker that ended.
    """
    connection.execute(statement("comparison_give_up"), {"most": MOST_ATTEMPTS, "error": GIVEN_UP})
    row = connection.execute(statement("comparison_claim"), {"most": MOST_ATTEMPTS}).fetchone()
    return None if row is None else Claimed(*row)


def go_on(connection: psycopg.Connection, no: int, steps_done: int, steps: int) -> bool:
    """Note how far a comparison is; tell whether it is still there."""
    parameters = {"no": no, "steps_done": steps_done, "steps": steps}
    return connection.execute(statement("comparison_go_on"), parameters).rowcount > 0


def end(connection: psycopg.Connection, no: int, result: Mapping[str, Any], reports: Mapping[str, str]) -> None:
    """Keep what a comparison found, and its reports by language."""
    parameters = {"no": no, "result": Json(result), "report_en": reports["en"], "report_fr": reports["fr"]}
    connection.execute(statement("comparison_end"), parameters)


def fail(connection: psycopg.Connection, no: int, error: str) -> None:
    """Say why a comparison could not be made."""
    connection.execute(statement("comparison_fail"), {"no": no, "error": error})


def trim(connection: psycopg.Connection) -> int:
    """Remove what is older than LONGEST_KEPT, and of each community all but the newest MOST_KEPT; return how many."""
    parameters = {"longest": LONGEST_KEPT, "most": MOST_KEPT}
    return connection.execute(statement("comparison_trim"), parameters).rowcount


def _read(connection: psycopg.Connection, community_no: int, no: int | None) -> list[ComparisonRow]:
    with connection.cursor(row_factory=class_row(ComparisonRow)) as cursor:
        return cursor.execute(statement("comparisons"), {"community_no": community_no, "no": no}).fetchall()
