"""Whose production each member had, as it is kept; and every rule by which a community ever shared."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import psycopg

from energy.time import Span
from store.balances import STEPS
from store.connect import FrameReader
from store.queries import statement


@dataclass(frozen=True, slots=True)
class KeyVersionRow:
    """A rule by which a community shared or shares: its number, and from when to when it is declared now."""

    no: int
    rule: dict[str, Any]
    validities: tuple[tuple[datetime, datetime], ...]


def read_pairs(
    reader: FrameReader,
    connection: psycopg.Connection,
    community_no: int,
    span: Span,
    step: str | None,
    zone: str,
    most: int,
) -> pl.DataFrame:
    """What each member had of each producer, summed to a step of STEPS, or over the whole span; at most so many rows.

    Returns:
        start, producer, point, allocated_wh, status; in this order, and without what is nothing.
    """
    chosen = {"calendar": None, "step": None} if step is None else STEPS[step]
    shown = {"zone": zone, **chosen, "most": most}
    parameters = {"community_no": community_no, "start": span.start, "end": span.end, **shown}
    return reader.read(connection, "pairs_by_step", parameters)


def read_known(connection: psycopg.Connection, community_no: int, span: Span) -> tuple[int, int]:
    """What was allocated in a span, and how much of that has pairs. [Wh]"""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    row = connection.execute(statement("pairs_known"), parameters).fetchone()
    assert row is not None, "a SELECT without FROM has a row"
    return row[0], row[1]


def read_key_versions(connection: psycopg.Connection, community_no: int) -> list[KeyVersionRow]:
    """Every rule by which a community ever shared, by number."""
    rows = connection.execute(statement("key_versions"), {"community_no": community_no})
    return [KeyVersionRow(no, rule, tuple(zip(sinces, untils, strict=True))) for no, rule, sinces, untils in rows]
