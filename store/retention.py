"""How long what is stored is kept: what would go, what must be frozen before it goes, and its removal bit by bit."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

import psycopg

from energy.errors import Unavailable
from energy.time import ceil_to_step
from store.queries import statement
from store.registry import lock_territory
from store.timescale import ChunkedTable, drop_old_chunks, old_chunks

Kind: TypeAlias = Literal["readings", "intervals", "balances", "rejected"]
Rows: TypeAlias = Literal["readings", "revisions", "curves", "intervals", "allocations", "balances", "rejected"]

ROWS_AT_ONCE: Final = 50_000
"""Most rows removed in one transaction."""
NUMBERS_AT_ONCE: Final = 100
"""Most series or points among which these are looked for at once."""
HOUR: Final = timedelta(hours=1)
SETTLED_AFTER_DAYS: Final = 15
"""How long corrections of a month are waited for, unless the settings say otherwise."""
_OLD: Final = {
    "readings": "old_readings",
    "intervals": "old_intervals",
    "balances": "old_balances",
    "rejected": "old_rejected",
}
_CURVES: Final[tuple[tuple[Rows, str], ...]] = (
    ("curves", "curves_remove"),
    ("revisions", "curve_revisions_remove"),
    ("curves", "indexes_remove"),
    ("revisions", "index_revisions_remove"),
)
_BALANCES: Final[tuple[tuple[Rows, str], ...]] = (
    ("allocations", "pair_revisions_remove"),
    ("allocations", "pairs_remove"),
    ("allocations", "allocation_revisions_remove"),
    ("balances", "balance_revisions_remove"),
    ("allocations", "allocations_remove"),
    ("balances", "balances_remove"),
    ("revisions", "result_revisions_remove"),
    ("curves", "results_remove"),
)
_TABLES: Final[dict[str, ChunkedTable]] = {"readings": "reading", "intervals": "interval"}


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days each kind is kept; 0 is for ever. What was refused also has a size that it may take [B].

    `reach`: how far from a reading an interval can lie that was made of it. `settled_after`: how many days after its
    end a month is settled.
    """

    readings: int
    intervals: int
    balances: int
    rejected: int
    rejected_bytes: int
    reach: timedelta
    settled_after: int = SETTLED_AFTER_DAYS

    def __str__(self) -> str:
        kinds = {"readings": self.readings, "intervals": self.intervals, "balances": self.balances}
        return "kept: " + ", ".join(f"{kind} {f'{days} days' if days else 'for ever'}" for kind, days in kinds.items())

    def cutoffs(self, now: datetime) -> "Cutoffs":
        """Before which UTC day each kind goes."""
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

        def before(days: int) -> datetime | None:
            return today - timedelta(days=days) if days else None

        return Cutoffs(before(self.readings), before(self.intervals), before(self.balances), self.reach)


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Before when readings, intervals and balances go; None: they are kept for ever."""

    readings: datetime | None
    intervals: datetime | None
    balances: datetime | None
    reach: timedelta

    @property
    def points(self) -> datetime | None:
        """Before when intervals can no longer be computed, for readings that they are made of are gone."""
        return None if self.readings is None else ceil_to_step(self.readings + self.reach, HOUR)

    @property
    def communities(self) -> datetime | None:
        """Before when balances can no longer be computed, or are gone."""
        return max((before for before in (self.intervals, self.balances) if before is not None), default=None)


@dataclass(frozen=True, slots=True)
class Old:
    """What would go of one kind: its oldest row, how many rows before the cut-off, about how many bytes.

    Where the table has chunks, `chunks` go whole, and the rows are an estimate; else it is None.
    """

    kind: Kind
    before: datetime | None
    oldest_at: datetime | None
    rows: int
    size_bytes: int
    chunks: int | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """What one step has removed.

    With readings go the operator's curves and the revisions of both; with balances the allocations with their pairs,
    all of old versions of settled months, and the operator's results: as curves, and those that were replaced as
    revisions.
    """

    kind: Rows
    rows: int = 0
    chunks: int = 0


class DaysNotComputed(Unavailable):
    """Days that would be frozen could not be computed, and waiting does not help."""


def read_old(connection: psycopg.Connection, kind: Kind, before: datetime | None, size_bytes: int = 0) -> Old:
    """What would go of a kind; it is counted row by row where the table has no chunks.

    Args:
        size_bytes: of what was refused, how much each table may hold; more than that goes too.
    """
    table = _TABLES.get(kind)
    has_chunks = table is not None and _has_chunks(connection, table)
    parameters = {"before": before, "is_counted": before is not None and not has_chunks, "size": size_bytes}
    row = connection.execute(statement(_OLD[kind]), parameters).fetchone()
    assert row is not None, "an aggregate always gives a row"
    oldest_at, rows, taken_bytes, beside = row[0], row[1] or 0, row[2] or 0, row[3] or 0
    if table is None or before is None or not has_chunks:
        return Old(kind, before, oldest_at, rows + beside, taken_bytes)
    chunks = old_chunks(connection, table, before)
    rows = sum(chunk.about_rows or 0 for chunk in chunks)
    return Old(kind, before, oldest_at, rows + beside, sum(chunk.size_bytes for chunk in chunks), len(chunks))


@contextmanager
def alone(
    connection: psycopg.Connection, what: Literal["retention", "forget", "recompute", "comparison"]
) -> Iterator[bool]:
    """Whether nobody else does the same now; nobody else will until the context ends."""
    parameters = {"what": what}
    is_ours = connection.execute(statement("keeping_lock"), parameters).fetchone() == (True,)
    try:
        yield is_ours
    finally:
        if is_ours and not connection.closed:
            connection.execute(statement("keeping_unlock"), parameters)


def freeze(connection: psycopg.Connection, cutoffs: Cutoffs, *, is_now: bool = False) -> None:
    """Keep as it is what could not be computed again without what goes. To be committed before anything goes.

    Workers end what they have in hand first: they could otherwise write what they made of half of it.

    Args:
        is_now: keep it so although some of it still waits to be computed, or could not be.

    Raises:
        Unavailable: days that would be frozen wait to be computed for the first time.
        DaysNotComputed: they could not be.
    """
    parameters = {"points": cutoffs.points, "communities": cutoffs.communities}
    if connection.execute(statement("freeze_needed"), parameters).fetchone() != (True,):
        return
    before = max(instant for instant in (cutoffs.points, cutoffs.communities) if instant is not None)
    with connection.transaction():
        lock_territory(connection)
        if not is_now:
            _require_computed(connection, before)
        connection.execute(statement("freeze_points"), {"before": cutoffs.points})
        connection.execute(statement("freeze_communities"), {"before": cutoffs.communities})


def _require_computed(connection: psycopg.Connection, before: datetime) -> None:
    row = connection.execute(statement("freeze_waits_for"), {"before": before}).fetchone()
    assert row is not None, "count() always gives a row"
    waiting, failed, why = row
    if failed:
        days = "1 day" if failed == 1 else f"{failed:,} days"
        raise DaysNotComputed(
            f"{days} before {before:%Y-%m-%d} could not be computed ({why}), and could never be once what they are made"
            " of is gone; mend that first, or give them up with `hub retention --yes --now`"
        )
    if waiting:
        days = "1 day before {} waits" if waiting == 1 else f"{waiting:,} days before {{}} wait"
        raise Unavailable(
            f"{days.format(f'{before:%Y-%m-%d}')} to be computed, and could not be once what they are made of is gone;"
            " let `hub process` come to an end with them first"
        )


def read_frozen(
    connection: psycopg.Connection, points: Iterable[str], communities: Iterable[str]
) -> list[tuple[str, str, datetime]]:
    """Which of some points and communities are kept as they are: (point or community, id, before when)."""
    parameters = {"points": [*points], "communities": [*communities]}
    return connection.execute(statement("frozen"), parameters).fetchall()


def read_going(connection: psycopg.Connection, points: Sequence[str]) -> list[tuple[str, datetime, list[str]]]:
    """Of points that are to go, those kept as they are: (id, before when, communities whose past they are part of)."""
    return connection.execute(statement("frozen_going"), {"points": [*points]}).fetchall()


def remove(connection: psycopg.Connection, cutoffs: Cutoffs, most: int = ROWS_AT_ONCE) -> Iterator[Removed]:
    """Remove what is older than the cut-offs, a chunk or some rows at a step, each committed by itself.

    It may end after any step, and begin anew: what is gone is passed over. The caller froze what must be.

    Raises:
        Unavailable: somebody reads a chunk that is to go.
    """
    if cutoffs.readings is not None:
        yield from _remove_readings(connection, cutoffs.readings, most)
    if cutoffs.intervals is not None:
        yield from _remove_intervals(connection, cutoffs.intervals, most)
    if cutoffs.balances is not None:
        yield from _remove_balances(connection, cutoffs.balances, most)


def remove_readings(
    connection: psycopg.Connection, windows: Sequence[tuple[int, datetime, datetime]], most: int
) -> int:
    """Remove readings in windows (series number, since, until), at most so many; return how many went."""
    series, sinces, untils = ([window[place] for window in windows] for place in range(3))
    parameters = {"series": series, "sinces": sinces, "untils": untils, "most": most}
    with connection.transaction():
        connection.execute(statement("decompress_freely"))
        row = connection.execute(statement("readings_remove"), parameters).fetchone()
    assert row is not None, "count() always gives a row"
    return row[0]


def _remove_readings(connection: psycopg.Connection, before: datetime, most: int) -> Iterator[Removed]:
    if _has_chunks(connection, "reading"):
        while chunks := drop_old_chunks(connection, "reading", before, 1):
            yield Removed("readings", chunks=chunks)
    else:
        beginning = datetime(1, 1, 2, tzinfo=UTC)
        for numbers in _groups(connection, "series_with_old", before):
            windows = [(number, beginning, before) for number in numbers]
            while rows := remove_readings(connection, windows, most):
                yield Removed("readings", rows)
    while rows := connection.execute(statement("revisions_remove"), {"before": before, "most": most}).rowcount:
        yield Removed("revisions", rows)
    for kind, name in _CURVES:
        while rows := connection.execute(statement(name), {"before": before, "most": most}).rowcount:
            yield Removed(kind, rows)


def _remove_intervals(connection: psycopg.Connection, before: datetime, most: int) -> Iterator[Removed]:
    if _has_chunks(connection, "interval"):
        while chunks := drop_old_chunks(connection, "interval", before, 1):
            yield Removed("intervals", chunks=chunks)
        return
    for numbers in _groups(connection, "points_with_old", before):
        parameters = {"points": numbers, "before": before, "most": most}
        while (row := connection.execute(statement("intervals_remove"), parameters).fetchone()) and row[0]:
            yield Removed("intervals", row[0])


def _remove_balances(connection: psycopg.Connection, before: datetime, most: int) -> Iterator[Removed]:
    for (community_no,) in connection.execute(statement("community_numbers")).fetchall():
        parameters = {"community_no": community_no, "before": before, "most": most}
        for kind, name in _BALANCES:
            while rows := connection.execute(statement(name), parameters).rowcount:
                yield Removed(kind, rows)
        connection.execute(statement("settlements_remove"), parameters)


def _groups(connection: psycopg.Connection, name: str, before: datetime) -> Iterator[list[int]]:
    numbers = [number for (number,) in connection.execute(statement(name), {"before": before}).fetchall()]
    for first in range(0, len(numbers), NUMBERS_AT_ONCE):
        yield numbers[first : first + NUMBERS_AT_ONCE]


def _has_chunks(connection: psycopg.Connection, table: ChunkedTable) -> bool:
    return connection.execute(statement("has_chunks"), {"table": table}).fetchone() == (True,)
