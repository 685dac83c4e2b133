"""Readings in the binary format of COPY, made a whole part at a time: one call for each row, and none into psycopg."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final

HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END: Final = b"\xff\xff"
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
ROW: Final = Struct("!hiiiqid")
"""Three fields, each after its length: a number, microseconds since EPOCH, a float. [B, B, us, B]"""


def encode(series: Iterable[tuple[int, Sequence[datetime], Sequence[float]]]) -> bytes:
    """Rows (series_no, at, value) of series, each with its number, instants and values; to go between HEAD and END.

    Source: PostgreSQL documentation, COPY, "Binary Format".
    """
    pack = ROW.pack
    return b"".join(
        [
            pack(3, 4, series_no, 8, (at - EPOCH) // MICROSECOND, 8, value)
            for series_no, ats, values in series
            for at, value in zip(ats, values, strict=True)
        ]
    )
