"""Registers to interval energy on the 15-minute grid: whole watt-hours, exact sums, nothing invented.

The energy of an interval is the difference of the register interpolated at its two edges, so the intervals of any
unbroken stretch add up to the difference of its registers, exactly.
"""

from datetime import timedelta
from typing import Final

import polars as pl

from energy.frames import FLOW_INTERVALS, READINGS, ROUTES, require
from energy.model import LONGEST_STILLNESS
from energy.time import STEP

LONGEST_INTERPOLATION: Final = timedelta(hours=2)
"""Gaps up to this long are filled linearly; longer ones stay missing. Source: CPUC VEE rules."""
MEASURED_WITHIN: Final = timedelta(minutes=30)
"""Readings at most this far apart count as measured; an interval between readings further apart is estimated."""
DEFAULT_CEILING_WH: Final = 50_000
"""Most energy believed in a quarter of an hour where no subscribed power is known. [Wh]"""
CEILING_MARGIN_PERCENT: Final = 110

VALID: Final = 0
ESTIMATED_LINEAR: Final = 9
"""ESPI quality codes."""

_SHORTEST_MEAN: Final = timedelta(minutes=5)
_LONGEST_MEAN: Final = timedelta(minutes=40)
"""How far back the power of now looks: long enough for a mean, and for a device that is read every half-hour."""
STEP_US: Final = STEP // timedelta(microseconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_US_PER_HOUR: Final = 3_600_000_000


def intervals_from_registers(readings: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """Make interval energy of the flows of points.

    Args:
        readings: READINGS of registers, cumulative [Wh], zeros of outages left out. Any order.
        routes: ROUTES, which series feeds which flow of which point, and when.

    Returns:
        FLOW_INTERVALS, one row per point, flow and start where every register awaited there is known.
    """
    routed = _cut_to_routes(require(readings, READINGS), require(routes, ROUTES))
    return _sum_registers(_differences(_edges(_unbroken(routed))), routes)


def power_now(readings: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """Mean power of each flow over its last minutes.

    Returns:
        point_no, flow, at, power_w [W]: from the last reading back to the reading at least five minutes older, at most
        forty. The total registers of a flow are summed where it has any, else its tariff registers; one that fell
        silent while others of the flow went on does not count.
    """
    registers = _unbroken(_cut_to_routes(require(readings, READINGS), require(routes, ROUTES)))
    keys = ["route", "segment"]
    last = registers.group_by("route").agg(pl.all().sort_by("at").last())
    past = (
        registers.join(last.select("route", "segment", last_at="at", last_wh="wh"), on=keys)
        .with_columns(age=pl.col("last_at") - pl.col("at"))
        .filter(pl.col("age").is_between(_SHORTEST_MEAN, _LONGEST_MEAN))
        .group_by("route")
        .agg(pl.all().sort_by("at").last())
    )
    this_flow = ["point_no", "flow"]
    current = pl.col("last_at") > pl.col("last_at").max().over(this_flow) - _LONGEST_MEAN
    is_total = pl.col("tariff") == ""
    per_hour = (pl.col("last_wh") - pl.col("wh")) * _US_PER_HOUR / pl.col("age").dt.total_microseconds()
    return (
        past.filter(current)
        .filter(is_total | ~is_total.any().over(this_flow))
        .with_columns(power_w=per_hour.round().cast(pl.Int64))
        .group_by(this_flow)
        .agg(at=pl.col("last_at").max(), power_w=pl.col("power_w").sum())
        .sort(this_flow)
    )


def _cut_to_routes(readings: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """Readings of each route in time order: a device counts for a point only while it is mapped to it."""
    return (
        readings.join(routes.with_row_index("route"), on="series_no")
        .filter(pl.col("at") >= pl.col("valid_from"), pl.col("at") <= pl.col("valid_to"))
        .select("route", "point_no", "flow", "tariff", "limit_w", "at", wh=pl.col("value").round().cast(pl.Int64))
        .sort("route", "at", "wh")
        .unique(["route", "at"], keep="first", maintain_order=True)
    )


def _unbroken(registers: pl.DataFrame) -> pl.DataFrame:
    """Leave out glitches and number the segments between breaks.

    A step from one reading to the next is plausible when the register does not fall and stays under the ceiling. A
    reading is suspect when the step over it is plausible and one of the steps at it falls, or neither is plausible.
    Suspects are left out as glitches, but one between two others is spared: they are the glitches. A last reading that
    does not fit is held, unless the one before it is the suspect: the next readings tell. Any other implausible step is
    a break (a reset, a swap), as is a step from suspect to suspect (two registers under one name): nothing is
    differenced across it.

    So a change bears on the intervals up to the fourth reading on either side of it, never further: two neighbours on
    either side decide whether a reading is left out, and no more than two in a row are. Recomputing only the window of
    a change relies on this (store/sql/queries/windows.sql, readings_beside.sql).
    """
    before, after = pl.col("wh").shift(1).over("route"), pl.col("wh").shift(-1).over("route")
    flagged = registers.with_columns(
        falls=(pl.col("wh") < before) | (after < pl.col("wh")),
        fits=_plausible(1),
        fits_next=_plausible(1).shift(-1).over("route"),
        neighbours_fit=_plausible(2).shift(-1).over("route"),
    ).with_columns(
        suspect=(pl.col("neighbours_fit") & (pl.col("falls") | ~(pl.col("fits") | pl.col("fits_next")))).fill_null(
            value=False
        ),
    )
    suspect_before = pl.col("suspect").shift(1, fill_value=False).over("route")
    is_last = pl.col("fits_next").is_null()
    held = is_last & ~pl.col("fits").fill_null(value=True) & ~suspect_before
    surrounded = suspect_before & pl.col("suspect").shift(-1, fill_value=False).over("route")
    kept = flagged.filter(~held, ~pl.col("suspect") | surrounded)
    breaks = ~_plausible(1).fill_null(value=True) | (pl.col("suspect") & suspect_before)
    return kept.with_columns(segment=breaks.cast(pl.Int32).cum_sum().over("route")).select(
        *registers.columns, "segment"
    )


def _plausible(distance: int) -> pl.Expr:
    """Whether the register may have gone from the reading `distance` before to this one; null at the beginning."""
    rise = pl.col("wh") - pl.col("wh").shift(distance)
    elapsed_us = (pl.col("at") - pl.col("at").shift(distance)).dt.total_microseconds()
    percent_of_wh_per_hour = pl.coalesce(
        pl.col("limit_w").cast(pl.Int128) * CEILING_MARGIN_PERCENT, pl.lit(DEFAULT_CEILING_WH * 4 * 100, pl.Int128)
    )
    # One quarter of an hour at the limit is always believed: registers come in steps and clocks are not exact.
    believed_us = pl.max_horizontal(elapsed_us, pl.lit(STEP_US, pl.Int64))
    ceiling_wh = percent_of_wh_per_hour * believed_us // (100 * _US_PER_HOUR)
    return ((rise >= 0) & (rise <= ceiling_wh)).over("route")


def _edges(registers: pl.DataFrame) -> pl.DataFrame:
    """The register at each edge of the grid that two readings close enough enclose.

    Returns:
        route, point_no, flow, tariff, segment, edge (index of the 15-minute grid since 1970), wh, gap [us] between the
        readings used (0 where a reading falls on the edge, or the register stands still).
    """
    at_us = pl.col("at").dt.epoch("us")
    following = ["route", "segment"]
    pairs = registers.with_columns(
        at_us=at_us,
        next_us=at_us.shift(-1).over(following),
        rise=pl.col("wh").shift(-1).over(following) - pl.col("wh"),
    ).with_columns(gap=pl.col("next_us") - pl.col("at_us"))
    # A reading alone, or before a gap too long, still gives the edge that it falls on.
    still = pl.col("rise") == 0
    bridged_us = pl.when(still).then(LONGEST_STILLNESS // _MICROSECOND).otherwise(LONGEST_INTERPOLATION // _MICROSECOND)
    alone = pl.col("gap").is_null() | (pl.col("gap") > bridged_us)
    first = -(-pl.col("at_us") // STEP_US)
    end = pl.when(alone).then(pl.col("at_us") // STEP_US + 1).otherwise(-(-pl.col("next_us") // STEP_US))
    with_edges = pairs.with_columns(first=first, end=end).filter(pl.col("end") > pl.col("first"))
    since = (pl.col("edge") * STEP_US - pl.col("at_us")).cast(pl.Int128)
    at_edge = since == 0
    interpolated = pl.col("wh") + (pl.col("rise").cast(pl.Int128) * since // pl.col("gap")).cast(pl.Int64)
    return (
        with_edges.with_columns(edge=pl.int_ranges("first", "end"))
        .explode("edge")
        .with_columns(
            wh=pl.when(at_edge).then(pl.col("wh")).otherwise(interpolated),
            gap=pl.when(at_edge | still).then(0).otherwise(pl.col("gap")),
        )
        .select("route", "point_no", "flow", "tariff", "segment", "edge", "wh", "gap")
    )


def _differences(edges: pl.DataFrame) -> pl.DataFrame:
    """Interval energy between neighbouring edges of one segment."""
    following = ["route", "segment"]
    worst_gap = pl.max_horizontal("gap", pl.col("gap").shift(-1).over(following))
    return (
        edges.sort("route", "segment", "edge")
        .with_columns(
            energy_wh=pl.col("wh").shift(-1).over(following) - pl.col("wh"),
            is_step=pl.col("edge").shift(-1).over(following) == pl.col("edge") + 1,
            worst_gap=worst_gap,
        )
        .filter(pl.col("is_step").fill_null(False))
        .select("route", "point_no", "flow", "tariff", "edge", "energy_wh", "worst_gap")
    )


def _sum_registers(differences: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """One interval per flow: the total registers where a flow has any, else its tariff registers, all or nothing."""
    if differences.is_empty():
        return FLOW_INTERVALS.to_frame()
    start = (pl.col("edge") * STEP_US).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    starts = differences.select("point_no", "flow", start=start).unique()
    awaited = (
        starts.join(routes, on=["point_no", "flow"])
        .filter(pl.col("valid_from") < pl.col("start") + STEP, pl.col("valid_to") > pl.col("start"))
        .with_columns(total=pl.col("tariff") == "")
        .group_by("point_no", "flow", "start")
        .agg(has_total=pl.col("total").any(), totals=pl.col("total").sum(), registers=pl.len())
    )
    measured_us = MEASURED_WITHIN // _MICROSECOND
    gap = pl.col("worst_gap")
    method = (
        pl.when(gap <= STEP_US).then(pl.lit("register")).when(gap <= measured_us).then(pl.lit("split"))
    ).otherwise(pl.lit("linear"))
    return (
        differences.with_columns(start=start)
        .join(awaited, on=["point_no", "flow", "start"])
        .filter((pl.col("tariff") == "") | ~pl.col("has_total"))
        .group_by("point_no", "flow", "start")
        .agg(
            pl.col("energy_wh").sum(),
            pl.col("worst_gap").max(),
            known=pl.len(),
            awaited=pl.when(pl.col("has_total")).then(pl.col("totals")).otherwise(pl.col("registers")).first(),
        )
        .filter(pl.col("known") == pl.col("awaited"))
        .with_columns(
            quality=pl.when(gap <= measured_us).then(VALID).otherwise(ESTIMATED_LINEAR).cast(pl.Int16), method=method
        )
        .sort("point_no", "flow", "start")
        .select(FLOW_INTERVALS.names())
    )
