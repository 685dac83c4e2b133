"""What is encoded for COPY is what PostgreSQL then holds, to the last bit; on real servers."""

from datetime import UTC, datetime, timedelta
from typing import Final

from energy.validity import FOREVER, FOREVER_AGO
from store import readings
from store.binary import END, EPOCH, HEAD, encode
from store.connect import connect
from store.queries import statement

ROWS: Final = [
    ("the least of everything", (1, FOREVER_AGO, -1.7976931348623157e308)),
    ("the greatest of everything", (2**31 - 1, FOREVER, 1.7976931348623157e308)),
    ("a microsecond before the epoch of PostgreSQL", (7, EPOCH - timedelta(microseconds=1), 5e-324)),
    ("at it", (7, EPOCH, -0.0)),
    ("by a clock that is not UTC's", (7, datetime.fromisoformat("2026-03-29T03:00:00.000001+02:00"), 0.1)),
    ("a register of whole watt-hours", (7, datetime(2026, 3, 29, 12, tzinfo=UTC), 2.0**53)),
]  # fmt: skip


def test_rows_at_the_limits_arrive(any_migrated_url: str) -> None:
    with connect(any_migrated_url) as connection:
        readings.prepare(connection)
        with connection.transaction(), connection.cursor() as cursor:
            with cursor.copy(statement("incoming_copy")) as copy:
                copy.write(HEAD + encode((no, [at], [value]) for _, (no, at, value) in ROWS) + END)
            found = cursor.execute("SELECT series_no, at, value FROM incoming ORDER BY ctid").fetchall()
    assert found == [row for _, row in ROWS]
    assert [str(row[2]) for row in found] == [str(row[2]) for _, row in ROWS], "the sign of zero too"
