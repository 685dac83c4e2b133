"""Processes that append readings to a real database, each with its own connection and memory, and what they leave."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from energy.model import Quantity, Reading
from store import readings
from store.readings import Appended, SeriesBook

NOON: Final = datetime(2026, 3, 14, 12, tzinfo=UTC)
EVERYTHING: Final = {
    "reading": "SELECT d.id, s.quantity, r.at, r.value FROM reading AS r JOIN series AS s ON s.no = r.series_no"
    " JOIN device AS d ON d.no = s.device_no ORDER BY 1, 2, 3",
    "revision": "SELECT d.id, v.at, v.old_value FROM reading_revision AS v JOIN series AS s ON s.no = v.series_no"
    " JOIN device AS d ON d.no = s.device_no ORDER BY 1, 2, 3",
    "series": "SELECT d.id, s.quantity, s.first_positive_at FROM series AS s JOIN device AS d ON d.no = s.device_no"
    " ORDER BY 1, 2",
    "stale": "SELECT d.id, m.day FROM stale AS m JOIN series AS s ON s.no = m.ref_no JOIN device AS d"
    " ON d.no = s.device_no ORDER BY 1, 2",
}


class Writer:
    """A process that appends: its connection and its book."""

    def __init__(self, connection: psycopg.Connection, *, is_careful: bool = False) -> None:
        self.connection = connection
        self.book = SeriesBook()
        self._is_careful = is_careful
        readings.prepare(connection)

    def append(self, *batch: Reading) -> Appended:
        """Append a batch; a careful writer trusts nothing that it has seen, and stages every batch."""
        with self.connection.transaction():
            appended = readings.append(self.connection, SeriesBook() if self._is_careful else self.book, batch)
            row = self.connection.execute("SELECT pg_current_xact_id()::xid::text").fetchone()
            self.transaction = row and row[0]
        readings.remember(self.book, appended)
        return appended

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that appending has left in the database."""
        return {name: self.connection.execute(query.encode()).fetchall() for name, query in EVERYTHING.items()}


def told(minute: float, value: float = 1.0, device: str = "a", quantity: Quantity = Quantity.IMPORT_ENERGY) -> Reading:
    """A reading, so many minutes after noon."""
    return Reading(device, quantity, value, NOON + timedelta(minutes=minute), dialect="test")
