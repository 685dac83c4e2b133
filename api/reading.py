"""What routes share: a connection, a community, a span of time, figures in kWh and rates."""

import asyncio
import queue
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
from fastapi import Depends, Path, Request
from fastapi.concurrency import contextmanager_in_threadpool
from psycopg_pool import ConnectionPool, PoolTimeout

from energy.errors import InvalidInput, Unavailable
from energy.time import Span, local_day, local_midnight
from energy.units import WH_PER_KWH
from store.communities import CommunityRow, read_community
from store.connect import LONGEST_QUERY_S, FrameReader, database_answers

WH_DIGITS: Final = 3
"""Decimals of a kWh down to the Wh."""
LONGEST_SPAN: Final = timedelta(days=3700)
LARGEST: Final = 2**31 - 1
"""The largest number that the database counts to."""
WAIT_S: Final = 3.0
"""How long a request waits for a connection: an operator's probe should hear 503, not give up."""
SHORTEST_WAIT_S: Final = 0.5
"""How long it waits at least once its turn has come, however late that was."""
BUSY: Final = "the database does not answer, or all connections to it are busy; try again in a few seconds"


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
            reader = FrameReader(self._url, LONGEST_QUERY_S)
        try:
            yield reader
        finally:
            self._idle.put(reader)  # one whose connection was lost opens another when it is next used

    def close(self) -> None:
        """Close the readers that nobody uses."""
        while True:
            try:
                reader = self._idle.get_nowait()
            except queue.Empty:
                return
            reader.close()


class Turns:
    """Turns at a pool of connections: who has to wait waits here, and takes no thread from those who are served.

    Otherwise requests that wait for a hanging database would have every thread, and none were left to say so.
    """

    def __init__(self, number: int) -> None:
        self._places = asyncio.Semaphore(number)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[float]:
        """Wait for a turn and keep it for the time of a request; tells how long that may still wait. [s]

        Raises:
            Unavailable: none came in time.
        """
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(WAIT_S):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable(BUSY) from error
        try:
            yield max(began + WAIT_S - asyncio.get_running_loop().time(), SHORTEST_WAIT_S)
        finally:
            self._places.release()


@contextmanager
def lend(pool: ConnectionPool, wait_s: float | None = None) -> Iterator[psycopg.Connection]:
    """Lend a connection for a moment, once it is free; for that it waits at most WAIT_S, or `wait_s`.

    Raises:
        Unavailable: the database does not answer, or every connection stays busy.
    """
    with database_answers():
        try:
            with pool.connection(timeout=WAIT_S if wait_s is None else wait_s) as connection:
                yield connection
        except PoolTimeout as error:
            raise Unavailable(BUSY) from error


async def _connection(request: Request) -> AsyncIterator[psycopg.Connection]:
    services = request.app.state.services
    async with (
        services.turns.take() as left_s,
        contextmanager_in_threadpool(lend(services.pool, left_s)) as connection,
    ):
        yield connection


async def _open_connection(request: Request) -> AsyncIterator[psycopg.Connection]:
    services = request.app.state.services
    async with (
        services.open_turns.take() as left_s,
        contextmanager_in_threadpool(lend(services.open_pool, left_s)) as connection,
    ):
        yield connection


def _reader(request: Request) -> Iterator[FrameReader]:
    with request.app.state.services.readers.borrow() as reader:
        yield reader


Connection = Annotated[psycopg.Connection, Depends(_connection)]
OpenConnection = Annotated[psycopg.Connection, Depends(_open_connection)]
"""One that may see nothing but the open data."""
Reader = Annotated[FrameReader, Depends(_reader)]


CommunityId = Annotated[str, Path(description="id of a community, as /v1/communities lists them")]


def _known(community: CommunityId, connection: Connection) -> CommunityRow:
    return read_community(connection, community)


Community = Annotated[CommunityRow, Depends(_known)]


def refuse_unknown_words(request: Request) -> None:
    """Refuse a query whose words the route does not know, or that are there twice: `from` for `start` is another day.

    Pages, which nobody describes, take any: links to them grow words on their way.

    Raises:
        InvalidInput: the first such word, and those that the route takes.
    """
    path = request.scope["route"].path
    described = request.app.openapi()["paths"].get(path)
    if described is None:
        return
    parameters = described.get("get", {}).get("parameters", [])
    known = [parameter["name"] for parameter in parameters if parameter["in"] == "query"]
    for word in request.query_params:
        if word not in known:
            raise InvalidInput(f"{path} does not know {word!r}; it takes {', '.join(known) or 'no parameter'}")
        if len(request.query_params.getlist(word)) > 1:
            raise InvalidInput(f"{word}: it is asked for more than once; only one of them could be answered")


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
    """Rows for JSON."""
    return with_instants(frame).to_dicts()


def with_instants(frame: pl.DataFrame) -> pl.DataFrame:
    """Give instants as text, in RFC 3339 with a Z."""
    instants = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(pl.col(instants).dt.strftime("%Y-%m-%dT%H:%M:%SZ")) if instants else frame


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
