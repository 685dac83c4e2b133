"""What a dialect is: the name of a device family, the topics it may use, and how its messages become readings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from energy.model import Message, Quantity, Reading
from energy.time import instant_from_epoch

Decoded: TypeAlias = Sequence[Reading] | None
"""Readings (perhaps none: a known message without energy in it), or None: not a message of this dialect."""

BROKEN: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.DecodeError,
)
"""What a dialect may raise on a message that is its own but broken; anything else is a fault of the hub."""

ANY_TOPIC: Final = "#"
"""The filter of dialects whose topics are the user's, and which know their messages by content."""
DECIMALS: Final = 6
"""Decimals kept when a unit is changed: more than any meter has, fewer than a double muddles."""
NOT_MEASURED: Final = frozenset({"", "nan", "null", "none", "unavailable", "unknown"})
YEAR_2000: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Clocks that were never set count from 1970."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One family of devices.

    `topics` are filters that narrow down which messages are offered to `decode`: `+` is one level, a last `#` any rest,
    a first `#/` any prefix (not both), `#` alone anything. `decode` is pure. It returns the readings of its own
    message, each with the dialect's name, [] where that holds none, None where the message is somebody else's, and
    raises one of BROKEN where it is its own but broken.

    `base` is the beginning of its topics as installed, where users may choose another one: a site's prefix is rewritten
    to it before `decode` sees the message. `keeps` tells the messages that later ones cannot be read without; both find
    the payload kept last on each such topic in `Message.earlier`.
    """

    name: str
    topics: tuple[str, ...]
    decode: Callable[[Message], Decoded]
    base: str = ""
    keeps: Callable[[Message], bool] | None = None


class Field(NamedTuple):
    """What one key, or one last level of a topic, measures; `factor` is how many of the hub's unit its unit is."""

    quantity: Quantity
    factor: float = 1
    phase: str = ""
    channel: str = ""
    tariff: str = ""


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic fits a filter as `Dialect.topics` writes them."""
    if topic_filter == ANY_TOPIC:
        return True
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[0] == "#":
        wanted = wanted[1:]
        levels, short = levels[-len(wanted) :], len(levels) < len(wanted)
    elif wanted[-1] == "#":
        wanted = wanted[:-1]
        levels, short = levels[: len(wanted)], len(levels) < len(wanted)
    else:
        short = len(levels) != len(wanted)
    return not short and all(want in ("+", level) for want, level in zip(wanted, levels, strict=True))


def readings_of(
    values: Mapping[str, object], fields: Mapping[str, Field], device: str, at: datetime | None, dialect: str
) -> list[Reading]:
    """Readings of those keys of a flat object that a table names; what was not measured gives none.

    Raises:
        ValueError, TypeError: a value that is no number.
    """
    readings = []
    for key, value in values.items():
        if (known := fields.get(key)) is not None:
            quantity, factor, phase, channel, tariff = known
            if (measured := scaled(value, factor)) is not None:
                readings.append(Reading(device, quantity, measured, at, phase, channel, tariff, dialect))
    return readings


def reading_of(
    value: object, field: Field | None, device: str, dialect: str, at: datetime | None = None
) -> list[Reading]:
    """The reading of one value that comes alone, or as a payload of text; [] where it is unknown or was not measured.

    Raises:
        ValueError, TypeError: no number.
    """
    if field is None:
        return []
    quantity, factor, phase, channel, tariff = field
    measured = scaled(value.decode() if isinstance(value, bytes) else value, factor)
    return [] if measured is None else [Reading(device, quantity, measured, at, phase, channel, tariff, dialect)]


def each_once(readings: Iterable[Reading]) -> list[Reading]:
    """Readings of names that users choose, where two names may stand for one series; saying the same twice is no harm.

    Raises:
        ValueError: two values of one series at one time.
    """
    told: dict[tuple[object, ...], Reading] = {}
    for r in readings:
        before = told.setdefault((r.device, r.quantity, r.phase, r.channel, r.tariff, r.at), r)
        if before.value != r.value:
            raise ValueError(f"two values are {r.quantity} of {r.device}: {before.value} and {r.value}")
    return list(told.values())


@lru_cache(maxsize=2)
def json_object(payload: bytes) -> dict[str, Any] | None:
    """Read a payload as a JSON object; None when it is JSON of another shape or not JSON at all.

    Dialects that share a topic ask one after another, so the last answer is remembered: nobody may change it.
    """
    if not payload.lstrip().startswith(b"{"):
        return None
    try:
        value = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else None


def number(value: object) -> float | None:
    """Read a number that may be written as text; None for null, empty, 'nan' and the like, which mean not measured.

    Raises:
        ValueError: text that is no number. TypeError: neither number nor text.
    """
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, str):
        try:
            if "_" in value or not value.isascii():  # float() reads 1_000 and digits of every script
                raise ValueError
            read = float(value)
        except ValueError:
            if value.strip().lower() in NOT_MEASURED:
                return None
            raise ValueError(f"{value!r:.80} is not a number") from None
        return read if read - read == 0 else None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return float(value)
    raise TypeError(f"{value!r:.80} is not a number")


def scaled(value: object, factor: float) -> float | None:
    """Read a number like `number`, in the hub's unit: 1.001 kWh, as text or as a double, is 1001 Wh and not 1000.999...

    Raises:
        ValueError, TypeError: no number.
    """
    read = number(value)
    if read is None or factor == 1:
        return read
    return round(read * factor, DECIMALS) + 0.0  # no -0.0


def local_or_aware(text: str, zone: ZoneInfo, near: datetime | None = None) -> datetime | None:
    """Read an ISO instant as UTC; a naive one is local time of the site. None for a clock that was never set.

    Args:
        text: ISO 8601 date and time, with or without offset.
        zone: where the site is.
        near: when the message was heard. It tells which of the two equal hours of an autumn night is meant.

    Raises:
        ValueError: not an instant.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
        if near is not None and at.utcoffset() != (again := at.replace(fold=1)).utcoffset():
            at = min(at.astimezone(UTC), again.astimezone(UTC), key=lambda instant: abs(instant - near))
    at = at.astimezone(UTC)
    return at if at >= YEAR_2000 else None


def epoch_seconds(value: object) -> datetime | None:
    """Read seconds since 1970; None when absent, or from a clock that was never set."""
    read = number(value)
    at = None if read is None else instant_from_epoch(read)
    return None if at is None or at < YEAR_2000 else at


def instant_of(text: str, message: Message) -> datetime | None:
    """Read an ISO instant that a message carries like `local_or_aware`, in the zone of its site.

    Raises:
        ValueError: not an instant.
    """
    # The arrival of a kept message says nothing about its age.
    return local_or_aware(text, message.zone, None if message.retain else message.received_at)
