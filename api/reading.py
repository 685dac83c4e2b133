"""What routes share: a connection, a community, a span of time, figures in kWh and rates."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
from fastapi import Depends, Path, Request
from psycopg_pool import ConnectionPool, PoolTimeout

from energy.errors import InvalidInput, Unavailable
from energy.time import Span, local_day, local_midnight
from energy.units import WH_PER_KWH
from store.communities import CommunityRow, read_community
from store.connect import FrameReader, database_answers

WH_DIGITS: Final = 3
"""Decimals of a kWh down to the Wh."""
LONGEST_SPAN: Final = timedelta(days=3700)
WAIT_S: Final = 3.0
"""How long a request waits for a connection: an operator's probe should hear 503, not give up."""


class Readers:
    """Arrow readers for the threads that serve requests: each is used by one request at a time, then kept."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._idle: queue.SimpleQueue[FrameReader] = queue.SimpleQueue()

    @contextmanager
    def borrow(self) -> Iterator[FrameReader]:
        """Lend a reader for the time of a request."""
        try:
            reader = self._idle.get_nowait()
        except queue.Empty:
            reader = FrameReader(self._url)
        try:
            yield reader
        except Unavailable:
            self.close()  # the database was away: those that wait here have lost it too
            raise
        finally:
            self._idle.put(reader)

    def close(self) -> None:
        """Close the readers that nobody uses."""
        while not self._idle.empty():
            self._idle.get_nowait().close()


@contextmanager
def lend(pool: ConnectionPool) -> Iterator[psycopg.Connection]:
    """Lend a connection for a moment.

    Raises:
        Unavailable: the database does not answer, or every connection stays busy.
    """
    with database_answers():
        try:
            with pool.connection(timeout=WAIT_S) as connection:
                yield connection
        except PoolTimeout as error:
            raise Unavailable(
                "the database does not answer, or all connections to it are busy; try again in a few seconds"
            ) from error


def _connection(request: Request) -> Iterator[psycopg.Connection]:
    with lend(request.app.state.services.pool) as connection:
        yield connection


def _reader(request: Request) -> Iterator[FrameReader]:
    with request.app.state.services.readers.borrow() as reader:
        yield reader


Connection = Annotated[psycopg.Connection, Depends(_connection)]
Reader = Annotated[FrameReader, Depends(_reader)]


CommunityId = Annotated[str, Path(description="id of a community, as /v1/communities lists them")]


def _known(community: CommunityId, connection: Connection) -> CommunityRow:
    return read_community(connection, community)


Community = Annotated[CommunityRow, Depends(_known)]


def requested_span(start: str | None, end: str | None, zone: ZoneInfo, now: datetime | None = None) -> Span:
    """Read `start` and `end` as local dates or RFC 3339 instants; the default is the local day of today.

    Raises:
        InvalidInput: neither a date nor an instant, the end before the start, or longer than ten years.
    """
    today = (now or datetime.now(UTC)).astimezone(zone).date()
    first = local_midnight(today, zone) if start is None else _instant("start", start, zone)
    last = _end_of_day(first, zone) if end is None else _instant("end", end, zone)
    if last <= first:
        raise InvalidInput(f"end ({end}) must be later than start ({start}); end is exclusive")
    if last - first > LONGEST_SPAN:
        raise InvalidInput("end: more than ten years after start; ask for less at a time")
    return Span(first, last)


def in_kwh(frame: pl.DataFrame) -> pl.DataFrame:
    """Give every *_wh column in kWh, under its name in the data dictionary."""
    energy = [name for name in frame.columns if name.endswith("_wh")]
    # Polars divides by multiplying with the inverse: 13216 Wh would be 13.216000000000001 kWh. Rounding puts it right.
    return frame.with_columns(
        (pl.col(name) / WH_PER_KWH).round(WH_DIGITS).alias(name.removesuffix("_wh") + "_kwh") for name in energy
    ).drop(energy)


def json_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: instants in RFC 3339 with a Z."""
    instants = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    if instants:
        frame = frame.with_columns(pl.col(instants).dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return frame.to_dicts()


def _end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    try:
        return local_day(at.astimezone(zone).date(), zone).end
    except OverflowError as error:
        raise InvalidInput(f"start: the day of {at.isoformat()} has no end in this calendar") from error


def _instant(name: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        if len(text) == len("2026-01-31"):
            return local_midnight(date.fromisoformat(text), zone)
        # A "+" in an address that was not escaped arrives as a space.
        at = datetime.fromisoformat(text.replace(" ", "+"))
        return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{name}: {text!r} is neither a date (2026-01-31) nor an instant (2026-01-31T12:00:00Z)"
        ) from error
