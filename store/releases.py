"""Releases of open datasets: immutable, hashed, chained; and what is read to make one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import class_row, dict_row

from energy.errors import NotFound
from store.connect import FrameReader
from store.queries import statement


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a release, as it is served."""

    name: str
    media_type: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class LastRelease:
    """The newest release of a dataset: what the next one is chained to."""

    no: int
    version: int
    released_at: datetime
    digest: str


def lock_dataset(connection: psycopg.Connection, dataset: str) -> None:
    """Keep others from releasing the same dataset until the open transaction ends."""
    connection.execute(statement("release_lock"), {"dataset": dataset})


def read_last(connection: psycopg.Connection, dataset: str) -> LastRelease | None:
    """The newest release of a dataset; None before the first."""
    with connection.cursor(row_factory=class_row(LastRelease)) as cursor:
        return cursor.execute(statement("release_last"), {"dataset": dataset}).fetchone()


def read_file(connection: psycopg.Connection, dataset: str, name: str, version: int | None = None) -> StoredFile:
    """A file of a release, of the newest one by default.

    Raises:
        NotFound: no such dataset, version or file.
    """
    parameters = {"dataset": dataset, "name": name, "version": version}
    with connection.cursor(row_factory=class_row(StoredFile)) as cursor:
        file = cursor.execute(statement("release_file"), parameters).fetchone()
    if file is None:
        raise NotFound(f"there is no file {name!r} of dataset {dataset!r}; /open/v1 lists those there are")
    return file


def read_releases(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """All releases with the names, sizes and digests of their files, newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("releases")).fetchall()


def add_release(
    connection: psycopg.Connection,
    *,
    dataset: str,
    version: int,
    released_at: datetime,
    digest: str,
    previous_digest: str | None,
    files: Iterable[StoredFile],
) -> None:
    """Keep a release in the open transaction."""
    row = connection.execute(
        statement("release_add"),
        {
            "dataset": dataset,
            "version": version,
            "released_at": released_at,
            "digest": digest,
            "previous_digest": previous_digest,
        },
    ).fetchone()
    assert row is not None, "an insert returns its row"
    for file in files:
        connection.execute(
            statement("release_file_add"),
            {
                "release_no": row[0],
                "name": file.name,
                "media_type": file.media_type,
                "content": file.content,
                "sha256": file.sha256,
            },
        )


def read_member_months(
    reader: FrameReader, connection: psycopg.Connection, schema: pl.Schema, ends: pl.Schema
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What each holder did in each local month, and when each of these months ends, in the given schemas.

    A month in which something waits to be recomputed has no end yet.
    """
    # In this order: what waits when the ends are read is in no month, what is computed after that is in its month.
    settled = reader.read(connection, "month_ends", {}).cast(ends)
    return reader.read(connection, "member_months", {}).cast(schema), settled


def read_simulated(connection: psycopg.Connection) -> tuple[str, ...]:
    """Ids of the communities whose data are simulated."""
    return tuple(community for (community,) in connection.execute(statement("simulated_communities")))
