"""Statements: what a local month was worth to each point, and how evenly it was shared: marked, claimed, stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl
import psycopg

from energy.frames import EUR, EUROS, TRADED
from energy.tariffs import Tariff
from energy.territory_tariffs import tariff_of
from energy.time import Span
from energy.validity import Validity
from store.connect import FrameReader
from store.copy import copy_frame
from store.queries import statement

PAUSE: Final = timedelta(minutes=5)
"""How long changes of a month are gathered: the present one changes every few seconds."""


@dataclass(frozen=True, slots=True)
class DueMonth:
    """A month of a community whose statement is to be made; `marks` tells later whether something changed meanwhile.

    `is_kept`: what it was made of is gone, at least in part, and it stays as it is.
    """

    community_no: int
    zone: str
    step_min: int
    month: date
    marks: int
    attempts: int
    is_kept: bool


@dataclass(frozen=True, slots=True)
class PointGroups:
    """To which category and which groups a point belongs, by its number."""

    point_no: int
    category: str
    groups: tuple[str, ...]


def mark(connection: psycopg.Connection, community_no: int, span: Span) -> None:
    """Have the statements of the local months that a span touches made anew, within minutes."""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end, "pause": PAUSE}
    connection.execute(statement("statements_mark"), parameters)


def mark_all(
    connection: psycopg.Connection,
    communities: Iterable[str],
    points: Iterable[str] = (),
    holders: Iterable[str] = (),
) -> None:
    """Have all statements of communities made anew: of these, and of those that points or holders take part in."""
    ids = {"communities": sorted(communities), "points": sorted(points), "holders": sorted(holders)}
    if any(ids.values()):
        connection.execute(statement("statements_mark_all"), {**ids, "pause": PAUSE})


def hasten(connection: psycopg.Connection) -> int:
    """Have the statements that wait for the end of their pause made at once; return how many there are."""
    return len(connection.execute(statement("statements_hasten")).fetchall())


def claim(connection: psycopg.Connection) -> DueMonth | None:
    """Take a month that is due for the open transaction; None when none is.

    Until its end the territory stays as it is.
    """
    connection.execute(statement("territory_keep"))
    row = connection.execute(statement("statement_claim")).fetchone()
    return None if row is None else DueMonth(*row)


def unmark(connection: psycopg.Connection, due: DueMonth) -> None:
    """Say that a statement is made; what changed since it was claimed is made after another pause."""
    parameters = {"community_no": due.community_no, "month": due.month, "marks": due.marks, "pause": PAUSE}
    connection.execute(statement("statement_made"), parameters)
    connection.execute(statement("statement_unmark"), parameters)


def set_aside(connection: psycopg.Connection, due: DueMonth, error: str) -> None:
    """Say why a statement could not be made; it is tried again later."""
    parameters = {"community_no": due.community_no, "month": due.month, "error": error}
    connection.execute(statement("statement_failed"), parameters)


def read_allocations(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span
) -> pl.DataFrame:
    """TRADED of a community in a span, points by their numbers."""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    rows = reader.read(connection, "statement_allocations", parameters)
    return rows.with_columns(pl.col("point_no").cast(pl.String).alias("point")).select(TRADED.names()).cast(TRADED)


def read_tariffs(connection: psycopg.Connection, community_no: int) -> list[Tariff]:
    """The tariffs of a community, in order of time."""
    rows = connection.execute(statement("statement_tariffs"), {"community_no": community_no})
    return [tariff_of(rule, Validity(start, end)) for rule, start, end in rows]


def read_groups(connection: psycopg.Connection, community_no: int) -> list[PointGroups]:
    """Categories and groups of the points that statements of a community name, but for points that are gone."""
    rows = connection.execute(statement("statement_points"), {"community_no": community_no})
    return [PointGroups(no, category, tuple(groups)) for no, category, groups in rows]


def read_statements(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, first: date, end: date
) -> pl.DataFrame:
    """Statements of the local months from `first` on, up to before `end`, both first days of a month.

    Returns:
        month (YYYY-MM), point, category, import_wh, allocated_wh, sold_wh, surplus_wh, the four *_eur as exact
        decimals, present, expected, completeness, point_no; in order of month and point.
    """
    parameters = {"community_no": community_no, "first": first, "end": end}
    rows = reader.read(connection, "statement_rows", parameters)
    return rows.with_columns(pl.col(EUROS).cast(pl.String).cast(EUR))


def read_sums(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, first: date, end: date
) -> pl.DataFrame:
    """What sharing was worth to all of a community in local months from `first` on, up to before `end`.

    Returns:
        month, allocated_wh, sold_wh, surplus_wh, the four *_eur as exact decimals, local_value_rate as ratio of sums,
        present, expected and completeness of the points of which it can be told what was awaited.
        The last row, whose month is null, is all of them.
    """
    parameters = {"community_no": community_no, "first": first, "end": end}
    rows = reader.read(connection, "statement_sums", parameters)
    return rows.with_columns(pl.col(EUROS).cast(pl.String).cast(EUR))


def read_equity(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, kind: str, first: date, end: date
) -> pl.DataFrame:
    """Equity in the months, seasons or years (`kind`) that touch local months from `first` on, up to before `end`.

    Returns:
        period, first_month, last_month, group_kind, group_name, members, consumption_wh, allocated_wh, saving_eur,
        jain, gini, min_max, autoproduction_p90_p10, share_against_need, parity.
    """
    parameters = {"community_no": community_no, "period_kind": kind, "first": first, "end": end}
    rows = reader.read(connection, "equity_rows", parameters)
    return rows.with_columns(pl.col("saving_eur").cast(pl.String).cast(EUR))


def read_pending(connection: psycopg.Connection, community_no: int, first: date, end: date) -> list[str]:
    """Local months (YYYY-MM) from `first` on, up to before `end`, whose statements are to be made anew, in order."""
    parameters = {"community_no": community_no, "first": first, "end": end}
    return [month for (month,) in connection.execute(statement("statements_pending"), parameters)]


def replace_statement(connection: psycopg.Connection, community_no: int, month: date, rows: pl.DataFrame) -> None:
    """Make the statement of a month of a community equal to what was computed.

    Args:
        rows: point_no, import_wh, allocated_wh, sold_wh, surplus_wh, the four *_eur, present and expected.
    """
    connection.execute(statement("statement_remove"), {"community_no": community_no, "month": month})
    keys = rows.select(pl.lit(community_no).alias("community_no"), pl.lit(month).alias("month"), pl.all())
    copy_frame(connection, statement("statement_copy"), keys)


def replace_equity(
    connection: psycopg.Connection, community_no: int, periods: Sequence[tuple[str, str]], rows: pl.DataFrame
) -> None:
    """Make the equity of periods, pairs of kind and name, equal to what was computed.

    Args:
        rows: in the order of store/sql/queries/equity_copy.sql, without the community.
    """
    kinds, names = ([period[place] for period in periods] for place in range(2))
    parameters = {"community_no": community_no, "kinds": kinds, "periods": names}
    connection.execute(statement("equity_remove"), parameters)
    copy_frame(connection, statement("equity_copy"), rows.select(pl.lit(community_no).alias("community_no"), pl.all()))
