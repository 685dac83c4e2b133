"""What TimescaleDB's community edition is asked for, carried out under the Apache edition up to its refusal.

Each test replaces the question which edition this is, or one condition of a function, and leaves all else.
"""

import re
from collections.abc import Iterator
from typing import Final

import psycopg
import pytest

from store.connect import connect
from store.timescale import compress_chunks, old_chunks, use_timescale
from tests.conftest import AskForServer, AskForTemplate
from tests.databases import new_database
from tests.test_timescale import FAR, MOMENT, READINGS, START, WEEK

COMMUNITY: Final = (
    "CREATE OR REPLACE FUNCTION timescale_edition() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'community' $$"
)
LICENCE: Final = 'under the current "apache" license'


@pytest.fixture
def pretending(ask_for_server: AskForServer, ask_for_template: AskForTemplate) -> Iterator[psycopg.Connection]:
    """Four chunks of readings in a database that takes itself for one of the community edition."""
    server = ask_for_server("timescale-17")
    with new_database(server, ask_for_template(server)) as url, connect(url) as connection:
        connection.execute(READINGS, [START, START + 4 * WEEK])
        connection.execute(COMMUNITY.encode())
        yield connection


def altered(connection: psycopg.Connection, function: str, old: str, new: str) -> None:
    ((text,),) = connection.execute("SELECT pg_get_functiondef(%s::regprocedure)", [function]).fetchall()
    assert old in text
    connection.execute(text.replace(old, new).encode())


def test_the_columnstore_of_readings_is_asked_for(pretending: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match=LICENCE) as refused:
        use_timescale(pretending)
    assert "ALTER TABLE public.reading SET (timescaledb.enable_columnstore" in str(refused.value.diag.context)


def test_the_columnstore_of_intervals_is_asked_for(pretending: psycopg.Connection) -> None:
    altered(pretending, "use_timescale()", "'reading' AND compression_enabled", "'reading'")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match=LICENCE) as refused:
        use_timescale(pretending)
    assert "ALTER TABLE public.interval SET (timescaledb.enable_columnstore" in str(refused.value.diag.context)


@pytest.mark.parametrize("option", ["enable_columnstore", "segmentby", "orderby"])
def test_an_option_that_the_server_did_not_know_would_be_refused_otherwise(
    option: str, pretending: psycopg.Connection
) -> None:
    altered(pretending, "use_timescale()", f"timescaledb.{option}", f"timescaledb.{option}s")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"unrecognized parameter .*{option}s"):
        use_timescale(pretending)


def test_the_columns_of_the_columnstore_are_those_of_the_tables(pretending: psycopg.Connection) -> None:
    ((text,),) = pretending.execute("SELECT prosrc FROM pg_proc WHERE proname = 'use_timescale'").fetchall()
    options = re.findall(r"timescaledb\.(?:segment|order)by = ''([\w, ]+)''", text)
    assert len(options) == 4
    for table, named in (("reading", options[:2]), ("interval", options[2:])):
        known = pretending.execute(
            """
            SELECT a.attname FROM pg_index AS i JOIN pg_attribute AS a
            ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
            WHERE i.indisprimary AND i.indrelid = %s::regclass
            """,
            [table],
        ).fetchall()
        assert {(name,) for option in named for name in option.split(", ")} == set(known)


def test_a_version_without_the_columnstore_is_asked_for_nothing(pretending: psycopg.Connection) -> None:
    altered(pretending, "use_timescale()", "extversion, '.', 1", "'2.17.9', '.', 1")
    altered(pretending, "use_timescale()", "extversion, '.', 2", "'2.17.9', '.', 2")
    use_timescale(pretending)


def test_compression_is_asked_for_chunk_by_chunk(pretending: psycopg.Connection) -> None:
    assert compress_chunks(pretending, FAR, 10) == 0, "the columnstore is not enabled"
    function = "compress_old_chunks(timestamptz, int)"
    altered(pretending, function, "h.compression_enabled", "true")
    assert compress_chunks(pretending, START + WEEK - MOMENT, 10) == 0
    assert compress_chunks(pretending, FAR, 0) == 0
    with pytest.raises(psycopg.errors.FeatureNotSupported, match='"compress_chunk" is not supported'):
        compress_chunks(pretending, START + WEEK, 1)
    altered(pretending, function, "PERFORM compress_chunk(chunk)", "RAISE NOTICE '%', chunk")
    said: list[str] = []
    pretending.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
    assert compress_chunks(pretending, FAR, 3) == 3
    assert said == [f"_timescaledb_internal.{chunk.chunk}" for chunk in old_chunks(pretending, "reading", FAR)[:3]]
