"""Intervals of points: what must be read to recompute them, and their replacement by newly computed ones."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Literal, TypeAlias

import polars as pl
import psycopg

from energy.frames import FLOW_INTERVALS, READINGS, ROUTES, SWAPS, UTC_TIME
from energy.time import Span
from store import spans
from store.connect import FrameReader
from store.copy import copy_frame
from store.queries import statement
from store.spans import StaleSpan

Source: TypeAlias = Literal["device", "operator"]
Changed: TypeAlias = tuple[int, str, date, datetime, datetime]
"""(point number, flow, UTC day, first and last start) of intervals that changed."""


def prepare(connection: psycopg.Connection) -> None:
    """Make the staging tables of a connection that is going to replace intervals and balances."""
    for table in ("computed_table", "allocations_table", "pairs_table", "balances_table"):
        connection.execute(statement(table))


def points_of(connection: psycopg.Connection, series: Iterable[int]) -> list[int]:
    """Numbers of the points that series feed, in order."""
    rows = connection.execute(statement("routes_of_series"), {"series": list(series)})
    return sorted(point_no for (point_no,) in rows)


def lock_points(connection: psycopg.Connection, points: Sequence[int]) -> None:
    """Keep other workers away from points, given in order, until the open transaction ends."""
    connection.execute(statement("point_lock"), {"points": points})


def read_routes(reader: FrameReader, connection: psycopg.Connection, points: Sequence[int]) -> pl.DataFrame:
    """ROUTES of points: which series feeds which of their flows, and when."""
    frame = reader.read(connection, "routes_of_points", {"points": points})
    return frame.select(ROUTES.names()).cast(ROUTES)


def read_swaps(reader: FrameReader, connection: psycopg.Connection, points: Sequence[int]) -> pl.DataFrame:
    """SWAPS of points that an operator recorded."""
    return reader.read(connection, "swaps_of_points", {"points": points}).cast(SWAPS)


def read_reference(
    reader: FrameReader, connection: psycopg.Connection, windows: Sequence[tuple[int, Span]]
) -> pl.DataFrame:
    """FLOW_INTERVALS that devices measured of points in spans."""
    return reader.read(connection, "reference_intervals", _spans(windows)).cast(FLOW_INTERVALS)


def read_outages(
    reader: FrameReader, connection: psycopg.Connection, series: Sequence[int], span: Span
) -> pl.DataFrame:
    """Zeros of outages of series in a span, which count as no readings: series_no, at."""
    parameters = {"series": series, "start": span.start, "end": span.end}
    frame = reader.read(connection, "explain_outages", parameters)
    return frame.select(pl.col("series_no").cast(pl.Int32), pl.col("at").cast(UTC_TIME))


def read_devices(reader: FrameReader, connection: psycopg.Connection, series: Sequence[int]) -> dict[int, str]:
    """Who tells each series: the id of the device, with its channel where it has any."""
    rows = reader.read(connection, "explain_devices", {"series": series}).iter_rows()
    return {series_no: f"{device}/{channel}" if channel else device for series_no, device, channel in rows}


def read_set_back(
    reader: FrameReader, connection: psycopg.Connection, series: Sequence[int], span: Span
) -> pl.DataFrame:
    """Readings that devices told by a clock set back, which count as none: series_no, at; both ends included."""
    parameters = {"series": series, "start": span.start, "end": span.end}
    frame = reader.read(connection, "readings_set_back", parameters)
    return frame.select(pl.col("series_no").cast(pl.Int32), pl.col("at").cast(UTC_TIME))


def read_reach(reader: FrameReader, connection: psycopg.Connection, stale: Sequence[StaleSpan]) -> pl.DataFrame:
    """How far changed days of series can reach: series_no, reach_from, reach_to."""
    parameters = {"series": [span.ref_no for span in stale], "days": [span.day for span in stale]}
    frame = reader.read(connection, "windows", parameters)
    return frame.select(pl.col("series_no").cast(pl.Int32), pl.col("reach_from", "reach_to").cast(UTC_TIME))


def read_around(reader: FrameReader, connection: psycopg.Connection, windows: pl.DataFrame) -> pl.DataFrame:
    """Usable READINGS of series in their windows (series_no, start, end), with a little context on either side.

    Zeros of outages, and what a clock set back told, are not among them. In no order. Windows that are much alike, as
    in a rebuild, are read in one go and cut to measure: it costs less to read some rows for nothing than to look up
    every series by itself.
    """
    parameters = {name: windows[column].to_list() for name, column in _WINDOW_PARAMETERS.items()}
    beside = reader.read(connection, "readings_beside", parameters).cast(READINGS)
    span = _common_span(windows)
    if span is None:
        within = reader.read(connection, "readings_within", parameters).cast(READINGS)
    else:
        within = _cut(_read_between(reader, connection, parameters["series"], span), windows, span)
    readings = pl.concat([within, beside])
    first, last = readings["at"].min(), readings["at"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return readings
    set_back = read_set_back(reader, connection, parameters["series"], Span(first, last))
    return readings if set_back.is_empty() else readings.join(set_back, on=["series_no", "at"], how="anti")


def _common_span(windows: pl.DataFrame) -> Span | None:
    """What windows span together, if the shortest of them fills at least half of it.

    Not the sum of them: beside one dense series with a short window, sparse ones with long windows would have all of it
    read.
    """
    first, last = windows["start"].min(), windows["end"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return None
    shortest = windows.select((pl.col("end") - pl.col("start")).min()).item()
    return Span(first, last) if 2 * shortest >= last - first else None


def _read_between(
    reader: FrameReader, connection: psycopg.Connection, series: Sequence[int], span: Span
) -> pl.DataFrame:
    """READINGS of series in a span, both ends included, without the zeros of outages."""
    parameters = {"series": series, "start": span.start, "end": span.end}
    readings = reader.read(connection, "readings_between", parameters).cast(READINGS)
    is_zero = pl.col("value") == 0
    if not readings.select(is_zero.any()).item():
        return readings
    first = reader.read(connection, "series_first_positives", {"series": series})
    first = first.select(pl.col("series_no").cast(pl.Int32), pl.col("first_positive_at").cast(UTC_TIME))
    is_outage = (is_zero & (pl.col("at") > pl.col("first_positive_at"))).fill_null(value=False)
    return readings.join(first, on="series_no", how="left").filter(~is_outage).select(READINGS.names())


def _cut(readings: pl.DataFrame, windows: pl.DataFrame, span: Span) -> pl.DataFrame:
    """Readings of a span that lie in the window of their series, both ends included."""
    if windows.filter((pl.col("start") > span.start) | (pl.col("end") < span.end)).is_empty():
        return readings
    window = windows.select(pl.col("series_no").cast(pl.Int32), pl.col("start", "end").cast(UTC_TIME))
    return (
        readings.join(window, on="series_no")
        .filter(pl.col("at") >= pl.col("start"), pl.col("at") <= pl.col("end"))
        .select(READINGS.names())
    )


def replace(
    connection: psycopg.Connection,
    computed: pl.DataFrame,
    windows: Sequence[tuple[int, Span]],
    source: Source = "device",
) -> list[tuple[int, date]]:
    """Make the stored intervals of points that come from a source equal to the computed ones within spans.

    Args:
        computed: FLOW_INTERVALS; rows outside the spans are context and left out.
        windows: point number and span; spans of one point do not overlap.

    Returns:
        (point number, UTC day) of everything that changed. The communities of these points are marked stale.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("computed_empty"))
        copy_frame(connection, statement("computed_copy"), computed.select(FLOW_INTERVALS.names()))
        changed = cursor.execute(
            statement("intervals_replace"),
            {**_spans(windows), "source": source},
        ).fetchall()
    days = sorted({(point_no, day) for point_no, _, day, *_ in changed})
    if changed:
        _mark_communities(connection, changed)
    if changed and source == "device":
        _mark_gaps(connection, changed)
    return days


def _mark_gaps(connection: psycopg.Connection, changed: Sequence[Changed]) -> None:
    """Mark the gaps that take their shape from what changed."""
    points, flows, _, firsts, lasts = map(list, zip(*changed, strict=True))
    parameters = {"points": points, "flows": flows, "firsts": firsts, "lasts": lasts}
    spans.mark(connection, "series", connection.execute(statement("gaps_of_weeks"), parameters).fetchall())


def replace_gaps(connection: psycopg.Connection, gaps: pl.DataFrame, windows: Sequence[tuple[int, Span]]) -> None:
    """Make the stored gaps that touch spans of points equal to those found: GAPS."""
    connection.execute(
        statement("gaps_replace"),
        {
            **_spans(windows),
            "gap_points": gaps["point_no"].to_list(),
            "gap_flows": gaps["flow"].to_list(),
            "gap_series": gaps["series_no"].to_list(),
            "gap_starts": gaps["start"].to_list(),
            "gap_ends": gaps["end"].to_list(),
        },
    )


def _spans(windows: Sequence[tuple[int, Span]]) -> dict[str, list[int] | list[datetime]]:
    return {
        "points": [point_no for point_no, _ in windows],
        "starts": [span.start for _, span in windows],
        "ends": [span.end for _, span in windows],
    }


def _mark_communities(connection: psycopg.Connection, changed: Sequence[Changed]) -> None:
    """Mark the steps of the communities in which changed points take part."""
    rows = connection.execute(statement("communities_of_points"), {"points": list({row[0] for row in changed})})
    communities: dict[int, list[int]] = {}
    for point_no, community_no in rows:
        communities.setdefault(point_no, []).append(community_no)
    parts: dict[tuple[int, date], tuple[datetime, datetime]] = {}
    for point_no, _, day, first, last in changed:
        for community_no in communities.get(point_no, []):
            known = parts.get((community_no, day), (first, last))
            parts[community_no, day] = min(known[0], first), max(known[1], last)
    spans.mark_communities(connection, parts)


def put_power_now(connection: psycopg.Connection, power: pl.DataFrame) -> None:
    """Keep the power of the last minutes: point_no, flow, at, power_w [W]; an older one never replaces a newer."""
    connection.execute(
        statement("power_now_put"),
        {
            "points": power["point_no"].to_list(),
            "flows": power["flow"].to_list(),
            "ats": power["at"].to_list(),
            "powers": power["power_w"].to_list(),
        },
    )


_WINDOW_PARAMETERS = {"series": "series_no", "starts": "start", "ends": "end"}
