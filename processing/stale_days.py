"""The days of points and communities that something stale may still change, in the moment in which they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl
import psycopg

from energy.time import Span
from processing.doubts import reach_of
from processing.points import with_partners
from store import intervals, recomputation
from store.connect import FrameReader
from store.recomputation import CheckedPoint
from store.spans import StaleSpan

AWAITED_AFTER: Final = timedelta(hours=2)
"""For so long a register is awaited that others of its device outlive (store/sql/queries/routes_of_points.sql)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Days that wait, each once: point_no and day, community_no and day."""

    points: pl.DataFrame
    communities: pl.DataFrame


def read_waiting(
    reader: FrameReader,
    connection: psycopg.Connection,
    points: Sequence[CheckedPoint],
    communities: Sequence[int],
    routes: pl.DataFrame,
    span: Span,
) -> Waiting:
    """The days of a span that wait: those marked, those that a marked day of a series can reach, and what follows.

    Args:
        routes: ROUTES of the points.
    """
    stale = recomputation.read_stale(reader, connection)
    numbers = [point.number for point in points]
    of_kind = stale.filter(pl.col("kind") == "series").select("ref_no", "day")
    marked = [StaleSpan(series_no, day, 0) for series_no, day in of_kind.iter_rows()]
    changed = with_partners(marked, routes, intervals.read_swaps(reader, connection, numbers))
    of_series = (
        _reached(reader, connection, changed, span, reach_of(routes))
        .join(routes.select("series_no", "point_no").unique(), on="series_no")
        .select("point_no", "day")
    )
    is_inside = pl.col("day").is_between(*_days(span))
    of_curves = stale.filter(pl.col("kind") == "curve", is_inside, pl.col("ref_no").is_in(numbers))
    of_points = pl.concat([of_series, of_curves.select("day", point_no="ref_no").select("point_no", "day")]).unique()
    pairs = recomputation.read_memberships(reader, connection, numbers)
    settled_anew = stale.filter(pl.col("kind") == "community", is_inside)
    of_communities = pl.concat(
        [
            settled_anew.select("day", community_no="ref_no"),
            of_points.join(pairs, on="point_no").select("day", "community_no"),
        ]
    )
    return Waiting(of_points, of_communities.filter(pl.col("community_no").is_in(communities)).unique())


def _days(span: Span) -> tuple[pl.Expr, pl.Expr]:
    """The first and the last day of a span of whole days."""
    return pl.lit(span.start.date()), pl.lit((span.end - timedelta(days=1)).date())


def _reached(
    reader: FrameReader, connection: psycopg.Connection, changed: Sequence[StaleSpan], span: Span, doubted: timedelta
) -> pl.DataFrame:
    """Days of a span that changed days of series can reach; of days in a row, the outer two tell it."""
    rows, schema = [(stale.ref_no, stale.day) for stale in changed], {"series_no": pl.Int32, "day": pl.Date}
    marked = pl.DataFrame(rows, schema, orient="row").sort("series_no", "day")
    since_last = pl.col("day").diff().over("series_no").dt.total_days()
    is_edge = (since_last.ne_missing(1)) | since_last.shift(-1).over("series_no").ne_missing(1)
    edges = [StaleSpan(number, day, 0) for number, day in marked.filter(is_edge).select("series_no", "day").iter_rows()]
    reach = intervals.read_reach(reader, connection, edges)
    first, last = _days(span)
    touched = pl.concat(
        [
            marked.select("series_no", first="day", last="day"),
            reach.select(
                "series_no",
                first=(pl.col("reach_from") - doubted).dt.date(),
                last=(pl.col("reach_to") + max(AWAITED_AFTER, doubted)).dt.date(),
            ),
        ]
    )
    return (
        touched.filter(pl.col("last") >= first, pl.col("first") <= last)
        .select("series_no", day=pl.date_ranges(pl.max_horizontal("first", first), pl.min_horizontal("last", last)))
        .explode("day")
        .unique()
    )
