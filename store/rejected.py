"""The quarantine: messages that could not be read and readings that could not be true, until somebody looks."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import psycopg

from energy.model import Message, Quantity, Reading
from store.queries import statement

_READING_KEY: Final = itemgetter("device", "quantity", "phase", "channel", "tariff", "at", "value")


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

    `digest` identifies it.
    """

    digest: bytes
    message: Message
    reason: str
    times: int
    last_at: datetime


class Refusal(NamedTuple):
    """What was refused on one topic for one reason: how many different messages, how often, when last."""

    topic: str
    reason: str
    messages: int
    times: int
    last_at: datetime


def add_messages(connection: psycopg.Connection, rejected: Iterable[RejectedMessage]) -> None:
    """Quarantine whole messages; the same topic and payload is kept once and counted.

    They are written in one order by everybody, so that two who refuse the same messages wait instead of deadlocking.
    """
    rows = [
        {
            "digest": hashlib.sha256(r.message.topic.encode() + b"\0" + r.message.payload).digest(),
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
        {
            "device": r.reading.device,
            "quantity": r.reading.quantity,
            "phase": r.reading.phase,
            "channel": r.reading.channel,
            "tariff": r.reading.tariff,
            "dialect": r.reading.dialect,
            "at": r.reading.at,
            "value": r.reading.value,
            "reason": r.reason,
            "heard_at": r.heard_at,
        }
        for r in rejected
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement("rejected_reading_add"), sorted(rows, key=_READING_KEY))


def refusals(connection: psycopg.Connection, topic: str = "") -> list[Refusal]:
    """What is in quarantine, the latest first; of topics that begin with `topic`."""
    return [Refusal(*row) for row in connection.execute(statement("rejected_summary"), {"topic": topic})]


def quarantined_messages(
    connection: psycopg.Connection, topic: str = "", batch: int = 500
) -> Iterator[list[QuarantinedMessage]]:
    """Messages in quarantine in batches, by digest; of topics that begin with `topic`."""
    after = b""
    while rows := connection.execute(
        statement("rejected_messages"), {"topic": topic, "after": after, "limit": batch}
    ).fetchall():
        yield [_message(row) for row in rows]
        after = rows[-1][0]


def quarantined_readings(connection: psycopg.Connection, device: str = "") -> list[RejectedReading]:
    """Readings in quarantine, of devices that begin with `device`."""
    rows = connection.execute(statement("rejected_readings"), {"device": device})
    return [
        RejectedReading(Reading(name, Quantity(quantity), value, at, phase, channel, tariff, dialect), reason, heard_at)
        for name, quantity, value, at, phase, channel, tariff, dialect, reason, heard_at in rows
    ]


def release_messages(connection: psycopg.Connection, digests: Sequence[bytes]) -> None:
    """Take messages out of quarantine."""
    connection.execute(statement("rejected_message_release"), {"digests": list(digests)})


def write_reasons(connection: psycopg.Connection, reasons: Mapping[bytes, str]) -> None:
    """Write why messages are in quarantine now, by digest."""
    if reasons:
        texts = [_storable(reason) for reason in reasons.values()]
        connection.execute(statement("rejected_message_reason"), {"digests": list(reasons), "reasons": texts})


def release_readings(connection: psycopg.Connection, readings: Iterable[Reading]) -> None:
    """Take readings out of quarantine."""
    fields = ("device", "quantity", "phase", "channel", "tariff", "at", "value")
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("rejected_reading_release"), [{name: getattr(r, name) for name in fields} for r in readings]
        )


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


def _storable(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
