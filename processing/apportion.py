"""Whole watt-hours split in proportion to weights, exactly: by largest remainder, many groups at once, no sorting."""

from typing import Final

import polars as pl

LARGEST: Final = 2**62
"""What is computed in 64 bits stays below it; all else in 128, which takes several times as long."""


def apportion(
    rows: pl.DataFrame, total: pl.Series, base: pl.Series | None = None, whole: pl.Series | int | None = None
) -> pl.Series:
    """Split an amount of each group in proportion to the weights of its rows.

    Args:
        rows: `group` (UInt32, from 0 on, in order) and `weight` (Int64, not negative). Ties go to the lower `place`
            (Int64, from 0 on, no two alike in a group), or without one to the earlier row.
        total: what the parts of each group must add up to, for each group. [Wh]
        base: what weight/whole of it is the part of a row, where it is not the total. [Wh]
        whole: what the weights are parts of, where it is not their sum; the sum is at most that.

    The total must be base * sum of weights / whole, rounded down; or 0 in a group whose weights are all 0.

    Returns:
        The part of each row, within one Wh of base * weight / whole. [Wh]
    """
    if rows.is_empty():
        return pl.Series("part", [], pl.Int64)
    group, weight = rows["group"].set_sorted(), rows["weight"]
    place = rows["place"] if "place" in rows.columns else pl.int_range(rows.height, dtype=pl.Int64, eager=True)
    base = total if base is None else base
    if whole is None:
        whole = sums(rows, "weight", len(total))
    if isinstance(whole, int):
        whole = pl.repeat(whole, len(total), dtype=pl.Int64, eager=True)
    whole, places = whole.clip(1), largest(place) + 1
    if largest(base) * largest(weight) >= LARGEST or largest(whole) * places >= LARGEST:
        weight, place, base, whole = (values.cast(pl.Int128) for values in (weight, place, base, whole))
    split = (
        pl.DataFrame(
            {
                "group": group,
                "product": weight * base.gather(group),
                "whole": whole.gather(group),
                "total": total.gather(group),
                "place": place,
            }
        )
        .with_columns(part=pl.col("product") // pl.col("whole"))
        .select(
            "group",
            "total",
            pl.col("part").cast(pl.Int64),
            # Remainder first, then place: the k largest of these are those who get a Wh more.
            claim=(pl.col("product") - pl.col("part") * pl.col("whole")) * places - pl.col("place"),
        )
    )
    left = (pl.col("total").first() - pl.col("part").sum()).cast(pl.UInt32)
    lowest = split.group_by("group", maintain_order=True).agg(pl.col("claim").top_k(left).min())
    bound = pl.repeat(None, len(total), dtype=split.schema["claim"], eager=True)
    bound = bound.scatter(lowest["group"], lowest["claim"]).gather(group)
    gets_more = (split["claim"] >= bound).fill_null(value=False)
    return (split["part"] + gets_more.cast(pl.Int64)).alias("part")


def promised(amount: pl.Series, weights: pl.Series, whole: int) -> pl.Series:
    """Say what parts of an amount are together, of each group, rounded down: amount * weights / whole. [Wh]"""
    return (amount.cast(pl.Int128) * weights.cast(pl.Int128) // whole).cast(pl.Int64)


def sums(rows: pl.DataFrame, column: str, groups: int) -> pl.Series:
    """Sum of a column of each group, 0 where a group has no row; `group` is in order."""
    found = rows.select(pl.col("group").set_sorted(), column).group_by("group", maintain_order=True)
    summed = found.agg(pl.col(column).sum())
    return pl.zeros(groups, dtype=pl.Int64, eager=True).scatter(summed["group"], summed[column])


def largest(values: pl.Series) -> int:
    """The largest of whole numbers, 0 of none."""
    value = values.max()
    return value if isinstance(value, int) else 0
