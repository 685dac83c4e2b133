"""Readings of series in their windows are the same, whether each is looked up or a whole stretch is read and cut."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from random import Random
from typing import Final

import polars as pl
import psycopg
import pytest

from store import intervals
from store.connect import FrameReader, connect
from tests.metering import DAY, HOUR, QUARTER, append, register

CONTEXT: Final = 6
SERIES: Final = 4
Row = tuple[int, datetime, float]


@pytest.fixture
def heard(both_migrated_url: str) -> Iterator[tuple[psycopg.Connection, FrameReader]]:
    """Four registers that begin at zero and show zeros of outages later."""
    reader = FrameReader(both_migrated_url)
    with connect(both_migrated_url) as connection:
        for device in range(SERIES):
            values = [0, 0, *(0 if i % 17 == device else 100 * i for i in range(1, 200))]
            append(connection, register(f"d{device}", values, DAY + device * timedelta(minutes=4)))
        yield connection, reader
    reader.close()


def around(rows: list[Row], windows: dict[int, tuple[datetime, datetime]]) -> list[Row]:
    """The same by hand."""
    found: list[Row] = []
    for no, (start, end) in windows.items():
        own = sorted(row for row in rows if row[0] == no)
        first = min(at for _, at, value in own if value > 0)
        usable = [row for row in own if row[2] != 0 or row[1] <= first]
        found += [row for row in usable if row[1] < start][-CONTEXT:]
        found += [row for row in usable if start <= row[1] <= end]
        found += [row for row in usable if row[1] > end][:CONTEXT]
    return sorted(found)


@pytest.mark.parametrize("likeness", ["equal", "much alike", "one short", "apart"])
def test_it_is_what_a_walk_through_all_finds(heard: tuple[psycopg.Connection, FrameReader], likeness: str) -> None:
    connection, reader = heard
    rows: list[Row] = connection.execute("SELECT series_no, at, value FROM reading").fetchall()
    numbers = sorted({row[0] for row in rows})
    random = Random(likeness)  # noqa: S311 - it chooses windows
    for _ in range(5):
        start = DAY + random.randrange(0, 90) * QUARTER
        match likeness:
            case "equal":
                windows = dict.fromkeys(numbers, (start, start + 10 * HOUR))
            case "much alike":
                windows = {no: (start + no * QUARTER, start + 10 * HOUR + no * QUARTER) for no in numbers}
            case "one short":
                windows = {no: (start, start + (10 if no > numbers[0] else 2) * HOUR) for no in numbers}
            case _:
                windows = {no: (start + no * 8 * HOUR, start + (no * 8 + 1) * HOUR) for no in numbers}
        columns = [(no, begin, end) for no, (begin, end) in windows.items()]
        frame = pl.DataFrame(columns, ["series_no", "start", "end"], orient="row")
        assert (intervals._common_span(frame) is None) == (likeness in ("one short", "apart"))  # pyright: ignore[reportPrivateUsage]
        read = intervals.read_around(reader, connection, frame)
        assert sorted(read.iter_rows()) == around(rows, windows)
        assert [no for no, _ in groupby(sorted(row[0] for row in read.iter_rows()))] == numbers


def test_no_windows_give_no_readings(heard: tuple[psycopg.Connection, FrameReader]) -> None:
    connection, reader = heard
    schema = {"series_no": pl.Int32, "start": pl.Datetime("us", "UTC"), "end": pl.Datetime("us", "UTC")}
    assert intervals.read_around(reader, connection, pl.DataFrame(schema=schema)).is_empty()
