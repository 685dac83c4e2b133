"""The operator's curves: stored by import, read to be made into intervals, and compared with what devices say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

import polars as pl
import psycopg

from energy.frames import CURVES
from energy.time import Span
from store import spans
from store.connect import FrameReader
from store.copy import copy_frame
from store.queries import statement

ROWS_AT_ONCE: Final = 50_000
"""Values stored in one statement: so that who waits sees how far it is."""


@dataclass(frozen=True, slots=True)
class CurveFile:
    """A file as it is remembered: the digest of its bytes, what it is called, its format, how many problems it had."""

    digest: bytes
    name: str
    kind: str
    problems: int


class DeclaredPoint(NamedTuple):
    """The number of a point, and before when its intervals are kept as they are; None: nothing is."""

    number: int
    frozen_before: datetime | None


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the values of a file: new ones, those that replaced another, and those that were there already."""

    added: int
    replaced: int
    known: int

    def __add__(self, other: "Imported") -> "Imported":
        return Imported(self.added + other.added, self.replaced + other.replaced, self.known + other.known)


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of the values of a file that was undone: how many went, and how many of these another followed."""

    gone: int
    back: int

    def __add__(self, other: "Undone") -> "Undone":
        return Undone(self.gone + other.gone, self.back + other.back)


class KnownFile(NamedTuple):
    """A file that was imported; `kept` are its values that were of declared points."""

    number: int
    imported_at: datetime
    name: str
    kind: str
    kept: int
    points: list[str]


def prepare(connection: psycopg.Connection) -> None:
    """Make the staging tables of a connection that is going to import."""
    connection.execute(statement("curves_table"))
    connection.execute(statement("indexes_table"))


def lock_import(connection: psycopg.Connection) -> None:
    """Let nobody else import, and the territory stay as it is, until the open transaction ends."""
    connection.execute(statement("territory_keep"))
    connection.execute(statement("curves_lock"))


def read_points(connection: psycopg.Connection, points: Sequence[str]) -> dict[str, DeclaredPoint]:
    """Those of some points that are declared, by id."""
    known = [point for point in points if "\0" not in point]  # which PostgreSQL's text cannot hold
    rows = connection.execute(statement("point_numbers"), {"points": known})
    return {point: DeclaredPoint(number, before) for point, number, before in rows}


def remember(
    connection: psycopg.Connection, file: CurveFile, points: Sequence[int], kept: int
) -> tuple[int, datetime | None]:
    """Write down a file, with the points in it and how many of its values are kept.

    Returns:
        Its number; and when the same file was imported for the first time, None where this is the first time.
    """
    parameters = {
        "digest": file.digest,
        "name": file.name,
        "kind": file.kind,
        "points": sorted(points),
        "kept": kept,
        "problems": file.problems,
    }
    row = connection.execute(statement("curve_file_put"), parameters).fetchone()
    assert row is not None, "an upsert that updates always gives a row"
    return row[0], row[1]


def put(
    connection: psycopg.Connection, file_no: int, rows: pl.DataFrame, tell: Callable[[int], None] | None = None
) -> Imported:
    """Store the values of a file in the open transaction, and mark the UTC days stale that change.

    A value of the same point, flow, start, step and nature replaces the one before, which is kept as a revision.

    Args:
        file_no: as `remember` numbered it.
        rows: CURVES, at most one of each point, flow, start, step and nature.
        tell: called now and then with how many are stored.
    """
    days: set[tuple[int, date]] = set()
    added = replaced = 0
    for first in range(0, rows.height, ROWS_AT_ONCE):
        some = rows.slice(first, ROWS_AT_ONCE).select(CURVES.names())
        connection.execute(statement("curves_emptied"))
        copy_frame(connection, statement("curves_copy"), some)
        touched = connection.execute(statement("curves_put"), {"file_no": file_no}).fetchall()
        days |= {(point_no, day) for point_no, begins, ends, *_ in touched for day in (begins, ends)}
        added += sum(row[3] for row in touched)
        replaced += sum(row[4] for row in touched)
        if tell is not None:
            tell(first + some.height)
    spans.mark(connection, "curve", sorted(days))
    return Imported(added, replaced, rows.height - added - replaced)


def read_left(connection: psycopg.Connection, file_no: int, rows: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Count the values of a file, by point and flow, that a new reading of it does not give.

    Args:
        connection: `prepare`d.
        file_no: as `remember` numbered it.
        rows: CURVES, what it gives now.
    """
    connection.execute(statement("curves_emptied"))
    copy_frame(connection, statement("curves_copy"), rows.select(CURVES.names()))
    left = connection.execute(statement("curve_file_left"), {"file_no": file_no})
    return {(point, flow): number for point, flow, number in left}


def read_files(connection: psycopg.Connection) -> list[KnownFile]:
    """The files that were imported, the oldest first."""
    return [KnownFile(*row) for row in connection.execute(statement("curve_files"))]


def find_file(
    connection: psycopg.Connection, number: int | None = None, digest: bytes | None = None
) -> tuple[int, str] | None:
    """Number and name of an imported file by its number or the digest of its bytes; None where there is none."""
    return connection.execute(statement("curve_file_find"), {"no": number, "digest": digest}).fetchone()


def undo(connection: psycopg.Connection, file_no: int) -> Undone:
    """Take the values of a file away in the open transaction, and mark the UTC days stale that change.

    A value that one of them had replaced comes back, unless its own file was undone as well.
    """
    connection.execute(statement("curves_undo_old"), {"file_no": file_no})
    touched = connection.execute(statement("curves_undo"), {"file_no": file_no}).fetchall()
    days = {(point_no, day) for point_no, begins, ends, *_ in touched for day in (begins, ends)}
    spans.mark(connection, "curve", sorted(days))
    return Undone(sum(row[3] for row in touched), sum(row[4] for row in touched))


def forget_file(connection: psycopg.Connection, file_no: int) -> None:
    """Forget a file whose values went."""
    connection.execute(statement("curve_file_remove"), {"file_no": file_no})


def read_spans(
    reader: FrameReader, connection: psycopg.Connection, windows: Sequence[tuple[int, Span]]
) -> pl.DataFrame:
    """CURVES that reach into spans of points (point number, span)."""
    parameters = {
        "points": [point_no for point_no, _ in windows],
        "starts": [span.start for _, span in windows],
        "ends": [span.end for _, span in windows],
    }
    return reader.read(connection, "curves_of_spans", parameters).cast(CURVES)


def read_filed(reader: FrameReader, connection: psycopg.Connection, point_no: int, span: Span) -> pl.DataFrame:
    """CURVES of a point that reach into a span, each with the `file` that said it."""
    parameters = {"point_no": point_no, "start": span.start, "end": span.end}
    return reader.read(connection, "explain_curves", parameters).cast(pl.Schema({**CURVES, "file": pl.String}))


def read_residuals(reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span) -> pl.DataFrame:
    """What the operator and the devices of a community's members say of the same quarter-hours of a span.

    Returns:
        point, flow, operator_wh, device_wh, device_residual_wh (device - operator), device_residual_rate (over the
        operator's), compared, operator_only, device_only: how many quarter-hours both know, or one alone. The furthest
        apart come first, then those that cannot be compared.
    """
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    return reader.read(connection, "residuals", parameters)
