"""Readings to interval energy on the 15-minute grid: whole watt-hours, exact sums, nothing invented.

The energy of an interval is the difference of the register interpolated at its two edges, so the intervals of any
unbroken stretch add up to the difference of its registers, exactly. Where a flow has no register, it is made of what is
told of intervals, or of power (processing/power.py).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from energy.frames import FLOW_INTERVALS, GAPS, ROUTES, SWAPS, UTC_TIME, require
from energy.model import LONGEST_STILLNESS
from energy.time import STEP
from processing.doubts import Doubts
from processing.estimate import EVEN_GAP, SHAPED_GAP, shaped_edges
from processing.flags import Place
from processing.power import DIFFERENCES, ESTIMATED, differences_from_power
from processing.registers import STEP_US, judge, lines_of

LONGEST_INTERPOLATION: Final = timedelta(hours=2)
"""Gaps up to this long are filled linearly; longer ones by the shape of other weeks. Source: CPUC VEE rules."""
LONGEST_SHAPED: Final = timedelta(days=28)
"""A gap longer than this reaches into the furthest weeks that could give it a shape."""
MEASURED_WITHIN: Final = timedelta(minutes=30)
"""Readings at most this far apart count as measured; an interval between readings further apart is estimated."""

VALID: Final = 0
ESTIMATED_BY_REFERENCE: Final = 8
ESTIMATED_LINEAR: Final = 9
QUESTIONABLE: Final = 10
"""ESPI quality codes."""

_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST: Final = 2**63
_KINDS: Final = ("register", "energy", "average", "power")
"""What a flow is made of, best first."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What readings say by themselves, before gaps longer than what is interpolated are estimated.

    `intervals` are FLOW_INTERVALS. `edges` are the registers at the edges of the grid, and `gaps` the pairs of readings
    around long gaps, as `with_gaps_estimated` needs them; `others` is what is not made of registers. `names` tells what
    the lines of registers are, `awaited` from when to when each of them and of the others is awaited, `doubts` what
    makes an interval questionable.
    """

    intervals: pl.DataFrame
    edges: pl.DataFrame
    gaps: pl.DataFrame
    others: pl.DataFrame
    names: pl.DataFrame
    awaited: pl.DataFrame
    doubts: Doubts

    @property
    def open_gaps(self) -> pl.DataFrame:
        """GAPS: those that other weeks may give a shape to."""
        at = [(pl.col(f"{name}_us")).cast(UTC_TIME).alias(name) for name in ("start", "end")]
        return self.gaps.select("point_no", "flow", "series_no", *at).cast(GAPS)


def intervals_from_registers(
    readings: pl.DataFrame, routes: pl.DataFrame, swaps: pl.DataFrame | None = None, place: Place | None = None
) -> pl.DataFrame:
    """Make interval energy of the flows of points, of all that is known of them.

    Args:
        readings: READINGS, of registers [Wh] with the zeros of outages left out, or of other kinds. Any order.
        routes: ROUTES, which series feeds which flow of which point, and when.
        swaps: SWAPS that an operator recorded.
        place: where the sun is looked for; without it no night is known.

    Returns:
        FLOW_INTERVALS, one row per point, flow and start where every register awaited there is known.
    """
    found = measure(readings, routes, SWAPS.to_frame() if swaps is None else swaps, place)
    return with_gaps_estimated(found, found.intervals)


def measure(readings: pl.DataFrame, routes: pl.DataFrame, swaps: pl.DataFrame, place: Place | None = None) -> Measured:
    """Make interval energy of what readings say, without estimating gaps longer than what is interpolated."""
    routes = require(routes, ROUTES)
    lines = lines_of(readings, routes, swaps)
    pairs = _pairs(judge(lines.readings).used)
    edges = _edges(pairs)
    others = differences_from_power(readings, routes)
    awaited = _awaited(lines.registers, routes)
    doubts = Doubts(readings, routes, place)
    made = doubts.on(_sum_registers(_named(_differences(edges), lines.names), others, awaited))
    return Measured(made, edges, _long_gaps(pairs, lines.names), others, lines.names, awaited, doubts)


def _awaited(registers: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """What feeds flows, and when: line (below zero what is no register), point_no, flow, kind, is_tariff, validity."""
    others = routes.filter(pl.col("kind") != "register").with_row_index("route")
    others = others.with_columns(line=-1 - pl.col("route").cast(pl.Int32))
    columns = ["line", "point_no", "flow", "kind", "tariff", "valid_from", "valid_to"]
    return pl.concat([registers.select(columns), others.select(columns)]).select(
        "line",
        "point_no",
        "flow",
        "valid_from",
        "valid_to",
        kind=pl.col("kind").replace_strict(_KIND_RANKS, return_dtype=pl.Int8),
        is_tariff=pl.col("tariff") != "",
    )


def with_gaps_estimated(found: Measured, reference: pl.DataFrame) -> pl.DataFrame:
    """The intervals, and those of long gaps by the shape of the same hours in the weeks around.

    Args:
        found: what the readings say by themselves.
        reference: FLOW_INTERVALS of up to four weeks before and after each gap; what is estimated does not count.
    """
    if found.gaps.is_empty():
        return found.intervals
    shaped = shaped_edges(found.gaps, reference.filter(pl.col("quality") == VALID))
    if shaped.is_empty():
        return found.intervals
    edges = pl.concat([found.edges, shaped.select(found.edges.columns)]).sort("segment", "edge")
    return found.doubts.on(_sum_registers(_named(_differences(edges), found.names), found.others, found.awaited))


def _pairs(used: pl.DataFrame) -> pl.DataFrame:
    """Readings before an edge of the grid, with how far on the next one of the segment is, and how much higher."""
    goes_on = (pl.col("segment") == pl.col("segment").shift(-1)).fill_null(value=False)
    first = -(-pl.col("at_us") // STEP_US)
    marked = used.with_columns(
        first=first, goes_on=goes_on, next_us=pl.col("at_us").shift(-1), next_wh=pl.col("wh").shift(-1)
    )
    before_edge = (pl.col("first") != pl.col("first").shift(-1)) | ~pl.col("goes_on")
    return marked.filter(before_edge).with_columns(
        gap=pl.when("goes_on").then(pl.col("next_us") - pl.col("at_us")),
        rise=pl.when("goes_on").then(pl.col("next_wh") - pl.col("wh")),
    )


def _edges(pairs: pl.DataFrame) -> pl.DataFrame:
    """The register at each edge of the grid that two readings close enough enclose.

    Returns:
        line, segment, edge (index of the 15-minute grid since 1970), wh, gap [us] between the readings used (0 where a
        reading falls on the edge, or the register stands still); in order.
    """
    # A reading alone, or before a gap too long, still gives the edge that it falls on.
    still = pl.col("rise") == 0
    bridged_us = pl.when(still).then(LONGEST_STILLNESS // _MICROSECOND).otherwise(LONGEST_INTERPOLATION // _MICROSECOND)
    alone = pl.col("gap").is_null() | (pl.col("gap") > bridged_us)
    end = pl.when(alone).then(pl.col("at_us") // STEP_US + 1).otherwise(-(-pl.col("next_us") // STEP_US))
    around = pairs.with_columns(end=end).filter(pl.col("end") > pl.col("first"))
    since = pl.col("edge") * STEP_US - pl.col("at_us")
    rise = pl.col("rise").cast(_dtype_of_product(around))
    at_edge = since == 0
    return (
        around.with_columns(edge=pl.int_ranges("first", "end"))
        .explode("edge")
        .select(
            "line",
            "segment",
            "edge",
            wh=pl.when(at_edge).then("wh").otherwise(pl.col("wh") + (rise * since // pl.col("gap")).cast(pl.Int64)),
            gap=pl.when(at_edge | still).then(0).otherwise("gap"),
        )
    )


def _dtype_of_product(pairs: pl.DataFrame) -> type[pl.Int64 | pl.Int128]:
    """The type in which every rise times its gap has room: 128 bits are rarely needed, and four times as slow."""
    rise, gap = pairs.select(pl.col("rise").max(), pl.col("gap").max()).row(0)
    return pl.Int128 if (rise or 0) * (gap or 0) >= _LARGEST else pl.Int64


def _long_gaps(pairs: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """The pairs of readings of a segment that are too far apart for interpolation, where the register went on."""
    longest_us = LONGEST_INTERPOLATION // _MICROSECOND
    is_long = (pl.col("gap") > longest_us) & (pl.col("gap") <= LONGEST_SHAPED // _MICROSECOND)
    gaps = pairs.filter(is_long, pl.col("rise") > 0).join(names, on="line")
    return gaps.with_columns(start_us="at_us", end_us="next_us")


def _differences(edges: pl.DataFrame) -> pl.DataFrame:
    """Interval energy between neighbouring edges of one segment: line, edge, energy_wh, worst_gap."""
    is_step = (pl.col("segment") == pl.col("segment").shift(-1)) & (pl.col("edge").shift(-1) == pl.col("edge") + 1)
    return (
        edges.select(
            "line",
            "edge",
            energy_wh=pl.col("wh").shift(-1) - pl.col("wh"),
            worst_gap=pl.max_horizontal("gap", pl.col("gap").shift(-1)),
            is_step=is_step.fill_null(value=False),
        )
        .filter("is_step")
        .drop("is_step")
    )


def _named(differences: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """DIFFERENCES of registers, in the order of their lines."""
    named = differences.join(names, on="line", maintain_order="left").with_columns(kind=pl.lit(0, pl.Int8))
    return named.select(DIFFERENCES.names())


def _sum_registers(of_registers: pl.DataFrame, others: pl.DataFrame, awaited: pl.DataFrame) -> pl.DataFrame:
    """One interval per flow, of the best kind awaited: the total registers, else the tariffs, all or nothing."""
    differences = pl.concat([of_registers, others]) if others.height else of_registers
    if differences.is_empty():
        return FLOW_INTERVALS.to_frame()
    this_flow = ["point_no", "flow"]
    shared = awaited.group_by(this_flow).agg(pl.col("line").n_unique()).filter(pl.col("line") > 1).select(this_flow)
    if shared.is_empty():
        return _graded(differences if others.is_empty() else differences.sort(*this_flow, "edge"))
    alone = differences.join(shared, on=this_flow, how="anti", maintain_order="left")
    several = _summed(differences.join(shared, on=this_flow, how="semi"), awaited)
    return _graded(pl.concat([alone.select(several.columns), several]).sort(*this_flow, "edge"))


def _summed(differences: pl.DataFrame, awaited: pl.DataFrame) -> pl.DataFrame:
    """The differences of flows that several series feed, summed where all that is awaited is known."""
    start = (pl.col("edge") * STEP_US).cast(UTC_TIME)
    this_step = ["point_no", "flow", "edge"]
    due = (
        differences.select(this_step)
        .unique()
        .with_columns(start=start)
        .join(awaited, on=this_step[:2])
        .filter(pl.col("valid_from") < pl.col("start") + STEP, pl.col("valid_to") > pl.col("start"))
        .group_by(*this_step, "kind", "is_tariff")
        .agg(awaited=pl.col("line").n_unique())
        .sort(*this_step, "kind", "is_tariff")
        .unique(this_step, keep="first", maintain_order=True)
    )
    known = (
        differences.with_columns(is_tariff=pl.col("tariff") != "")
        .group_by(*this_step, "kind", "is_tariff")
        .agg(pl.col("energy_wh").sum(), pl.col("worst_gap").max(), known=pl.len())
    )
    summed = due.join(known, on=[*this_step, "kind", "is_tariff"]).filter(pl.col("known") == pl.col("awaited"))
    return summed.select(*this_step, "energy_wh", "worst_gap", "kind")


def _graded(sums: pl.DataFrame) -> pl.DataFrame:
    """FLOW_INTERVALS of point_no, flow, edge, energy_wh, worst_gap, kind, in the same order."""
    start = (pl.col("edge") * STEP_US).cast(UTC_TIME)
    return sums.select("point_no", "flow", "energy_wh", start=start, quality=_quality(), method=_method()).select(
        FLOW_INTERVALS.names()
    )


def _quality() -> pl.Expr:
    gap = pl.col("worst_gap")
    return (
        pl.when(pl.col("kind") == _KIND_RANKS["power"])
        .then(ESTIMATED)
        .when(gap <= MEASURED_WITHIN // _MICROSECOND)
        .then(VALID)
        .when(gap == EVEN_GAP)
        .then(QUESTIONABLE)
        .when(gap == SHAPED_GAP)
        .then(ESTIMATED_BY_REFERENCE)
        .otherwise(ESTIMATED_LINEAR)
        .cast(pl.Int16)
    )


def _method() -> pl.Expr:
    gap = pl.col("worst_gap")
    by_kind = {rank: name for name, rank in _KIND_RANKS.items() if name not in ("register", "reversed")}
    told = pl.col("kind").replace_strict(by_kind, default=None, return_dtype=pl.String)
    return (
        pl.when(told.is_not_null() & (gap <= STEP_US))
        .then(told)
        .when(gap <= STEP_US)
        .then(pl.lit("register"))
        .when(gap <= MEASURED_WITHIN // _MICROSECOND)
        .then(pl.lit("split"))
        .when(gap == EVEN_GAP)
        .then(pl.lit("even"))
        .when(gap == SHAPED_GAP)
        .then(pl.lit("shape"))
        .otherwise(pl.lit("linear"))
    )


_KIND_RANKS: Final = {name: rank for rank, name in enumerate(_KINDS)} | {"reversed": _KINDS.index("power")}
