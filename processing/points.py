"""The intervals of points over spans of time, made anew from what is stored: for the worker and whoever checks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl
import psycopg

from energy.frames import FLOW_INTERVALS, UTC_TIME
from energy.time import STEP, Span
from processing.doubts import reach_of
from processing.flags import Place
from processing.intervals import Measured, measure, with_gaps_estimated
from store import intervals
from store.connect import FrameReader
from store.spans import StaleSpan

_FOUR_WEEKS: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Made:
    """FLOW_INTERVALS of points by their devices, their GAPS, and the READINGS they were made of, with some around."""

    intervals: pl.DataFrame
    gaps: pl.DataFrame
    readings: pl.DataFrame


def make_intervals(
    reader: FrameReader,
    connection: psycopg.Connection,
    routes: pl.DataFrame,
    windows: Mapping[int, Span],
    swaps: pl.DataFrame | None = None,
    place: Place | None = None,
) -> Made:
    """Make the device intervals of points in their windows; what lies outside them may be incomplete.

    Args:
        routes: ROUTES of the points (store.intervals.read_routes).
        windows: span by point number, on the grid.
        swaps: SWAPS of the points; read where they are not given.
        place: where the sun is looked for; without it no night is known.
    """
    readings = intervals.read_around(reader, connection, _series_windows(routes, windows))
    if swaps is None:
        swaps = intervals.read_swaps(reader, connection, sorted(windows))
    found = measure(readings, routes, swaps, place)
    gaps = _within(found.open_gaps, windows)
    if gaps.is_empty():
        return Made(found.intervals, gaps, readings)
    return Made(with_gaps_estimated(found, _reference(reader, connection, gaps, found, windows)), gaps, readings)


def _within(gaps: pl.DataFrame, windows: Mapping[int, Span]) -> pl.DataFrame:
    """Gaps that touch the window of their point."""
    return (
        gaps.join(_frame_of(windows), on="point_no")
        .filter(pl.col("start") < pl.col("window_end"), pl.col("end") > pl.col("window_start"))
        .select(gaps.columns)
    )


def _reference(
    reader: FrameReader,
    connection: psycopg.Connection,
    gaps: pl.DataFrame,
    found: Measured,
    windows: Mapping[int, Span],
) -> pl.DataFrame:
    """What was measured in the weeks around gaps: as just found within the windows, as stored outside them."""
    around = gaps.group_by("point_no").agg(
        start=pl.col("start").min() - _FOUR_WEEKS - STEP, end=pl.col("end").max() + _FOUR_WEEKS + STEP
    )
    spans = [(no, Span(start, end)) for no, start, end in around.sort("point_no").iter_rows()]
    stored = intervals.read_reference(reader, connection, spans)
    window = _frame_of(windows)
    is_inside = (pl.col("start") >= pl.col("window_start")) & (pl.col("start") < pl.col("window_end"))
    outside = stored.join(window, on="point_no").filter(~is_inside).select(FLOW_INTERVALS.names())
    inside = found.intervals.join(window, on="point_no").filter(is_inside).select(FLOW_INTERVALS.names())
    return pl.concat([outside, inside])


def _frame_of(windows: Mapping[int, Span]) -> pl.DataFrame:
    return pl.DataFrame(
        [(no, span.start, span.end) for no, span in windows.items()],
        schema={"point_no": pl.Int32, "window_start": UTC_TIME, "window_end": UTC_TIME},
        orient="row",
    )


def _series_windows(routes: pl.DataFrame, windows: Mapping[int, Span]) -> pl.DataFrame:
    """Window to read of each series: the widest of the points it feeds, and around it what tells doubts."""
    reach = reach_of(routes)
    return (
        routes.select("series_no", "point_no")
        .join(_frame_of(windows), on="point_no")
        .group_by("series_no")
        .agg(start=pl.col("window_start").min() - reach, end=pl.col("window_end").max() + reach)
        .sort("series_no")
    )


def with_partners(stale: Sequence[StaleSpan], routes: pl.DataFrame, swaps: pl.DataFrame) -> list[StaleSpan]:
    """Changed days of series that are routed, and the same days of the series that a recorded swap joins to them.

    A line goes on after a swap: what is within reach of a change is told by both of its series.
    """
    routed = set(routes["series_no"])
    of_register = ["point_no", "flow", "tariff"]
    swapped = routes.join(swaps.select(of_register).unique(), on=of_register, how="semi")
    partners: dict[int, set[int]] = {}
    for _, together in swapped.group_by(of_register):
        for series_no in together["series_no"]:
            partners.setdefault(series_no, set()).update(together["series_no"])
    days = {
        (series_no, span.day)
        for span in stale
        if span.ref_no in routed
        for series_no in partners.get(span.ref_no, {span.ref_no})
    }
    return [StaleSpan(series_no, day, 0) for series_no, day in sorted(days)]
