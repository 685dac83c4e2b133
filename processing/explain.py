"""Why the intervals of a point are what they are: registers, the rule applied, what each source says, what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import polars as pl

from energy.frames import CURVES, FLOW_INTERVALS
from energy.time import EPOCH, STEP, Span
from processing.curves import intervals_from_curves
from processing.estimate import EVEN_GAP, SHAPED_GAP, shaped_edges
from processing.explain_curves import Value, values_behind
from processing.explain_doubts import Doubted, doubts_of, doubts_of_curves
from processing.explain_events import Event, events_of
from processing.explain_missing import (
    Feed,
    Missing,
    Readings,
    feeds_of,
    last_heard,
    replaced_within,
    replacements,
)
from processing.explain_registers import JUST_BEFORE, Known, Shown, as_told, show
from processing.flags import Place
from processing.intervals import VALID, Measured, measure, with_gaps_estimated
from processing.registers import STEP_US, judge, lines_of

METHODS: Final = ("register", "split", "linear", "shape", "even", "energy", "average", "power", "curve")
"""How intervals are made."""
_SOURCES: Final = ("device", "operator")


@dataclass(frozen=True, slots=True)
class Said:
    """What a source says of a quarter-hour: energy [Wh], ESPI quality, one of METHODS; why it is questionable."""

    energy_wh: int
    quality: int
    method: str
    doubts: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Register:
    """What a register showed at both edges of a quarter-hour [Wh], between readings so far apart.

    apart_s is 0 where readings fall on the edges, or the register stood still; None where other weeks gave the shape.
    Without energy it is not known at one of the edges; what is no register has none. The end is told by end_device.
    """

    device: str
    tariff: str
    start_wh: int | None = None
    end_wh: int | None = None
    energy_wh: int | None = None
    apart_s: float | None = None
    end_device: str = ""


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter-hour: what each source says, which of them counts, and the registers and values behind them.

    Where nothing is known, `missing` tells why. `is_current` tells whether the stored energies are what the device's
    readings and the operator's values give now; `is_kept`, that they are not, and are kept as they are."""

    start: datetime
    device: Said | None
    operator: Said | None
    registers: tuple[Register, ...]
    curve: tuple[Value, ...] = ()
    missing: Missing | None = None
    is_current: bool = True
    is_kept: bool = False

    @property
    def counts(self) -> Said | None:
        """What counts: the operator outranks the device."""
        return self.operator or self.device

    @property
    def source(self) -> str:
        """Whose it is; '' where it is missing."""
        return "operator" if self.operator else "device" if self.device else ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow of a point in a span: what happened, and every quarter-hour."""

    flow: str
    events: tuple[Event, ...]
    quarters: tuple[Quarter, ...]

    @property
    def total_wh(self) -> int:
        """The energy that counts, as far as it is known."""
        return sum(quarter.counts.energy_wh for quarter in self.quarters if quarter.counts)


def explain(known: Known, span: Span, place: Place | None = None) -> tuple[Flow, ...]:
    """Explain the flows of a point in a span on the grid.

    Args:
        known: what is known of the point; its readings as far around the span as they tell doubts.
        span: on the grid.
        place: where the sun is looked for; without it no night is known.

    Returns:
        The flows of which anything is known in the span, 'export' first.
    """
    lines = lines_of(known.readings, known.routes, known.swaps)
    shown = show(known, lines, judge(lines.readings))
    found = measure(known.readings, known.routes, known.swaps, place)
    known = replace(known, reference=_reference(known, found, span))
    shaped = shaped_edges(found.gaps, known.reference)
    events = events_of(known, shown, shaped, span)
    of_device = with_gaps_estimated(found, known.reference)
    of_operator = intervals_from_curves(known.curves.select(CURVES.names()))
    made = {
        "device": _by_flow(of_device, doubts_of(of_device, known.readings, known.routes, place)),
        "operator": _by_flow(of_operator, doubts_of_curves(of_operator)),
    }
    stored = {source: _by_flow(known.stored.filter(pl.col("source") == source)) for source in _SOURCES}
    values = values_behind(known.curves)
    steps = _registers(pl.concat([found.edges, shaped.select(found.edges.columns)]), shown)
    feeds, readings, heard = feeds_of(lines.registers, known), Readings.of(shown), last_heard(known.readings)
    flows: list[Flow] = []
    for flow in sorted({*feeds, *values, *stored["device"], *stored["operator"]}):
        stored_here, made_here = (
            {source: of_source[source].get(flow, {}) for source in _SOURCES} for of_source in (stored, made)
        )
        maker = _Maker(known, feeds.get(flow, ()), steps, readings, heard, values.get(flow, {}), stored_here, made_here)
        quarters = tuple(maker.quarter(start) for start in _starts(span))
        replaced = [e for e in replacements(flow, feeds.get(flow, ())) if span.start <= e.at < span.end]
        here = sorted([*replaced, *(e for e in events if e.flow == flow)], key=lambda e: (e.at, e.until, e.kind))
        if here or any(quarter.counts or quarter.registers or quarter.curve for quarter in quarters):
            flows.append(Flow(flow, tuple(here), quarters))
    return tuple(flows)


def _starts(span: Span) -> list[datetime]:
    return [span.start + i * STEP for i in range((span.end - span.start) // STEP)]


def _reference(known: Known, found: Measured, span: Span) -> pl.DataFrame:
    """What was measured in other weeks: as readings say within the span, as stored outside it."""
    is_inside = (pl.col("start") >= span.start) & (pl.col("start") < span.end)
    parts = [known.reference.filter(~is_inside), found.intervals.filter(is_inside)]
    return pl.concat([part.select(FLOW_INTERVALS.names()) for part in parts]).filter(pl.col("quality") == VALID)


def _by_flow(intervals: pl.DataFrame, doubts: Doubted | None = None) -> dict[str, dict[datetime, Said]]:
    by_flow: dict[str, dict[datetime, Said]] = {}
    columns = ["flow", "start", "energy_wh", "quality", "method"]
    for flow, start, *said in intervals.select(columns).iter_rows():
        by_flow.setdefault(flow, {})[start] = Said(*said, doubts=(doubts or {}).get((flow, start), ()))
    return by_flow


def _registers(edges: pl.DataFrame, shown: Shown) -> dict[tuple[int, datetime], Register]:
    """By line and start, the register at both edges of each quarter-hour where it is known at both."""
    next_rolled = pl.col("rolled").shift(-1).over("line")
    rolled = shown.used.select("line", "at_us", "rolled", modulus=next_rolled - pl.col("rolled")).sort("at_us")
    by_time = edges.with_columns(at_us=pl.col("edge") * STEP_US).sort("at_us")
    by_time = by_time.join_asof(rolled, on="at_us", by="line", check_sortedness=False)
    told_wh = pl.col("wh") - pl.col("rolled")
    has_rolled = (pl.col("modulus") > 0) & (told_wh >= pl.col("modulus"))
    by_time = by_time.with_columns(told_wh=told_wh - pl.when(has_rolled).then("modulus").otherwise(0))
    starts = as_told(by_time, shown.shifts, "told_wh")
    # A quarter-hour that ends with a swap ends with the index of the old register.
    ends = as_told(by_time, shown.shifts.with_columns(pl.col("at_us") + 1), "told_wh")
    ends = ends.select("line", "segment", end_wh="shown_wh", until_wh="wh", end_gap="gap", edge=pl.col("edge") - 1)
    steps = starts.join(ends, on=["line", "segment", "edge"]).select(
        "line", "edge", "shown_wh", "end_wh", pl.col("until_wh") - pl.col("wh"), gap=pl.max_horizontal("gap", "end_gap")
    )
    found: dict[tuple[int, datetime], Register] = {}
    for line, edge, start_wh, end_wh, energy_wh, gap in steps.iter_rows():
        start = EPOCH + edge * STEP
        _, device, tariff = shown.registers.named(line, start)
        apart_s = None if gap in (SHAPED_GAP, EVEN_GAP) else gap / 1_000_000
        _, end_device, _ = shown.registers.named(line, start + STEP - JUST_BEFORE)
        found[line, start] = Register(device, tariff, start_wh, end_wh, energy_wh, apart_s, end_device)
    return found


@dataclass(frozen=True, slots=True)
class _Maker:
    """Puts together the quarter-hours of a flow; `stored` and `made`, from what is known now, are by source."""

    known: Known
    feeds: Sequence[Feed]
    steps: Mapping[tuple[int, datetime], Register]
    readings: Readings
    heard: Mapping[int, datetime]
    values: Mapping[datetime, tuple[Value, ...]]
    stored: Mapping[str, Mapping[datetime, Said]]
    made: Mapping[str, Mapping[datetime, Said]]

    def quarter(self, start: datetime) -> Quarter:
        """A quarter-hour as it is stored, and what it is made of now."""
        stored, made = ([of[source].get(start) for source in _SOURCES] for of in (self.stored, self.made))
        # What is made now also tells why it is questionable.
        device, operator = (now if now == then else then for now, then in zip(made, stored, strict=True))
        registers, curve, is_current = self._registers(start), self.values.get(start, ()), stored == made
        is_kept = not is_current and self.known.is_kept(start)
        missing = None if device or operator else self._missing(start, registers, is_made=any(made))
        return Quarter(start, device, operator, registers, curve, missing, is_current, is_kept)

    def _there(self, start: datetime) -> list[Feed]:
        return [feed for feed in self.feeds if feed.since < start + STEP and feed.until > start]

    def _awaited(self, start: datetime) -> list[Feed]:
        """The best of what feeds the flow then: the total registers, else the tariffs, else what is no register."""
        there = self._there(start)
        best = min(((feed.rank, feed.is_tariff) for feed in there), default=None)
        return [feed for feed in there if (feed.rank, feed.is_tariff) == best]

    def _registers(self, start: datetime) -> tuple[Register, ...]:
        registers: dict[int, Register] = {}
        for feed in self._awaited(start):
            known = self.steps.get((feed.line, start))
            registers.setdefault(feed.line, known or Register(feed.device, feed.tariff))
        return tuple(registers.values())

    def _missing(self, start: datetime, registers: Sequence[Register], *, is_made: bool) -> Missing:
        if is_made:
            return Missing("kept" if self.known.is_kept(start) else "waiting")
        if self.known.is_removed(start):
            return Missing("removed")
        awaited = self._awaited(start)
        if not awaited:
            return Missing("unmapped")
        replaced = replaced_within(start, self.feeds)
        if replaced and awaited[0].rank == 0:
            old, new = replaced
            return Missing("replaced", old.device, replaced_by=new.device)
        # Without any that is silent, one of the registers is awaited for a part of the quarter-hour only.
        silent = next((feed for feed in awaited if (feed.line, start) not in self.steps), None)
        feed = silent or awaited[0]
        if feed.rank > 0:
            reason = "power"
        elif silent is None:
            reason = "no_after"
        elif any(register.energy_wh is not None for register in registers):
            reason = "silent"
        else:
            reason = self.readings.why_not(feed.line, start)
        heard_at = self.heard.get(feed.series_no)
        heard_at = heard_at if heard_at and heard_at <= start else None
        return Missing(reason, feed.device, heard_at, silent_tariff=self._tariff_among(feed, start))

    def _tariff_among(self, feed: Feed, start: datetime) -> str | None:
        """The tariff of a register of a device that then has another one of the flow."""
        there = {other.tariff for other in self._there(start) if (other.rank, other.device) == (0, feed.device)}
        return feed.tariff if feed.rank == 0 and len(there) > 1 else None
