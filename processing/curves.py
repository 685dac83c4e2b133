"""The operator's curves to interval energy on the 15-minute grid: whole watt-hours, exact sums, a UTC day by itself.

Of values that overlap, the higher nature counts, of one nature the finer step, of one step the later start. What is
covered without a break within a UTC day is a run: its energy is counted from its beginning in whole mW x min, and
rounded down to Wh at the edges of the quarter-hours. So the intervals of a run add up to its energy between their
outer edges, to the Wh, whatever the steps of the values; and a day never depends on another.
"""

import math
from typing import Final

import polars as pl

from energy.frames import CURVES, FLOW_INTERVALS, UTC_TIME, require
from energy.time import STEP_S

VALID: Final = 0
RAW: Final = 14
"""ESPI quality codes: what the operator hands out as metered, or better (17, 19), is valid, for it is what settles."""
_STEP_MIN: Final = STEP_S // 60
_DAY_MIN: Final = 1440
_MW_MIN_PER_WH: Final = 60_000
_THIS_FLOW: Final = ("point_no", "flow")


def intervals_from_curves(rows: pl.DataFrame) -> pl.DataFrame:
    """Make interval energy of the operator's curves.

    Args:
        rows: CURVES, any order. A day that is to be right needs all the rows that reach into it.

    Returns:
        FLOW_INTERVALS, one row for each quarter-hour that is covered whole. Quality is the worst of what it is made of.
        Method is `curve`, or `split` where a step longer than the quarter-hour was divided.
    """
    rows = require(rows, CURVES)
    if rows.is_empty():
        return FLOW_INTERVALS.to_frame()
    parts, part_min = _parts(rows)
    kept = _best(parts).sort(*_THIS_FLOW, "minute")
    return _quarters(_counted(kept, part_min), part_min)


def values_that_count(rows: pl.DataFrame) -> pl.DataFrame:
    """Tell which values of the operator's curves count in each quarter-hour.

    Returns:
        CURVES with `quarter`, the start of a quarter-hour: a row for each that a value has a part in which counts.
    """
    rows = require(rows, CURVES)
    if rows.is_empty():
        return rows.with_columns(quarter=pl.col("start"))
    kept = _best(_parts(rows)[0])
    quarter = (pl.col("minute") // _STEP_MIN * (STEP_S * 1_000_000)).cast(UTC_TIME)
    return kept.select(*CURVES.names(), quarter=quarter).unique()


def _parts(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Cut values into parts of the same length, which neither they nor the grid cross; and that length. [min]"""
    begins = (pl.col("start").dt.timestamp("us") // 60_000_000).alias("minute")
    rows = rows.with_columns(begins, mean_mw=(pl.col("mean_w") * 1000).round().cast(pl.Int64))
    lengths = rows.select((pl.col("minute") % _STEP_MIN).unique()).to_series().to_list()
    lengths += rows.get_column("step_min").unique().to_list()
    part_min = math.gcd(_STEP_MIN, *lengths)
    minutes = pl.int_ranges("minute", pl.col("minute") + pl.col("step_min"), part_min)
    return rows.with_columns(began=pl.col("minute"), minute=minutes).explode("minute"), part_min


def _best(parts: pl.DataFrame) -> pl.DataFrame:
    """One value for each part of time."""
    this_part = [*_THIS_FLOW, "minute"]
    if not parts.select(pl.struct(this_part).is_duplicated().any()).item():
        return parts
    best_first = parts.sort("nature", "step_min", "began", descending=[True, False, True])
    return best_first.unique(this_part, keep="first", maintain_order=True)


def _counted(parts: pl.DataFrame, part_min: int) -> pl.DataFrame:
    """Number the runs, and count each one's energy at both ends of every part. [mW x min]"""
    this_run = [*_THIS_FLOW, pl.col("minute") // _DAY_MIN]
    goes_on = pl.col("minute") - pl.col("minute").shift().over(this_run) == part_min
    parts = parts.with_columns(run=(~goes_on).fill_null(value=True).cum_sum(), energy=pl.col("mean_mw") * part_min)
    return parts.with_columns(after=pl.col("energy").cum_sum().over("run")).with_columns(
        before=pl.col("after") - pl.col("energy")
    )


def _quarters(parts: pl.DataFrame, part_min: int) -> pl.DataFrame:
    """The energy of each quarter-hour that its parts cover."""
    quality = pl.when(pl.col("quality") >= RAW).then(VALID).otherwise(pl.col("quality"))
    whole = parts.group_by(*_THIS_FLOW, "run", quarter=pl.col("minute") // _STEP_MIN).agg(
        pl.len(),
        energy_wh=pl.col("after").max() // _MW_MIN_PER_WH - pl.col("before").min() // _MW_MIN_PER_WH,
        quality=quality.max(),
        is_split=(pl.col("step_min") > _STEP_MIN).any(),
    )
    return (
        whole.filter(pl.col("len") == _STEP_MIN // part_min)
        .with_columns(
            start=(pl.col("quarter") * (STEP_S * 1_000_000)).cast(UTC_TIME),
            quality=pl.col("quality").cast(pl.Int16),
            method=pl.when("is_split").then(pl.lit("split")).otherwise(pl.lit("curve")),
        )
        .select(FLOW_INTERVALS.names())
        .cast(FLOW_INTERVALS)
        .sort(*_THIS_FLOW, "start")
    )
