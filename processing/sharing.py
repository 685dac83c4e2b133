"""Allocation: who consumed whose energy in each settlement step, by the key the community chose. Exact to the Wh."""

from typing import Final

import polars as pl

from energy.errors import KeyNotValid
from energy.frames import ALLOCATION, INTERVALS, require
from energy.model import ProRataKey, SharingKey, StaticKey

PPM: Final = 1_000_000


def share(intervals: pl.DataFrame, key: SharingKey) -> pl.DataFrame:
    """Allocate the energy injected in each step to the points that withdrew energy in it.

    Args:
        intervals: INTERVALS, one row per point and step, import_wh and export_wh [Wh]; null is not known, and such a
            flow takes no part in the step.
        key: how the community agreed to share.

    Returns:
        ALLOCATION, the same rows in order of start and point. In each step allocated + residual == import for every
        point, and the allocated and the surplus add up to what was injected, exactly. Whole Wh by largest remainder,
        ties by point id.

    Raises:
        KeyNotValid: the key promises more than the whole production, or less than nothing.

    Source: code de l'energie, D315-6; formulas and laws in docs/sharing.md.
    """
    steps = require(intervals, INTERVALS).with_columns(
        production=pl.col("export_wh").sum().over("start"), consumption=pl.col("import_wh").sum().over("start")
    )
    offered = _offer(steps, key).with_columns(
        allocated_wh=pl.min_horizontal(pl.col("import_wh").fill_null(0), pl.col("share_wh"))
    )
    used = offered.with_columns(allocated=pl.col("allocated_wh").sum().over("start"))
    sold = _apportion(used, "allocated", pl.col("export_wh").fill_null(0), pl.col("production"), "used_wh")
    return (
        sold.with_columns(
            residual_wh=pl.col("import_wh") - pl.col("allocated_wh"), surplus_wh=pl.col("export_wh") - pl.col("used_wh")
        )
        .sort("start", "point")
        .select(ALLOCATION.names())
    )


def _offer(steps: pl.DataFrame, key: SharingKey) -> pl.DataFrame:
    """Add share_wh, what the key offers each point in each step."""
    match key:
        case ProRataKey():
            weight = pl.col("import_wh").fill_null(0)
            return _apportion(steps, "production", weight, pl.col("consumption"), "share_wh")
        case StaticKey(shares_ppm):
            if (total := sum(shares_ppm.values())) > PPM:
                raise KeyNotValid(f"the shares of the key add up to {total / PPM:.4%}, more than the whole production")
            if negative := [point for point, ppm in shares_ppm.items() if ppm < 0]:
                raise KeyNotValid(f"the share of {negative[0]} is negative")
            # Only who withdraws can be offered energy; a share of someone absent stays with the production.
            ppm = pl.DataFrame(
                {"point": list(shares_ppm), "ppm": list(shares_ppm.values())},
                schema={"point": pl.String, "ppm": pl.Int64},
            )
            weighted = steps.join(ppm, on="point", how="left", maintain_order="left").with_columns(
                ppm=pl.when(pl.col("import_wh").is_null()).then(0).otherwise(pl.col("ppm").fill_null(0))
            )
            promised = (_wide("production") * pl.col("ppm").sum().over("start") // PPM).cast(pl.Int64)
            return _apportion(
                weighted.with_columns(promised=promised),
                "promised",
                pl.col("ppm"),
                pl.lit(PPM),
                "share_wh",
                "production",
            ).drop("ppm", "promised")


def _apportion(
    steps: pl.DataFrame, total: str, weight: pl.Expr, whole: pl.Expr, name: str, base: str | None = None
) -> pl.DataFrame:
    """Split a whole number of Wh per step in proportion to weights, by largest remainder, ties by point id.

    Args:
        steps: rows with `start` and `point`, and the amounts named below, equal within a step.
        total: column with what the parts must add up to. [Wh]
        weight: weight of each row.
        whole: what the weights are parts of; where it is zero every part is zero.
        name: column to add, the part of each row. [Wh]
        base: column multiplied by weight/whole, where it is not `total` itself. [Wh]
    """
    numerator = _wide(base or total) * weight.cast(pl.Int128)
    divisor = pl.when(whole > 0).then(whole).otherwise(1).cast(pl.Int128)
    order = ["start", "_rest", "point"]
    return (
        steps.with_columns(_floor=numerator // divisor, _rest=numerator % divisor)
        .with_columns(_left=pl.col(total) - pl.col("_floor").sum().over("start").cast(pl.Int64))
        .sort(order, descending=[False, True, False])
        .with_columns(_place=pl.int_range(pl.len()).over("start"))
        .with_columns(
            pl.when(whole > 0)
            .then(pl.col("_floor").cast(pl.Int64) + (pl.col("_place") < pl.col("_left")).cast(pl.Int64))
            .otherwise(0)
            .alias(name)
        )
        .drop("_floor", "_rest", "_left", "_place")
    )


def _wide(column: str) -> pl.Expr:
    """A column as Int128, for products that would wrap an Int64 silently."""
    return pl.col(column).cast(pl.Int128)
