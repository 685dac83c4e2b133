"""All that is computed is rebuilt from the readings and compared with what is stored, some days and points at a time.

Whole UTC days are read in one moment of the database, so that a hub at work disturbs no comparison: what it has not
computed yet is marked stale in that moment, and left out.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import polars as pl
import psycopg

from energy.frames import FLOW_INTERVALS, UTC_TIME
from energy.time import Span, utc_day
from processing.balance import settle_days
from processing.curves import intervals_from_curves
from processing.flags import Place
from processing.participation import part_of
from processing.points import make_intervals
from processing.stale_days import Waiting, read_waiting
from store import balances, curves, intervals, recomputation, spans
from store.connect import FrameReader
from store.queries import statement
from store.recomputation import NUMBERED, CheckedPoint, one_moment

Kind: TypeAlias = Literal["interval", "allocation", "pair", "balance"]
DAYS_AT_ONCE: Final = 7
POINTS_AT_ONCE: Final = 20
"""At a reading every ten seconds, 20 points of three registers say 3.6 million readings in 7 days."""
MOST_SHOWN: Final = 5
SOURCED: Final = pl.Schema({**FLOW_INTERVALS, "source": pl.String})


@dataclass(frozen=True, slots=True)
class Scope:
    """What is checked: from a UTC day on, of a community or of everybody; how much of it at once, and where it is."""

    since: date | None = None
    community_no: int | None = None
    days_at_once: int = DAYS_AT_ONCE
    points_at_once: int = POINTS_AT_ONCE
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A row whose stored and rebuilt values are not the same; None: there is no such row."""

    kind: Kind
    what: str
    start: datetime
    stored: dict[str, Any] | None
    rebuilt: dict[str, Any] | None


@dataclass(slots=True)
class Findings:
    """What a check has found so far: rows compared and differing by kind, and the first that differ.

    waiting: days of points and communities left out, for something of them waits to be computed. frozen: before when
    points and communities, by what they are called, were left out. The days are those to compute again.
    """

    compared: Counter[Kind] = field(default_factory=Counter)
    differing: Counter[Kind] = field(default_factory=Counter)
    first: list[Difference] = field(default_factory=list)
    waiting: int = 0
    frozen: dict[str, datetime] = field(default_factory=dict)
    device_days: set[tuple[int, date]] = field(default_factory=set)
    operator_days: set[tuple[int, date]] = field(default_factory=set)
    community_days: set[tuple[int, date]] = field(default_factory=set)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Rows compared, rows that differ, days that wait."""
        return self.compared.total(), self.differing.total(), self.waiting


def read_pieces(url: str, connection: psycopg.Connection, scope: Scope) -> list[Span]:
    """The days in scope of which anything is known or computed, cut into pieces, oldest first."""
    with one_moment(url, connection) as reader:
        points = [point.number for point in recomputation.read_points(reader, connection, scope.community_no)]
        communities = _communities(reader, connection, scope)
    extent = recomputation.read_extent(connection, points, communities)
    if extent is None:
        return []
    first, last = (at.astimezone(UTC).date() for at in extent)
    first = max(first, scope.since or first)
    days = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, scope.days_at_once)]
    return [
        Span(utc_day(day).start, min(utc_day(day).start + timedelta(days=scope.days_at_once), utc_day(last).end))
        for day in days
    ]


def check_piece(url: str, connection: psycopg.Connection, scope: Scope, piece: Span, found: Findings) -> Iterator[None]:
    """Rebuild a piece and compare it, some points and then one community at a step; what is found is added."""
    with one_moment(url, connection) as reader:
        points = recomputation.read_points(reader, connection, scope.community_no)
        communities = _communities(reader, connection, scope)
        routes = intervals.read_routes(reader, connection, [point.number for point in points])
        waiting = read_waiting(reader, connection, points, communities, routes, piece)
        found.waiting += waiting.points.height + waiting.communities.height
        check = _Check(reader, connection, piece, waiting, points, found, scope.place)
        flows = [SOURCED.to_frame()]
        for first in range(0, len(points), scope.points_at_once):
            flows.append(check.compare_points(points[first : first + scope.points_at_once], routes))
            yield
        best = pl.concat(flows).sort("source", descending=True)  # the operator outranks the device
        best = best.unique(["point_no", "flow", "start"], keep="first", maintain_order=True).drop("source")
        for community_no in communities:
            check.compare_community(community_no, best)
            yield


def repair(reader: FrameReader, connection: psycopg.Connection, found: Findings) -> int:
    """Mark the days that differ, for workers to compute them again; return how many.

    Device intervals of points that no register feeds, which no mark can reach, are removed at once.
    """
    intervals.prepare(connection)
    with connection.transaction():
        connection.execute(statement("territory_keep"))
        points = sorted({point_no for point_no, _ in found.device_days})
        intervals.lock_points(connection, points)
        routes = intervals.read_routes(reader, connection, points)
        feeds = dict(routes.select("point_no", "series_no").iter_rows())
        fed = [(feeds[point_no], day) for point_no, day in found.device_days if point_no in feeds]
        unfed = [(point_no, utc_day(day)) for point_no, day in sorted(found.device_days) if point_no not in feeds]
        spans.mark(connection, "series", fed)
        intervals.replace(connection, FLOW_INTERVALS.to_frame(), unfed)
        spans.mark(connection, "curve", found.operator_days)
        spans.mark(connection, "community", found.community_days)
    return len(found.device_days | found.operator_days) + len(found.community_days)


def _communities(reader: FrameReader, connection: psycopg.Connection, scope: Scope) -> list[int]:
    return recomputation.read_communities(reader, connection) if scope.community_no is None else [scope.community_no]


@dataclass(frozen=True, slots=True)
class _Check:
    """The comparison of a piece, over what is read in its moment."""

    reader: FrameReader
    connection: psycopg.Connection
    piece: Span
    waiting: Waiting
    points: list[CheckedPoint]
    found: Findings
    place: Place | None

    def compare_points(self, group: list[CheckedPoint], routes: pl.DataFrame) -> pl.DataFrame:
        """Rebuild the intervals of points by each source and compare them.

        Returns:
            FLOW_INTERVALS with their source, of which balances are rebuilt: as rebuilt; where frozen, as stored.
        """
        numbers = [point.number for point in group]
        windows = dict.fromkeys(numbers, self.piece)
        fed = routes.filter(pl.col("point_no").is_in(numbers))
        by_device = make_intervals(self.reader, self.connection, fed, windows, place=self.place).intervals
        rows = curves.read_spans(self.reader, self.connection, [*windows.items()])
        by_operator = intervals_from_curves(rows)
        rebuilt = pl.concat(
            [by_device.with_columns(source=pl.lit("device")), by_operator.with_columns(source=pl.lit("operator"))]
        ).filter(pl.col("start") >= self.piece.start, pl.col("start") < self.piece.end)
        stored = recomputation.read_intervals(self.reader, self.connection, numbers, self.piece)
        free, (stored, kept) = _split(rebuilt, group)[0], _split(stored, group)
        self._note_frozen({f"point {point.id}": point.frozen_before for point in group})
        names = {point.number: point.id for point in group}
        differing = self._compare(
            "interval",
            _without(stored, self.waiting.points, "point_no"),
            _without(free, self.waiting.points, "point_no"),
            ["point_no", "flow", "source", "start"],
            lambda row: f"{row['flow']} of {names[row['point_no']]} by the {row['source']}",
        )
        for source, days in (("device", self.found.device_days), ("operator", self.found.operator_days)):
            days.update(_days(differing.filter(pl.col("source") == source), "point_no"))
        return pl.concat([free, kept])

    def compare_community(self, community_no: int, flows: pl.DataFrame) -> None:
        """Settle a community anew from FLOW_INTERVALS, the best of each, and compare."""
        rules = recomputation.read_rules(self.reader, self.connection, community_no)
        if rules is None:
            return
        members = recomputation.read_members(self.reader, self.connection, community_no)
        self._note_frozen({f"community {rules.community}": rules.frozen_before})
        since = rules.frozen_before or self.piece.start
        waiting = self.waiting.communities.filter(pl.col("community_no") == community_no)

        def free(frame: pl.DataFrame) -> pl.DataFrame:
            frame = frame.filter(pl.col("start") >= since).with_columns(community_no=pl.lit(community_no, pl.Int32))
            return _without(frame, waiting, "community_no")

        flows = free(flows.filter(pl.col("point_no").is_in([member.point_no for member in members])))
        parts = part_of(flows, balances.read_participations(self.reader, self.connection, community_no))
        allocation, given, balance = settle_days(parts, members, rules.keys, rules.step)
        numbers = {member.point: member.point_no for member in members}
        names = {point.number: point.id for point in self.points}
        allocation = allocation.with_columns(point_no=balances.number("point", numbers))
        stored = recomputation.read_allocations(self.reader, self.connection, community_no, self.piece)
        shares = self._compare(
            "allocation",
            free(stored),
            free(allocation).select("community_no", *NUMBERED.names()),
            ["community_no", "point_no", "start"],
            lambda row: f"{names.get(row['point_no'], row['point_no'])} in {rules.community}",
        )
        stored = recomputation.read_pairs(self.reader, self.connection, community_no, self.piece)
        pairs = self._compare(
            "pair",
            free(stored),
            free(balances.numbered_pairs(given, numbers)),
            ["community_no", "producer_no", "point_no", "start"],
            lambda row: " of ".join(str(names.get(no, no)) for no in (row["point_no"], row["producer_no"])),
        )
        stored = recomputation.read_balances(self.reader, self.connection, community_no, self.piece)
        wholes = self._compare(
            "balance", free(stored), free(balance), ["community_no", "start"], lambda _: rules.community
        )
        for differing in (shares, pairs, wholes):
            self.found.community_days.update(_days(differing, "community_no"))

    def _compare(
        self,
        kind: Kind,
        stored: pl.DataFrame,
        rebuilt: pl.DataFrame,
        keys: list[str],
        name: Callable[[dict[str, Any]], str],
    ) -> pl.DataFrame:
        """Count the rows of both and those that differ, show the first of these, and return them."""
        values = [column for column in stored.columns if column not in keys]
        both = stored.with_columns(is_stored=True).join(
            rebuilt.with_columns(is_rebuilt=True), on=keys, how="full", coalesce=True, suffix=":rebuilt"
        )
        changes = [pl.col(value).ne_missing(pl.col(f"{value}:rebuilt")) for value in values]
        differing = both.filter(
            pl.any_horizontal(pl.col("is_stored").is_null(), pl.col("is_rebuilt").is_null(), *changes)
        )
        self.found.compared[kind] += both.height
        self.found.differing[kind] += differing.height
        room = max(MOST_SHOWN - len(self.found.first), 0)
        for row in differing.sort("start", *keys).head(room).iter_rows(named=True):
            before, after = {v: row[v] for v in values}, {v: row[f"{v}:rebuilt"] for v in values}
            if row["is_stored"] and row["is_rebuilt"]:
                shown = [v for v in values if before[v] != after[v]]
                before, after = ({v: side[v] for v in shown} for side in (before, after))
            self.found.first.append(
                Difference(
                    kind,
                    name(row),
                    row["start"],
                    before if row["is_stored"] else None,
                    after if row["is_rebuilt"] else None,
                )
            )
        return differing

    def _note_frozen(self, named: dict[str, datetime | None]) -> None:
        frozen = {name: before for name, before in named.items() if before is not None and before > self.piece.start}
        self.found.frozen.update(frozen)


def _split(rows: pl.DataFrame, points: list[CheckedPoint]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of points that may be computed again, and those that are kept as they are."""
    frozen = [(point.number, point.frozen_before) for point in points if point.frozen_before is not None]
    schema = {"point_no": pl.Int32, "frozen_before": UTC_TIME}
    marked = rows.join(pl.DataFrame(frozen, schema, orient="row"), on="point_no", how="left")
    is_kept = (pl.col("start") < pl.col("frozen_before")).fill_null(value=False)
    free, kept = marked.filter(~is_kept), marked.filter(is_kept)
    return free.select(SOURCED.names()), kept.select(SOURCED.names())


def _without(rows: pl.DataFrame, waiting: pl.DataFrame, number: str) -> pl.DataFrame:
    """Rows but those of days that wait."""
    return rows.with_columns(day=pl.col("start").dt.date()).join(waiting, on=[number, "day"], how="anti").drop("day")


def _days(rows: pl.DataFrame, number: str) -> set[tuple[int, date]]:
    return set(rows.select(number, pl.col("start").dt.date()).unique().iter_rows())
