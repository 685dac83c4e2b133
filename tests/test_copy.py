"""What a frame holds is what its table holds after COPY, whatever it is; on real servers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.frames import UTC_TIME
from energy.validity import FOREVER, FOREVER_AGO
from store.connect import connect
from store.copy import copy_frame

SCHEMA: Final = pl.Schema(
    {
        "no": pl.Int32,
        "wh": pl.Int64,
        "quality": pl.Int16,
        "at": UTC_TIME,
        "is_settled": pl.Boolean,
        "value": pl.Float64,
        "name": pl.String,
    }
)
TABLE: Final = """
    CREATE TEMPORARY TABLE staged (
        no int, wh bigint, quality smallint, at timestamptz, is_settled boolean, value double precision, name text
    );
    CREATE TEMPORARY TABLE names (name text)
"""
STAGED: Final = b"COPY staged (no, wh, quality, at, is_settled, value, name) FROM STDIN (FORMAT CSV)"
NAMES: Final = b"COPY names FROM STDIN (FORMAT CSV)"
INSTANT: Final = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)
ROWS: Final[list[tuple[str, tuple[Any, ...]]]] = [
    ("nothing is known", (None,) * 7),
    ("the greatest of everything", (2**31 - 1, 2**63 - 1, 2**15 - 1, FOREVER, True, 1.7976931348623157e308, "z")),
    ("the least of everything", (-(2**31), -(2**63), -(2**15), FOREVER_AGO, False, 5e-324, "")),
    ("the last microsecond before clocks change", (0, 0, 0, INSTANT, None, -0.0, " ")),
    ("quotes and commas", (1, 1, 1, INSTANT, True, 0.1, 'a "quoted", name')),
    ("lines", (1, 1, 1, INSTANT, True, 0.1, "one\ntwo\r\nthree\r")),
    ("what ends COPY in other formats", (1, 1, 1, INSTANT, True, 0.1, "\\.")),
    ("what is NULL in other formats", (1, 1, 1, INSTANT, True, 0.1, "\\N")),
    ("words that look like none", (1, 1, 1, INSTANT, True, 0.1, "NULL")),
    ("any script", (1, 1, 1, INSTANT, True, 0.1, "Prats-de-Molló l'été ⚡ \u202e 電力 \U0001f50c")),
]


@pytest.fixture
def connection(any_database_url: str) -> Iterator[psycopg.Connection]:
    with connect(any_database_url) as connection:
        connection.execute(TABLE)
        yield connection


def stored(connection: psycopg.Connection, table: str) -> list[tuple[Any, ...]]:
    """Rows of a table in the order in which they came; the table is empty afterwards."""
    rows = connection.execute(f"SELECT * FROM {table} ORDER BY ctid".encode()).fetchall()
    connection.execute(f"TRUNCATE {table}".encode())
    return rows


def test_rows_at_the_limits_arrive(connection: psycopg.Connection) -> None:
    for why, row in ROWS:
        copy_frame(connection, STAGED, pl.DataFrame([row, row], schema=SCHEMA, orient="row"))
        assert stored(connection, "staged") == [row, row], why
        copy_frame(connection, NAMES, pl.DataFrame({"name": [row[-1], "next"]}, schema={"name": pl.String}))
        assert stored(connection, "names") == [(row[-1],), ("next",)], f"{why}, alone on its line"
    copy_frame(connection, STAGED, SCHEMA.to_frame())
    assert stored(connection, "staged") == [], "an empty frame"


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


ANY_ROW: Final = st.tuples(
    optional(st.integers(-(2**31), 2**31 - 1)),
    optional(st.integers(-(2**63), 2**63 - 1)),
    optional(st.integers(-(2**15), 2**15 - 1)),
    optional(st.integers(0, (FOREVER - FOREVER_AGO) // timedelta(microseconds=1))).map(
        lambda us: None if us is None else FOREVER_AGO + timedelta(microseconds=us)
    ),
    optional(st.booleans()),
    optional(st.floats(allow_nan=False)),
    optional(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ANY_ROW, max_size=20))
def test_any_frame_arrives_as_it_is(connection: psycopg.Connection, rows: list[tuple[Any, ...]]) -> None:
    copy_frame(connection, STAGED, pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    assert stored(connection, "staged") == rows
