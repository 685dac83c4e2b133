"""Append readings in the caller's transaction: intern series, COPY, one upsert, marks for what must be recomputed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Final, TypeAlias

import psycopg

from energy.model import REGISTERS, Message, Quantity, Reading
from store import spans
from store.queries import statement

SeriesKey: TypeAlias = tuple[str, str, str, str, str]
"""(device, quantity, phase, channel, tariff)."""
_REJECTED_KEY: Final = itemgetter("device", "quantity", "phase", "channel", "tariff", "at", "value")


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that gave no readings, and why."""

    message: Message
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RejectedReading:
    """An implausible reading of a message whose other readings are kept."""

    reading: Reading
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Appended:
    """What a batch changed: readings stored or revised, those that were there already, and the series it used."""

    stored: int = 0
    repeated: int = 0
    numbers: Mapping[SeriesKey, int] = field(default_factory=dict)


@dataclass(slots=True)
class SeriesBook:
    """The series numbers that this process has seen committed; ask the database only for new ones."""

    numbers: dict[SeriesKey, int] = field(default_factory=dict)


def prepare(connection: psycopg.Connection) -> None:
    """Make the staging table of a connection that is going to append."""
    connection.execute(statement("incoming_table"))


def append(connection: psycopg.Connection, book: SeriesBook, readings: Sequence[Reading]) -> Appended:
    """Store readings in the open transaction; the later of two with the same series and instant wins.

    The value that it replaces is kept as a revision, whether it was stored already or comes in the same batch.
    Every reading must have its `at`. Register readings that changed something mark their (series, UTC day) stale.
    """
    if not readings:
        return Appended()
    numbers = _numbers(connection, book, readings)
    batch: dict[tuple[int, datetime | None], float] = {}
    replaced: list[tuple[int, datetime | None, float]] = []
    for reading in readings:
        key = (numbers[_key(reading)], reading.at)
        if (before := batch.get(key)) is not None and before != reading.value:
            replaced.append((*key, before))
        batch[key] = reading.value
    with connection.cursor() as cursor:
        with cursor.copy(statement("incoming_copy")) as copy:
            copy.set_types(["int4", "timestamptz", "float8"])
            for (series_no, at), value in batch.items():
                copy.write_row((series_no, at, value))
        cursor.execute(statement("readings_revise"))
        if replaced:
            series, ats, values = map(list, zip(*replaced, strict=True))
            cursor.execute(statement("reading_revision_add"), {"series": series, "ats": ats, "values": values})
        touched = cursor.execute(statement("readings_append")).fetchall()
        unveiled = cursor.execute(statement("series_first_positive")).fetchall()
    registers = {number for key, number in numbers.items() if key[1] in REGISTERS}
    changed = {(series_no, day) for series_no, day, _ in touched}.union(unveiled)
    spans.mark(connection, "series", sorted((series_no, day) for series_no, day in changed if series_no in registers))
    stored = sum(count for _, _, count in touched)
    return Appended(stored, len(readings) - stored, numbers)


def remember(book: SeriesBook, appended: Appended) -> None:
    """Keep the series numbers of a batch, once its commit has made them certain."""
    book.numbers.update(appended.numbers)


def reject_messages(connection: psycopg.Connection, rejected: Iterable[RejectedMessage]) -> None:
    """Quarantine whole messages; the same topic and payload is kept once and counted.

    They are written in one order by everybody, so that two who refuse the same messages wait instead of deadlocking.
    """
    rows = [
        {
            "digest": hashlib.sha256(r.message.topic.encode() + b"\0" + r.message.payload).digest(),
            "topic": r.message.topic.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            "payload": r.message.payload,
            "zone": r.message.zone.key,
            "reason": r.reason.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            "at": r.at,
        }
        for r in rejected
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement("rejected_message_add"), sorted(rows, key=itemgetter("digest")))


def reject_readings(connection: psycopg.Connection, rejected: Iterable[RejectedReading]) -> None:
    """Keep implausible readings aside, each with its reason, in one order as `reject_messages` does."""
    rows = [
        {
            "device": r.reading.device,
            "quantity": r.reading.quantity,
            "phase": r.reading.phase,
            "channel": r.reading.channel,
            "tariff": r.reading.tariff,
            "at": r.at,
            "value": r.reading.value,
            "reason": r.reason,
        }
        for r in rejected
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement("rejected_reading_add"), sorted(rows, key=_REJECTED_KEY))


def _key(reading: Reading) -> SeriesKey:
    return (reading.device, reading.quantity, reading.phase, reading.channel, reading.tariff)


def _numbers(connection: psycopg.Connection, book: SeriesBook, readings: Sequence[Reading]) -> dict[SeriesKey, int]:
    """Number of each series of the batch; makes sure of new devices and series, and notes when devices were heard."""
    heard: dict[str, tuple[str, datetime]] = {}
    for reading in readings:
        assert reading.at is not None, "a reading gets its instant before it is stored"
        before = heard.get(reading.device)
        if before is None or reading.at > before[1]:
            heard[reading.device] = (reading.dialect, reading.at)
    connection.execute(
        statement("device_intern"),
        {
            "ids": list(heard),
            "dialects": [dialect for dialect, _ in heard.values()],
            "seen": [at for _, at in heard.values()],
        },
    )
    keys = {_key(reading) for reading in readings}
    numbers = {key: book.numbers[key] for key in keys if key in book.numbers}
    if new := sorted(key for key in keys if key not in numbers):
        columns = zip(*new, strict=True)
        names = ("devices", "quantities", "phases", "channels", "tariffs")
        rows = connection.execute(
            statement("series_intern"), dict(zip(names, (list(column) for column in columns), strict=True))
        )
        for device, quantity, phase, channel, tariff, number in rows:
            numbers[(device, Quantity(quantity), phase, channel, tariff)] = number
    return numbers
