"""What a key offers each point in each step, of all keys but that by pairs."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import polars as pl

from energy.frames import UTC_TIME
from energy.keys import (
    CustomKey,
    HourlyMinKey,
    IterationsKey,
    PriorityKey,
    ProRataKey,
    StaticKey,
)
from processing.apportion import apportion, promised, sums
from processing.waterfill import waterfill

FINE: Final = 10_000
"""Rounds of an iterations key pass energy on in parts of a Wh, and only their sum is rounded."""

OfferedKey: TypeAlias = ProRataKey | StaticKey | CustomKey | PriorityKey | IterationsKey | HourlyMinKey


def offer(rows: pl.DataFrame, points: pl.Series, key: OfferedKey) -> pl.Series:
    """Say what the key offers each point.

    Args:
        rows: `group` (UInt32, from 0 on, in order), start, point_no, need and made (0 where not known) [Wh], and
            `is_there`: whether the need is known.
        points: ids by number.
        key: one that passes `fault_of`.

    Returns:
        The share of each row, together at most what was made in the group; in a group ties go to the earlier row.
        [Wh]
    """
    groups = rows["group"].n_unique()
    made, needed = sums(rows, "made", groups), sums(rows, "need", groups)
    match key:
        case ProRataKey():
            shared = _pro_rata(rows, made, needed)
        case StaticKey(shares_ppm):
            shared = _fixed(rows, made, by_number(shares_ppm, points).gather(rows["point_no"]), key.whole)
        case CustomKey():
            shared = _fixed(rows, made, _of_steps(rows, points, key), key.whole)
        case PriorityKey(levels):
            shared = _by_levels(rows, made, points, levels)
        case IterationsKey():
            shared = _by_rounds(rows, made, needed, points, key)
        case HourlyMinKey():
            lesser = pl.select(pl.min_horizontal(made.alias("made"), needed)).to_series()
            shared = apportion(_weighed(rows, rows["need"]), lesser, whole=needed)
    return shared.alias("share_wh")


def by_number(values: Mapping[str, int], points: pl.Series) -> pl.Series:
    """Values of points in order of their numbers, 0 for those without."""
    return pl.Series([values.get(point, 0) for point in points], dtype=pl.Int64)


def _weighed(rows: pl.DataFrame, weight: pl.Series) -> pl.DataFrame:
    return rows.select("group", weight.alias("weight"))


def _pro_rata(rows: pl.DataFrame, made: pl.Series, needed: pl.Series, need: pl.Series | None = None) -> pl.Series:
    weight = rows["need"] if need is None else need
    return apportion(_weighed(rows, weight), made * (needed > 0).cast(pl.Int64), whole=needed)


def _fixed(rows: pl.DataFrame, made: pl.Series, shares: pl.Series, whole: int) -> pl.Series:
    """Only who withdraws can be offered energy; a share of someone absent stays with the production."""
    weighed = _weighed(rows, shares * rows["is_there"].cast(pl.Int64))
    return apportion(weighed, promised(made, sums(weighed, "weight", len(made)), whole), base=made, whole=whole)


def _of_steps(rows: pl.DataFrame, points: pl.Series, key: CustomKey) -> pl.Series:
    numbers = {point: number for number, point in enumerate(points)}
    first, last = rows["start"].min(), rows["start"].max()
    given = pl.DataFrame(
        [
            (start, numbers[point], ppm)
            for start, shares_ppm in key.steps_ppm.items()
            if first <= start <= last  # pyright: ignore[reportOperatorIssue] - a time, as rows are not empty
            for point, ppm in shares_ppm.items()
            if point in numbers
        ],
        schema={"start": UTC_TIME, "point_no": pl.Int32, "ppm": pl.Int64},
        orient="row",
    )
    found = rows.select("start", "point_no").join(given, on=["start", "point_no"], how="left", maintain_order="left")
    return found["ppm"].fill_null(0)


def _by_levels(
    rows: pl.DataFrame, made: pl.Series, points: pl.Series, levels: Sequence[Mapping[str, int]]
) -> pl.Series:
    """A level has what those before it left; who is in none has nothing."""
    level = {point: place for place, weights in enumerate(levels) for point in weights}
    weight = {point: weight for weights in levels for point, weight in weights.items()}
    takers = rows.select(
        "group",
        "need",
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
        level=by_number(level, points).cast(pl.UInt32).gather(rows["point_no"]),
        weight=by_number(weight, points).gather(rows["point_no"]),
    ).filter(pl.col("weight") > 0, pl.col("need") > 0)
    nothing = pl.zeros(rows.height, dtype=pl.Int64, eager=True)
    return nothing.scatter(takers["row"], waterfill(takers, made, len(levels)))


def _by_rounds(
    rows: pl.DataFrame, made: pl.Series, needed: pl.Series, points: pl.Series, key: IterationsKey
) -> pl.Series:
    """What was taken in all rounds, and what the last one offered besides.

    Energy that nobody could use in a round is offered again in the next, so only the last offer counts as a share.
    """
    made, needed, rest = made * FINE, needed * FINE, rows["need"] * FINE
    need, carry = rest, pl.zeros(len(made), dtype=pl.Int64, eager=True)
    unused = rest * 0
    for part, fraction in zip(key.rounds, _fractions(made, key), strict=True):
        pool = fraction + carry
        if part.shares_ppm is None:
            offered = _pro_rata(rows, pool, needed, need)
        else:
            shares = by_number(part.shares_ppm, points).gather(rows["point_no"])
            offered = _fixed(rows, pool, shares, key.whole)
        taken = pl.select(pl.min_horizontal(rest.alias("rest"), offered)).to_series()
        rest, unused = rest - taken, offered - taken
        carry = pool - sums(_weighed(rows, taken), "weight", len(made))
    weighed = _weighed(rows, need - rest + unused)
    one = pl.repeat(1, len(made), dtype=pl.Int64, eager=True)
    return apportion(weighed, sums(weighed, "weight", len(made)) // FINE, base=one, whole=FINE)


def _fractions(made: pl.Series, key: IterationsKey) -> list[pl.Series]:
    """What each round adds to the one before, for each group."""
    parts_of_whole = pl.Series([part.fraction_ppm for part in key.rounds], dtype=pl.Int64)
    groups = pl.select(group=pl.int_range(len(made), dtype=pl.UInt32))
    weighed = groups.join(parts_of_whole.alias("weight").to_frame(), how="cross", maintain_order="left_right")
    together = pl.repeat(parts_of_whole.sum(), len(made), dtype=pl.Int64, eager=True)
    parts = apportion(weighed, promised(made, together, key.whole), base=made, whole=key.whole)
    return [parts.gather_every(len(key.rounds), place) for place in range(len(key.rounds))]
