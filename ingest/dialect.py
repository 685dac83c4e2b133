"""What a dialect is: the name of a device family, the topics it may use, and how its messages become readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from energy.model import Message, Reading
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

YEAR_2000: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Clocks that were never set count from 1970."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One family of devices.

    `topics` are filters that narrow down which messages are offered to `decode`: `+` is one level, a last `#` any rest,
    a first `#/` any prefix (not both). `decode` is pure. It returns the readings of a message of its own, each carrying
    the dialect's name, [] where that message holds none, None where the message belongs to someone else, and raises one
    of BROKEN where the message is its own but broken.
    """

    name: str
    topics: tuple[str, ...]
    decode: Callable[[Message], Decoded]


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic fits a filter as `Dialect.topics` writes them."""
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


def json_object(payload: bytes) -> dict[str, Any] | None:
    """Read a payload as a JSON object; None when it is JSON of another shape or not JSON at all."""
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
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip()
        if value.lower() in ("", "nan", "null", "none", "unavailable", "unknown"):
            return None
        if "_" in value or not value.isascii():  # float() reads 1_000 and digits of every script
            raise ValueError(f"{value!r} is not a number")
    elif not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    read = float(value)
    return read if read - read == 0 else None


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
        again = at.replace(fold=1)
        if near is not None and at.utcoffset() != again.utcoffset():
            at = min(at.astimezone(UTC), again.astimezone(UTC), key=lambda instant: abs(instant - near))
    at = at.astimezone(UTC)
    return at if at >= YEAR_2000 else None


def epoch_seconds(value: object) -> datetime | None:
    """Read seconds since 1970; None when absent, or from a clock that was never set."""
    read = number(value)
    at = None if read is None else instant_from_epoch(read)
    return None if at is None or at < YEAR_2000 else at
