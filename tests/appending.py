"""A connection that appends messages to a real database, and what it finds there afterwards."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.abc import QueryNoTemplate

from energy.model import Message
from ingest.append import Appender, Counts
from ingest.plausible import OLDEST
from store.connect import connect
from store.readings import prepare

NOON: Final = datetime(2026, 3, 14, 12, tzinfo=UTC)
TODAY: Final = NOON.date()

TAKE_MARKS: Final = """
WITH taken AS (DELETE FROM stale WHERE kind = 'series' RETURNING ref_no, day)
SELECT d.id, t.day, s.no FROM taken AS t JOIN series AS s ON s.no = t.ref_no JOIN device AS d ON d.no = s.device_no
"""


@dataclass(frozen=True, slots=True)
class Store:
    """An appender and its connection."""

    connection: psycopg.Connection
    appender: Appender

    def append(self, *messages: Message) -> Counts:
        """Append a batch; return the counts since the beginning."""
        self.appender.append(self.connection, messages)
        return self.appender.counts

    def rows(self, query: QueryNoTemplate) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.connection.execute(query).fetchall()

    def take_marks(self) -> set[tuple[str, date]]:
        """Take the marks away and return them as (device, UTC day)."""
        taken = self.rows(TAKE_MARKS)
        assert len(set(taken)) == len(taken), "a mark that waits serves again"
        return {(device, day) for device, day, _ in taken}


@contextmanager
def open_store(url: str, *, keep_technical: bool = False, oldest: timedelta = OLDEST) -> Iterator[Store]:
    """Open a store that appends."""
    with connect(url) as connection:
        prepare(connection)
        yield Store(connection, Appender(keep_technical=keep_technical, oldest=oldest))


def told(device: str, at: datetime = NOON, *, received_at: datetime | None = None, **values: float) -> Message:
    """A message in the hub's own format, heard when it was measured unless told otherwise."""
    payload = {"at": at.isoformat(), **values}
    return Message(f"hub/v1/{device}", json.dumps(payload).encode(), received_at or at)
