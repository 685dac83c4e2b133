"""The quarantine: messages that could not be read and readings that could not be true, until somebody looks."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import psycopg

from energy.model import Message, Quantity, Reading
from store.queries import statement

_KEY: Final = ("device", "quantity", "phase", "channel", "tariff", "at", "value")
"""What makes a reading in quarantine the same, and the order in which everybody writes them."""
_READING_KEY: Final = attrgetter(*_KEY)


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that gave no readings, why, and when it was heard."""

    message: Message
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RejectedReading:
    """An implausible reading of a message whose other readings are kept; it was heard at `heard_at`."""

    reading: Reading
    reason: str
    heard_at: datetime


class QuarantinedMessage(NamedTuple):
    """A kept message: `message.received_at` is its first hearing; the same came `times` times, the last at `last_at`.

    `digest` identifies it. Where `message.retain` is true it was only ever heard as the copy that a broker keeps.
    """

    digest: bytes
    message: Message
    reason: str
    times: int
    last_at: datetime


class Refusal(NamedTuple):
    """What was refused on one topic for one reason: how many are kept, how often they came, when last."""

    topic: str
    reason: str
    kept: int
    times: int
    last_at: datetime


def digest_of(message: Message) -> bytes:
    """What identifies a message in quarantine: its topic and payload."""
    return hashlib.sha256(message.topic.encode() + b"\0" + message.payload).digest()


def add_messages(connection: psycopg.Connection, rejected: Iterable[RejectedMessage]) -> None:
    """Quarantine whole messages; the same topic and payload is kept once and counted.

    They are written in one order by everybody, so that two who refuse the same messages wait instead of deadlocking.
    """
    rows = [
        {
            "digest": digest_of(r.message),
            "topic": _storable(r.message.topic),
            "payload": r.message.payload,
            "zone": r.message.zone.key,
            "retain": r.message.retain,
            "reason": _storable(r.reason),
            "at": r.at,
        }
        for r in rejected
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement("rejected_message_add"), sorted(rows, key=itemgetter("digest")))


def add_readings(connection: psycopg.Connection, rejected: Iterable[RejectedReading]) -> None:
    """Keep implausible readings aside, each with its reason, in one order as `add_messages` does."""
    rows = [
        {**_key(r.reading), "dialect": r.reading.dialect, "reason": r.reason, "heard_at": r.heard_at} for r in rejected
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement("rejected_reading_add"), sorted(rows, key=itemgetter(*_KEY)))


def refusals(connection: psycopg.Connection, topic: str = "") -> list[Refusal]:
    """What is in quarantine, the latest first; of topics that begin with `topic`."""
    return [Refusal(*row) for row in connection.execute(statement("rejected_summary"), {"topic": topic})]


def quarantined_messages(
    connection: psycopg.Connection, topic: str = "", batch: int = 500
) -> Iterator[list[QuarantinedMessage]]:
    """Messages in quarantine in batches, as they were when asked, the first heard first.

    Only topics that begin with `topic`. The caller may commit between two batches.
    """
    with connection.cursor("quarantined_messages", withhold=True) as cursor:
        cursor.execute(statement("rejected_messages"), {"topic": topic})
        while rows := cursor.fetchmany(batch):
            yield [_message(row) for row in rows]


def quarantined_readings(
    connection: psycopg.Connection, device: str = "", batch: int = 5000
) -> Iterator[list[RejectedReading]]:
    """Readings in quarantine, of devices that begin with `device`, in batches as `quarantined_messages`."""
    with connection.cursor("quarantined_readings", withhold=True) as cursor:
        cursor.execute(statement("rejected_readings"), {"device": device})
        while rows := cursor.fetchmany(batch):
            yield [_reading(row) for row in rows]


def release_messages(connection: psycopg.Connection, messages: Sequence[QuarantinedMessage]) -> set[bytes]:
    """Take messages out of quarantine, and return their digests; one that came again meanwhile stays."""
    return {digest for (digest,) in connection.execute(statement("rejected_message_release"), _times(messages))}


def restore_times(connection: psycopg.Connection, messages: Sequence[QuarantinedMessage]) -> None:
    """Count messages as often as they had come when they were read, for reading them again is no hearing."""
    connection.execute(statement("rejected_message_times"), _times(messages))


def write_reasons(connection: psycopg.Connection, reasons: Mapping[bytes, str]) -> None:
    """Write why messages are in quarantine now, by digest."""
    if reasons:
        texts = [_storable(reason) for reason in reasons.values()]
        connection.execute(statement("rejected_message_reason"), {"digests": list(reasons), "reasons": texts})


def release_readings(connection: psycopg.Connection, readings: Iterable[Reading]) -> None:
    """Take readings out of quarantine."""
    with connection.cursor() as cursor:
        cursor.executemany(statement("rejected_reading_release"), [_key(r) for r in sorted(readings, key=_READING_KEY)])


def write_reading_reasons(connection: psycopg.Connection, readings: Iterable[RejectedReading]) -> None:
    """Write why readings are in quarantine now."""
    rows = [{**_key(r.reading), "reason": r.reason} for r in readings]
    with connection.cursor() as cursor:
        cursor.executemany(statement("rejected_reading_reason"), sorted(rows, key=itemgetter(*_KEY)))


def trim(connection: psycopg.Connection, oldest: timedelta, size_bytes: int) -> int:
    """Forget what has been in quarantine longest: beyond an age since it was last heard, and beyond a size [B].

    Returns:
        How many messages and readings were forgotten.
    """
    bounds: dict[str, Any] = {"oldest": oldest, "size": size_bytes}
    messages = connection.execute(statement("rejected_message_trim"), bounds).rowcount
    return messages + connection.execute(statement("rejected_reading_trim"), bounds).rowcount


def _message(row: tuple[Any, ...]) -> QuarantinedMessage:
    digest, topic, payload, zone, retain, reason, times, first_at, last_at = row
    message = Message(topic, payload, first_at, retain, ZoneInfo(zone))
    return QuarantinedMessage(digest, message, reason, times, last_at)


def _reading(row: tuple[Any, ...]) -> RejectedReading:
    device, quantity, value, at, phase, channel, tariff, dialect, reason, heard_at = row
    reading = Reading(device, Quantity(quantity), value, at, phase, channel, tariff, dialect)
    return RejectedReading(reading, reason, heard_at)


def _times(messages: Sequence[QuarantinedMessage]) -> dict[str, list[Any]]:
    return {"digests": [m.digest for m in messages], "times": [m.times for m in messages]}


def _key(reading: Reading) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in _KEY}


def _storable(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
