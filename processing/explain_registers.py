"""What is known of a point, and its registers as their meters showed them.

They are not counted on over rollovers, nor carried across swaps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from energy.model import LONGEST_STILLNESS
from processing.registers import Judged, Lines
from processing.swaps import join_swaps

JUST_BEFORE: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one point: READINGS in a span and around it, its ROUTES and SWAPS.

    `curves` are the operator's CURVES of the UTC days of the span, each with its `file`.

    `reference` are FLOW_INTERVALS measured within four weeks of long gaps, `stored` those of the span with their
    source, `outages` the zeros of registers that were positive before, `set_back` what clocks that were set back told
    (series_no, at), `devices` who tells each series. Before `frozen_before` nothing is computed any more, for readings
    that it would be made of were removed for their age.
    """

    readings: pl.DataFrame
    routes: pl.DataFrame
    swaps: pl.DataFrame
    reference: pl.DataFrame
    stored: pl.DataFrame
    outages: pl.DataFrame
    set_back: pl.DataFrame
    curves: pl.DataFrame
    devices: Mapping[int, str]
    frozen_before: datetime | None = None

    def is_kept(self, at: datetime) -> bool:
        """Whether what was computed of an instant is kept as it is."""
        return self.frozen_before is not None and at < self.frozen_before

    def is_removed(self, at: datetime) -> bool:
        """Whether the readings of an instant were removed: further back than an interval can reach to be made."""
        return self.is_kept(at + LONGEST_STILLNESS)


@dataclass(frozen=True, slots=True)
class Registers:
    """Which device told a line, from when on: (since, (flow, device, tariff)) of each line, in order."""

    of_line: Mapping[int, Sequence[tuple[datetime, tuple[str, str, str]]]]

    @classmethod
    def of(cls, registers: pl.DataFrame, devices: Mapping[int, str]) -> "Registers":
        """Of the ROUTES of lines."""
        of_line: dict[int, list[tuple[datetime, tuple[str, str, str]]]] = {}
        columns = ["line", "valid_from", "series_no", "flow", "tariff"]
        for line, since, series_no, flow, tariff in registers.select(columns).sort("valid_from").iter_rows():
            of_line.setdefault(line, []).append((since, (flow, devices[series_no], tariff)))
        return cls(of_line)

    def named(self, line: int, at: datetime) -> tuple[str, str, str]:
        """Flow, device and tariff of a line at an instant."""
        told = self.of_line[line]
        return next((name for since, name in reversed(told) if since <= at), told[0][1])


@dataclass(frozen=True, slots=True)
class Shown:
    """Registers as their meters showed them.

    `used` are the readings that are used: line, at_us, wh (counted on), segment, carried_wh (over swaps), rolled,
    shown_wh, ended_wh (what was shown until then: at a swap, by the old register); `left_out` the others, as they were
    judged. `joined` are the swaps that joined lines, `shifts` what must be taken from a line after each of them to have
    what the meter showed: line, at_us, shift_wh."""

    used: pl.DataFrame
    left_out: pl.DataFrame
    joined: pl.DataFrame
    shifts: pl.DataFrame
    registers: Registers


def show(known: Known, lines: Lines, judged: Judged) -> Shown:
    """Undo what was added to registers over rollovers and swaps."""
    joined = join_swaps(lines.registers, known.swaps)
    shifts = joined.select("line", at_us=pl.col("at").dt.epoch("us"), shift_wh=pl.col("old_wh") - pl.col("new_wh"))
    shifts = shifts.sort("line", "at_us").with_columns(shift_wh=pl.col("shift_wh").cum_sum().over("line"))
    carried = lines.readings.select("line", "at_us", carried_wh="wh")
    used = judged.used.join(carried, on=["line", "at_us"], how="left")
    used = used.with_columns(rolled=pl.col("wh") - pl.col("carried_wh"))
    registers = Registers.of(lines.registers, known.devices)
    ended = as_told(used, shifts.with_columns(pl.col("at_us") + 1), "carried_wh")["shown_wh"]
    used = as_told(used, shifts, "carried_wh").with_columns(ended_wh=ended)
    return Shown(used, judged.left_out, joined, shifts, registers)


def as_told(rows: pl.DataFrame, shifts: pl.DataFrame, carried: str) -> pl.DataFrame:
    """Rows (line, at_us, ...) with shown_wh, what the meter of that time showed; in order of line and time."""
    rows = rows.sort("at_us").join_asof(shifts.sort("at_us"), on="at_us", by="line", check_sortedness=False)
    return (
        rows.with_columns(shown_wh=pl.col(carried) - pl.col("shift_wh").fill_null(0))
        .drop("shift_wh")
        .sort("line", "at_us")
    )
