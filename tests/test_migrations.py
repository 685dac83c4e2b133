"""Migrations on real servers: all or nothing, once, one process at a time, and the same schema everywhere."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import psycopg
import pytest

from energy.errors import MigrationConflict
from store.connect import connect
from store.migrate import MIGRATIONS, migrate, schema_is_current
from tests.conftest import AskForServer
from tests.databases import new_database
from tests.metering import wait_until
from tests.schema import hypertables, schema
from tests.servers import POSTGRES_KINDS, Postgres

NAMES: Final = sorted(file.name for file in MIGRATIONS.iterdir() if file.name.endswith(".sql"))


@pytest.fixture
def empty(any_database_url: str) -> Iterator[psycopg.Connection]:
    with connect(any_database_url) as connection:
        yield connection


def has(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone() == (True,)


def ran(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM migration ORDER BY name")]


def test_an_empty_database_gets_every_migration_once(empty: psycopg.Connection) -> None:
    assert not schema_is_current(empty)
    assert migrate(empty) == NAMES
    assert schema_is_current(empty)
    assert migrate(empty) == []
    assert ran(empty) == NAMES


def test_only_on_timescale_are_readings_and_intervals_hypertables(
    empty: psycopg.Connection, any_database_server: Postgres
) -> None:
    migrate(empty)
    timescale = any_database_server.kind == "timescale-17"
    extension = empty.execute("SELECT extname FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    assert (extension is not None) == timescale
    assert hypertables(empty) == ([("interval", "start", 90), ("reading", "at", 7)] if timescale else [])


def test_the_schema_is_the_same_on_every_kind(ask_for_server: AskForServer) -> None:
    schemas = {}
    for kind in POSTGRES_KINDS:
        with new_database(ask_for_server(kind)) as url, connect(url) as connection:
            migrate(connection)
            schemas[kind] = schema(connection)
    first = schemas[POSTGRES_KINDS[0]]
    assert len(first["columns"]) > 100, "something is compared"
    for kind in POSTGRES_KINDS[1:]:
        for name, rows in first.items():
            assert schemas[kind][name] ^ rows == set(), f"{name} differ on {kind}"


def test_of_two_processes_at_once_the_second_waits_and_finds_nothing(any_database_url: str) -> None:
    """Both are stopped at the lock by a third, so that they surely meet there."""
    with connect(any_database_url) as gate, ThreadPoolExecutor(4) as threads:
        gate.execute("BEGIN")
        gate.execute("SELECT pg_advisory_xact_lock(7305808869231650661)")
        started = threading.Barrier(5)

        def run() -> list[str]:
            with connect(any_database_url) as connection:
                started.wait(10)
                return migrate(connection)

        results = [threads.submit(run) for _ in range(4)]
        started.wait(10)
        with connect(any_database_url) as observer:
            wait_until(
                lambda: (
                    observer.execute(
                        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                    ).fetchone()
                    == (4,)
                )
            )
        gate.execute("COMMIT")
        assert sorted(result.result(20) for result in results) == [[], [], [], NAMES]


def test_a_failing_migration_leaves_the_database_as_it_was(
    empty: psycopg.Connection, any_database_url: str, tmp_path: Path
) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(MIGRATIONS.joinpath(name).read_bytes())
    broken = tmp_path / "9001_broken.sql"
    broken.write_text("-- Break.\nCREATE TABLE half_made (no int);\nSELECT 1 / 0;\n")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty, tmp_path)
    for table in ("migration", "community", "reading", "half_made"):
        assert not has(empty, table)
    assert empty.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is None
    broken.write_text("-- Mended.\nCREATE TABLE half_made (no int);\n")
    with connect(any_database_url) as again:  # TimescaleDB wants a new session after a failure
        assert migrate(again, tmp_path) == [*NAMES, broken.name]
    assert has(empty, "half_made")


def test_a_failure_on_the_way_up_keeps_what_earlier_versions_made(any_migrated_url: str, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(MIGRATIONS.joinpath(name).read_bytes())
    (tmp_path / "9001_good.sql").write_text("-- Add.\nCREATE TABLE added (no int);\n")
    (tmp_path / "9002_broken.sql").write_text("-- Break.\nCREATE TABLE community (no int);\n")
    with connect(any_migrated_url) as connection:
        connection.execute("INSERT INTO holder (id, kind) VALUES ('kept', 'natural')")
        before = schema(connection)
        with pytest.raises(psycopg.errors.DuplicateTable):
            migrate(connection, tmp_path)
        assert ran(connection) == NAMES
        assert schema(connection) == before
        assert connection.execute("SELECT id FROM holder").fetchall() == [("kept",)]


def test_a_migration_that_changed_after_it_ran_is_refused_by_name(migrated_url: str, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(MIGRATIONS.joinpath(name).read_bytes())
    changed = tmp_path / NAMES[1]
    changed.write_bytes(changed.read_bytes() + b"\n")
    (tmp_path / "9001_more.sql").write_text("-- Add.\nCREATE TABLE added (no int);\n")
    with connect(migrated_url) as connection:
        with pytest.raises(MigrationConflict, match=NAMES[1]):
            migrate(connection, tmp_path)
        assert not has(connection, "added")


@pytest.mark.parametrize("name", NAMES)
def test_no_migration_ends_the_transaction_around_it(name: str) -> None:
    words = MIGRATIONS.joinpath(name).read_text().upper().replace(";", " ").split("\n")
    statements = [line.strip() for line in words if not line.startswith("--")]
    assert not any(line.startswith(("COMMIT", "ROLLBACK", "START TRANSACTION")) for line in statements)
    assert not any("CONCURRENTLY" in line for line in statements)
