"""What happened to the registers of a point: readings left out, breaks, rollovers, swaps, gaps and how each was filled.

Registers are shown as the meters showed them: not counted on over rollovers, nor carried across swaps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import polars as pl

from energy.frames import UTC_TIME
from energy.model import LONGEST_STILLNESS
from energy.time import EPOCH, STEP, Span
from processing.estimate import EVEN_GAP, WEEK_STEPS, WEEKS
from processing.intervals import LONGEST_INTERPOLATION, MEASURED_WITHIN
from processing.registers import HELD, STEP_US, Judged, Lines
from processing.swaps import join_swaps

EVENT_KINDS: Final = (
    "glitch_low", "glitch_high", "held", "outage", "set_back", "reset", "leap", "rollover", "swap",
    "swap_left_out", "swap_unused", "replaced", "linear", "still", "shape", "even", "open",
)  # fmt: skip
"""Left out: a glitch below or above its neighbours, the last reading that does not fit, zeros of an outage, what a
clock set back told. Breaks: the register fell, or rose more than can be. Another device, without a recorded swap.
Gaps: in a straight line, standing still, by other weeks' shape, spread evenly, or left open."""

Row: TypeAlias = tuple[str, datetime, datetime, int, int | None, int | None, int | None]
"""Kind, from when to when, line, what its register showed before and afterwards, and what flowed. [Wh]"""

JUST_BEFORE: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, at an instant or between two: one of EVENT_KINDS.

    before_wh and after_wh are what the register showed before and afterwards, or then; energy_wh what flowed meanwhile.
    times counts readings; weeks are those that gave a gap its shape, counted from it (-1: the week before). A swap has
    the new device in `to`.
    """

    kind: str
    at: datetime
    until: datetime
    flow: str
    device: str
    tariff: str
    before_wh: int | None = None
    after_wh: int | None = None
    energy_wh: int | None = None
    times: int = 1
    weeks: tuple[int, ...] = ()
    to: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one point: READINGS in a span and around it, its ROUTES and SWAPS.

    `curves` are the operator's CURVES of the UTC days of the span, each with its `file`.

    `reference` are FLOW_INTERVALS measured within four weeks of long gaps, `stored` those of the span with their
    source, `outages` the zeros of registers that were positive before, `set_back` what clocks that were set back told
    (series_no, at), `devices` who tells each series.
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


def events_of(known: Known, shown: Shown, shaped: pl.DataFrame, span: Span) -> list[Event]:
    """What happened within a span, in order of time.

    Args:
        shaped: edges of long gaps (processing.estimate.shaped_edges).
    """
    measured = {
        flow: set(starts)
        for flow, starts in known.reference.group_by("flow").agg(pl.col("start").dt.epoch("us") // STEP_US).iter_rows()
    }
    filled = _filled(shown.used, shaped)
    events: list[Event] = []
    for kind, at, until, line, before_wh, after_wh, energy_wh in [*_steps(shown.used), *_left_out(shown)]:
        flow, device, tariff = shown.registers.named(line, at)
        weeks: tuple[int, ...] = ()
        if kind == "open" and (line, at) in filled:
            kind = "even" if filled[line, at] == EVEN_GAP else "shape"  # noqa: PLW2901 - it is known better now
            weeks = _weeks(at, until, measured.get(flow, set()))
        events.append(Event(kind, at, until, flow, device, tariff, before_wh, after_wh, energy_wh, weeks=weeks))
    events += [*_swaps(known.swaps, shown), *_unused(known, known.outages, "outage")]
    events += _unused(known, known.set_back, "set_back")
    return _joined([e for e in events if e.at < span.end and (e.until > span.start or e.at >= span.start)])


def _weeks(start: datetime, end: datetime, measured: set[int]) -> tuple[int, ...]:
    """Those of the weeks around a gap in which all of its hours were measured."""
    quarters = range((start - EPOCH) // STEP, -((EPOCH - end) // STEP))
    return tuple(week for week in WEEKS if all(edge + week * WEEK_STEPS in measured for edge in quarters))


def _steps(used: pl.DataFrame) -> list[Row]:
    """Breaks, rollovers and gaps: what lies between neighbouring readings that are used."""
    pairs = used.with_columns(
        apart=(pl.col("at_us").shift(-1) - pl.col("at_us")).cast(pl.Duration("us")),
        until=pl.col("at_us").shift(-1).cast(UTC_TIME),
        at=pl.col("at_us").cast(UTC_TIME),
        after_wh=pl.col("ended_wh").shift(-1),
        rise=pl.col("wh").shift(-1) - pl.col("wh"),
        is_break=pl.col("segment") != pl.col("segment").shift(-1),
        rolls=pl.col("rolled").shift(-1) > pl.col("rolled"),
        falls=pl.col("carried_wh").shift(-1) < pl.col("carried_wh"),
    ).filter(pl.col("line") == pl.col("line").shift(-1))
    is_still = (pl.col("rise") == 0) & (pl.col("apart") <= LONGEST_STILLNESS)
    kind = (
        pl.when("is_break")
        .then(pl.when("falls").then(pl.lit("reset")).otherwise(pl.lit("leap")))
        .when(pl.col("apart") > LONGEST_INTERPOLATION)
        .then(pl.when(is_still).then(pl.lit("still")).otherwise(pl.lit("open")))
        .when(pl.col("apart") > MEASURED_WITHIN, pl.col("rise") > 0)
        .then(pl.lit("linear"))
    )
    columns = ["kind", "at", "until", "line", "shown_wh", "after_wh", "rise"]
    pairs = pairs.with_columns(rise=pl.when(~pl.col("is_break")).then("rise"))
    told = pairs.with_columns(kind=kind).filter(pl.col("kind").is_not_null()).select(columns)
    rolled = pairs.filter("rolls", ~pl.col("is_break")).with_columns(kind=pl.lit("rollover")).select(columns)
    return [*told.rows(), *rolled.rows()]


def _left_out(shown: Shown) -> list[Row]:
    """The readings that are not used, each with what the one used before it showed; no indexes of swaps."""
    before = shown.used.select("line", "at_us", before_wh="shown_wh").sort("at_us")
    out = as_told(shown.left_out.join(shown.shifts, on=["line", "at_us"], how="anti"), shown.shifts, "wh")
    out = out.sort("at_us").join_asof(before, on="at_us", by="line", check_sortedness=False)
    kind = (
        pl.when(pl.col("verdict") == HELD)
        .then(pl.lit("held"))
        .when(pl.col("shown_wh") < pl.col("before_wh"))
        .then(pl.lit("glitch_low"))
        .otherwise(pl.lit("glitch_high"))
    )
    at, none = pl.col("at_us").cast(UTC_TIME), pl.lit(None, pl.Int64).alias("none")
    return out.select(
        kind.alias("kind"), at.alias("at"), at.alias("until"), "line", "before_wh", "shown_wh", none
    ).rows()


def _filled(used: pl.DataFrame, shaped: pl.DataFrame) -> dict[tuple[int, datetime], int]:
    """Of each long gap that was filled, by its line and beginning: what stands for how."""
    # A reading on an edge ends the gap before it; the edge is not within the gap.
    edges = shaped.select("line", "gap", at_us=pl.col("edge") * STEP_US - 1).sort("at_us")
    begins = used.select("line", "at_us", began=pl.col("at_us").cast(UTC_TIME)).sort("at_us")
    found = edges.join_asof(begins, on="at_us", by="line", check_sortedness=False)
    return {(line, began): gap for line, began, gap in found.select("line", "began", "gap").iter_rows()}


def _swaps(swaps: pl.DataFrame, shown: Shown) -> list[Event]:
    """The swaps that were recorded, those included of which nobody has told both registers."""
    lines = {(flow, tariff, at): line for flow, tariff, at, line in
             shown.joined.select("flow", "tariff", "at", "line").iter_rows()}  # fmt: skip
    at_us = pl.col("at_us").cast(UTC_TIME)
    left_out = set(shown.left_out.select("line", at_us).iter_rows())
    events: list[Event] = []
    for _, flow, tariff, at, old_wh, new_wh in swaps.iter_rows():
        line = lines.get((flow, tariff, at))
        if line is None:
            events.append(Event("swap_unused", at, at, flow, "", tariff, old_wh, new_wh))
            continue
        old, new = shown.registers.named(line, at - JUST_BEFORE), shown.registers.named(line, at)
        kind = "swap_left_out" if (line, at) in left_out else "swap"
        events.append(Event(kind, at, at, flow, old[1], tariff, old_wh, new_wh, to=new[1]))
    return events


def _unused(known: Known, readings: pl.DataFrame, kind: str) -> list[Event]:
    """Readings of registers that count as none, those in a row together."""
    usable = known.readings.select("series_no", "at", after="at").sort("at")
    registers = known.routes.filter(pl.col("kind") == "register")
    runs = (
        readings.sort("at")
        .join_asof(usable, on="at", by="series_no", check_sortedness=False)
        .join(registers, on="series_no")
        .filter(pl.col("at") >= pl.col("valid_from"), pl.col("at") < pl.col("valid_to"))
        .group_by("series_no", "flow", "tariff", "after")
        .agg(first=pl.col("at").min(), last=pl.col("at").max(), times=pl.len())
    )
    columns = ["series_no", "first", "last", "flow", "tariff", "times"]
    return [
        Event(kind, first, last, flow, known.devices[series_no], tariff, times=times)
        for series_no, first, last, flow, tariff, times in runs.select(columns).iter_rows()
    ]


def _joined(events: list[Event]) -> list[Event]:
    """Events in order of time; straight lines that follow one another are one: who speaks rarely does so always."""
    joined: list[Event] = []
    for event in sorted(events, key=lambda e: (e.flow, e.device, e.tariff, e.kind, e.at)):
        last = joined[-1] if joined else event
        if event.kind == "linear" and _of_register(last) == _of_register(event) and last.until == event.at:
            total_wh = (last.energy_wh or 0) + (event.energy_wh or 0)
            joined[-1] = replace(
                last, until=event.until, after_wh=event.after_wh, energy_wh=total_wh, times=last.times + 1
            )
        else:
            joined.append(event)
    return sorted(joined, key=lambda e: (e.at, e.until, e.kind))


def _of_register(event: Event) -> tuple[str, str, str, str]:
    return event.kind, event.flow, event.device, event.tariff
