"""Coefficients for the distribution operator: which part of a producer's energy is whose, in whole parts of a percent.

They are rounded down, so that together they never promise more than there is. What is exported of which key, and what
is not verified of the form: docs/sharing.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import polars as pl

from energy.errors import KeyNotValid
from energy.frames import UTC_TIME, require
from energy.keys import PPM, CustomKey, HourlyMinKey, KnownKey, MatrixKey, SharingKey, StaticKey
from energy.time import rfc3339
from energy.validity import Validity

PARTS: Final = pl.Schema({"start": UTC_TIME, "point": pl.String, "part": pl.Int64, "whole": pl.Int64})
"""Of one producer: how much of the whole is a point's in a step, in Wh or in parts per million."""
COEFFICIENTS: Final = pl.Schema({"start": UTC_TIME, "point": pl.String, "coefficient": pl.Int64})
"""Of one producer: how much of it is a point's in a step, in parts of a percent."""
HORODATE: Final = "%d/%m/%Y %H:%M"


@dataclass(frozen=True, slots=True)
class Form:
    """How coefficients are written.

    `decimals` are those of a percent, 4 at most: keys know no less than a millionth. `stamp` says which end of its step
    a line bears as its time.
    """

    decimals: int = 1
    separator: str = ";"
    decimal_mark: str = ","
    stamp: Literal["start", "end"] = "end"


def coefficients(parts: pl.DataFrame, decimals: int = 1) -> pl.DataFrame:
    """Say in percent, rounded down, how much of a producer's energy is each point's.

    Args:
        parts: PARTS, of the same whole for all points of a step; where it is 0, so is every coefficient.
        decimals: how many a percent has: with 1 of them, 333 is 33.3 %.

    Returns:
        COEFFICIENTS, the same rows.

    Raises:
        KeyNotValid: those of a step add up to more than 100 %, or one of them is negative.
    """
    hundred = 100 * 10**decimals
    rounded = pl.col("part").cast(pl.Int128) * hundred // pl.col("whole").clip(1)
    found = require(parts, PARTS).select("start", "point", coefficient=rounded.cast(pl.Int64))
    steps = found.group_by("start").agg(pl.col("coefficient").sum(), least=pl.col("coefficient").min()).sort("start")
    for start, total, least in steps.filter((pl.col("coefficient") > hundred) | (pl.col("least") < 0)).iter_rows():
        at, percent = rfc3339(start), (least if least < 0 else total) / 10**decimals
        wrong = f"one of the coefficients at {at} is" if least < 0 else f"the coefficients at {at} add up to"
        raise KeyNotValid(f"{wrong} {percent:.10g} %; is every day computed? (`hub stale`)")
    return found


def presence(memberships: Iterable[tuple[str, Validity]], starts: pl.Series, step: timedelta) -> pl.DataFrame:
    """Say who is a member in which steps: start and point, a row for each point in each step that lies in a membership.

    Args:
        memberships: of points, each with its dates; starts: of the steps; step: how long they are.
    """
    dates = [(point, validity.valid_from, validity.valid_to) for point, validity in memberships]
    named = pl.DataFrame(dates, schema={"point": pl.String, "since": UTC_TIME, "until": UTC_TIME}, orient="row")
    steps = pl.DataFrame({"start": starts}, schema={"start": UTC_TIME})
    inside = (pl.col("start") >= pl.col("since")) & (pl.col("start") + step <= pl.col("until"))
    return steps.join(named, how="cross").filter(inside).select("start", "point")


def parts_of_key(key: KnownKey, producer: str, present: pl.DataFrame) -> pl.DataFrame:
    """PARTS that a key says beforehand.

    Args:
        key: one that passes `fault_of`.
        producer: whose energy it is; only a key by pairs tells producers apart.
        present: as `presence` says it: who is no member has nothing.
    """
    always, dated = _shares_of(key, producer)
    given = pl.DataFrame(
        [(start, point, ppm) for start, shares_ppm in dated.items() for point, ppm in shares_ppm.items()],
        schema={"start": UTC_TIME, "point": pl.String, "ppm": pl.Int64},
        orient="row",
    )
    is_dated = pl.col("start").is_in(pl.Series([*dated], dtype=UTC_TIME).implode())
    rule = pl.col("point").replace_strict([*always], [*always.values()], default=0, return_dtype=pl.Int64)
    part = pl.when(is_dated).then(pl.col("ppm").fill_null(0)).otherwise(rule)
    found = present.join(given, on=["start", "point"], how="left", maintain_order="left")
    return found.select("start", "point", part=part, whole=pl.lit(PPM, pl.Int64))


def _shares_of(key: KnownKey, producer: str) -> tuple[Mapping[str, int], Mapping[datetime, Mapping[str, int]]]:
    """How much of a producer is whose as a rule, and in single steps instead. [ppm]"""
    match key:
        case StaticKey(shares_ppm):
            return shares_ppm, {}
        case CustomKey(steps_ppm):
            return {}, steps_ppm
        case MatrixKey(shares_ppm, steps_ppm):
            dated = {start: matrix.get(producer, {}) for start, matrix in steps_ppm.items()}
            return shares_ppm.get(producer, {}), dated


def parts_of_allocation(allocation: pl.DataFrame, key: SharingKey) -> pl.DataFrame:
    """PARTS of a key that follows consumption: what was allocated, of what was produced in the step.

    Each producer gives pro rata of what it produced, so these are the parts of any of them. With a key of hourly
    minima they are those of the hour, in each of its steps.

    Args:
        allocation: start, point, allocated_wh, and production_wh of the step: the same for all its points; no point
            stands for those that are gone. [Wh]
        key: by which it was allocated.
    """
    rows = allocation.filter(pl.col("point").is_not_null())
    if not isinstance(key, HourlyMinKey):
        return rows.select("start", "point", part="allocated_wh", whole="production_wh")
    hour = pl.col("start").dt.truncate("1h")
    produced = allocation.unique("start").group_by(hour=hour).agg(whole=pl.col("production_wh").sum())
    rows = rows.with_columns(hour=hour, part=pl.col("allocated_wh").sum().over(hour, "point"))
    return rows.join(produced, on="hour", how="left", maintain_order="left").select(PARTS.names())


def key_file(
    found: pl.DataFrame, starts: pl.Series, points: Sequence[str], form: Form, step: timedelta, zone: ZoneInfo
) -> str:
    """Write a producer's coefficients as the operator reads them, a line for each step and a column for each point.

    Args:
        found: COEFFICIENTS; a point that has none in a step has 0 %.
        starts: of the steps, in order; points: in the order of their columns.
        form: how it is written.
        step: how long a step is.
        zone: whose local time is written, without its offset.
    """
    # No id of a point is empty, so no column of a point can be taken for that of the steps.
    rows = pl.DataFrame({"": starts, **dict.fromkeys(points, 0)}, schema_overrides={"": UTC_TIME})
    wide = require(found, COEFFICIENTS).rename({"start": ""}).pivot("point", index="", values="coefficient")
    rows = rows.update(wide.select("", *(point for point in points if point in wide.columns)), on="")
    stamp = pl.col("") if form.stamp == "start" else pl.col("") + step
    horodate = stamp.dt.convert_time_zone(zone.key).dt.strftime(HORODATE)
    text = rows.select(horodate, *(_percent(point, form) for point in points))
    lines = text.write_csv(separator=form.separator, include_header=False, quote_style="never")
    return form.separator.join(["Horodate", *points]) + "\n" + lines


def _percent(point: str, form: Form) -> pl.Expr:
    one = 10**form.decimals
    whole = (pl.col(point) // one).cast(pl.String)
    if not form.decimals:
        return whole
    rest = (pl.col(point) % one).cast(pl.String).str.zfill(form.decimals)
    return pl.concat_str(whole, pl.lit(form.decimal_mark), rest).alias(point)
