"""Append readings in the caller's transaction: intern series, COPY, one upsert, marks for what must be recomputed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

import psycopg

from energy.model import REGISTERS, Quantity, Reading
from store import spans
from store.queries import statement

SeriesKey: TypeAlias = tuple[str, str, str, str, str]
"""(device, quantity, phase, channel, tariff)."""
REMEMBERED: Final = 500_000
"""Series, and devices, that a process keeps in mind; beyond that it begins anew."""
NOTED_EVERY: Final = timedelta(seconds=30)
"""How much later than the last noted one a reading must be for its device to be noted again."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What a batch changed: readings stored or revised, those that were there already; and what the book may keep."""

    stored: int = 0
    repeated: int = 0
    numbers: Mapping[SeriesKey, int] = field(default_factory=dict)
    noted: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class SeriesBook:
    """What this process has seen committed, so that the database is asked only for what is new.

    Series by number, and the latest reading by which each device was noted as heard.
    """

    numbers: dict[SeriesKey, int] = field(default_factory=dict)
    noted: dict[str, datetime] = field(default_factory=dict)


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
    known = book.numbers
    names = [(r.device, r.quantity, r.phase, r.channel, r.tariff) for r in readings]
    noted = _note_devices(connection, book, readings)
    numbers = _number_series(connection, sorted({name for name in names if name not in known}))
    batch: dict[tuple[int, datetime | None], float] = {}
    replaced: list[tuple[int, datetime | None, float]] = []
    registers: set[int] = set()
    for r, name in zip(readings, names, strict=True):
        series_no = known.get(name) or numbers[name]
        key = (series_no, r.at)
        before = batch.setdefault(key, r.value)
        if before != r.value:
            replaced.append((*key, before))
            batch[key] = r.value
        if r.quantity in REGISTERS:
            registers.add(series_no)
    changed = _write(connection, batch, replaced)
    spans.mark(connection, "series", sorted((number, day) for number, day in changed.days if number in registers))
    return Appended(changed.rows, len(readings) - changed.rows, numbers, noted)


class _Changed(NamedTuple):
    rows: int
    days: set[tuple[int, date]]


def _write(
    connection: psycopg.Connection,
    batch: Mapping[tuple[int, datetime | None], float],
    replaced: Sequence[tuple[int, datetime | None, float]],
) -> _Changed:
    """Stage a batch by COPY and write it; most batches are new throughout, and then nothing is looked up."""
    with connection.cursor() as cursor:
        with cursor.copy(statement("incoming_copy")) as copy:
            copy.set_types(["int4", "timestamptz", "float8"])
            for (series_no, at), value in batch.items():
                copy.write_row((series_no, at, value))
        touched = cursor.execute(statement("readings_append")).fetchall()
        if sum(count for _, _, count in touched) < len(batch):
            touched += cursor.execute(statement("readings_revise")).fetchall()
        if replaced:
            series, ats, values = map(list, zip(*replaced, strict=True))
            cursor.execute(statement("reading_revision_add"), {"series": series, "ats": ats, "values": values})
        unveiled = cursor.execute(statement("series_first_positive")).fetchall()
    days = {(series_no, day) for series_no, day, _ in touched}.union(unveiled)
    return _Changed(sum(count for _, _, count in touched), days)


def remember(book: SeriesBook, appended: Appended) -> None:
    """Keep the numbers and notes of a batch, once its commit has made them certain."""
    for kept, new in ((book.numbers, appended.numbers), (book.noted, appended.noted)):
        if len(kept) + len(new) > REMEMBERED:
            kept.clear()
        kept.update(new)  # pyright: ignore[reportArgumentType, reportCallIssue] - each with its own


def _note_devices(connection: psycopg.Connection, book: SeriesBook, readings: Sequence[Reading]) -> dict[str, datetime]:
    """Make sure of new devices, and note when devices were heard that were not noted lately."""
    heard: dict[str, tuple[datetime, str]] = {}
    for r in readings:
        assert r.at is not None, "a reading gets its instant before it is stored"
        before = heard.get(r.device)
        if before is None or r.at > before[0]:
            heard[r.device] = (r.at, r.dialect)
    due = {
        device: (at, dialect)
        for device, (at, dialect) in heard.items()
        if (noted := book.noted.get(device)) is None or at - noted > NOTED_EVERY
    }
    if due:
        seen, dialects = zip(*due.values(), strict=True)
        connection.execute(
            statement("device_intern"), {"ids": list(due), "dialects": list(dialects), "seen": list(seen)}
        )
    return {device: at for device, (at, _) in due.items()}


def _number_series(connection: psycopg.Connection, new: Sequence[SeriesKey]) -> dict[SeriesKey, int]:
    """Numbers of series that the book does not know, made sure of in the database."""
    if not new:
        return {}
    titles: tuple[str, ...] = ("devices", "quantities", "phases", "channels", "tariffs")
    columns = zip(*new, strict=True)
    parameters: dict[str, list[str]] = {title: list(column) for title, column in zip(titles, columns, strict=True)}
    rows = connection.execute(statement("series_intern"), parameters)
    return {
        (device, Quantity(quantity), phase, channel, tariff): number
        for device, quantity, phase, channel, tariff, number in rows
    }
