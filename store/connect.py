"""Connections to PostgreSQL: psycopg for statements and COPY, ADBC for bulk reads straight into Polars."""

import os
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from errno import ENOSPC
from typing import Any, Final

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import polars as pl
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from energy.errors import Unavailable
from store.queries import statement

LINK = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""How soon a server that fell silent is given up: 30 s; else a cut line could hold a connection for hours. [s, ms]"""
ANSWER_TIMEOUT_S = 10.0
LONGEST_QUERY_S: Final = 20.0
"""How long a statement of a request may take: the server then cancels it, and others get its connection."""
SLACK_S: Final = 2.0
"""How much later than that a server that cancels nothing, for it is frozen itself, is given up by us."""
CHECK_S: Final = 1.0
"""How long a connection that lay idle may take to show that it is alive."""
OPTIONS = "-c timezone=UTC -c jit=off -c plan_cache_mode=force_custom_plan"
FULL: Final = "the disk of the database is full; free some space there"
ASK_LESS: Final = "ask for less at a time, or try again later"
DEADLOCK: Final = "two writers of the database waited for each other, and it gave this one up"
NO_ADDRESS = (
    "HUB_DATABASE_URL is not an address such as postgresql://user:password@host:5432/database"
    " (in a password, @ is written %40, / is %2F and % is %25)"
)


@contextmanager
def database_answers() -> Iterator[None]:
    """Turn the failure of a server that is gone or refuses into Unavailable, with its reason in one sentence.

    Raises:
        Unavailable: the database cannot be reached, refuses the login, has no room left, was told to give up or did so
            because two waited for each other, or the pool has no free connection.
    """
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("the database has no free connection; try again in a few seconds") from error
    except psycopg.errors.DiskFull as error:
        raise Unavailable(f"{FULL}: {_first_line(error)}") from error
    except psycopg.errors.QueryCanceled as error:
        raise Unavailable(f"the database gave up: {_first_line(error)}; {ASK_LESS}") from error
    except psycopg.errors.DeadlockDetected as error:
        raise Unavailable(f"{DEADLOCK}; try again") from error
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database does not answer: {_first_line(error)}") from error
    except adbc_driver_manager.OperationalError as error:
        raise Unavailable(f"the database does not answer: {_first_line(error)}") from error


_REFUSALS: Final = (
    "authentication failed", "no password supplied", "does not exist", "pg_hba.conf", "permission denied",
)  # fmt: skip
"""What a server says in English to a login that it refuses; in another language it is told as not answering."""


def connect(url: str, *, autocommit: bool = True) -> psycopg.Connection:
    """Open a connection in UTC.

    Raises:
        Unavailable: nobody answers at that address, or the login is refused.
    """
    try:
        return psycopg.connect(_ours(url), autocommit=autocommit)
    except psycopg.OperationalError as error:
        if os.strerror(ENOSPC) in str(error):  # who is refused at the door hears no code
            raise Unavailable(f"{FULL}: {_first_line(error)}") from error
        line = _first_line(error)
        if any(word in line for word in _REFUSALS):
            raise Unavailable(
                f"the database refuses the login ({line}); check user, password and database in HUB_DATABASE_URL"
            ) from error
        raise Unavailable(
            f"the database does not answer ({line}); check HUB_DATABASE_URL and that PostgreSQL runs"
        ) from error


def open_pool(url: str, size: int) -> ConnectionPool[Any]:
    """Open a pool of autocommit connections; a caller waits at most ten seconds for one.

    A statement over one of them takes LONGEST_QUERY_S at most. A connection that shows no sign of life is replaced
    before it is lent: a server that is frozen keeps its connections, and asking it would take for ever.
    """
    return ConnectionPool(
        _ours(url, LONGEST_QUERY_S),
        connection_class=Bounded,
        min_size=1,
        max_size=size,
        timeout=ANSWER_TIMEOUT_S,
        kwargs={"autocommit": True},
        check=_check,
        open=True,
    )


class Bounded(psycopg.Connection[TupleRow]):
    """A connection that waits for an answer only so long, and is closed when none has come."""

    patience_s: float | None = None
    """LONGEST_QUERY_S and SLACK_S, unless it is told."""

    def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **named: Any) -> Any:
        """Wait for what psycopg does on this connection, a statement for instance."""
        patience_s = LONGEST_QUERY_S + SLACK_S if self.patience_s is None else self.patience_s
        return super().wait(self._until(time.monotonic() + patience_s, gen), *arguments, **named)

    def _until(self, deadline: float, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The steps, each tried again some ten times a second while the server says nothing."""
        try:
            wanted = next(steps)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > deadline:
                    self.close()
                    raise psycopg.OperationalError("it is silent")
                wanted = steps.send(ready)
        except StopIteration as end:
            return end.value


def _check(connection: Bounded) -> None:
    connection.patience_s = CHECK_S
    ConnectionPool.check_connection(connection)
    connection.patience_s = None


class FrameReader:
    """Reads the result of a named query as a Polars frame: an Arrow stream, about ten times faster than rows.

    Holds one ADBC connection, opened on first use; not for use by two threads at once.

    Args:
        longest_s: how long a query may take; without it, as long as the database does. A database that is frozen cannot
            be told to stop, so the wait for it is left to a thread of its own, which ends when the database is back.
    """

    def __init__(self, url: str, longest_s: float | None = None) -> None:
        self._url = url
        self._longest_s = longest_s
        self._connection: adbc.Connection | None = None

    def read(self, connection: psycopg.Connection, name: str, parameters: Mapping[str, Any]) -> pl.DataFrame:
        """Run the query store/sql/queries/<name>.sql and return all its rows.

        `connection` only writes the parameters into the text; what its open transaction has changed is not seen.

        Raises:
            Unavailable: the database does not answer, has no room left, or takes longer than it may.
            adbc_driver_manager.Error, polars.exceptions.ComputeError: it answers that it cannot, at once or on the way.
        """
        text = psycopg.ClientCursor(connection).mogrify(statement(name), parameters)
        is_kept = self._connection is not None
        began = time.monotonic()
        try:
            return self._read(text) if self._longest_s is None else self._read_within(text, self._longest_s)
        except (adbc_driver_manager.Error, pl.exceptions.ComputeError) as error:
            self.close()
            if self._longest_s is not None and time.monotonic() - began >= self._longest_s:
                raise Unavailable(f"the database took longer than {self._longest_s:.0f} s; {ASK_LESS}") from error
            if os.strerror(ENOSPC) in str(error):  # the stream tells no code
                raise Unavailable(f"{FULL}: {_first_line(error)}") from error
            if not isinstance(error, adbc_driver_manager.OperationalError):
                raise
            if is_kept:  # the database may have been restarted since the connection was last used
                return self.read(connection, name, parameters)
            raise Unavailable(f"the database does not answer: {_first_line(error)}") from error

    def _read(self, text: str) -> pl.DataFrame:
        if self._connection is None:
            self._connection = adbc.connect(_ours(self._url, self._longest_s), autocommit=True)
        with self._connection.cursor() as cursor:
            cursor.execute(text)
            stream: Any = cursor.fetch_arrow()  # its type is not told, Polars takes it as an Arrow stream
            return pl.DataFrame(stream)

    def _read_within(self, text: str, longest_s: float) -> pl.DataFrame:
        """Read in a thread; one whose database stays silent is left with the connection that it waits for."""
        reading = FrameReader(self._url, longest_s)
        reading._connection, self._connection = self._connection, None
        result: Future[pl.DataFrame] = Future()
        turn = threading.Lock()

        def read() -> None:
            try:
                result.set_result(reading._read(text))
            except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
                result.set_exception(error)
            with turn:
                if given_up:
                    reading.close()

        given_up = False
        threading.Thread(target=read, name="hub-reader", daemon=True).start()
        try:
            return result.result(longest_s + SLACK_S)
        except TimeoutError as error:
            raise Unavailable(f"the database is silent; {ASK_LESS}") from error
        finally:
            with turn:
                given_up = not result.done()
                if not given_up:
                    self._connection = reading._connection

    def close(self) -> None:
        """Close the connection, if one was opened."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            except adbc_driver_manager.Error:
                return  # it was broken already


def _ours(url: str, longest_s: float | None = None) -> str:
    """The address with what every connection of the hub has: UTC, whatever the server's zone, and a bounded wait.

    Statements longer than `longest_s` are cancelled by the server. Without JIT: for queries over many small tables it
    takes a second to compile what runs in a tenth of one.

    Raises:
        Unavailable: it is not an address; neither the text nor the cause repeats it, since it holds a password.
    """
    authority, _, database = url.partition("://")[2].partition("?")[0].partition("/")
    if authority.count("@") > 1 or "@" in database:
        raise Unavailable(NO_ADDRESS)  # the end of a password would be taken for a host, which errors name
    try:
        bound = "" if longest_s is None else f"-c statement_timeout={longest_s * 1000:.0f}"
        options = f"{conninfo_to_dict(url).get('options') or ''} {OPTIONS} {bound}".strip()
        return make_conninfo(url, **LINK | conninfo_to_dict(url) | {"options": options})
    except psycopg.ProgrammingError:
        raise Unavailable(NO_ADDRESS) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
