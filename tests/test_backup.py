"""A backup goes to a second server and is the same hub there: every row, every next number, and all that follows."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from hub.backup_folder import read_manifest
from store.backup import count_rows, dump, held_moment
from store.client_programs import choose_programs, find_programs, list_archive
from store.connect import connect
from tests.backed_up import (
    PASSWORD,
    as_login,
    back_up,
    content,
    fill_all,
    hub,
    hypertables,
    left_in,
    second_server,
    sequences,
    unused_messages,
)
from tests.conftest import AskForServer, AskForTemplate, enter_or_do_without
from tests.databases import new_database
from tests.filled_hub import serving
from tests.metering import stored
from tests.servers import Postgres, PostgresKind
from tests.valley import COMMUNITIES, hear, late_messages

KINDS: tuple[PostgresKind, ...] = ("wheel-16", "timescale-17")
BALANCE = "/v1/communities/{}/balance?start=2026-03-29&end=2026-03-30"


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> PostgresKind:
    return request.param


@pytest.fixture(scope="module")
def elsewhere(kind: PostgresKind, no_server_left: None) -> Iterator[Postgres]:
    with ExitStack() as stack:
        yield enter_or_do_without(stack, second_server(kind))


@pytest.fixture(scope="module")
def filled(kind: PostgresKind, ask_for_server: AskForServer, ask_for_template: AskForTemplate) -> Iterator[str]:
    server = ask_for_server(kind)
    with new_database(server, ask_for_template(server)) as url:
        fill_all(url)
        yield url


@pytest.fixture(scope="module")
def backup(filled: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return back_up(filled, tmp_path_factory.mktemp("backups") / "first")


def test_every_row_comes_back_on_a_second_server_and_the_hub_goes_on_there(
    kind: PostgresKind, filled: str, backup: Path, elsewhere: Postgres
) -> None:
    rows = content(filled)
    assert [name for name, (number, _) in rows.items() if number == 0] == [], "no table shows anything by being empty"
    with new_database(elsewhere) as url:
        code, stdout, stderr = hub(url, "restore", backup)
        assert code == 0, stderr
        assert "every table has as many rows as it had when it was backed up" in stdout
        assert "erase them again" in stdout
        assert content(url) == rows
        assert sequences(url) == sequences(filled)
        assert hypertables(url) == hypertables(filled)
        assert [name for name, _ in hypertables(url)] == (["interval", "reading"] if kind == "timescale-17" else [])
        assert all(chunks > 1 for _, chunks in hypertables(url))
        assert "unfinished_restore" not in " ".join(left_in(url))
        assert not any("restoring" in left for left in left_in(url))
        with serving(filled) as here, serving(url) as there:
            for community in COMMUNITIES:
                shown = there.get(BALANCE.format(community)).json()
                assert shown["rows"] != []
                assert shown == here.get(BALANCE.format(community)).json()
        for place in (filled, url):
            late = [message for community in COMMUNITIES for message in late_messages(community)]
            hear(place, [*late, *unused_messages()])
        with connect(filled) as before, connect(url) as after:
            assert stored(after) == stored(before)
        assert sequences(url) == sequences(filled)
        assert hub(url, "migrate")[1].startswith("the schema is current\n")


def test_what_a_manifest_says(kind: PostgresKind, filled: str, backup: Path) -> None:
    manifest = read_manifest(backup)
    assert manifest.timescaledb is None or kind == "timescale-17"
    assert (manifest.timescaledb is not None) == (kind == "timescale-17")
    assert {file.name for file in backup.iterdir()} == {"hub.dump", "manifest.json"}
    assert {path.stat().st_mode & 0o777 for path in backup.iterdir()} == {0o600}
    assert backup.stat().st_mode & 0o777 == 0o700
    with connect(filled) as connection:
        ran = dict(connection.execute("SELECT name, digest FROM migration").fetchall())
    assert manifest.migrations == ran
    assert manifest.rows.keys() == content(filled).keys()


@pytest.mark.parametrize("kind", ["wheel-16"], indirect=True)
def test_rows_are_counted_and_dumped_at_the_same_moment(filled: str, tmp_path: Path) -> None:
    with connect(filled) as connection, connect(filled) as other:
        try:
            with held_moment(connection) as moment:
                before = count_rows(connection)
                other.execute("INSERT INTO kept_message (topic, payload) VALUES ('later', '')")
                programs = choose_programs(find_programs(None), connection.info.server_version // 10_000)
                dump(connection, programs, moment.snapshot, tmp_path / "hub.dump", {})
                assert count_rows(connection) == before
            said = list_archive(programs, tmp_path / "hub.dump", {})
            assert any(" TABLE DATA public kept_message " in line for line in said)
            options = ["--data-only", "--table=kept_message", "--file=-", str(tmp_path / "hub.dump")]
            written = subprocess.run([programs.folder / "pg_restore", *options], capture_output=True, check=True).stdout
            assert b"NBIRTH" in written
            assert b"later" not in written
        finally:
            other.execute("DELETE FROM kept_message WHERE topic = 'later'")


def test_the_owner_keeps_what_somebody_else_restores(kind: PostgresKind, backup: Path, elsewhere: Postgres) -> None:
    """And on TimescaleDB only a superuser can: its catalogue is written as it was."""
    with new_database(elsewhere) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(SQL("ALTER DATABASE {} OWNER TO keeper").format(Identifier(name)))
        owner = as_login(url, "keeper")
        if kind == "timescale-17":
            code, _, stderr = hub(owner, "restore", backup)
            assert (code, stderr.count("\n")) == (1, 1)
            assert "only a superuser can restore a backup with TimescaleDB" in stderr
            assert left_in(url) == []
            assert hub(url, "restore", backup)[0] == 0
        else:
            assert hub(owner, "restore", backup)[0] == 0
        assert hub(owner, "migrate")[1].startswith("the schema is current\n")
        hear(owner, unused_messages())
        with connect(url) as connection:
            owners = """
                SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'shown')
                UNION SELECT viewowner FROM pg_views WHERE schemaname IN ('public', 'shown')
                UNION SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'shown'
                UNION SELECT pg_get_userbyid(typowner) FROM pg_type WHERE typname IN ('flow', 'source')
                UNION SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE proname = 'grant_viewer'
            """
            assert connection.execute(owners).fetchall() == [("keeper",)]


@pytest.mark.parametrize("kind", ["wheel-16"], indirect=True)
def test_a_login_with_a_password(backup: Path, elsewhere: Postgres, tmp_path: Path) -> None:
    with new_database(elsewhere) as url:
        refused = hub(as_login(url, "careful", "wrong"), "restore", backup)[2]
        assert "password authentication failed" in refused
        assert hub(as_login(url, "careful", PASSWORD), "restore", backup)[0] == 0
        again = back_up(as_login(url, "careful", PASSWORD), tmp_path / "again")
    assert read_manifest(again).rows == read_manifest(backup).rows
    assert "p@ss" not in (again / "manifest.json").read_text()
