"""Interval energy where a flow has no register: of what devices tell of intervals, or of power over time.

An interval energy or a mean power counts from its stamp for as long as the values around it are apart, at most an hour.
A power of an instant holds until the next one, at most a quarter of an hour. Neither is ever summed up as it comes.
"""

from typing import Final

import polars as pl

from energy.frames import READINGS, ROUTES, require
from processing.registers import CEILING_MARGIN_PERCENT, DEFAULT_CEILING_WH, STEP_US

ESTIMATED: Final = 9
"""ESPI quality code of energy that is interpolated, as power is between the instants at which it is told."""
LONGEST_HOLD_US: Final = STEP_US
"""How long the power of an instant is believed to last, if nothing else is heard."""
LONGEST_INTERVAL_US: Final = 4 * STEP_US
_LONGEST_QUARTER_US: Final = STEP_US + STEP_US // 4
"""What is told of no more than this is told of a quarter of an hour: stamps of arrival are not exact."""
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


def believed_values(readings: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """Values of routes while they are mapped, in order of route and time: the columns of the routes, at_us, value.

    Of `reversed` power what is below zero counts, of other power what is above. Power over the ceiling is left out.
    """
    sign = pl.when(pl.col("kind") == "reversed").then(-1).otherwise(1)
    return (
        readings.join(routes, on="series_no")
        .filter(pl.col("at") >= pl.col("valid_from"), pl.col("at") < pl.col("valid_to"))
        .with_columns(at_us=pl.col("at").dt.epoch("us"), value=(pl.col("value") * sign).clip(lower_bound=0))
        .filter((pl.col("kind") == "energy") | (pl.col("value") <= _largest_w()))
        .unique(["route", "at_us"], keep="first")
        .sort("route", "at_us")
    )


def held_values(readings: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """Believed values with the time that each one stands for: until_us, and length. [us]

    What is told of intervals lasts until the next value. If that is further than the one before, then as long as that
    one lasted, for one is lost; unless the value after the next is as far again: then the step has changed.
    """
    after = _apart(pl.col("at_us").shift(-1) - pl.col("at_us"), -1)
    spaced = believed_values(readings, routes).with_columns(after=after)
    before, next_after = _apart(pl.col("after").shift(1), 1), _apart(pl.col("after").shift(-1), -1)
    is_power = pl.col("kind").is_in(["power", "reversed"])
    held = pl.min_horizontal(pl.col("after").fill_null(0), pl.lit(LONGEST_HOLD_US))
    is_longer = pl.col("after") * 4 > before * 5
    told = pl.when(before.is_null() | ~is_longer | _alike(next_after, pl.col("after"))).then("after").otherwise(before)
    told = pl.when(told <= LONGEST_INTERVAL_US).then(told).otherwise(0)
    too_much = (pl.col("kind") == "energy") & (pl.col("value") * _US_PER_HOUR > _largest_w() * pl.col("length"))
    return (
        spaced.with_columns(length=pl.when(is_power).then(held).otherwise(told.fill_null(0)))
        .filter(pl.col("length") > 0, ~too_much)
        .with_columns(until_us=pl.col("at_us") + pl.col("length"))
    )


def _largest_w() -> pl.Expr:
    return (pl.col("limit_w") * CEILING_MARGIN_PERCENT / 100).fill_null(_LARGEST_W)


def _alike(distance: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether two distances are the same but for what a message needs to come: a quarter of them."""
    return ((distance - other).abs() * 4 <= other).fill_null(value=False)


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
    # What is told of more than a quarter-hour is divided into whole Wh that add up to it; all else is summed, and
    # rounded once for each quarter-hour.
    is_told = pl.col("kind").is_in(["energy", "average"])
    is_energy = pl.col("kind") == "energy"
    is_long = is_told & (pl.col("length") > _LONGEST_QUARTER_US)
    hours = pl.when(is_energy).then(1.0).otherwise(pl.col("length") / _US_PER_HOUR)
    whole_wh = pl.when(is_long).then((pl.col("value") * hours).round()).otherwise(0).cast(pl.Int64)
    long_wh = whole_wh * pl.col("till_us") // pl.col("length") - whole_wh * pl.col("since_us") // pl.col("length")
    covered = pl.col("till_us") - pl.col("since_us")
    mean_mw = pl.col("value") * _MW_PER_W * pl.when(is_energy).then(_US_PER_HOUR / pl.col("length")).otherwise(1.0)
    mw_us = pl.when(is_long).then(0).otherwise(mean_mw.round()).cast(pl.Int64).cast(pl.Int128) * covered
    whole = (
        parts.with_columns(long_wh=long_wh, covered=covered, mw_us=mw_us, is_told=is_told)
        .group_by("route", "point_no", "flow", "tariff", "kind", "edge")
        .agg(pl.col("long_wh", "covered", "mw_us").sum(), pl.col("is_told").first(), is_long=is_long.any())
        .filter(pl.col("covered") == STEP_US)
    )
    per_wh = _MW_PER_W * _US_PER_HOUR
    summed_wh = ((pl.col("mw_us") + per_wh // 2) // per_wh).cast(pl.Int64)
    ranks = {"energy": 1, "average": 2, "power": 3, "reversed": 3}
    return whole.with_columns(
        energy_wh=pl.col("long_wh") + summed_wh,
        worst_gap=pl.when("is_long").then(2 * STEP_US).otherwise(0),
        kind=pl.col("kind").replace_strict(ranks, return_dtype=pl.Int8),
    )
