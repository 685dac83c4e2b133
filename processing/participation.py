"""Points in several communities: the part of each quarter of an hour that one of these has, in whole watt-hours."""

import polars as pl

from energy.frames import FLOW_INTERVALS, PARTICIPATIONS, require
from energy.participation import WHOLE_PERCENT


def part_of(flows: pl.DataFrame, participations: pl.DataFrame) -> pl.DataFrame:
    """Cut what points withdrew and injected down to what takes part in a community.

    Args:
        flows: FLOW_INTERVALS of all of the points' energy.
        participations: PARTICIPATIONS of the community; what none of them covers takes part with all of it.

    Returns:
        FLOW_INTERVALS: of E from f to t percent it is floor(E * t / 100) - floor(E * f / 100), by the stretch that
        covers the start. So the parts of communities that follow one another without a gap add up to the floor of
        theirs together, to E where that is 100 %; each is within 1 Wh of its percentage, and none is negative.

    Source: participation factors are whole percentages in Austria; the rounding is the hub's own.
    """
    whole = require(flows, FLOW_INTERVALS)
    if require(participations, PARTICIPATIONS).is_empty():
        return whole
    covered = (
        whole.with_row_index("row")
        .join(participations, on="point_no")
        .filter(pl.col("start") >= pl.col("valid_from"), pl.col("start") < pl.col("valid_to"))
        .select("row", part_wh=_upto("to_percent") - _upto("from_percent"))
    )
    return (
        whole.with_row_index("row")
        .join(covered, on="row", how="left", maintain_order="left")
        .with_columns(energy_wh=pl.coalesce("part_wh", "energy_wh"))
        .select(FLOW_INTERVALS.names())
    )


def _upto(percent: str) -> pl.Expr:
    """So much of the energy, rounded down; of all that fits 64 bits."""
    energy = pl.col("energy_wh")
    return energy // WHOLE_PERCENT * pl.col(percent) + energy % WHOLE_PERCENT * pl.col(percent) // WHOLE_PERCENT
