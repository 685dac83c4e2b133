"""`hub bench store`: how fast readings are stored and read into a frame, beside bare COPY and bare ADBC.

Each round stores the same readings twice, in the same batches and transactions: as `hub ingest` does, which may be
repeated at will, and by COPY straight into the same table, of bytes that were sorted and encoded beforehand. In between
it reads all of them into a Polars frame, as `hub process` does, and by the simplest SELECT over ADBC.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final, TypeAlias

import adbc_driver_postgresql.dbapi as adbc
import polars as pl
import psycopg

from energy.errors import InvalidInput, Unavailable
from energy.model import Quantity, Reading
from hub.bench.servers import migrated_postgres
from ingest.write import COLLECT_AFTER
from store import intervals, readings
from store.binary import END, HEAD, encode
from store.connect import FrameReader, connect
from store.migrate import migrate
from store.queries import statement
from store.readings import SeriesBook

Way: TypeAlias = tuple[str, Callable[[], pl.DataFrame]]
Batch: TypeAlias = list[Reading]

FEWEST: Final = 20_000
BATCH: Final = 10_000
"""What 4000 messages of some dialects give, the most that `hub ingest` writes in one transaction by default."""
DEVICES: Final = 200
QUANTITIES: Final = (Quantity.IMPORT_ENERGY, Quantity.ACTIVE_POWER)
EVERY: Final = timedelta(minutes=10)
BEGIN: Final = datetime(2026, 1, 6, tzinfo=UTC)
"""Two days before a chunk of a hypertable ends."""
AGAIN: Final = 10
"""One in so many batches comes once more unchanged, and once more with other values."""
READS: Final = 3
"""How often a round reads, each way in turn: what is read before leaves its mark on the caches."""
CONTEXT: Final = 6
"""Readings that `hub process` reads besides, before and after a window."""
LABELS: Final = {
    "write_rate": "readings/s stored and committed, all of them new",
    "copy_rate": "readings/s by bare COPY into the same table: the same rows, sorted and encoded beforehand",
    "write_ratio": "of the two",
    "mixed_rate": "readings/s stored when each batch holds one that comes late and one that was there already",
    "repeat_rate": "readings/s that were there already",
    "revise_rate": "readings/s that come again with another value",
    "read_rate": "readings/s into a frame, as hub process reads them",
    "adbc_rate": "readings/s into a frame by the simplest SELECT over bare ADBC",
    "read_ratio": "of the two",
    "apart_rate": "readings/s into a frame, where each series is read at another time",
    "apart_ratio": "to bare ADBC",
    "bytes_per_reading": "on disk, with index",
    "batch": "readings in a transaction",
    "server": "",
}


def measure(database: str | None, number: int, rounds: int) -> dict[str, Any]:
    """Run the bench on the database at an address, or without one on PostgreSQL from the wheel.

    Returns:
        The figures of LABELS; rates [1/s] are medians over the rounds, ratios medians of pairs measured in a row.

    Raises:
        InvalidInput: too few readings or rounds, or the database is not empty.
    """
    if number < FEWEST or rounds < 1:
        raise InvalidInput(f"the bench needs at least {FEWEST} readings and one round")
    with _database(database) as url, connect(url) as connection, _collecting_as_ingest_does():
        readings.prepare(connection)
        bench = _Bench(url, connection, number)
        try:
            done = [bench.round() for _ in range(rounds)]
        finally:
            bench.close()
        server = connection.execute(statement("bench_server")).fetchone()
    assert server is not None, "a SELECT without FROM always gives a row"

    def middle(name: str) -> float:
        return median(value for figures in done for value in figures[name])

    def ratio(one: str, other: str) -> float:
        pairs = [pair for figures in done for pair in zip(figures[one], figures[other], strict=True)]
        return round(median(a / b for a, b in pairs), 3)

    return {
        **{name: round(middle(name)) for name in ("write_rate", "copy_rate")},
        "write_ratio": ratio("write_rate", "copy_rate"),
        **{
            name: round(middle(name)) for name in ("mixed_rate", "repeat_rate", "revise_rate", "read_rate", "adbc_rate")
        },
        "read_ratio": ratio("read_rate", "adbc_rate"),
        "apart_rate": round(middle("apart_rate")),
        "apart_ratio": ratio("apart_rate", "adbc_rate"),
        "bytes_per_reading": round(middle("bytes_per_reading"), 1),
        "batch": BATCH,
        "server": server[0],
    }


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{figures[key]:>10}  {label}".rstrip() for key, label in LABELS.items())


def batches(number: int) -> Iterator[Batch]:
    """So many readings in the order in which they come: all devices in turn, each with a register and a power."""
    batch: Batch = []
    for place in range(number // len(QUANTITIES)):
        step, device = divmod(place, DEVICES)
        at = BEGIN + step * EVERY + timedelta(seconds=device)
        for quantity, value in zip(QUANTITIES, (1e6 + step * device, 200.0 + step % 97), strict=True):
            batch.append(Reading(f"meter-{device}", quantity, value, at, dialect="bench"))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def rotated(ways: Sequence[Way], turn: int) -> list[Way]:
    """The same in an order that begins elsewhere at each turn."""
    return [*ways[turn % len(ways) :], *ways[: turn % len(ways)]]


class _Bench:
    """Measures rounds over one connection of psycopg and one of ADBC."""

    def __init__(self, url: str, connection: psycopg.Connection, number: int) -> None:
        self._connection = connection
        self._number = number
        self._reader = FrameReader(url)
        self._adbc = adbc.connect(url, autocommit=True)

    def close(self) -> None:
        self._connection.execute(statement("bench_empty"))
        self._reader.close()
        self._adbc.close()

    def round(self) -> dict[str, list[float]]:
        """Rates of one round, each as often as it was measured."""
        everything = list(batches(self._number))
        figures = {"mixed_rate": [self._write([*map(_mixed, everything, [[], *everything])])[1]]}
        book, rate = self._write(everything)
        figures["write_rate"] = [rate]
        some = everything[:: max(len(everything) // AGAIN, 1)]
        repeated = [[_again(r, r.value) for r in batch] for batch in some]
        revised = [[_again(r, r.value + 1) for r in batch] for batch in some]
        self._connection.execute("VACUUM ANALYZE reading")
        figures["bytes_per_reading"] = [self._one("bench_size") / self._number]
        figures |= self._read(book)
        for name, batches_again in (("repeat_rate", repeated), ("revise_rate", revised)):
            seconds = sum(self._append(book, batch) for batch in batches_again)
            figures[name] = [sum(map(len, batches_again)) / seconds]
        encoded = [_encoded(book, batch) for batch in everything]
        self._connection.execute(statement("bench_empty_readings"))
        figures["copy_rate"] = [self._number / sum(map(self._copy, encoded))]
        self._check(self._number, "COPY")
        return figures

    def _write(self, everything: list[Batch]) -> tuple[SeriesBook, float]:
        """Store batches in empty tables; what the process knows afterwards, and the rate."""
        self._connection.execute(statement("bench_empty"))
        book = SeriesBook()
        seconds = sum(self._append(book, batch) for batch in everything)
        self._check(len({(*_name(r), r.at) for batch in everything for r in batch}), "append")
        return book, sum(map(len, everything)) / seconds

    def _append(self, book: SeriesBook, batch: Batch) -> float:
        began = time.perf_counter()
        with self._connection.transaction():
            appended = readings.append(self._connection, book, batch)
        readings.remember(book, appended)
        return time.perf_counter() - began

    def _copy(self, encoded: bytes) -> float:
        began = time.perf_counter()
        with (
            self._connection.transaction(),
            self._connection.cursor() as cursor,
            cursor.copy(statement("readings_copy")) as copy,
        ):
            copy.write(encoded)
        return time.perf_counter() - began

    def _read(self, book: SeriesBook) -> dict[str, list[float]]:
        numbers = sorted(book.numbers.values())
        steps = -(-self._number // (len(QUANTITIES) * DEVICES))
        everything = _windows(numbers, [0] * len(numbers), steps)
        # Each a quarter of the time, and the first begins when half of it is still to come.
        length = max(steps // 4, 1)
        apart = _windows(numbers, [place * (steps - length) // len(numbers) for place in range(len(numbers))], length)
        ways: dict[str, Callable[[], pl.DataFrame]] = {
            "read_rate": lambda: intervals.read_around(self._reader, self._connection, everything),
            "adbc_rate": self._read_simply,
            "apart_rate": lambda: intervals.read_around(self._reader, self._connection, apart),
        }
        least = {"read_rate": self._number, "adbc_rate": self._number, "apart_rate": (length - 1) * len(numbers)}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(READS):
            for name, read in rotated(list(ways.items()), turn):
                began = time.perf_counter()
                rows = read().height
                rates[name].append(rows / (time.perf_counter() - began))
                if not least[name] <= rows <= min(least[name] + (2 * CONTEXT + 2) * len(numbers), self._number):
                    raise Unavailable(f"the bench read {rows} of {least[name]} readings for the {name}")
        return rates

    def _read_simply(self) -> pl.DataFrame:
        with self._adbc.cursor() as cursor:
            cursor.execute(statement("bench_read").decode())
            stream: Any = cursor.fetch_arrow()
            return pl.DataFrame(stream)

    def _check(self, expected: int, how: str) -> None:
        """What was measured must have been done."""
        if (stored := self._one("bench_count")) != expected:
            raise Unavailable(f"the bench stored {stored} of {expected} readings by {how}")

    def _one(self, name: str) -> Any:
        row = self._connection.execute(statement(name)).fetchone()
        assert row is not None, "an aggregate always gives a row"
        return row[0]


def _encoded(book: SeriesBook, batch: Batch) -> bytes:
    """A batch as COPY takes it, sorted by series and time."""
    rows = sorted((book.numbers[_name(r)], r.at, r.value) for r in batch if r.at)
    return HEAD + encode((series_no, [at], [value]) for series_no, at, value in rows) + END


def _mixed(batch: Batch, before: Batch) -> Batch:
    """A batch with one reading of the batch before, and one that lies behind those that its series has had."""
    late = batch[0]
    assert late.at is not None, "the bench dates its readings"
    return [
        *batch,
        *before[-1:],
        Reading(late.device, late.quantity, late.value, late.at - EVERY / 2, dialect=late.dialect),
    ]


def _windows(numbers: list[int], steps: list[int], length: int) -> pl.DataFrame:
    """Windows of series from a step of each on, so many steps long."""
    starts = [BEGIN + step * EVERY for step in steps]
    return pl.DataFrame({"series_no": numbers, "start": starts, "end": [start + length * EVERY for start in starts]})


def _name(r: Reading) -> tuple[str, str, str, str, str]:
    return r.device, r.quantity, r.phase, r.channel, r.tariff


def _again(r: Reading, value: float) -> Reading:
    return Reading(r.device, r.quantity, value, r.at, dialect=r.dialect)


@contextmanager
def _collecting_as_ingest_does() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _database(url: str | None) -> Iterator[str]:
    if url is None:
        with migrated_postgres() as brought:
            yield brought
        return
    with connect(url) as connection:
        foreign = connection.execute(statement("bench_foreign")).fetchone()
        migrate_needed = connection.execute(statement("migration_table_exists")).fetchone() != (True,)
        if migrate_needed:
            is_empty = foreign is None
        else:
            is_empty = connection.execute(statement("bench_filled")).fetchone() == (False,)
        if not is_empty:
            raise InvalidInput("the bench needs an empty database, and this one has tables of others or data in it")
        migrate(connection)
    yield url
