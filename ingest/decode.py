"""From a message to the readings in it, and the check at the door that each of them can be true."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Final

from energy.errors import UndecodableMessage
from energy.model import Message, Quantity, Reading, unit_of
from energy.units import LARGEST_VALUE
from ingest.dialect import BROKEN, YEAR_2000, Dialect, topic_matches
from ingest.dialects import DIALECTS, hub_v1

AHEAD: Final = timedelta(seconds=300)
"""How far a device's clock may run ahead of ours."""
OLDEST: Final = timedelta(days=35)
"""How old a reading may be when it arrives, unless files are replayed."""
NEVER_NEGATIVE: Final = frozenset(quantity for quantity in Quantity if unit_of(quantity) == "Wh")
"""Registers and energies of an interval: direction is in the quantity, not in a sign."""
TOPICS_REMEMBERED: Final = 65_536
"""Topics whose dialects are kept in mind: some ten megabytes, enough for thousands of homes."""
LONGEST_DEVICE: Final = 200
LONGEST_NAME: Final = 60
"""Longest device id, and longest phase, channel or tariff: what an index of the store can hold."""
LONGEST_REASON: Final = 500


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


def decode(message: Message) -> list[Reading]:
    """Read a message with the first dialect that claims it.

    Returns:
        Its readings, each with the dialect's name; [] for a known message without any. `at` is None where the message
        has no clock of its own.

    Raises:
        UndecodableMessage: no dialect claims it, or it is broken.
    """
    candidates = dialects_of(message.topic)
    for dialect in candidates:
        try:
            readings = dialect.decode(message)
            if readings is None:
                continue
            for reading in readings:
                _check_names(reading)
        except BROKEN as error:
            raise UndecodableMessage(message.topic, f"{dialect.name}: {error!r:.{LONGEST_REASON}}") from error
        return list(readings)
    if candidates:
        asked = ", ".join(dialect.name for dialect in candidates)
        raise UndecodableMessage(message.topic, f"no dialect knows this payload (asked: {asked})")
    raise UndecodableMessage(message.topic, "no dialect knows this topic")


def unwrap(message: Message) -> list[Message]:
    """Take the messages out of a relay envelope; any other message is given back alone.

    Raises:
        UndecodableMessage: a broken envelope, or one inside another.
    """
    if not hub_v1.is_relay(message.topic):
        return [message]
    try:
        return hub_v1.relayed(message)
    except BROKEN as error:
        raise UndecodableMessage(message.topic, f"{hub_v1.NAME}: {error!r:.{LONGEST_REASON}}") from error


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
        if reading.at is not None:
            dated, at = reading, reading.at
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


@lru_cache(maxsize=TOPICS_REMEMBERED)
def dialects_of(topic: str) -> tuple[Dialect, ...]:
    """Dialects that may claim a topic, in the order in which they are asked."""
    first, last = topic.partition("/")[0], topic.rpartition("/")[2]
    offers = chain(FILTERS.get(f"{first}/", ()), FILTERS.get(f"/{last}", ()), FILTERS.get("", ()))
    positions = {position for position, topic_filter in offers if topic_matches(topic_filter, topic)}
    return tuple(DIALECTS[position] for position in sorted(positions))


def _filters() -> dict[str, list[tuple[int, str]]]:
    """Filters of all dialects by the level that narrows them down most: the first ("solar/") or the last ("/SENSOR").

    So a topic seen for the first time meets a handful of filters, however many dialects there are.
    """
    filters: dict[str, list[tuple[int, str]]] = {}
    for position, dialect in enumerate(DIALECTS):
        for topic_filter in dialect.topics:
            first, last = topic_filter.partition("/")[0], topic_filter.rpartition("/")[2]
            narrow = [key for level, key in ((first, f"{first}/"), (last, f"/{last}")) if level not in ("#", "+")]
            filters.setdefault(narrow[0] if narrow else "", []).append((position, topic_filter))
    return filters


FILTERS: Final = _filters()


def _check_names(reading: Reading) -> None:
    # The store keeps text that people can read, and its indexes have room for names, not for novels.
    if not (0 < len(reading.device) <= LONGEST_DEVICE and reading.device.isprintable()):
        raise ValueError(f"device {reading.device!r:.80} is not a name")
    for name in (reading.phase, reading.channel, reading.tariff):
        if name and not (len(name) <= LONGEST_NAME and name.isprintable()):
            raise ValueError(f"{name!r:.80} is not a phase, channel or tariff")


def _dated(reading: Reading, at: datetime) -> Reading:
    return Reading(
        reading.device,
        reading.quantity,
        reading.value,
        at,
        reading.phase,
        reading.channel,
        reading.tariff,
        reading.dialect,
    )


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
