"""What TimescaleDB adds where it is there: which edition, compression of old chunks, and chunks that go whole.

The functions are in the database (migration 0007), so that a role that owns nothing may call them; on a server
without TimescaleDB, or without what its community edition adds, they find nothing to do.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import psycopg
from psycopg.rows import class_row

from energy.errors import Unavailable
from store.queries import statement

ChunkedTable: TypeAlias = Literal["reading", "interval"]


@dataclass(frozen=True, slots=True)
class Timescale:
    """Which TimescaleDB a database has; `version` is None without it."""

    edition: Literal["none", "apache", "community"]
    version: str | None

    def __str__(self) -> str:
        match self.edition:
            case "none":
                return "no TimescaleDB: readings and intervals are ordinary tables"
            case "apache":
                return f"TimescaleDB {self.version}, Apache edition: hypertables, without compression"
            case "community":
                return f"TimescaleDB {self.version}, community edition: hypertables, old chunks are compressed"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a hypertable: from when to when, its size on disk with indexes, and about how many rows.

    `about_rows` is None before the server has counted them for the first time.
    """

    chunk: str
    starts_at: datetime
    ends_at: datetime
    size_bytes: int
    about_rows: int | None


def read_timescale(connection: psycopg.Connection) -> Timescale:
    """Which TimescaleDB the database has; every migration must have run."""
    with connection.cursor(row_factory=class_row(Timescale)) as cursor:
        (found,) = cursor.execute(statement("timescale_edition")).fetchall()
    return found


def use_timescale(connection: psycopg.Connection) -> None:
    """Make readings and intervals what the server offers: hypertables, compressible ones, or ordinary tables.

    Safe to repeat. Rows that are there already move into chunks, which takes as long as writing them did.
    """
    connection.execute(statement("timescale_use"))


def compress_chunks(connection: psycopg.Connection, older_than: datetime, most: int) -> int:
    """Compress chunks that ended by then, the oldest first, at most so many; return how many.

    Always 0 but under the community edition of TimescaleDB. Writes to a chunk wait while it is compressed.

    Raises:
        Unavailable: as `drop_old_chunks`.
    """
    return _count(connection, "timescale_compress", before=older_than, most=most)


def old_chunks(connection: psycopg.Connection, table: ChunkedTable, before: datetime) -> list[Chunk]:
    """The chunks that `drop_old_chunks` would drop, the oldest first; none without TimescaleDB."""
    with connection.cursor(row_factory=class_row(Chunk)) as cursor:
        return cursor.execute(statement("timescale_old_chunks"), {"table": table, "before": before}).fetchall()


def drop_old_chunks(connection: psycopg.Connection, table: ChunkedTable, before: datetime, most: int) -> int:
    """Drop chunks that ended by then, the oldest first, at most so many; return how many went.

    Always 0 without TimescaleDB. Rows before that instant in a chunk that ends later stay.

    Raises:
        Unavailable: somebody reads one of them, and those who write would wait for us if we waited for that.
    """
    return _count(connection, "timescale_drop", table=table, before=before, most=most)


def _count(connection: psycopg.Connection, name: str, **parameters: object) -> int:
    try:
        ((count,),) = connection.execute(statement(name), parameters).fetchall()
    except psycopg.errors.LockNotAvailable as error:
        raise Unavailable(
            "somebody, perhaps a backup, reads the old chunk that is next; run `hub retention --yes` again when that is"
            " over, or leave it to `hub process`"
        ) from error
    return count
