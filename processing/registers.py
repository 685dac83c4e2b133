"""Which readings of a register can be used, and where the register breaks: glitches, resets, rollovers, swaps.

Readings are put in lines. A line is what one register of a point shows while it is mapped to it; a swap that an
operator recorded joins the line of the old register and that of the new one, for both indexes are known.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from energy.frames import READINGS, ROUTES, SWAPS, require
from energy.time import STEP_S
from processing.swaps import carry_across, join_swaps, one_line_each

DEFAULT_CEILING_WH: Final = 50_000
"""Most energy believed in a quarter of an hour where no subscribed power is known. [Wh]"""
CEILING_MARGIN_PERCENT: Final = 110
LONGEST_ROLLOVER_S: Final = 6 * 3600
"""After a longer silence a register that fell is not taken to have rolled over: the ceiling would believe too much."""
ROLLOVERS_WH: Final = tuple(10**digits for digits in range(8, 13))
"""Where registers begin again: 10^9 Wh for a Linky, and five, seven or more digits of kWh for others. [Wh]"""

GLITCH: Final = "glitch"
HELD: Final = "held"
"""Why a reading is left out: a glitch; or the last one, which does not fit, and waits for the next ones."""

STEP_US: Final = STEP_S * 1_000_000
LINES: Final = pl.Schema({"line": pl.Int32, "at_us": pl.Int64, "wh": pl.Int64, "percent_of_w": pl.Int64})
"""Readings of lines in order of line and time, one at each instant; and the limit. [us since 1970, Wh, percent of W]"""
LINE_NAMES: Final = ("line", "series_no", "point_no", "flow", "tariff")

_LONGEST_BELIEVED_S: Final = 400 * 86_400
"""The ceiling grows no further: its product with the largest limit stays within 64 bits."""
_NEAR: Final = 4
"""Readings on either side of a step that does not fit which are looked at closely: decisions bear on two neighbours."""


@dataclass(frozen=True, slots=True)
class Lines:
    """LINES; what each line is: LINE_NAMES, the series being that of its first register; and the ROUTES of lines."""

    readings: pl.DataFrame
    names: pl.DataFrame
    registers: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Judged:
    """Readings that are used: line, at_us, wh counted on over rollovers, segment (a number between two breaks).

    `left_out` has line, at_us, wh and the verdict on the others.
    """

    used: pl.DataFrame
    left_out: pl.DataFrame


def lines_of(readings: pl.DataFrame, routes: pl.DataFrame, swaps: pl.DataFrame) -> Lines:
    """Put the readings of registers in lines: a device counts for a point only while it is mapped to it.

    Args:
        readings: READINGS, any order.
        routes: ROUTES; those of registers count.
        swaps: SWAPS of the same points.

    Lines are numbered in order of point, flow and tariff.
    """
    registers = require(routes, ROUTES).filter(pl.col("kind") == "register")
    registers = registers.sort("point_no", "flow", "tariff", "series_no", "valid_from").with_row_index("line")
    registers = registers.with_columns(pl.col("line").cast(pl.Int32))
    names = registers.select(LINE_NAMES)
    joined = join_swaps(registers, require(swaps, SWAPS))
    if not joined.is_empty():
        registers = one_line_each(registers, joined)
    lines = _each_once(_cut_to_routes(require(readings, READINGS), registers))
    if not joined.is_empty():
        lines = _each_once(carry_across(lines, joined).sort("line", "at_us", "wh"))
    return Lines(lines, names, registers)


def _cut_to_routes(readings: pl.DataFrame, registers: pl.DataFrame) -> pl.DataFrame:
    """LINES, of an instant perhaps several.

    Readings are grouped by series and put in order as lists: that costs a tenth of sorting them by two columns.
    """
    unlimited = pl.lit(DEFAULT_CEILING_WH * 4 * 100, pl.Int64)
    bounds = registers.select(
        "line",
        "series_no",
        percent_of_w=pl.coalesce(pl.col("limit_w") * CEILING_MARGIN_PERCENT, unlimited),
        from_us=pl.col("valid_from").dt.epoch("us"),
        to_us=pl.col("valid_to").dt.epoch("us"),
    )
    at_us = pl.col("at_us")
    series = (
        readings.select("series_no", at_us=pl.col("at").to_physical(), wh=pl.col("value").round().cast(pl.Int64))
        .group_by("series_no")
        .agg(at_us.sort(), pl.col("wh").sort_by("at_us"))
    )
    tracks = bounds.sort("line", "from_us").join(series, on="series_no", maintain_order="left")
    is_outside = (at_us.list.first() < pl.col("from_us")) | (at_us.list.last() > pl.col("to_us"))
    columns = LINES.names()
    if not tracks.select(is_outside.any()).item():
        return tracks.select(columns).explode("at_us", "wh").cast(LINES)
    lines = tracks.explode("at_us", "wh").filter(at_us >= pl.col("from_us"), at_us <= pl.col("to_us"))
    return lines.select(columns).cast(LINES)


def _each_once(lines: pl.DataFrame) -> pl.DataFrame:
    """Of several values at an instant, the lowest; it hardly ever happens."""
    is_again = (pl.col("at_us") == pl.col("at_us").shift()) & (pl.col("line") == pl.col("line").shift())
    if not lines.select(is_again.any()).item():
        return lines
    return lines.sort("line", "at_us", "wh").filter(~is_again.fill_null(value=False))


def judge(lines: pl.DataFrame) -> Judged:
    """Leave out the readings of LINES that cannot be true, and number the segments between breaks.

    A step from one reading to the next is plausible when the register does not fall and stays under the ceiling, or
    falls because it rolls over. A reading is suspect when the step over it is plausible and one of the steps at it
    falls, or neither is plausible. Suspects are left out as glitches, but one between two others is spared: they are
    the glitches. A last reading that does not fit is held, unless the one before it is the suspect: the next readings
    tell. Any other implausible step is a break (a reset, a swap), as is a step from suspect to suspect (two registers
    under one name): nothing is differenced across it.

    So a change bears on the intervals up to the fourth reading on either side of it, never further: two neighbours on
    either side decide whether a reading is left out, and no more than two in a row are. Recomputing only the window of
    a change relies on this (store/sql/queries/windows.sql, readings_beside.sql); so does looking closely only at the
    readings near a step that falls, or rises by more than a quarter of an hour at the limit allows.
    """
    is_same = pl.col("line") == pl.col("line").shift()
    rise = pl.col("wh") - pl.col("wh").shift()
    is_doubtful = is_same & ~rise.is_between(0, pl.col("percent_of_w") // 400)
    rows = lines.select(is_doubtful.fill_null(value=False).arg_true()).to_series()
    used = lines.select("line", "at_us", "wh", is_break=~is_same.fill_null(value=False))
    left_out = lines.clear().select("line", "at_us", "wh", verdict=pl.lit("", pl.String))
    if not rows.is_empty():
        close = _judge_closely(lines, rows)
        if close["is_break"].any():
            breaks = close.filter("is_break")["row"]
            used = used.with_columns(is_break=used["is_break"].scatter(breaks, True))
        if (rolls := close.filter(pl.col("rolled") > 0)).height:
            rolled = pl.zeros(lines.height, dtype=pl.Int64, eager=True).scatter(rolls["row"], rolls["rolled"])
            used = used.with_columns(wh=pl.col("wh") + rolled.alias("rolled").cum_sum() - _before_line(used, rolled))
        if (out := close.filter(pl.col("verdict").is_not_null())).height:
            left_out = out.select(left_out.columns)
            used = used.with_row_index("row").filter(~pl.col("row").is_in(out["row"].implode())).drop("row")
    segment = pl.col("is_break").cum_sum().cast(pl.Int32)
    return Judged(used.select("line", "at_us", "wh", segment=segment), left_out)


def _before_line(used: pl.DataFrame, rolled: pl.Series) -> pl.Series:
    """What rolled over in the lines before that of each reading."""
    counted = used.select("line", done=rolled.cum_sum() - rolled)
    return counted.select(pl.col("done").first().over("line")).to_series()


def _judge_closely(lines: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Judge the readings near those rows at which a step is doubtful.

    Returns:
        row, line, at_us, wh, verdict (null: it is used), is_break (before it), rolled (where the register before began
        again, else 0). [Wh]
    """
    near = (
        rows.cast(pl.Int64)
        .to_frame("row")
        .select(row=pl.int_ranges(pl.col("row") - _NEAR - 1, pl.col("row") + _NEAR + 1))
        .explode("row")
        .unique()
        .filter(pl.col("row").is_between(0, lines.height - 1))
        .sort("row")
        .to_series()
    )
    close = lines[near].with_columns(row=near)
    is_new = (pl.col("row") != pl.col("row").shift() + 1) | (pl.col("line") != pl.col("line").shift())
    close = close.with_columns(stretch=is_new.fill_null(value=True).cum_sum())
    flagged = close.with_columns(
        fits=_plausible(1), neighbours_fit=_plausible(2).shift(-1).over("stretch"), rise=_since("wh", 1)
    )
    fits_next = pl.col("fits").shift(-1).over("stretch")
    falls = (pl.col("rise") < 0) | (pl.col("rise").shift(-1).over("stretch") < 0)
    fits_neither = ~(pl.col("fits") | fits_next)
    suspect = pl.col("neighbours_fit") & ((falls & ~(pl.col("fits") & fits_next)) | fits_neither)
    flagged = flagged.with_columns(suspect=suspect.fill_null(value=False), is_last=fits_next.is_null())
    suspect_before = pl.col("suspect").shift(1, fill_value=False).over("stretch")
    surrounded = suspect_before & pl.col("suspect").shift(-1, fill_value=False).over("stretch")
    held = pl.col("is_last") & ~pl.col("fits").fill_null(value=True) & ~suspect_before
    glitch = pl.col("suspect") & ~surrounded
    flagged = flagged.with_columns(
        verdict=pl.when(held).then(pl.lit(HELD)).when(glitch).then(pl.lit(GLITCH))  # else null
    )
    kept = flagged.filter(pl.col("verdict").is_null())
    breaks = ~_plausible(1).fill_null(value=True) | (pl.col("suspect") & suspect_before)
    kept = kept.with_columns(is_break=breaks, rolled=pl.when(_rolls(1) & ~breaks).then(_modulus(1)).otherwise(0))
    out = flagged.filter(pl.col("verdict").is_not_null()).with_columns(
        is_break=pl.lit(value=False), rolled=pl.lit(0, pl.Int64)
    )
    columns = ["row", "line", "at_us", "wh", "verdict", "is_break", "rolled"]
    return pl.concat([kept.select(columns), out.select(columns)])


def _since(column: str, distance: int) -> pl.Expr:
    """How much more this reading has than the one `distance` before; null at the beginning of a stretch."""
    is_same = pl.col("stretch") == pl.col("stretch").shift(distance)
    return pl.when(is_same).then(pl.col(column) - pl.col(column).shift(distance))


def _plausible(distance: int) -> pl.Expr:
    """Whether the register may have gone from the reading `distance` before to this one; null at the beginning."""
    rise = _since("wh", distance)
    return ((rise >= 0) & (rise <= _ceiling_wh(distance))) | _rolls(distance)


def _rolls(distance: int) -> pl.Expr:
    """Whether the register fell because it began again at zero."""
    rise = _since("wh", distance)
    is_soon = _since("at_us", distance) <= LONGEST_ROLLOVER_S * 1_000_000
    return (rise < 0) & is_soon & (rise + _modulus(distance) <= _ceiling_wh(distance))


def _modulus(distance: int) -> pl.Expr:
    """Where the register before would begin again: the next of ROLLOVERS_WH. [Wh]"""
    before = pl.col("wh").shift(distance)
    modulus = pl.when(before < ROLLOVERS_WH[0]).then(pl.lit(ROLLOVERS_WH[0], pl.Int64))
    for rollover_wh in ROLLOVERS_WH[1:]:
        modulus = modulus.when(before < rollover_wh).then(pl.lit(rollover_wh, pl.Int64))
    return modulus.otherwise(pl.lit(2**62, pl.Int64))


def _ceiling_wh(distance: int) -> pl.Expr:
    """Most energy believed since the reading `distance` before. [Wh]

    One quarter of an hour at the limit is always believed: registers come in steps and clocks are not exact.
    """
    believed_us = pl.max_horizontal(_since("at_us", distance), pl.lit(STEP_US, pl.Int64))
    believed_us = pl.min_horizontal(believed_us, pl.lit(_LONGEST_BELIEVED_S * 1_000_000, pl.Int64))
    seconds, rest_us = believed_us // 1_000_000, believed_us % 1_000_000
    return (pl.col("percent_of_w") * seconds + pl.col("percent_of_w") * rest_us // 1_000_000) // (100 * 3600)
