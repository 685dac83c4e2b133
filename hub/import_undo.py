"""`hub import list` and `hub import undo`: the files that were imported, and how one of them is taken back."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import psycopg

from energy.errors import InvalidInput, NotFound
from hub.counted import counted
from hub.import_words import LONGEST_POINT, POINTS_NAMED, local_time
from hub.settings import Settings
from hub.tables import columns
from ingest.files.packed import MOST_BYTES, too_large, unpacked
from ingest.files.words import shown
from store import curves, indexes, operator_results
from store.connect import connect
from store.curves import KnownFile

TITLE: Final = ("no", "imported", "format", "values", "points", "name")


def run_list(settings: Settings) -> int:
    """Show the files that were imported, the oldest first."""
    with connect(settings.database_url) as connection:
        files = curves.read_files(connection)
    if not files:
        print("no file was imported")
        return 0
    print("\n".join(columns([TITLE, *(_cells(file, settings) for file in files)])))
    return 0


def run_undo(what: Sequence[str], settings: Settings) -> int:
    """Take back files, each told by its number or by the file itself, in one transaction: all of them or none."""
    with connect(settings.database_url) as connection, connection.transaction():
        curves.lock_import(connection)
        found = dict(file for word in what for file in _files(connection, word))
        for number, name in found.items():
            undone = curves.undo(connection, number) + indexes.undo(connection, number)
            undone += operator_results.undo(connection, number)
            curves.forget_file(connection, number)
            back = f", {undone.back:,} that they had replaced came back" if undone.back else ""
            print(f"undone: {name or f'file {number}'}; {counted(undone.gone, 'value')} went{back}")
    return 0


def bytes_of(file: Path) -> bytes:
    """Read a file.

    Raises:
        InvalidInput: it cannot be read, or is larger than files are.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise too_large(file.name)
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error


def _files(connection: psycopg.Connection, word: str) -> Iterator[tuple[int, str]]:
    """Number and name of the imported files that a word of the command means: several where it is a zip."""
    if word.isascii() and word.isdecimal() and not Path(word).exists():
        file = curves.find_file(connection, number=min(int(word[:10]), 2**31 - 1))
        if file is None:
            raise NotFound(f"there is no imported file {word}: `hub import list` shows their numbers")
        yield file
        return
    name = shown(Path(word).name, LONGEST_POINT)
    digests = [hashlib.sha256(member.content).digest() for member in unpacked(bytes_of(Path(word)), name)]
    found = [file for digest in digests if (file := curves.find_file(connection, digest=digest)) is not None]
    if not found:
        raise NotFound(f"{name} was not imported as it is: `hub import list` shows what was, by number")
    yield from found


def _cells(file: KnownFile, settings: Settings) -> tuple[str, ...]:
    named = ", ".join(shown(point, LONGEST_POINT) for point in file.points[:POINTS_NAMED])
    more = f" and {len(file.points) - POINTS_NAMED} more" if len(file.points) > POINTS_NAMED else ""
    at = local_time(file.imported_at, settings.zone_info)
    return str(file.number), at, file.kind, f"{file.kept:,}", named + more, file.name or "-"
