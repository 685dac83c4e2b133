"""Back a database up, as one moment of it, and bring that moment back into an empty one."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg import ClientCursor, IsolationLevel
from psycopg.rows import class_row

from energy.errors import InvalidInput, Unavailable
from store.client_programs import Programs, list_archive, run_program
from store.migrate import MIGRATIONS
from store.queries import statement

DUMP_OPTIONS: Final = (
    "--format=custom",
    # Roles belong to the server, and `hub migrate` grants what they may: a backup fits servers with other roles.
    "--no-owner",
    "--no-privileges",
    "--no-publications",
    "--no-subscriptions",
)
RESTORE_OPTIONS: Final = (
    "--exit-on-error",
    "--single-transaction",  # all of it or nothing, whatever kills it
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--use-list=/dev/stdin",
)
LAST_ENTRY: Final = " TABLE DATA public migration "
"""What tells the hub that a database is one of its own comes last."""
START_ANEW: Final = (
    "what is in the database is not whole (its schema unfinished_restore says so): drop the database, create it anew"
    " and restore again"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a database, held for others to read."""

    snapshot: str
    at: datetime
    server: str
    timescale: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """A database into which something shall be restored."""

    name: str
    is_superuser: bool
    is_owner: bool
    owner: str
    timescale: str | None
    available: list[str]
    is_preloaded: bool | None
    is_unfinished: bool


@contextmanager
def held_moment(connection: psycopg.Connection) -> Iterator[Moment]:
    """Hold one moment of the database until the context ends: what the connection reads within is of that moment.

    After a failure the connection still holds it: close it then.
    """
    connection.autocommit = False
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    row = connection.execute(statement("backup_snapshot")).fetchone()
    assert row is not None, "a SELECT without FROM has a row"
    yield Moment(*row[:4])
    connection.rollback()
    connection.isolation_level, connection.read_only = None, None
    connection.autocommit = True


def count_rows(connection: psycopg.Connection) -> dict[str, int]:
    """The rows of each table, tables of extensions aside."""
    connection.execute(statement("backup_count"))
    row = connection.execute(statement("backup_counts")).fetchone()
    assert row is not None, "a SELECT without FROM has a row"
    return dict(sorted(row[0].items()))


def migrations_here(connection: psycopg.Connection) -> dict[str, str]:
    """The migrations that this database has run, with their digests.

    Raises:
        InvalidInput: it is no database of the hub.
    """
    if connection.execute(statement("migration_table_exists")).fetchone() != (True,):
        raise InvalidInput(f"the database {connection.info.dbname} holds no hub; is HUB_DATABASE_URL the right one?")
    return dict(connection.execute(statement("migrations_ran")).fetchall())


def migrations_known() -> dict[str, str]:
    """The migrations of this version of the hub, with their digests."""
    files = (file for file in MIGRATIONS.iterdir() if file.name.endswith(".sql"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def dump(
    connection: psycopg.Connection, programs: Programs, snapshot: str, file: Path, variables: Mapping[str, str]
) -> None:
    """Write the database, as it was in a snapshot, to a compressed archive.

    Raises:
        Unavailable: pg_dump failed; the file is then worth nothing.
    """
    options = [*DUMP_OPTIONS, f"--snapshot={snapshot}", f"--file={file}"]
    run_program(programs, "pg_dump", options, connection, variables)


def inspect_target(connection: psycopg.Connection) -> Target:
    """The database that a connection leads to, as a place to restore into."""
    with connection.cursor(row_factory=class_row(Target)) as cursor:
        target = cursor.execute(statement("restore_target")).fetchone()
    assert target is not None, "a connection has a database and a role"
    return target


def check_target(connection: psycopg.Connection, target: Target, timescale: str | None) -> None:
    """Refuse a database that is not empty, or that cannot take what the backup holds.

    Args:
        connection: to the target.
        target: what is known of it.
        timescale: version of TimescaleDB in the backup; None for ordinary tables.

    Raises:
        InvalidInput: it is not empty, or has not the right TimescaleDB, or the login may not restore.
    """
    found = [name for (name,) in connection.execute(statement("restore_finds"))]
    if found and target.is_unfinished:
        raise InvalidInput(f"an earlier restore into {target.name} did not finish: {START_ANEW}")
    if found:
        raise InvalidInput(
            f"the database {target.name} is not empty ({', '.join(found[:3])}{', ...' * (len(found) > 3)});"
            " restore into a new, empty one"
        )
    if not (target.is_superuser or target.is_owner):
        raise InvalidInput(f"the database {target.name} belongs to {target.owner}: only that login can restore into it")
    if timescale is None:
        return
    if target.timescale not in (None, timescale):
        raise InvalidInput(
            f"the backup needs TimescaleDB {timescale}, and the database {target.name} has {target.timescale}: restore"
            f" where {timescale} is installed, and update the extension afterwards"
        )
    if not target.available:
        raise InvalidInput(
            f"the backup holds hypertables, and this server has no TimescaleDB: restore to a server with version"
            f" {timescale} of it"
        )
    if target.timescale is None and timescale not in target.available:
        raise InvalidInput(
            f"the backup needs TimescaleDB {timescale}, and this server has {', '.join(target.available)}: install"
            f" {timescale}, and update the extension after the restore"
        )
    if not target.is_superuser:
        raise InvalidInput(
            f"only a superuser can restore a backup with TimescaleDB: give HUB_DATABASE_URL such a login for this"
            f" command (all that is restored will belong to {target.owner})"
        )
    if not target.is_preloaded:
        raise InvalidInput(
            "TimescaleDB is installed on this server, but not loaded: add it to shared_preload_libraries"
            " and restart the server"
        )


def lock_restores(connection: psycopg.Connection) -> None:
    """Keep others from restoring into this database until the connection is closed, which waits as long as it takes.

    Raises:
        Unavailable: somebody already does, or what somebody began goes on.
    """
    connection.execute(statement("restore_patience"))
    if connection.execute(statement("restore_lock")).fetchone() != (True,):
        raise Unavailable("another `hub restore` works on this database; wait until it has ended")
    if connection.execute(statement("restore_at_work")).fetchone() == (True,):
        raise Unavailable(
            "a pg_restore works on this database, maybe of a `hub restore` that was killed; wait until it has ended"
        )


def load(
    connection: psycopg.Connection,
    programs: Programs,
    archive: Path,
    timescale: str | None,
    variables: Mapping[str, str],
) -> None:
    """Bring everything of an archive into an empty database, except the record of migrations.

    From the first change on the database is marked as unfinished; `finish` takes the mark away. Until then the hub's
    services refuse it. When this fails the database is empty again, and not marked, if it can still be reached and
    nobody else has put something there.

    Raises:
        Unavailable: pg_restore failed, or the server is gone.
    """
    entries = [
        line
        for line in list_archive(programs, archive, variables)
        if LAST_ENTRY not in line and not _is_extension(line)
    ]
    connection.execute(statement("restore_begin"))
    try:
        if timescale is not None:
            if inspect_target(connection).timescale is None:
                ClientCursor(connection).execute(statement("restore_timescale_add"), {"version": timescale})
            connection.execute(statement("restore_timescale_begin"))
        _restore(connection, programs, archive, entries, variables)
    except BaseException as error:
        try:
            _let_timescale_work(connection, timescale)
            is_empty = connection.execute(statement("restore_finds")).fetchone() is None
            if is_empty:
                connection.execute(statement("restore_end"))
        except psycopg.OperationalError:
            raise Unavailable(
                "the database was lost in the middle of the restore; run `hub restore` again when it answers"
            ) from error
        if isinstance(error, Unavailable) and not is_empty:
            raise Unavailable(f"{error}; {START_ANEW}") from error
        raise


def settle(connection: psycopg.Connection, timescale: str | None) -> None:
    """Let TimescaleDB work again, give everything to the owner of the database, and let the planner know what came."""
    _let_timescale_work(connection, timescale)
    connection.execute(statement("restore_own"))
    connection.execute(statement("restore_analyze"))


def load_record(
    connection: psycopg.Connection, programs: Programs, archive: Path, variables: Mapping[str, str]
) -> None:
    """Bring the record of migrations.

    Raises:
        Unavailable: pg_restore failed.
    """
    entries = [line for line in list_archive(programs, archive, variables) if LAST_ENTRY in line]
    _restore(connection, programs, archive, entries, variables)


def finish(connection: psycopg.Connection) -> None:
    """Take the mark of the unfinished restore away, and go on as the owner."""
    connection.execute(statement("restore_end"))
    connection.execute(statement("restore_as_owner"))


def _let_timescale_work(connection: psycopg.Connection, timescale: str | None) -> None:
    """Undo what only a superuser may do, and only what was backed up with TimescaleDB needs."""
    if timescale is not None:
        connection.execute(statement("restore_timescale_end"))


def _restore(
    connection: psycopg.Connection,
    programs: Programs,
    archive: Path,
    entries: list[str],
    variables: Mapping[str, str],
) -> None:
    options = [*RESTORE_OPTIONS, str(archive)]
    run_program(programs, "pg_restore", options, connection, variables, "\n".join(entries) + "\n")


def _is_extension(entry: str) -> bool:
    """Whether an entry makes an extension or comments on one: extensions belong to the server."""
    return " EXTENSION - " in entry or " COMMENT - EXTENSION " in entry
