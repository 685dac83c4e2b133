"""Whose production each member had: pairs that add up to what members were allocated, and to what producers gave."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from energy.frames import GIVEN, INTERVALS, SHARED, require
from energy.keys import HourlyMinKey, MatrixKey, SharingKey
from processing.apportion import apportion, largest, sums
from processing.sharing import share_by_producer

MOST_PAIRS: Final = 200
"""So many pairs of a producer and a member are made of a step: docs/decisions/0014-pairs-of-small-steps.md."""


def give(shared: pl.DataFrame, key: SharingKey, most_pairs: int = MOST_PAIRS) -> pl.DataFrame:
    """Say what of its allocated energy each member had of each producer.

    Args:
        shared: SHARED, as `share` says it of the same key.
        key: one by pairs says it itself. Under all others the allocated energy is the producers' pro rata of what each
            injected, and each member has the same mix.
        most_pairs: steps in which more producers times members are known are left out, except where the key itself
            is by pairs.

    Returns:
        GIVEN, in order of start, producer and point. In each step (of a key of hourly minima: hour) the pairs of a
        producer add up to its part of the allocated energy, and those of a member in each step to what it was
        allocated, exactly; nothing is negative. Of n producers each pair is within 1 + 1/1 + 1/2 + ... + 1/(n-1) Wh
        of the formula.
    """
    if isinstance(key, MatrixKey):
        pairs = share_by_producer(shared.select(INTERVALS.names()), key)
        return require(pairs, GIVEN).filter(pl.col("allocated_wh") > 0)
    begin = pl.col("start").dt.truncate("1h") if isinstance(key, HourlyMinKey) else pl.col("start")
    rows = require(shared, SHARED).with_columns(begin=begin)
    known = pl.col("point").filter(pl.col("import_wh").is_not_null()).n_unique()
    makers = pl.col("point").filter(pl.col("export_wh").is_not_null()).n_unique()
    few = rows.group_by("begin").agg(pairs=known * makers).filter(pl.col("pairs") <= most_pairs)
    rows = rows.join(few, on="begin", how="semi", maintain_order="left")
    users = rows.filter(pl.col("allocated_wh") > 0).with_columns(group=pl.col("begin").rle_id())
    given = _given(rows.filter(pl.col("export_wh") > 0), users)
    return pl.concat([GIVEN.to_frame(), *_turns(users, given)]).sort("start", "producer", "point")


def _given(makers: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """What each producer gave in each group in which anything was allocated: group, producer, turn and given. [Wh]"""
    groups = users.select("begin", "group").unique()
    made = makers.join(groups, on="begin", maintain_order="left").select("group", "point", weight="export_wh")
    parts = apportion(made, sums(users, "allocated_wh", groups.height))
    return (
        made.with_columns(given=parts)
        .group_by("group", producer="point")
        .agg(pl.col("given").sum())
        .sort("group", "given", "producer", descending=[False, True, False])
        .with_columns(turn=pl.int_range(pl.len()).over("group"))
    )


def _turns(users: pl.DataFrame, given: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """One producer of each group after the other is split among what its members still have to get.

    What is left is what the later producers give together, so that the last one gives each member the rest of its own.
    Who gave most comes first: what rounding did to the others then weighs little in what is left.
    """
    groups, left = users["group"].n_unique(), users["allocated_wh"]
    for turn in range(largest(given["turn"]) + 1 if given.height else 0):
        now = given.filter(pl.col("turn") == turn)
        total = pl.zeros(groups, dtype=pl.Int64, eager=True).scatter(now["group"], now["given"])
        part = apportion(users.select("group", weight=left), total)
        left = left - part
        yield (
            users.select("start", "point", "group", allocated_wh=part)
            .filter(pl.col("allocated_wh") > 0)
            .join(now.select("group", "producer"), on="group")
            .select(GIVEN.names())
        )
