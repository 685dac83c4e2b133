"""Bring a database to the current schema: forward only, all or nothing, one process at a time."""

import hashlib
from importlib.abc import Traversable
from importlib.resources import files
from typing import Final

import psycopg

from energy.errors import MigrationConflict
from store.queries import statement

MIGRATIONS: Final = files("store").joinpath("sql", "migrations")


def migrate(connection: psycopg.Connection, folder: Traversable = MIGRATIONS) -> list[str]:
    """Apply the migrations that the database has not seen yet; return their names in order.

    All of them run in one transaction under an advisory lock: a failure leaves the database as it was, and of two
    processes that migrate at once the second waits and finds nothing to do.

    Args:
        connection: outside any transaction.
        folder: where the migrations are; the hub's own, but for tests.

    Raises:
        MigrationConflict: a migration that ran here differs from the file of the same name.
    """
    with connection.transaction():
        connection.execute(statement("migration_lock"))
        _add_timescale_where_possible(connection)
        connection.execute(statement("migration_table"))
        ran = dict(connection.execute(statement("migrations_ran")).fetchall())
        applied: list[str] = []
        for name, text in _files(folder):
            digest = hashlib.sha256(text).hexdigest()
            if name in ran:
                if ran[name] != digest:
                    raise MigrationConflict(
                        f"migration {name} differs from the one this database has run; "
                        "install the version of the hub that made it, or restore the file"
                    )
                continue
            connection.execute(text)
            connection.execute(statement("migration_record"), {"name": name, "digest": digest})
            applied.append(name)
    return applied


def schema_is_current(connection: psycopg.Connection) -> bool:
    """Whether every migration of this version has run."""
    if connection.execute(statement("migration_table_exists")).fetchone() != (True,):
        return False
    ran = dict(connection.execute(statement("migrations_ran")).fetchall())
    return all(name in ran for name, _ in _files(MIGRATIONS))


def _add_timescale_where_possible(connection: psycopg.Connection) -> None:
    """Create the extension where the server has it loaded and the role may; the migrations then use it."""
    if connection.execute(statement("timescale_can_be_added")).fetchone() == (True,):
        connection.execute(statement("timescale_add"))


def _files(folder: Traversable) -> list[tuple[str, bytes]]:
    return sorted((file.name, file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".sql"))
