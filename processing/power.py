"""Interval energy where a flow has no register: of what devices tell of intervals, or of power over time.

An interval energy or a mean power counts from its stamp for as long as the values around it are apart, at most an hour.
A power of an instant holds until the next one, at most a quarter of an hour. Neither is ever summed up as it comes.
"""

from typing import Final

import polars as pl

from energy.frames import READINGS, ROUTES, require
from processing.registers import CEILING_MARGIN_PERCENT, DEFAULT_CEILING_WH, STEP_US

DERIVED: Final = 11
"""ESPI quality code of energy computed from power."""
LONGEST_HOLD_US: Final = STEP_US
"""How long the power of an instant is believed to last, if nothing else is heard."""
LONGEST_INTERVAL_US: Final = 4 * STEP_US
_US_PER_HOUR: Final = 4 * STEP_US
_MW_PER_W: Final = 1000
_LARGEST_W: Final = DEFAULT_CEILING_WH * 4

DIFFERENCES: Final = pl.Schema(
    {
        "point_no": pl.Int32,
        "flow": pl.String,
        "tariff": pl.String,
        "edge": pl.Int64,
        "energy_wh": pl.Int64,
        "worst_gap": pl.Int64,
        "kind": pl.Int8,
    }
)
"""Energy of one series in a quarter-hour, by the index of its beginning on the grid since 1970."""


def differences_from_power(readings: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """DIFFERENCES of what is not a register: quarter-hours that are covered whole.

    Args:
        readings: READINGS of any kind and order: energies of intervals [Wh], mean powers and powers [W].
        routes: ROUTES; those of registers do not count here.
    """
    others = require(routes, ROUTES).filter(pl.col("kind") != "register").with_row_index("route")
    if others.is_empty():
        return DIFFERENCES.to_frame()
    values = held_values(require(readings, READINGS), others)
    return _quarters(values).cast(DIFFERENCES).select(DIFFERENCES.names())


def held_values(readings: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """Values of routes with the time that each one stands for.

    Returns:
        The columns of the routes, at_us, until_us, value: of `reversed` power what is below zero, of other power what
        is above. What lies over the ceiling is left out.
    """
    sign = pl.when(pl.col("kind") == "reversed").then(-1).otherwise(1)
    largest_w = (pl.col("limit_w") * CEILING_MARGIN_PERCENT / 100).fill_null(_LARGEST_W)
    is_energy = pl.col("kind") == "energy"
    spaced = (
        readings.join(routes, on="series_no")
        .filter(pl.col("at") >= pl.col("valid_from"), pl.col("at") < pl.col("valid_to"))
        .with_columns(at_us=pl.col("at").dt.epoch("us"), value=(pl.col("value") * sign).clip(lower_bound=0))
        .filter(is_energy | (pl.col("value") <= largest_w))
        .unique(["route", "at_us"], keep="first")
        .sort("route", "at_us")
    )
    before = _apart(pl.col("at_us") - pl.col("at_us").shift(1), 1)
    after = _apart(pl.col("at_us").shift(-1) - pl.col("at_us"), -1)
    is_power = pl.col("kind").is_in(["power", "reversed"])
    held = pl.min_horizontal(after.fill_null(0), pl.lit(LONGEST_HOLD_US))
    told = pl.min_horizontal(before, after)
    told = pl.when(told <= LONGEST_INTERVAL_US).then(told).otherwise(0)
    return (
        spaced.with_columns(length=pl.when(is_power).then(held).otherwise(told.fill_null(0)))
        .filter(pl.col("length") > 0, ~is_energy | (pl.col("value") <= largest_w * pl.col("length") / _US_PER_HOUR))
        .with_columns(until_us=pl.col("at_us") + pl.col("length"))
    )


def _apart(distance: pl.Expr, step: int) -> pl.Expr:
    """A distance to a neighbour, null where that is of another route."""
    return pl.when(pl.col("route") == pl.col("route").shift(step)).then(distance)


def _quarters(values: pl.DataFrame) -> pl.DataFrame:
    """The energy of each quarter-hour that the values of a route cover whole."""
    edges = pl.int_ranges(pl.col("at_us") // STEP_US, -(-pl.col("until_us") // STEP_US))
    parts = (
        values.with_columns(edge=edges)
        .explode("edge")
        .with_columns(
            since_us=pl.max_horizontal(pl.col("edge") * STEP_US - pl.col("at_us"), pl.lit(0, pl.Int64)),
            till_us=pl.min_horizontal((pl.col("edge") + 1) * STEP_US - pl.col("at_us"), "length"),
        )
    )
    # What is told of a longer interval is divided into whole Wh that add up to it; power is rounded once per quarter.
    is_power = pl.col("kind").is_in(["power", "reversed"])
    hours = pl.when(pl.col("kind") == "average").then(pl.col("length") / _US_PER_HOUR).otherwise(1.0)
    whole_wh = pl.when(is_power).then(0).otherwise((pl.col("value") * hours).round().cast(pl.Int64))
    told_wh = whole_wh * pl.col("till_us") // pl.col("length") - whole_wh * pl.col("since_us") // pl.col("length")
    covered = pl.col("till_us") - pl.col("since_us")
    power = pl.when(is_power).then((pl.col("value") * _MW_PER_W).round().cast(pl.Int64)).otherwise(0) * covered
    whole = (
        parts.with_columns(told_wh=told_wh, covered=covered, power=power.cast(pl.Int128), is_power=is_power)
        .group_by("route", "point_no", "flow", "tariff", "kind", "edge")
        .agg(pl.col("told_wh", "covered", "power").sum(), pl.col("is_power").first(), longest=pl.col("length").max())
        .filter(pl.col("covered") == STEP_US)
    )
    per_wh = _MW_PER_W * _US_PER_HOUR
    power_wh = ((pl.col("power") + per_wh // 2) // per_wh).cast(pl.Int64)
    ranks = {"energy": 1, "average": 2, "power": 3, "reversed": 3}
    return whole.with_columns(
        energy_wh=pl.col("told_wh") + power_wh,
        worst_gap=pl.when("is_power")
        .then(0)
        .otherwise(pl.when(pl.col("longest") > STEP_US).then(2 * STEP_US).otherwise(pl.col("longest"))),
        kind=pl.col("kind").replace_strict(ranks, return_dtype=pl.Int8),
    )
