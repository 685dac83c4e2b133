"""How long each value of a curve lasts, told by its neighbours where the file does not say it.

A distance between stamps is a step when it is one that meters use, ends where such steps end (half-hours at :00 and
:30), and lasts: for three values, or less than the distances around it. Any other distance holds a hole; the value at
its end gets the step of the values that follow it, or else of those before. So a hole makes no long step: in doubt the
shorter one is taken, and the rest of the time is missing, which is never wrong.
"""

from typing import Final

import polars as pl

from energy.frames import UTC_TIME
from ingest.files.order import KEY, with_key
from ingest.files.sieve import Sieve

STEPS_MIN: Final = (5, 10, 15, 20, 30, 60)
_DECLARED: Final = {str(step): step for step in STEPS_MIN}
_BY: Final = ("point", "quantity", "nature")
_LASTS: Final = 3
_MINUTE_US: Final = 60_000_000


def with_steps(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    """Give `step_min` to the rows of a curve by their end stamps `at`; rows without a value tell steps as well.

    Args:
        frame: point, quantity, nature, at, text; any order. `declared`, where it is there, is what the file says in
            minutes, as text: it is believed of values that stand alone.
        sieve: takes the rows whose step cannot be told.
    """
    if "declared" not in frame.columns:
        frame = frame.with_columns(declared=pl.lit(""))
    frame = with_key(frame, _BY).sort(KEY)
    frame = frame.with_columns(_first=(pl.col(KEY) != pl.col(KEY).shift()).fill_null(value=True))
    distance = pl.col("at").diff().over("_series").dt.total_microseconds() / _MINUTE_US
    stamps = frame.filter("_first").select("_series", "at", "declared").with_columns(_distance=distance)
    step = pl.col("_distance").replace_strict(list(STEPS_MIN), list(STEPS_MIN), default=None, return_dtype=pl.Int16)
    stamps = _without_holes(stamps.with_columns(_step=pl.when(_ends_at(step)).then(step)))
    stamps = stamps.with_columns(
        _after=pl.col("_step").backward_fill().over("_series"), _before=pl.col("_step").forward_fill().over("_series")
    )
    likely = (
        pl.col("_after"),
        pl.col("_before"),
        pl.col("declared").replace_strict(_DECLARED, default=None, return_dtype=pl.Int16),
    )
    told = stamps.select(pl.coalesce("_step", *map(_fitting, likely))).to_series()
    nth = frame.get_column("_first").cum_sum() - 1
    frame = frame.with_columns(step_min=told.gather(nth)).drop(KEY, "_series", "_first")
    lonely = "the value {} stands so alone that nothing tells how long it lasts"
    return sieve.refuse(frame, pl.col("step_min").is_null() & (pl.col("text") != ""), lonely, "text")


def with_steps_after(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    """Give `step_min` like `with_steps` where `at` are the starts: time is looked at backward."""
    mirrored = pl.lit(0).cast(UTC_TIME) - (pl.col("at") - pl.lit(0).cast(UTC_TIME))
    return with_steps(frame.with_columns(at=mirrored), sieve).with_columns(at=mirrored)


def placed(frame: pl.DataFrame, sieve: Sieve, stamp: str, step_min: int) -> pl.DataFrame:
    """Give `step_min`, which neighbours tell where it is given as 0, and make `at` the start of each step.

    Args:
        frame: as for `with_steps`.
        sieve: takes the rows whose step cannot be told, or is not what a person says.
        stamp: whether `at` is the start or the end.
        step_min: what a person says. [min]
    """
    if step_min:
        frame = _with_step(frame, sieve, step_min)
    elif stamp == "end":
        frame = with_steps(frame, sieve)
    else:
        frame = with_steps_after(frame, sieve)
    return starts(frame) if stamp == "end" else frame


def _with_step(frame: pl.DataFrame, sieve: Sieve, step_min: int) -> pl.DataFrame:
    """Give the `step_min` that a person says; values that are nearer to each other are refused, and wider ones told."""
    frame = with_key(frame, _BY).with_columns(step_min=pl.lit(step_min, pl.Int16))
    stamps = frame.filter(pl.col("text") != "").select(KEY, "_series", "at", "line").unique(KEY).sort(KEY)
    before = pl.col("at").diff().over("_series").dt.total_seconds()
    stamps = stamps.with_columns(_before=before).with_columns(_after=pl.col("_before").shift(-1).over("_series"))
    usual = stamps.group_by("_series").agg(pl.col("_before").quantile(0.5, "lower"), pl.col("line").min())
    wider = usual.filter(pl.col("_before").is_between(60 * step_min, 60 * STEPS_MIN[-1], closed="right"))
    for distance_s, line in wider.select("_before", "line").iter_rows():
        apart = f"the times are mostly {distance_s / 60:g} min apart"
        sieve.tell(line, f"{apart}, and --step-min says {step_min}: what lies between is missing")
    nearest = stamps.select(KEY, _nearest_s=pl.min_horizontal("_before", "_after"))
    frame = frame.join(nearest, on=KEY, how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("_nearest_s").cast(pl.String).fill_null(""))
    near = {
        distance_s: f"the times are {int(distance_s) / 60:g} min apart, and --step-min says {step_min}"
        for distance_s in frame.get_column("_nearest_s").unique(maintain_order=True)
        if distance_s and int(distance_s) < 60 * step_min
    }
    return sieve.words(frame, "_nearest_s", near).drop(KEY, "_series", "_nearest_s")


def _ends_at(step: pl.Expr) -> pl.Expr:
    """Whether `at` is an end of steps of that length."""
    return pl.col("at").dt.timestamp("us") % (step.cast(pl.Int64) * _MINUTE_US) == 0


def _fitting(step: pl.Expr) -> pl.Expr:
    """A neighbour's step, where the value can have lasted so long: not into the value before it."""
    fits = _ends_at(step) & (pl.col("_distance").is_null() | (step <= pl.col("_distance")))
    return pl.when(fits).then(step)


def _without_holes(stamps: pl.DataFrame) -> pl.DataFrame:
    """Take away the `_step` of runs that are shorter than a change of step and longer than the steps around them."""
    stamps = stamps.with_columns(_begins=pl.col("_step").shift().over("_series").is_null())
    held = stamps.with_row_index("_row").filter(pl.col("_step").is_not_null())
    held = held.with_columns(_run=pl.struct("_series", "_step").rle_id())
    runs = held.group_by("_run", maintain_order=True).agg(pl.len(), pl.col("_series", "_step", "_begins").first())
    # A run after a hole has one value more than distances: the one it begins at.
    lasting = pl.col("len") + pl.col("_begins").cast(pl.Int32)
    around = pl.min_horizontal(pl.col("_step").shift(1).over("_series"), pl.col("_step").shift(-1).over("_series"))
    holes = runs.filter((lasting < _LASTS) & (pl.col("_step") > around)).get_column("_run")
    if holes.is_empty():
        return stamps
    rows = held.filter(pl.col("_run").is_in(holes.to_list())).get_column("_row")
    in_hole = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(rows.to_list())
    return stamps.with_columns(_step=pl.when(~in_hole).then("_step"))


def starts(frame: pl.DataFrame) -> pl.DataFrame:
    """Move the end stamps `at` to the starts of their steps."""
    return frame.with_columns(at=pl.col("at") - pl.duration(minutes=pl.col("step_min")))
