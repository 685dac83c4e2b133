"""The check at the door: whether a reading can be true, and when it was if its message does not say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from energy.model import Quantity, Reading, unit_of
from energy.units import LARGEST_VALUE
from ingest.dialect import YEAR_2000

AHEAD: Final = timedelta(seconds=300)
"""How far a device's clock may run ahead of ours."""
OLDEST: Final = timedelta(days=35)
"""How old a reading may be when it arrives, unless files are replayed."""
NEVER_NEGATIVE: Final = frozenset(quantity for quantity in Quantity if unit_of(quantity) == "Wh")
"""Registers and energies of an interval: direction is in the quantity, not in a sign."""


@dataclass(frozen=True, slots=True)
class RejectedReading:
    """A reading that cannot be true, from a message that can be read; `reason` is a sentence for people."""

    reading: Reading
    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """Readings of one message after the check: to store, to set aside, and how many are of unknown age.

    All of `accepted` and `rejected` have an instant. `undated` counts readings without one in a message that the broker
    kept for us: nobody knows when they were true, so they are neither stored nor worth a person's look.
    """

    accepted: list[Reading]
    rejected: list[RejectedReading]
    undated: int = 0


def split_plausible(
    readings: Iterable[Reading],
    received_at: datetime | None,
    *,
    retained: bool = False,
    oldest: timedelta = OLDEST,
) -> Split:
    """Set aside the readings that cannot be true, and give those without clock the instant of arrival.

    Args:
        readings: of one message.
        received_at: when it was heard; None when nobody knows.
        retained: the broker delivered a kept message, so its arrival says nothing about its age.
        oldest: how long before its arrival a reading may have been taken; replays of files pass more.
    """
    accepted: list[Reading] = []
    rejected: list[RejectedReading] = []
    undated = 0
    for reading in readings:
        at = reading.at
        if at is not None:
            dated = reading
        elif retained or received_at is None:
            undated += 1
            continue
        else:
            dated, at = _dated(reading, received_at), received_at
        reason = _doubt(dated, at, received_at, oldest)
        if reason is None:
            accepted.append(dated)
        else:
            rejected.append(RejectedReading(dated, reason))
    return Split(accepted, rejected, undated)


def _dated(r: Reading, at: datetime) -> Reading:
    return Reading(r.device, r.quantity, r.value, at, r.phase, r.channel, r.tariff, r.dialect)


def _doubt(reading: Reading, at: datetime, received_at: datetime | None, oldest: timedelta) -> str | None:
    value = reading.value
    if not -LARGEST_VALUE <= value <= LARGEST_VALUE:
        return f"{reading.quantity} is {value!r}: not a finite number of a size that can be measured"
    if value < 0 and reading.quantity in NEVER_NEGATIVE:
        return f"{reading.quantity} is {value!r}: it cannot be negative"
    if at < YEAR_2000:
        return f"its time is {at.isoformat()}: the device's clock was never set"
    if received_at is not None and at is not received_at:
        ahead = at - received_at
        if ahead > AHEAD:
            return f"its time is {at.isoformat()}, {ahead.total_seconds():.0f} s after it was heard"
        if -ahead > oldest:
            return f"its time is {at.isoformat()}, more than {oldest.days} days before it was heard"
    return None
