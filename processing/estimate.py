"""Gaps of registers longer than what is interpolated: the energy is known, its course is that of the weeks around.

Between two readings far apart a register is interpolated along what the same flow of the same point did in the same
hours of up to four weeks before and after, where all of these hours were measured. So the estimates close on the
register, to the Wh. Where nothing flowed in those hours then, the energy is spread evenly, and questionable.
"""

from typing import Final

import polars as pl

from processing.registers import STEP_US

WEEK_STEPS: Final = 7 * 96
WEEKS: Final = (-4, -3, -2, -1, 1, 2, 3, 4)
SHAPED_GAP: Final = 2**61
EVEN_GAP: Final = 2**62
"""What stands in `gap` of an edge, instead of how far apart its readings are: worse than any distance."""


def shaped_edges(gaps: pl.DataFrame, reference: pl.DataFrame) -> pl.DataFrame:
    """The register at the edges of the grid within long gaps.

    Args:
        gaps: pairs of readings: line, segment, point_no, flow, start_us, end_us, wh at the start, rise.
        reference: FLOW_INTERVALS that were measured.

    Returns:
        line, segment, edge, wh, gap (SHAPED_GAP or EVEN_GAP). None of a gap whose hours no week around has measured
        whole.
    """
    gaps = gaps.with_row_index("gap_no")
    quarters = gaps.select(
        "gap_no",
        "point_no",
        "flow",
        "start_us",
        "end_us",
        edge=pl.int_ranges(pl.col("start_us") // STEP_US, -(-pl.col("end_us") // STEP_US)),
    ).explode("edge")
    weights = _weights(quarters, reference)
    covered_us = pl.min_horizontal("end_us", (pl.col("edge") + 1) * STEP_US) - pl.max_horizontal(
        "start_us", pl.col("edge") * STEP_US
    )
    this_gap = "gap_no"
    along = (
        quarters.join(weights, on=[this_gap, "edge"])
        .sort(this_gap, "edge")
        .with_columns(covered=covered_us.cast(pl.Int128))
        .with_columns(weighed=pl.col("covered") * pl.col("weight"))
        .with_columns(is_even=pl.col("weighed").sum().over(this_gap) == 0)
        .with_columns(part=pl.when("is_even").then("covered").otherwise("weighed"))
        .with_columns(done=pl.col("part").cum_sum().over(this_gap), whole=pl.col("part").sum().over(this_gap))
        .select(this_gap, "is_even", "done", "whole", edge=pl.col("edge") + 1)
    )
    inside = pl.col("edge") * STEP_US < pl.col("end_us")
    return (
        along.join(gaps.select("gap_no", "line", "segment", "end_us", "wh", "rise"), on=this_gap)
        .filter(inside)
        .select(
            "line",
            "segment",
            "edge",
            wh=pl.col("wh") + _times(pl.col("rise"), pl.col("done"), pl.col("whole")),
            gap=pl.when("is_even").then(pl.lit(EVEN_GAP, pl.Int64)).otherwise(pl.lit(SHAPED_GAP, pl.Int64)),
        )
    )


def _times(rise: pl.Expr, done: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Rise x done / whole, rounded down: the part of the rise that has flowed when `done` of `whole` has."""
    return (rise.cast(pl.Int128) * done // whole).cast(pl.Int64)


def _weights(quarters: pl.DataFrame, reference: pl.DataFrame) -> pl.DataFrame:
    """What flowed in each quarter-hour of a gap in the weeks around, summed over those that have all of its quarters.

    Returns:
        gap_no, edge, weight [Wh].
    """
    energy = reference.select(
        "point_no", "flow", edge=pl.col("start").dt.epoch("us") // STEP_US, weight=pl.col("energy_wh").cast(pl.Int128)
    )
    needed = quarters.group_by("gap_no").agg(needed=pl.len())
    weeks = [
        quarters.select("gap_no", "point_no", "flow", "edge")
        .with_columns(there=pl.col("edge") + week * WEEK_STEPS)
        .join(energy.rename({"edge": "there"}), on=["point_no", "flow", "there"])
        .with_columns(week=pl.lit(week, pl.Int8))
        .select("gap_no", "week", "edge", "weight")
        for week in WEEKS
    ]
    found = pl.concat(weeks)
    whole = found.group_by("gap_no", "week").agg(found=pl.len()).join(needed, on="gap_no")
    whole = whole.filter(pl.col("found") == pl.col("needed"))
    return found.join(whole, on=["gap_no", "week"], how="semi").group_by("gap_no", "edge").agg(pl.col("weight").sum())
