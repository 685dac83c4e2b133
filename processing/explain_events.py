"""What happened to the registers of a point: readings left out, breaks, rollovers, swaps, gaps and how each was filled.

Registers are shown as the meters showed them (processing/explain_registers.py).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

import polars as pl

from energy.frames import UTC_TIME
from energy.model import LONGEST_STILLNESS
from energy.time import EPOCH, STEP, Span
from processing.estimate import EVEN_GAP, WEEK_STEPS, WEEKS
from processing.explain_registers import JUST_BEFORE, Known, Shown, as_told
from processing.intervals import LONGEST_INTERPOLATION, MEASURED_WITHIN
from processing.registers import HELD, STEP_US

EVENT_KINDS: Final = (
    "glitch_low", "glitch_high", "held", "outage", "set_back", "reset", "leap", "rollover", "swap",
    "swap_left_out", "swap_unfit", "swap_unused", "swap_kept", "replaced", "linear", "still", "shape", "even", "open",
)  # fmt: skip
"""Left out: a glitch below or above its neighbours, the last reading that does not fit, zeros of an outage, what a
clock set back told. Breaks: the register fell, or rose more than can be. Recorded swaps: those whose indexes are left
out, are next to a break, are told by no device on one side, or are of a time that is kept as it is. Another device,
without a recorded swap. Gaps: in a straight line, standing still, by other weeks' shape, evenly, or left open."""

Row: TypeAlias = tuple[str, datetime, datetime, int, int | None, int | None, int | None]
"""Kind, from when to when, line, what its register showed before and afterwards, and what flowed. [Wh]"""


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
    # What lay between readings is not known any more where the first of them is of a time whose readings are removed.
    steps = [row for row in _steps(shown.used) if not known.is_removed(row[1])]
    for kind, at, until, line, before_wh, after_wh, energy_wh in [*steps, *_left_out(shown)]:
        flow, device, tariff = shown.registers.named(line, at)
        weeks: tuple[int, ...] = ()
        if kind == "open" and (line, at) in filled:
            kind = "even" if filled[line, at] == EVEN_GAP else "shape"  # noqa: PLW2901 - it is known better now
            weeks = _weeks(at, until, measured.get(flow, set()))
        events.append(Event(kind, at, until, flow, device, tariff, before_wh, after_wh, energy_wh, weeks=weeks))
    events += [*_swaps(known, shown), *_unused(known, known.outages, "outage")]
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


def _swaps(known: Known, shown: Shown) -> list[Event]:
    """The swaps that were recorded, those included of which nobody has told both registers."""
    lines = {(flow, tariff, at): line for flow, tariff, at, line in
             shown.joined.select("flow", "tariff", "at", "line").iter_rows()}  # fmt: skip
    left_out, unfit = _instants(shown.left_out), _instants(_beside_breaks(shown.used))
    events: list[Event] = []
    for _, flow, tariff, at, old_wh, new_wh in known.swaps.iter_rows():
        line = lines.get((flow, tariff, at))
        if known.is_kept(at) or line is None:
            kind = "swap_kept" if known.is_kept(at) else "swap_unused"
            events.append(Event(kind, at, at, flow, "", tariff, old_wh, new_wh))
            continue
        old, new = shown.registers.named(line, at - JUST_BEFORE), shown.registers.named(line, at)
        kind = "swap_left_out" if (line, at) in left_out else "swap_unfit" if (line, at) in unfit else "swap"
        events.append(Event(kind, at, at, flow, old[1], tariff, old_wh, new_wh, to=new[1]))
    return events


def _beside_breaks(used: pl.DataFrame) -> pl.DataFrame:
    """The readings that break with the one before or after them."""
    is_break = (pl.col("line") == pl.col("line").shift()) & (pl.col("segment") != pl.col("segment").shift())
    is_break = is_break.fill_null(value=False)
    return used.filter(is_break | is_break.shift(-1, fill_value=False))


def _instants(readings: pl.DataFrame) -> set[tuple[int, datetime]]:
    return set(readings.select("line", pl.col("at_us").cast(UTC_TIME)).iter_rows())


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
