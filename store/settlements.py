"""Settled months: closed once they are whole; what changes later makes a new version, and the old one stays."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl
import psycopg

from energy.errors import NotFound
from energy.time import Span
from store.connect import FrameReader
from store.queries import statement


def close_months(connection: psycopg.Connection, before: datetime) -> Iterator[int]:
    """Close the months that ended before an instant and are whole, a community at a step, each committed by itself.

    A community that somebody computes right now is passed over until the next time.

    Yields:
        How many months of a community were closed.
    """
    for (community_no,) in connection.execute(statement("community_numbers")).fetchall():
        parameters = {"community_no": community_no, "before": before}
        closed = 0
        with connection.transaction():
            if connection.execute(statement("settlement_lock"), parameters).fetchone() == (True,):
                closed = connection.execute(statement("settlement_close"), parameters).rowcount
        yield closed


def revise(connection: psycopg.Connection, community_no: int, span: Span) -> None:
    """Keep what the staged balances and allocations are going to change of settled months in a span.

    It is kept under a new version, in the open transaction; where nothing differs there is none.
    """
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    connection.execute(statement("settlement_revise"), parameters)


def read_settlements(reader: FrameReader, connection: psycopg.Connection, community_no: int) -> pl.DataFrame:
    """Every version of every settled month of a community, the newest first.

    Returns:
        month (YYYY-MM), start, end, version, made_at, reason, changed (steps that the version changed), and its sums
        consumption_wh, production_wh, allocated_wh.
    """
    return reader.read(connection, "settlements", {"community_no": community_no})


def find_span(connection: psycopg.Connection, community: str, community_no: int, month: str, version: int) -> Span:
    """When a settled month begins and ends.

    Raises:
        NotFound: the month (YYYY-MM) is not settled, or has no such version.
    """
    parameters = {"community_no": community_no, "month": month, "version": version}
    row = connection.execute(statement("settlement_span"), parameters).fetchone()
    if row is None:
        raise NotFound(
            f"{community} has no version {version} of a settled month {month!r}; see the list of settlements"
        )
    return Span(*row)


def read_settled_balance(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span, version: int
) -> pl.DataFrame:
    """Balance of a settled month as a version had it, at the step at which it was settled.

    Returns:
        start, the *_wh, the rates, present, expected, completeness, quality, status.
    """
    return reader.read(connection, "settlement_balance", _version(community_no, span, version))


def read_settled_points(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span, version: int
) -> pl.DataFrame:
    """What each member consumed, injected and was allocated in a settled month, as known as a version had it."""
    return reader.read(connection, "settlement_points", _version(community_no, span, version))


def read_settled_pairs(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span, version: int
) -> pl.DataFrame:
    """What each member had of each producer in a settled month, as a version had it.

    Returns:
        producer, point, allocated_wh; in this order, and without what is nothing.
    """
    return reader.read(connection, "settlement_pairs", _version(community_no, span, version))


def _version(community_no: int, span: Span, version: int) -> dict[str, object]:
    return {"community_no": community_no, "start": span.start, "end": span.end, "version": version}
