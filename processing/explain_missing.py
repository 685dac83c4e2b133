"""What feeds the flows of a point, and why a quarter-hour of it is missing."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from energy.time import EPOCH, STEP
from processing.explain_events import Event
from processing.explain_registers import Known, Shown
from processing.registers import STEP_US

REASONS: Final = (
    "unmapped", "waiting", "kept", "removed", "no_before", "no_after", "replaced", "break", "gap", "silent", "power",
)  # fmt: skip
"""Why an interval is missing: no device then, not computed yet, known too late for a time that is kept as it is,
readings removed for their age, no reading before or after that can be used, another device then without a recorded
swap, a break, a gap that no week gives a shape to, another register of the flow that is silent, power not heard often
enough."""


_RANKS: Final = {"register": 0, "energy": 1, "average": 2, "power": 3, "reversed": 3}


@dataclass(frozen=True, slots=True)
class Feed:
    """What feeds a flow from one instant to another; line is below zero where it is no register."""

    line: int
    series_no: int
    rank: int
    is_tariff: bool
    device: str
    tariff: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Missing:
    """Why nothing is known: one of REASONS, and the device that does not speak, of which there is no later reading.

    `silent_tariff` tells which of its registers that is, where it has several: '' is the total one. Where it was
    replaced, `replaced_by` tells by which one.
    """

    reason: str
    silent: str = ""
    heard_at: datetime | None = None
    replaced_by: str = ""
    silent_tariff: str | None = None


def successor(feed: Feed, feeds: Sequence[Feed]) -> Feed | None:
    """The register of another device that a mapping puts in the place of one, without a swap that joins them."""
    alike = [other for other in feeds if (other.rank, other.tariff) == (0, feed.tariff)]
    ending = [other for other in alike if other.until == feed.until]
    begun = [other for other in alike if other.since == feed.until]
    is_one = feed.rank == 0 and len(ending) == 1 and len(begun) == 1
    return begun[0] if is_one and begun[0].line != feed.line and begun[0].device != feed.device else None


def replacements(flow: str, feeds: Sequence[Feed]) -> list[Event]:
    """The devices that others replaced, so that nobody knows what flowed between them."""
    pairs = [(feed, successor(feed, feeds)) for feed in feeds]
    return [
        Event("replaced", old.until, old.until, flow, old.device, old.tariff, to=new.device)
        for old, new in pairs
        if new is not None
    ]


def replaced_within(start: datetime, feeds: Sequence[Feed]) -> tuple[Feed, Feed] | None:
    """The device that another replaced in a quarter-hour or on its edge."""
    for feed in feeds:
        new = successor(feed, feeds)
        if new is not None and start <= feed.until <= start + STEP:
            return feed, new
    return None


def last_heard(readings: pl.DataFrame) -> Mapping[int, datetime]:
    """When each series was heard for the last time, of READINGS."""
    return dict(readings.group_by("series_no").agg(pl.col("at").max()).iter_rows())


def feeds_of(registers: pl.DataFrame, known: Known) -> dict[str, list[Feed]]:
    """What feeds each flow, and when."""
    others = known.routes.filter(pl.col("kind") != "register").with_row_index("route")
    others = others.with_columns(line=-1 - pl.col("route").cast(pl.Int32))
    columns = ["flow", "line", "kind", "series_no", "tariff", "valid_from", "valid_to"]
    feeds: dict[str, list[Feed]] = {}
    for flow, line, kind, series_no, tariff, since, until in pl.concat(
        [registers.select(columns), others.select(columns)]
    ).iter_rows():
        feed = Feed(line, series_no, _RANKS[kind], tariff != "", known.devices[series_no], tariff, since, until)
        feeds.setdefault(flow, []).append(feed)
    return feeds


@dataclass(frozen=True, slots=True)
class Readings:
    """The instants of the readings of each line that are used, and their segments, in order of time."""

    of_line: Mapping[int, tuple[Sequence[int], Sequence[int]]]

    @classmethod
    def of(cls, shown: Shown) -> "Readings":
        """Of the readings that are used."""
        grouped = shown.used.sort("line", "at_us").group_by("line", maintain_order=True).agg("at_us", "segment")
        return cls({line: (at, segment) for line, at, segment in grouped.iter_rows()})

    def why_not(self, line: int, start: datetime) -> str:
        """Why the register of a line is not known at both edges of a quarter-hour."""
        at, segment = self.of_line.get(line, ((), ()))
        start_us = (start - EPOCH) // STEP * STEP_US
        before, after = bisect_right(at, start_us) - 1, bisect_left(at, start_us + STEP_US)
        if before < 0:
            return "no_before"
        if after == len(at):
            return "no_after"
        return "gap" if segment[before] == segment[after] else "break"
