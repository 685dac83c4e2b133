"""Bring a database to the current schema: forward only, all or nothing, one process at a time."""

import hashlib
from importlib.abc import Traversable
from importlib.resources import files
from typing import Final

import psycopg

from energy.errors import MigrationConflict, Unavailable
from store.comments import describe
from store.queries import statement
from store.timescale import use_timescale

MIGRATIONS: Final = files("store").joinpath("sql", "migrations")
GRANTS: Final = files("store").joinpath("sql", "grants.sql")


def migrate(connection: psycopg.Connection, folder: Traversable = MIGRATIONS) -> list[str]:
    """Apply the migrations that the database has not seen yet; return their names in order.

    All of them run in one transaction under an advisory lock: a failure leaves the database as it was, and of two
    processes that migrate at once the second waits and finds nothing to do. Where deploy/timescale/roles.sql has given
    the database an owner, everything is made in the owner's name, and each part of the hub is granted its rights anew.

    Args:
        connection: outside any transaction.
        folder: where the migrations are; the hub's own, but for tests.

    Raises:
        MigrationConflict: a migration that ran here differs from the file of the same name.
        Unavailable: the database holds what a restore left that works still, or did not finish.
    """
    with connection.transaction():
        connection.execute(statement("migration_lock"))
        if _is_unfinished(connection):
            raise Unavailable(
                f"a restore into the database {connection.info.dbname} did not finish yet (its schema"
                " unfinished_restore says so): wait for it, or drop the database, create it anew and restore again"
            )
        _add_timescale_where_possible(connection)
        has_roles = act_as_owner(connection)
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
        _follow_the_migrations(connection)
        if has_roles:
            connection.execute(GRANTS.read_bytes())
        _let_viewers_in(connection)
    return applied


def act_as_owner(connection: psycopg.Connection) -> bool:
    """Act as the owner of the database until the open transaction ends; False where one login does everything."""
    if connection.execute(statement("roles_are_separate")).fetchone() != (True,):
        return False
    connection.execute(statement("act_as"), {"role": "hub_owner"})
    return True


def schema_is_current(connection: psycopg.Connection) -> bool:
    """Whether every migration of this version has run, and what is in the database is whole."""
    if _is_unfinished(connection):
        return False
    if connection.execute(statement("migration_table_exists")).fetchone() != (True,):
        return False
    ran = dict(connection.execute(statement("migrations_ran")).fetchall())
    return all(name in ran for name, _ in _files(MIGRATIONS))


def _follow_the_migrations(connection: psycopg.Connection) -> None:
    """Bring up to date what each run does anew, in this order: it follows the server and the data files, not a version.

    Every step is safe to repeat and part of the same transaction.
    """
    use_timescale(connection)
    describe(connection)


def _let_viewers_in(connection: psycopg.Connection) -> None:
    """Give the viewers that the database knows what they may do in it; a backup holds no rights."""
    for (role,) in connection.execute(statement("viewers_kept_out")).fetchall():
        for (command,) in connection.execute(statement("viewer_grants"), {"role": role}).fetchall():
            connection.execute(command.encode())


def _is_unfinished(connection: psycopg.Connection) -> bool:
    """Whether a restore into this database works still, or has not come to its end."""
    return connection.execute(statement("restore_is_unfinished")).fetchone() == (True,)


def _add_timescale_where_possible(connection: psycopg.Connection) -> None:
    """Create the extension where the server has it loaded and the role may; the migrations then use it."""
    if connection.execute(statement("timescale_can_be_added")).fetchone() == (True,):
        connection.execute(statement("timescale_add"))


def _files(folder: Traversable) -> list[tuple[str, bytes]]:
    return sorted((file.name, file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".sql"))
