"""The intervals of points over spans of time, made anew from what is stored: for the worker and whoever checks it."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import psycopg

from energy.time import Span
from processing.intervals import intervals_from_registers
from store import intervals
from store.connect import FrameReader


@dataclass(frozen=True, slots=True)
class Made:
    """FLOW_INTERVALS of points by their devices, and the READINGS they were made of, with some around them."""

    intervals: pl.DataFrame
    readings: pl.DataFrame


def make_intervals(
    reader: FrameReader, connection: psycopg.Connection, routes: pl.DataFrame, windows: Mapping[int, Span]
) -> Made:
    """Make the device intervals of points in their windows; what lies outside them may be incomplete.

    Args:
        routes: ROUTES of the points (store.intervals.read_routes).
        windows: span by point number, on the grid.
    """
    readings = intervals.read_around(reader, connection, _series_windows(routes, windows))
    return Made(intervals_from_registers(readings, routes), readings)


def _series_windows(routes: pl.DataFrame, windows: Mapping[int, Span]) -> pl.DataFrame:
    """Window to read of each series: the widest of the points it feeds."""
    spans_of_points = pl.DataFrame(
        [(no, span.start, span.end) for no, span in windows.items()],
        schema={"point_no": pl.Int32, "start": pl.Datetime("us", "UTC"), "end": pl.Datetime("us", "UTC")},
        orient="row",
    )
    return (
        routes.select("series_no", "point_no")
        .join(spans_of_points, on="point_no")
        .group_by("series_no")
        .agg(pl.col("start").min(), pl.col("end").max())
        .sort("series_no")
    )
