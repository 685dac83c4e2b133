"""Databases for one test each: made from a template in a moment, dropped afterwards."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

from store.migrate import migrate
from tests.servers import Postgres

MIGRATED: Final = "migrated"
# Not template1: TimescaleDB looks into it when the server starts, and a database in use cannot be copied.
EMPTY: Final = "template0"


@contextmanager
def new_database(server: Postgres, template: str = EMPTY) -> Iterator[str]:
    """Make a copy of the template and yield its address; drop it when the context ends, whoever is still connected."""
    name = f"test_{secrets.token_hex(4)}"
    # Copying files is quicker than logging each page, and safe from nothing we care about here.
    _administer(server, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
    try:
        yield server.url(name)
    finally:
        _administer(server, "DROP DATABASE {} WITH (FORCE)", name)


def make_migrated_template(server: Postgres) -> None:
    """Make the database from which `new_database(server, MIGRATED)` copies: empty, with every migration applied."""
    _administer(server, "CREATE DATABASE {} TEMPLATE {}", MIGRATED, EMPTY)
    with psycopg.connect(server.url(MIGRATED), autocommit=True) as connection:
        migrate(connection)
    # TimescaleDB also keeps workers connected to every database it is in: none may come back.
    _administer(server, "ALTER DATABASE {} ALLOW_CONNECTIONS false", MIGRATED)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [MIGRATED]
        )


def _administer(server: Postgres, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(SQL(statement).format(*map(Identifier, names)))
