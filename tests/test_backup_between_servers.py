"""Backups between servers that differ: from plain PostgreSQL to TimescaleDB, not back; and which programs fit which."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from energy.errors import Unavailable
from store.client_programs import Programs, choose_programs, find_programs
from store.connect import connect
from tests.backed_up import back_up, content, hub, hypertables, left_in, small_hub
from tests.conftest import AskForServer, AskForTemplate
from tests.databases import new_database
from tests.hub_command import sentence_of
from tests.servers import Postgres

HERE: Final = [Programs(Path(f"/{major}"), major, f"{major}.1") for major in (18, 15, 17, 16)]


@pytest.fixture
def plain(ask_for_server: AskForServer) -> Postgres:
    return ask_for_server("wheel-16")


@pytest.fixture
def timescale(ask_for_server: AskForServer) -> Postgres:
    return ask_for_server("timescale-17")


@pytest.fixture
def filled(request: pytest.FixtureRequest, ask_for_template: AskForTemplate) -> Iterator[str]:
    """A database on the server that the test names by its parameter."""
    server: Postgres = request.getfixturevalue(request.param)
    with small_hub(server, ask_for_template(server)) as url:
        yield url


@pytest.mark.parametrize("filled", ["plain"], indirect=True)
def test_plain_tables_go_to_a_server_with_timescale(filled: str, timescale: Postgres, tmp_path: Path) -> None:
    backup = back_up(filled, tmp_path / "backup")
    with new_database(timescale) as url:
        code, _, stderr = hub(url, "restore", backup)
        assert code == 0, stderr
        assert content(url) == content(filled)
        assert {name for name, _ in hypertables(url)} == {"reading", "interval"}


@pytest.mark.parametrize("filled", ["timescale"], indirect=True)
def test_hypertables_go_only_where_the_same_timescale_is(
    filled: str, plain: Postgres, timescale: Postgres, tmp_path: Path
) -> None:
    backup = back_up(filled, tmp_path / "backup")
    with new_database(plain) as url:
        sentence = sentence_of("restore", hub(url, "restore", backup))
        assert "the backup holds hypertables, and this server has no TimescaleDB" in sentence
        assert left_in(url) == []
    manifest = json.loads((backup / "manifest.json").read_text())
    has = manifest["timescaledb"]
    other = shutil.copytree(backup, tmp_path / "other")
    (other / "manifest.json").write_text(json.dumps(manifest | {"timescaledb": "2.0.1"}))
    with new_database(timescale) as url:
        sentence = sentence_of("restore", hub(url, "restore", other))
        assert f"the backup needs TimescaleDB 2.0.1, and this server has {has}" in sentence
        with connect(url) as connection:
            connection.execute("CREATE EXTENSION timescaledb")
        sentence = sentence_of("restore", hub(url, "restore", other))
        assert "the backup needs TimescaleDB 2.0.1, and the database" in sentence
        assert hub(url, "restore", backup)[0] == 0, "an extension that is there already is used"
        assert content(url) == content(filled)


@pytest.mark.parametrize(
    ("why", "found", "server", "least", "chosen"),
    [
        ("the same version", HERE, 16, 0, 16),
        ("the next above", [HERE[0], HERE[2]], 17, 0, 17),
        ("the next above that there is", [HERE[0]], 17, 0, 18),
        ("the archive is of a newer pg_dump", HERE, 17, 18, 18),
        ("the archive is of an older pg_dump", HERE, 17, 15, 17),
    ],
)
def test_the_programs_that_fit(why: str, found: list[Programs], server: int, least: int, chosen: int) -> None:
    assert choose_programs(found, server, least).major == chosen


@pytest.mark.parametrize(
    ("why", "found", "server", "least", "said"),
    [
        ("none", [], 17, 0, "(found: none); install the package postgresql-client-17"),
        ("only older ones", HERE[1:], 18, 0, "(found: 15, 16, 17); install the package postgresql-client-18"),
        ("newer ones set what 16 does not know", [HERE[0]], 16, 0, "install the package postgresql-client-16"),
        ("such an archive cannot go back", HERE, 16, 18, "restore it to PostgreSQL 17 or newer"),
    ],
)
def test_programs_that_do_not_fit(why: str, found: list[Programs], server: int, least: int, said: str) -> None:
    with pytest.raises(Unavailable) as refusal:
        choose_programs(found, server, least)
    assert said in str(refusal.value)


def test_programs_are_found_on_the_path_too_and_wrappers_and_rubbish_are_not(tmp_path: Path) -> None:
    of_wheel = {programs.major for programs in find_programs(None)}
    assert {16, 18} <= of_wheel
    (tmp_path / "pg_restore").touch()
    for text, counts in (("#!/bin/sh\necho 'pg_dump (PostgreSQL) 99.3 (Ours)'\n", True), ("no program", False)):
        (tmp_path / "pg_dump").write_text(text)
        (tmp_path / "pg_dump").chmod(0o755)
        found = [p for p in find_programs(str(tmp_path)) if p.folder == tmp_path]
        assert found == ([Programs(tmp_path, 99, "99.3")] if counts else [])
    (tmp_path / "pg_dump").unlink()
    assert tmp_path not in [p.folder for p in find_programs(str(tmp_path))]
