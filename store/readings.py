"""Append readings in the caller's transaction: intern series, COPY, one upsert, marks for what must be recomputed.

Series of which every reading is later than what came so far, as nearly all are, are copied straight into the table: the
look-up, the lock and the second log record that each row of an upsert costs are saved. Whatever else comes, or turns
out to be there already, is staged and upserted.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import lt
from typing import Final, NamedTuple

import psycopg
from psycopg.types.array import ListBinaryDumper

from energy.model import INTERVAL_SOURCES, REGISTERS, Reading
from energy.validity import FOREVER
from store import spans
from store.binary import END, HEAD, encode
from store.queries import statement
from store.series import SeriesKey, awaited_days, number_series

REMEMBERED: Final = 500_000
"""Series, and devices, that a process keeps in mind; beyond that it begins anew."""
NOTED_EVERY: Final = timedelta(seconds=30)
"""How much later than the last noted one a reading must be for its device to be noted again."""
CHUNK: Final = timedelta(days=7)
AN_EDGE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Chunks of readings begin a whole number of CHUNKs after this."""
PART: Final = 50
"""Series that are encoded at once."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What a batch changed: readings stored or revised, those that were there already; and what the book may keep."""

    stored: int = 0
    repeated: int = 0
    numbers: Mapping[SeriesKey, int] = field(default_factory=dict)
    noted: Mapping[str, datetime] = field(default_factory=dict)
    latest: Mapping[int, datetime] = field(default_factory=dict)
    was_new: bool = True


@dataclass(slots=True)
class SeriesBook:
    """What this process has seen committed, so that the database is asked only for what is new.

    Series by number, the latest reading by which each device was noted as heard, and the latest reading of each series.
    `was_new`: nothing that came later than `latest` in the last batch was there already: nobody else writes the same.
    `last_erasure`: what is remembered was true after it.
    """

    numbers: dict[SeriesKey, int] = field(default_factory=dict)
    noted: dict[str, datetime] = field(default_factory=dict)
    latest: dict[int, datetime] = field(default_factory=dict)
    was_new: bool = True
    last_erasure: int = 0


class _Settled(NamedTuple):
    """What a batch says of one series, in order of time; `replaced` are values that did not last until its end."""

    ats: Sequence[datetime]
    values: Sequence[float]
    replaced: Sequence[tuple[datetime, float]] = ()


class _Track(NamedTuple):
    """Readings of one series, in order of time."""

    series_no: int
    is_register: bool
    ats: Sequence[datetime]
    values: Sequence[float]

    def days(self) -> set[date]:
        first, last = self.ats[0].astimezone(UTC).date(), self.ats[-1].astimezone(UTC).date()
        return {first} if first == last else {at.astimezone(UTC).date() for at in self.ats}

    def first_positive(self) -> datetime | None:
        return next((at for at, value in zip(self.ats, self.values, strict=True) if value > 0), None)


class _Changed(NamedTuple):
    rows: int
    days: set[tuple[int, date]]
    was_new: bool


def prepare(connection: psycopg.Connection) -> None:
    """Make the staging table of a connection that is going to append, and let lists go as they are, not as text."""
    connection.adapters.register_dumper(list, ListBinaryDumper)
    connection.execute(statement("incoming_table"))


def append(connection: psycopg.Connection, book: SeriesBook, readings: Sequence[Reading]) -> Appended:
    """Store readings in the open transaction; the later of two with the same series and instant wins.

    The value that it replaces is kept as a revision, whether it was stored already or comes in the same batch.
    Every reading must have its `at`. Readings of what intervals are made of mark their (series, UTC day) stale.
    """
    _keep_series(connection, book)  # first of all: whatever else the caller writes, nobody is forgotten meanwhile
    if not readings:
        return Appended(was_new=book.was_new)
    groups: defaultdict[SeriesKey, list[Reading]] = defaultdict(list)
    for r in readings:
        groups[r.device, r.quantity, r.phase, r.channel, r.tariff].append(r)
    settled = {name: _settle(group) for name, group in groups.items()}
    noted = _note_devices(connection, book, groups, {name: one.ats[-1] for name, one in settled.items()})
    numbers, new = number_series(connection, sorted(name for name in groups if name not in book.numbers))
    known = {name: book.numbers.get(name) or numbers[name] for name in groups}
    tracks = sorted(_Track(known[name], name[1] in REGISTERS, one.ats, one.values) for name, one in settled.items())
    replaced = [(known[name], *revised) for name, one in settled.items() for revised in one.replaced]
    changed = _write(connection, book, tracks, replaced)
    counting = {known[name] for name in groups if name[1] in INTERVAL_SOURCES}
    days = {(no, day) for no, day in changed.days if no in counting} | awaited_days(connection, counting & new)
    spans.mark(connection, "series", sorted(days))
    latest = {track.series_no: max(track.ats[-1], book.latest.get(track.series_no, track.ats[-1])) for track in tracks}
    return Appended(changed.rows, len(readings) - changed.rows, numbers, noted, latest, changed.was_new)


def _settle(group: Sequence[Reading]) -> _Settled:
    """Bring the readings of a series into order; of those with the same instant the last one stays."""
    ats = [at for r in group if (at := r.at)]
    assert len(ats) == len(group), "a reading gets its instant before it is stored"
    if all(map(lt, ats, ats[1:])):
        return _Settled(ats, [r.value for r in group])
    values: dict[datetime, float] = {}
    replaced: list[tuple[datetime, float]] = []
    for at, r in zip(ats, group, strict=True):
        before = values.setdefault(at, r.value)
        if before != r.value:
            replaced.append((at, before))
            values[at] = r.value
    ats = sorted(values)
    return _Settled(ats, [values[at] for at in ats], replaced)


def _write(
    connection: psycopg.Connection,
    book: SeriesBook,
    tracks: Sequence[_Track],
    replaced: Sequence[tuple[int, datetime, float]],
) -> _Changed:
    """Write the series of a batch, in the order in which every writer locks them."""
    later, others = _split(book, tracks)
    copied = later if book.was_new and later and _write_new(connection, later) else []
    touched, known = _write_any(connection, others if copied else tracks)
    if replaced:
        series, ats, values = map(list, zip(*replaced, strict=True))
        connection.execute(statement("reading_revision_add"), {"series": series, "ats": ats, "values": values})
    days = {(t.series_no, day) for t in copied for day in t.days()}
    days |= {(series_no, day) for series_no, day, _ in touched} | _note_first_positives(connection, tracks)
    stored = sum(len(t.ats) for t in copied) + sum(count for *_, count in touched)
    return _Changed(stored, days, known.isdisjoint(t.series_no for t in later))


def _split(book: SeriesBook, tracks: Sequence[_Track]) -> tuple[list[_Track], list[_Track]]:
    """Series that may be copied, and the others.

    Those are copied of which all is later than what the book knows, and lies in the newest chunk of the batch: COPY
    writes chunk by chunk and the upsert series by series, so that two writers in several chunks could wait for each
    other.
    """
    newest = max(track.ats[-1] for track in tracks)
    since = newest - (newest - AN_EDGE) % CHUNK
    later: list[_Track] = []
    others: list[_Track] = []
    for track in tracks:
        first = track.ats[0]
        is_later = first >= since and first > book.latest.get(track.series_no, FOREVER)
        (later if is_later else others).append(track)
    return later, others


def _write_new(connection: psycopg.Connection, tracks: Sequence[_Track]) -> bool:
    """Copy series straight to their place; nothing is written if another writer had some of it before."""
    try:
        with connection.transaction():
            _copy(connection, "readings_copy", tracks)
    except psycopg.errors.UniqueViolation:
        return False
    return True


def _write_any(
    connection: psycopg.Connection, tracks: Sequence[_Track]
) -> tuple[list[tuple[int, date, int]], set[int]]:
    """Stage series and store what is not there yet; only where something was, look for other values.

    Returns:
        (series, UTC day, number of readings) of what was stored or revised, and the series that had some of it before.
    """
    if not tracks:
        return [], set()
    _copy(connection, "incoming_copy", tracks)
    touched = connection.execute(statement("readings_append")).fetchall()
    new: Counter[int] = Counter()
    for series_no, _, count in touched:
        new[series_no] += count
    known = {t.series_no for t in tracks if new[t.series_no] < len(t.ats)}
    if known:
        touched += connection.execute(statement("readings_revise")).fetchall()
    return touched, known


def _note_first_positives(connection: psycopg.Connection, tracks: Sequence[_Track]) -> set[tuple[int, date]]:
    """Note when series were first positive, where a batch changes that; return the days whose zeros change sides."""
    registers = [t for t in tracks if t.is_register]
    firsts = {"series": [t.series_no for t in registers], "ats": [t.first_positive() for t in registers]}
    moving = [series_no for (series_no,) in connection.execute(statement("series_moving"), firsts)]
    if not moving:
        return set()
    return set(connection.execute(statement("series_first_positive"), {"series": moving}).fetchall())


def _copy(connection: psycopg.Connection, name: str, tracks: Sequence[_Track]) -> None:
    """Copy series in parts: the server writes one while the next is encoded."""
    with connection.cursor() as cursor, cursor.copy(statement(name)) as copy:
        copy.write(HEAD)
        for part in range(0, len(tracks), PART):
            copy.write(encode((track.series_no, track.ats, track.values) for track in tracks[part : part + PART]))
        copy.write(END)


def remember(book: SeriesBook, appended: Appended) -> None:
    """Keep the numbers and notes of a batch, once its commit has made them certain."""
    book.was_new = appended.was_new
    for kept, new in (
        (book.numbers, appended.numbers),
        (book.noted, appended.noted),
        (book.latest, appended.latest),
    ):
        if len(kept) + len(new) > REMEMBERED:
            kept.clear()
        kept.update(new)  # pyright: ignore[reportArgumentType, reportCallIssue] - each with its own


def _keep_series(connection: psycopg.Connection, book: SeriesBook) -> None:
    """Keep series from being erased until the transaction ends; forget what is remembered if any were."""
    connection.execute(statement("series_keep"))
    row = connection.execute(statement("erasures")).fetchone()
    assert row is not None, "an aggregate always gives a row"
    if row[0] != book.last_erasure:
        book.numbers.clear()
        book.noted.clear()
        book.latest.clear()
        book.last_erasure = row[0]


def _note_devices(
    connection: psycopg.Connection,
    book: SeriesBook,
    groups: Mapping[SeriesKey, Sequence[Reading]],
    latest: Mapping[SeriesKey, datetime],
) -> dict[str, datetime]:
    """Make sure of new devices, and note when devices were heard that were not noted lately."""
    heard: dict[str, datetime] = {}
    dialects: dict[str, str] = {}
    for name, at in latest.items():
        device = name[0]
        if device not in heard or at > heard[device]:
            heard[device], dialects[device] = at, groups[name][-1].dialect
    due = {
        device: at
        for device, at in heard.items()
        if (noted := book.noted.get(device)) is None or at - noted > NOTED_EVERY
    }
    if due:
        connection.execute(
            statement("device_intern"),
            {"ids": list(due), "dialects": [dialects[device] for device in due], "seen": list(due.values())},
        )
    return due
