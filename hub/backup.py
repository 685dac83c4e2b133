"""`hub backup` and `hub restore`: one moment of the database into a folder, and back into an empty database."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psycopg

from energy.errors import HubError, InvalidInput, Unavailable
from hub.backup_folder import ARCHIVE, Manifest, describe, new_folder, read_manifest, write_manifest
from hub.counted import counted
from hub.endings import ended_in_order
from hub.settings import Settings, environment_with
from store import backup as store
from store.client_programs import choose_programs, find_programs
from store.connect import connect, database_answers
from store.migrate import migrate


def back_up(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write a backup into a new folder.

    Raises:
        InvalidInput: the folder is not new, or the database holds no hub.
        Unavailable: no pg_dump fits the server, or it failed.
    """
    folder: Path = arguments.folder
    variables = environment_with()
    with (
        ended_in_order(),
        new_folder(folder) as unfinished,
        closing(connect(settings.database_url)) as connection,
        store.held_moment(connection) as moment,
    ):
        if store.inspect_target(connection).is_unfinished:
            raise InvalidInput(f"the database {connection.info.dbname} holds only what a restore left that failed")
        migrations = store.migrations_here(connection)
        programs = choose_programs(find_programs(variables.get("PATH")), connection.info.server_version // 10_000)
        archive = unfinished / ARCHIVE
        archive.touch(mode=0o600)
        store.dump(connection, programs, moment.snapshot, archive, variables)
        manifest = Manifest(
            made_at=moment.at,
            hub=version("enercommons"),
            server=moment.server,
            timescaledb=moment.timescale,
            pg_dump=programs.version,
            migrations=migrations,
            rows=store.count_rows(connection),
            files=[describe(archive)],
        )
        write_manifest(unfinished, manifest)
    print(f"{folder}: {_content(manifest)}, {manifest.files[0].size / 1e6:.1f} MB, as of {manifest.made_at:%F %T} UTC")
    print("it holds personal data: keep it encrypted, on another machine, and delete it in time (docs/backup.md)")
    return 0


def restore(arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring a backup into an empty database, count what came, and migrate it to this version's schema.

    Raises:
        InvalidInput: the backup is damaged, or the database is not one to restore it into.
        Unavailable: no pg_restore fits, or it failed; the database is then empty, or says that it is not whole.
    """
    manifest = read_manifest(arguments.folder)
    _check_migrations(manifest)
    archive = arguments.folder / ARCHIVE
    variables = environment_with()
    with ended_in_order(), closing(connect(settings.database_url)) as connection:
        target = store.inspect_target(connection)
        store.lock_restores(connection)
        store.check_target(connection, target, manifest.timescaledb)
        programs = choose_programs(
            find_programs(variables.get("PATH")),
            connection.info.server_version // 10_000,
            least=int(manifest.pg_dump.partition(".")[0]),
        )
        store.load(connection, programs, archive, manifest.timescaledb, variables)
        with _told_to_start_anew():
            store.settle(connection, manifest.timescaledb)
            _compare(manifest.rows | {"migration": 0}, store.count_rows(connection))
            store.load_record(connection, programs, archive, variables)
            _compare(manifest.rows, store.count_rows(connection))
            if store.migrations_here(connection) != manifest.migrations:
                raise Unavailable("the migrations that came back are not those that manifest.json names")
            store.finish(connection)
        print(f"{target.name}: {_content(manifest)}; every table has as many rows as it had when it was backed up")
        for name in migrate(connection):
            print(f"applied {name}")
    print(f"! whoever was erased after {manifest.made_at:%F %T} UTC is back: erase them again (docs/backup.md)")
    return 0


VERBS: Final[dict[str, Callable[[argparse.Namespace, Settings], int]]] = {"backup": back_up, "restore": restore}


def _check_migrations(manifest: Manifest) -> None:
    """Refuse a backup of a newer hub: this one would not know what its tables mean."""
    known = store.migrations_known()
    for name, digest in manifest.migrations.items():
        if known.get(name) != digest:
            raise InvalidInput(
                f"the backup was made by hub {manifest.hub}, whose migration {name} this hub {version('enercommons')}"
                " does not know; restore it with that version or a newer one"
            )


def _compare(expected: dict[str, int], found: dict[str, int]) -> None:
    wrong = [
        f"{table} has {found.get(table, 'no table and no')} rows instead of {expected.get(table, 'none')}"
        for table in sorted(expected.keys() | found.keys())
        if expected.get(table) != found.get(table)
    ]
    if wrong:
        raise Unavailable(f"not all came back as it was backed up, or somebody else writes here: {', '.join(wrong)}")


def _content(manifest: Manifest) -> str:
    return f"{counted(len(manifest.rows), 'table')}, {counted(sum(manifest.rows.values()), 'row')}"


@contextmanager
def _told_to_start_anew() -> Iterator[None]:
    """Say with every failure that what is in the database is not whole, and what to do."""
    try:
        with database_answers():
            yield
    except HubError as error:
        raise Unavailable(f"{error}; {store.START_ANEW}") from error
    except psycopg.Error as error:
        raise Unavailable(f"the database refuses: {error.diag.message_primary}; {store.START_ANEW}") from error
