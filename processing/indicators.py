"""Indicators of equity: how evenly what was shared is spread over members, and over groups of them.

All take what each member has (kWh allocated, a rate, EUR saved), none of it negative, in any order; what is not known
(None) is left out. All give None where nothing can be said. Definitions and sources in docs/indicators.md.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

SEASONS: Final = {12: "winter", 1: "winter", 2: "winter", 3: "spring", 4: "spring", 5: "spring",
                  6: "summer", 7: "summer", 8: "summer", 9: "autumn", 10: "autumn", 11: "autumn"}  # fmt: skip
"""Season by local month, three whole months each, as meteorologists count them."""
INDICATORS: Final = ("jain", "gini", "min_max", "autoproduction_p90_p10", "share_against_need", "parity")
EQUITY: Final = pl.Schema(
    {
        **dict.fromkeys(("members", "allocated_wh", "consumption_wh"), pl.Int64()),
        **dict.fromkeys(INDICATORS, pl.Float64()),
    }
)
"""Counts, energy and indicators of a group of members."""


def jain(values: Iterable[float | None]) -> float | None:
    """Jain's index, (sum x)^2 / (n sum x^2): 1 when all have the same, 1/n when one has everything."""
    x = _known(values)
    squares = sum(v * v for v in x)
    return sum(x) ** 2 / (len(x) * squares) if squares else None


def gini(values: Iterable[float | None]) -> float | None:
    """Gini's coefficient, sum_ij |x_i - x_j| / (2 n^2 mean): 0 when all have the same, near 1 when one has all."""
    x = sorted(_known(values))
    total = sum(x)
    if not total:
        return None
    # Of sorted values each pair once: the i-th of n, from 1 on, is counted 2 i - n - 1 times.
    return sum((2 * i - len(x) - 1) * v for i, v in enumerate(x, start=1)) / (len(x) * total)


def min_max(values: Iterable[float | None]) -> float | None:
    """The least over the most: 1 when all have the same, 0 when somebody has nothing."""
    x = _known(values)
    return min(x) / max(x) if x and max(x) else None


def p90_p10(values: Iterable[float | None]) -> float | None:
    """How far the ninth decile lies above the first, between ranks by linear interpolation."""
    x = sorted(_known(values))
    return _quantile(x, 0.9) - _quantile(x, 0.1) if x else None


def share_against_need(values: Sequence[float | None], needs: Sequence[float | None]) -> float | None:
    """1 - 0.5 sum |x_i / sum x - w_i / sum w|: 1 when what members have follows their needs, 0 when it never does."""
    known = [(x, w) for x, w in zip(values, needs, strict=True) if x is not None and w is not None]
    have, need = sum(x for x, _ in known), sum(w for _, w in known)
    if not have or not need:
        return None
    return 1 - 0.5 * sum(abs(x / have - w / need) for x, w in known)


def parity(allocated: Sequence[float], consumption: Sequence[float], is_inside: Sequence[bool]) -> float | None:
    """A group's part of what was allocated over its part of the consumption: above 1 it has more than its part."""
    shared, used = sum(allocated), sum(consumption)
    of_group = [(a, c) for a, c, inside in zip(allocated, consumption, is_inside, strict=True) if inside]
    consumed = sum(c for _, c in of_group)
    return (sum(a for a, _ in of_group) / shared) / (consumed / used) if shared and consumed else None


def equity(members: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Equity among members, over all or by group: by season, by category.

    Args:
        members: one row per member (and group): allocated_wh, consumption_wh, and the columns of `by`. A member with
            several rows in a group (of several months) counts once, by `point`; a row of which something is not known
            does not count, nor who consumed nothing in all of them.
        by: columns that name the group.

    Returns:
        In order of `by`: members, allocated_wh, consumption_wh, jain, gini and min_max of the energy allocated,
        autoproduction_p90_p10 of the members' rates, share_against_need with consumption as need, and parity of the
        group within all members (of the same season, where `by` has a season).
    """
    energy = pl.col("allocated_wh", "consumption_wh")
    once = members.drop_nulls(["allocated_wh", "consumption_wh"]).group_by(*by, "point").agg(energy.sum())
    once = once.filter(pl.col("consumption_wh") > 0).sort(*by, "point")
    within = ["season"] if "season" in by else []
    rows = []
    for names, group in once.group_by(*by, maintain_order=True) if by else [((), once)]:
        a, c = group["allocated_wh"].to_list(), group["consumption_wh"].to_list()
        rates = [part / whole if whole else None for part, whole in zip(a, c, strict=True)]
        rest = once.filter(pl.col("season") == group["season"][0]) if within else once
        inside = pl.repeat(value=True, n=rest.height, eager=True)
        for column in by:
            inside &= rest[column] == group[column][0]
        rows.append(
            {
                **dict(zip(by, names, strict=True)),
                "members": len(a),
                "allocated_wh": sum(a),
                "consumption_wh": sum(c),
                "jain": jain(a),
                "gini": gini(a),
                "min_max": min_max(a),
                "autoproduction_p90_p10": p90_p10(rates),
                "share_against_need": share_against_need(a, c),
                "parity": parity(rest["allocated_wh"].to_list(), rest["consumption_wh"].to_list(), inside.to_list()),
            }
        )
    return pl.DataFrame(rows, schema={**{name: members.schema[name] for name in by}, **EQUITY})


def groups_of(members: pl.DataFrame) -> list[str]:
    """The groups in which any member is, in order, of a column of lists `groups`."""
    return members["groups"].explode().drop_nulls().unique().sort().to_list()


def equity_of_group(members: pl.DataFrame, group: str) -> pl.DataFrame:
    """EQUITY of those who are in a group by their `groups`, as `equity` says it; the parity is within all members."""
    marked = members.with_columns(is_inside=pl.col("groups").list.contains(group).fill_null(value=False))
    return equity(marked, ["is_inside"]).filter(pl.col("is_inside")).select(EQUITY.names())


def season() -> pl.Expr:
    """The season of a local month, of a column `month` such as 2026-01."""
    return pl.col("month").str.slice(5, 2).cast(pl.Int8).replace_strict(SEASONS, return_dtype=pl.String).alias("season")


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _quantile(ordered: Sequence[float], part: float) -> float:
    rank = part * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)
