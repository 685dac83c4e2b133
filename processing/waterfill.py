"""Weighted water-filling: everyone takes its weight's part of an amount, but not more than its need. Exact."""

import polars as pl

from processing.apportion import LARGEST, apportion, largest, sums


def waterfill(rows: pl.DataFrame, amount: pl.Series, levels: int = 1) -> pl.Series:
    """Fill the needs of each group from its amount, level after level: the next has what those before it left.

    Inside a level, those who have enough leave, and the others share by their weights. So there is a height of water,
    the same for all of a level in a group, up to which everyone is filled: to its need or to height * weight. Who is
    filled to its need is found by going through the rows by need/weight, with what those before took and weighed: no
    rounds.

    Args:
        rows: `group` (UInt32, from 0 on), `level` (UInt32, from 0 on), `need` (Int64, not negative), `weight` (Int64,
            from 1 on), in any order; ties go to the earlier row of a level.
        amount: what each group has. [Wh]
        levels: how many there are.

    Returns:
        What each row gets, within one Wh of what exact water gives; in each group they add up to the lesser of its
        amount and its needs. [Wh]
    """
    if rows.is_empty():
        return pl.Series("part", [], pl.Int64)
    ordered = _by_height(rows.with_columns(group=pl.col("group") * levels + pl.col("level")))
    group = ordered["group"]
    amount = _of_levels(sums(ordered, "need", len(amount) * levels), amount, levels)
    weights = sums(ordered, "weight", len(amount))
    products = largest(amount) * largest(ordered["weight"]), largest(ordered["need"]) * largest(weights)
    wide = pl.Int64 if max(products) < LARGEST else pl.Int128
    before = {name: pl.col(name).cum_sum().over("group") - pl.col(name) for name in ("need", "weight")}
    ordered = ordered.with_columns(amount=amount.gather(group), weights=weights.gather(group)).with_columns(
        is_filled=pl.col("need").cast(wide) * (pl.col("weights") - before["weight"])
        <= pl.col("weight").cast(wide) * (pl.col("amount") - before["need"])
    )
    filled, others = ordered.filter("is_filled"), ordered.filter(~pl.col("is_filled"))
    left = amount - sums(filled, "need", len(amount))
    return (
        pl.zeros(rows.height, dtype=pl.Int64, eager=True)
        .scatter(filled["place"], filled["need"])
        .scatter(others["place"], apportion(others, left))
        .alias("part")
    )


def _by_height(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows by group and need/weight; `place` is where they were.

    Two quotients that differ do so by at least one over the square of the highest weight, so whole numbers tell them
    apart. Sorting by one number for group and quotient takes a quarter of the time of sorting by both.
    """
    scale = largest(rows["weight"]) ** 2
    span = largest(rows["need"]) * scale + 1
    wide = pl.Int64 if span * (largest(rows["group"]) + 1) < LARGEST else pl.Int128
    heights = pl.col("group").cast(wide) * span + pl.col("need").cast(wide) * scale // pl.col("weight").cast(wide)
    order = rows.select(heights.arg_sort()).to_series()
    return rows[order].with_columns(place=order.cast(pl.Int64))


def _of_levels(needs: pl.Series, amount: pl.Series, levels: int) -> pl.Series:
    """What each level of each group can take of what the levels before it left."""
    place = pl.int_range(len(needs), dtype=pl.UInt32, eager=True)
    before = pl.col("need").cum_sum().over("group") - pl.col("need")
    each = pl.DataFrame({"group": place // levels, "need": needs})
    each = each.with_columns(amount=amount.gather(each["group"]))
    return each.select(pl.min_horizontal("need", (pl.col("amount") - before).clip(0))).to_series()
