"""What a check of all that is computed needs: one moment to read in, what is stored then, and the record of checks."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import polars as pl
import psycopg
from psycopg.rows import class_row

from energy.agreements import Agreement, Member
from energy.errors import Unavailable
from energy.frames import BALANCE, FLOW_INTERVALS, SETTLED_ALLOCATION, UTC_TIME
from energy.key_rules import key_of
from energy.model import Role
from energy.time import Span
from energy.validity import Validity
from store.balances import Rules
from store.connect import FrameReader
from store.queries import statement

NUMBERED: Final = pl.Schema(
    {"point_no": pl.Int32(), **{name: kind for name, kind in SETTLED_ALLOCATION.items() if name != "point"}}
)
"""SETTLED_ALLOCATION with the number of the point instead of its id."""
NUMBERED_PAIRS: Final = pl.Schema(
    {"producer_no": pl.Int32, "point_no": pl.Int32, "start": UTC_TIME, "allocated_wh": pl.Int64}
)
"""GIVEN with the numbers of the points instead of their ids."""


class CheckedPoint(NamedTuple):
    """A point: its number, its id, and before when its intervals are kept as they are; None: nothing is."""

    number: int
    id: str
    frozen_before: datetime | None


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The last check of everything: how many rows it compared, how many differed, how many days were left out.

    equal_at: when a check of everything last ended without a difference; None: never.
    """

    started_at: datetime
    ended_at: datetime
    compared: int
    differing: int
    waiting: int
    equal_at: datetime | None


class MomentReader(FrameReader):
    """Reads what there was at one moment, whatever is committed meanwhile."""

    def __init__(self, url: str, connection: psycopg.Connection) -> None:
        super().__init__(url)
        self._is_in_moment = False
        self.read(connection, "moment_begin", {})
        self._is_in_moment = True

    def _read(self, text: str) -> pl.DataFrame:
        if self._is_in_moment and self._connection is None:
            raise Unavailable("the database ended the transaction that was read in")
        return super()._read(text)


@contextmanager
def one_moment(url: str, connection: psycopg.Connection) -> Iterator[MomentReader]:
    """A reader that sees one moment until the context ends."""
    reader = MomentReader(url, connection)
    try:
        yield reader
    finally:
        reader.close()


def read_points(reader: FrameReader, connection: psycopg.Connection, community_no: int | None) -> list[CheckedPoint]:
    """The points that ever take part in a community, or all of them, by id."""
    frame = reader.read(connection, "recompute_points", {"community_no": community_no})
    return [CheckedPoint(*row) for row in frame.iter_rows()]


def read_communities(reader: FrameReader, connection: psycopg.Connection) -> list[int]:
    """Numbers of all communities."""
    return reader.read(connection, "community_numbers", {}).get_column("no").to_list()


def read_rules(reader: FrameReader, connection: psycopg.Connection, community_no: int) -> Rules | None:
    """Rules of a community; None when it is gone."""
    rows = reader.read(connection, "recompute_rules", {"community_no": community_no}).rows()
    if not rows:
        return None
    community, step_min, frozen_before = rows[0][:3]
    keys = (Agreement(key_of(json.loads(rule)), Validity(start, end), no) for *_, no, rule, start, end in rows if rule)
    return Rules(community, timedelta(minutes=step_min), tuple(keys), frozen_before)


def read_members(reader: FrameReader, connection: psycopg.Connection, community_no: int) -> list[Member]:
    """Everyone who ever takes part in a community, in order of point id."""
    rows = reader.read(connection, "members", {"community_no": community_no}).iter_rows()
    return [Member(no, point, Role(role), Validity(start, end)) for no, point, role, start, end in rows]


def read_extent(
    connection: psycopg.Connection, points: Sequence[int], communities: Sequence[int]
) -> tuple[datetime, datetime] | None:
    """The first and the last instant of which anything is known or computed; None: nothing is."""
    parameters = {"points": points, "communities": communities}
    row = connection.execute(statement("recompute_extent"), parameters).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def read_stale(reader: FrameReader, connection: psycopg.Connection) -> pl.DataFrame:
    """All that waits: kind, ref_no, day."""
    frame = reader.read(connection, "stale_days", {})
    return frame.cast({"kind": pl.String, "ref_no": pl.Int32, "day": pl.Date})


def read_memberships(reader: FrameReader, connection: psycopg.Connection, points: Sequence[int]) -> pl.DataFrame:
    """Who ever takes part where: point_no, community_no."""
    frame = reader.read(connection, "communities_of_points", {"points": points})
    return frame.cast({"point_no": pl.Int32, "community_no": pl.Int32})


def read_intervals(
    reader: FrameReader, connection: psycopg.Connection, points: Sequence[int], span: Span
) -> pl.DataFrame:
    """FLOW_INTERVALS of points with their source, as they are stored."""
    parameters = {"points": points, "start": span.start, "end": span.end}
    frame = reader.read(connection, "intervals_stored", parameters)
    return frame.select(*FLOW_INTERVALS.names(), "source").cast({**FLOW_INTERVALS, "source": pl.String})


def read_balances(reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span) -> pl.DataFrame:
    """BALANCE of a community, as it is stored."""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    return reader.read(connection, "balances_stored", parameters).select(BALANCE.names()).cast(BALANCE)


def read_allocations(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span
) -> pl.DataFrame:
    """NUMBERED allocations of a community, as they are stored."""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    return reader.read(connection, "allocations_stored", parameters).select(NUMBERED.names()).cast(NUMBERED)


def read_pairs(reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span) -> pl.DataFrame:
    """NUMBERED_PAIRS of a community, as they are stored."""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    return reader.read(connection, "pairs_stored", parameters).select(NUMBERED_PAIRS.names()).cast(NUMBERED_PAIRS)


def begin_or_resume(connection: psycopg.Connection) -> tuple[int, date | None]:
    """The number of the nightly check that has not ended, a new one if there is none, and before when it is done."""
    row = connection.execute(statement("recomputation_unended")).fetchone()
    if row is not None:
        return row
    row = connection.execute(statement("recomputation_begin")).fetchone()
    assert row is not None, "RETURNING gives the row"
    return row[0], None


def has_begun(connection: psycopg.Connection) -> bool:
    """Whether a nightly check has begun that has not ended."""
    return connection.execute(statement("recomputation_unended")).fetchone() is not None


def go_on(
    connection: psycopg.Connection, number: int, done_before: date, compared: int, differing: int, waiting: int
) -> None:
    """Note how far the nightly check has come, and what its last days added."""
    parameters = {"no": number, "done_before": done_before, "compared": compared, "differing": differing}
    connection.execute(statement("recomputation_go_on"), {**parameters, "waiting": waiting})


def end(connection: psycopg.Connection, number: int) -> tuple[int, int, int]:
    """Note that the nightly check has ended; return how many rows it compared, how many differ, what days waited."""
    row = connection.execute(statement("recomputation_end"), {"no": number}).fetchone()
    assert row is not None, "nobody removes a check of everything"
    return row[0], row[1], row[2]


def add(
    connection: psycopg.Connection,
    started_at: datetime,
    since: date | None,
    community_no: int | None,
    counts: tuple[int, int, int],
) -> None:
    """Note a check that was made at once: when it began, of what, and rows compared, rows differing, days waiting."""
    compared, differing, waiting = counts
    parameters = {"started_at": started_at, "since": since, "community_no": community_no, "compared": compared}
    connection.execute(statement("recomputation_add"), {**parameters, "differing": differing, "waiting": waiting})


def read_last(connection: psycopg.Connection) -> LastCheck | None:
    """The last check of everything; None: there has been none."""
    with connection.cursor(row_factory=class_row(LastCheck)) as cursor:
        return cursor.execute(statement("recomputation_last")).fetchone()
