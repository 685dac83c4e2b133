"""What the hub asks of TimescaleDB: by whom, how much at a time, under which edition, and nothing where it is not."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, LiteralString, get_args

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from store.connect import connect
from store.migrate import migrate
from store.timescale import (
    ChunkedTable,
    Timescale,
    compress_chunks,
    drop_old_chunks,
    old_chunks,
    read_timescale,
)
from tests.schema import hypertables
from tests.servers import Postgres

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
WEEK: Final = timedelta(days=7)
MOMENT: Final = timedelta(microseconds=1)
FAR: Final = datetime(2030, 1, 1, tzinfo=UTC)
READINGS: Final = """
INSERT INTO reading
SELECT s, g, 1 FROM generate_series(1, 5) AS s, generate_series(%s, %s - interval '1 hour', interval '1 hour') AS g
"""
ASKED: Final[dict[str, LiteralString]] = {
    "compress_old_chunks(timestamptz, int)": "SELECT compress_old_chunks(now(), 1)",
    "old_chunks(text, timestamptz)": "SELECT * FROM old_chunks('reading', '2030-01-01Z')",
    "drop_old_chunks(text, timestamptz, int)": "SELECT drop_old_chunks('reading', '2030-01-01Z', 1)",
}


@pytest.fixture
def weeks(both_migrated_url: str) -> Iterator[psycopg.Connection]:
    """Four chunks of readings, of 840 rows each; a chunk begins on the first of January."""
    with connect(both_migrated_url) as connection:
        connection.execute(READINGS, [START, START + 4 * WEEK])
        connection.execute("ANALYZE reading")
        yield connection


@pytest.fixture
def edition(both_database_server: Postgres) -> str:
    return "apache" if both_database_server.kind == "timescale-17" else "none"


def first_reading(connection: psycopg.Connection) -> datetime:
    ((at,),) = connection.execute("SELECT min(at) FROM reading").fetchall()
    return at


@pytest.fixture
def caller(weeks: psycopg.Connection, both_migrated_url: str) -> Iterator[psycopg.Connection]:
    """A login that may do nothing but what it is granted."""
    name = f"caller_{secrets.token_hex(4)}"
    weeks.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(name)))
    try:
        with connect(both_migrated_url.replace("postgres@", f"{name}@")) as connection:
            yield connection
    finally:
        weeks.execute(SQL("DROP OWNED BY {}").format(Identifier(name)))
        weeks.execute(SQL("DROP ROLE {}").format(Identifier(name)))


def test_the_edition_is_told(weeks: psycopg.Connection, edition: str) -> None:
    found = read_timescale(weeks)
    assert found.edition == edition
    ((version,),) = weeks.execute("SELECT max(extversion) FROM pg_extension WHERE extname = 'timescaledb'").fetchall()
    assert found.version == version


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Timescale("none", None), "no TimescaleDB: readings and intervals are ordinary tables"),
        (Timescale("apache", "2.19.3"), "TimescaleDB 2.19.3, Apache edition: hypertables, without compression"),
        (
            Timescale("community", "2.29.2"),
            "TimescaleDB 2.29.2, community edition: hypertables, old chunks are compressed",
        ),
    ],
)
def test_an_edition_says_what_it_means(found: Timescale, sentence: str) -> None:
    assert str(found) == sentence


def test_chunks_go_whole_the_oldest_first_and_so_many_at_a_time(weeks: psycopg.Connection, edition: str) -> None:
    before = START + 3 * WEEK
    listed = old_chunks(weeks, "reading", before)
    if edition == "none":
        assert listed == []
        assert drop_old_chunks(weeks, "reading", before, 10) == 0
        assert first_reading(weeks) == START
        return
    spans = [(START + n * WEEK, START + (n + 1) * WEEK, 840) for n in range(3)]
    assert [(chunk.starts_at, chunk.ends_at, chunk.about_rows) for chunk in listed] == spans
    assert all(840 * 40 < chunk.size_bytes < 840 * 400 for chunk in listed)
    assert old_chunks(weeks, "interval", FAR) == []
    assert drop_old_chunks(weeks, "reading", before, 0) == 0
    assert drop_old_chunks(weeks, "reading", before, 2) == 2
    assert first_reading(weeks) == START + 2 * WEEK
    assert old_chunks(weeks, "reading", before) == listed[2:]
    assert drop_old_chunks(weeks, "reading", before - MOMENT, 10) == 0, "it has not ended by then"
    assert drop_old_chunks(weeks, "reading", before, 10) == 1
    assert drop_old_chunks(weeks, "reading", before, 10) == 0
    assert weeks.execute("SELECT count(*) FROM reading").fetchone() == (840,)


def test_the_rows_of_a_new_chunk_are_not_known(both_migrated_url: str, edition: str) -> None:
    with connect(both_migrated_url) as connection:
        connection.execute(READINGS, [START, START + WEEK])
        rows = [chunk.about_rows for chunk in old_chunks(connection, "reading", FAR)]
        assert rows == ([None] if edition == "apache" else [])


def test_a_chunk_of_each_table_can_be_dropped(weeks: psycopg.Connection, edition: str) -> None:
    weeks.execute("INSERT INTO interval VALUES (1, 'import', 'device', %s, 1, 0, 'x')", [START])
    dropped = {table: drop_old_chunks(weeks, table, FAR, 9) for table in get_args(ChunkedTable)}
    assert dropped == ({"reading": 4, "interval": 1} if edition == "apache" else {"reading": 0, "interval": 0})


@pytest.mark.parametrize("table", ["allocation", "pg_class", "public.reading", "reading; DROP TABLE viewer", ""])
def test_other_tables_are_refused(table: str, weeks: psycopg.Connection) -> None:
    for query in ("SELECT drop_old_chunks(%s, now(), 1)", "SELECT * FROM old_chunks(%s, now())"):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="only reading and interval have chunks"):
            weeks.execute(query, [table])


def test_nothing_is_dropped_when_a_limit_is_not_known(weeks: psycopg.Connection) -> None:
    for query in ("SELECT drop_old_chunks('reading', NULL, 9)", "SELECT drop_old_chunks('reading', now(), NULL)"):
        assert weeks.execute(query.encode()).fetchone() == (None,)
    assert first_reading(weeks) == START


@pytest.mark.parametrize("function", ASKED)
def test_a_login_may_call_what_it_is_granted_and_no_more(
    function: str, caller: psycopg.Connection, weeks: psycopg.Connection, edition: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        caller.execute(ASKED[function])
    weeks.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {caller.info.user}".encode())
    answer = caller.execute(ASKED[function]).fetchall()
    if edition == "none" or function.startswith("compress"):
        assert answer in ([], [(0,)])
    else:
        assert len(answer) == (4 if function.startswith("old_") else 1)
    assert first_reading(weeks) == START + (WEEK if "drop" in function and edition == "apache" else timedelta())
    for statement in ("SELECT * FROM reading", "SELECT use_timescale()", "SELECT describe('viewer', NULL, '')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            caller.execute(statement.encode())


def test_what_runs_as_the_owner_looks_names_up_where_only_the_owner_puts_them(weeks: psycopg.Connection) -> None:
    found = weeks.execute(
        "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert len(found) >= len(ASKED)
    for name, settings in found:
        assert "search_path=pg_catalog, public, pg_temp" in settings, name


def test_without_the_community_edition_nothing_is_compressed_or_tried(weeks: psycopg.Connection, edition: str) -> None:
    assert compress_chunks(weeks, FAR, 10) == 0
    if edition == "apache":
        enabled = weeks.execute("SELECT DISTINCT compression_enabled FROM timescaledb_information.hypertables")
        assert enabled.fetchall() == [(False,)]
        jobs = weeks.execute("SELECT proc_name FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL")
        assert jobs.fetchall() == []


def test_migrate_makes_hypertables_again_after_an_ordinary_table_came_back(weeks: psycopg.Connection) -> None:
    """As after a restore of the table alone from a plain server."""
    before = hypertables(weeks)
    weeks.execute("CREATE TABLE other (LIKE reading INCLUDING ALL)")
    weeks.execute("INSERT INTO other SELECT * FROM reading")
    weeks.execute("DROP TABLE reading")
    weeks.execute("ALTER TABLE other RENAME TO reading")
    assert len(hypertables(weeks)) == max(len(before) - 1, 0)
    assert migrate(weeks) == []
    assert hypertables(weeks) == before
    assert weeks.execute("SELECT count(*) FROM reading").fetchone() == (4 * 840,)
