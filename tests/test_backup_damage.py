"""Backups that are damaged, and databases that are not what they should be: each refused in one sentence."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from psycopg.sql import SQL, Identifier

from hub.backup_folder import read_manifest
from store.connect import connect
from tests.backed_up import (
    back_up,
    change,
    content,
    copy,
    cut,
    describe_anew,
    hub,
    left_in,
    say_instead,
    small_hub,
)
from tests.conftest import AskForServer, AskForTemplate
from tests.databases import new_database
from tests.hub_command import sentence_of
from tests.servers import Postgres


@pytest.fixture(scope="module")
def server(ask_for_server: AskForServer) -> Postgres:
    return ask_for_server("wheel-16")


@pytest.fixture(scope="module")
def filled(server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with small_hub(server, ask_for_template(server)) as url:
        yield url


@pytest.fixture(scope="module")
def backup(filled: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return back_up(filled, tmp_path_factory.mktemp("backups") / "first")


@pytest.fixture(scope="module")
def untouched(server: Postgres) -> Iterator[str]:
    """An empty database, which all tests that ask for it leave empty."""
    with new_database(server) as url:
        yield url
        assert left_in(url) == []


@pytest.fixture
def target(server: Postgres) -> Iterator[str]:
    with new_database(server) as url:
        yield url


def test_a_folder_that_is_not_new(filled: str, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "something").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for name in ("old", "file"):
        assert "exists already; give the name of a new folder" in sentence_of(
            "backup", hub(filled, "backup", tmp_path / name)
        )
    assert "cannot be made: No such file" in sentence_of("backup", hub(filled, "backup", tmp_path / "no" / "where"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "old"]
    (tmp_path / "empty").mkdir()
    assert read_manifest(back_up(filled, tmp_path / "empty")).rows["reading"] > 0


def test_a_database_without_a_hub(untouched: str, tmp_path: Path) -> None:
    assert "holds no hub" in sentence_of("backup", hub(untouched, "backup", tmp_path / "backup"))
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_not_empty(filled: str, backup: Path, target: str) -> None:
    before = content(filled)
    assert "is not empty (allocation, allocation_pair, " in sentence_of("restore", hub(filled, "restore", backup))
    assert content(filled) == before
    with connect(target) as connection:
        connection.execute("CREATE FUNCTION ours() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert "is not empty (ours)" in sentence_of("restore", hub(target, "restore", backup))


DAMAGES: Final[list[tuple[str, Callable[[Path], object], str]]] = [
    ("cut off", lambda folder: cut(folder / "hub.dump"), "hub.dump is damaged: "),
    ("one bit", lambda folder: change(folder / "hub.dump"), "hub.dump is damaged: its content"),
    ("no archive", lambda folder: (folder / "hub.dump").unlink(), "hub.dump is missing"),
    ("no manifest", lambda folder: (folder / "manifest.json").unlink(), "it has no manifest.json"),
    ("half a manifest", lambda folder: cut(folder / "manifest.json"), "manifest.json is damaged"),
    ("an empty manifest", lambda folder: (folder / "manifest.json").write_text("{}"), "made_at"),
    (
        "an odd version",
        lambda folder: say_instead(folder, pg_dump="x"),
        "manifest.json is damaged, or of another version",
    ),
    ("a long version", lambda folder: say_instead(folder, pg_dump="9" * 9999), "(pg_dump: "),
    ("a folder that is none", lambda folder: [file.unlink() for file in folder.iterdir()], "is no backup"),
]


@pytest.mark.parametrize(("why", "damage", "said"), DAMAGES, ids=[why for why, *_ in DAMAGES])
def test_damage_is_named_and_nothing_is_touched(
    backup: Path, untouched: str, tmp_path: Path, why: str, damage: Callable[[Path], object], said: str
) -> None:
    folder = copy(backup, tmp_path / "copy")
    damage(folder)
    assert said in sentence_of("restore", hub(untouched, "restore", folder))
    assert left_in(untouched) == []


def test_a_backup_of_a_newer_hub(backup: Path, untouched: str, tmp_path: Path) -> None:
    folder = copy(backup, tmp_path / "copy")
    say_instead(folder, hub="9.9", migrations={"9999_later.sql": "abc"})
    sentence = sentence_of("restore", hub(untouched, "restore", folder))
    assert "made by hub 9.9, whose migration 9999_later.sql" in sentence
    assert left_in(untouched) == []


def test_a_manifest_that_names_other_migrations_than_the_database_has(
    backup: Path, target: str, tmp_path: Path
) -> None:
    """So that nobody hides by it that the backup is of a newer hub: no digest guards the manifest."""
    folder = copy(backup, tmp_path / "copy")
    say_instead(folder, migrations={})
    sentence = sentence_of("restore", hub(target, "restore", folder))
    assert "the migrations that came back are not those that manifest.json names; what is in the database" in sentence
    assert "schema unfinished_restore" in left_in(target)
    assert "run `hub migrate` first" in sentence_of("serve", hub(target, "serve"))
    sentence = sentence_of("migrate", hub(target, "migrate"))
    assert "did not finish yet (its schema unfinished_restore says so): wait for it, or drop the database" in sentence


def test_a_restore_takes_as_long_as_it_takes(filled: str, target: str, tmp_path: Path) -> None:
    """Whatever database and login are set to. An index with a slow function makes ANALYZE slow."""
    with connect(filled) as connection:
        try:
            connection.execute("""
                CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql
                AS 'BEGIN PERFORM pg_sleep(0.4); RETURN n; END'
            """)
            connection.execute("CREATE TABLE tree (n int)")
            connection.execute("INSERT INTO tree VALUES (1)")
            connection.execute("CREATE INDEX ON tree (slow(n))")
            backup = back_up(filled, tmp_path / "backup")
        finally:
            connection.execute("DROP TABLE IF EXISTS tree")
            connection.execute("DROP FUNCTION IF EXISTS slow")
    with connect(target) as connection:
        name = Identifier(connection.info.dbname)
        connection.execute(SQL("ALTER DATABASE {} SET statement_timeout = '300ms'").format(name))
    code, _, stderr = hub(target, "restore", backup)
    assert code == 0, stderr


def test_an_archive_that_ends_too_soon_leaves_an_empty_database(backup: Path, untouched: str, tmp_path: Path) -> None:
    """As it would if the manifest did not tell: everything is one transaction."""
    folder = copy(backup, tmp_path / "copy")
    cut(folder / "hub.dump")
    describe_anew(folder)
    assert "pg_restore failed: " in sentence_of("restore", hub(untouched, "restore", folder))
    assert left_in(untouched) == []


def test_a_table_with_other_rows_than_it_had(backup: Path, target: str, tmp_path: Path) -> None:
    folder = copy(backup, tmp_path / "copy")
    describe_anew(folder, reading=7, not_there=1)
    sentence = sentence_of("restore", hub(target, "restore", folder))
    assert "not_there has no table and no rows instead of 1" in sentence
    assert "rows instead of 7; what is in the database is not whole" in sentence
    assert "schema unfinished_restore" in left_in(target)
    assert "run `hub migrate` first" in sentence_of("serve", hub(target, "serve"))
