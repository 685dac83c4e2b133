"""Connections to PostgreSQL: psycopg for statements and COPY, ADBC for bulk reads straight into Polars."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import polars as pl
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
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
OPTIONS = "-c timezone=UTC -c jit=off -c plan_cache_mode=force_custom_plan"
NO_ADDRESS = (
    "HUB_DATABASE_URL is not an address such as postgresql://user:password@host:5432/database"
    " (in a password, @ is written %40, / is %2F and % is %25)"
)


@contextmanager
def database_answers() -> Iterator[None]:
    """Turn the failure of a server that is gone or refuses into Unavailable, with its reason in one sentence.

    Raises:
        Unavailable: the database cannot be reached, refuses the login, or the pool has no free connection.
    """
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("the database has no free connection; try again in a few seconds") from error
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database does not answer: {_first_line(error)}") from error
    except adbc_driver_manager.OperationalError as error:
        raise Unavailable(f"the database does not answer: {_first_line(error)}") from error


def connect(url: str, *, autocommit: bool = True) -> psycopg.Connection:
    """Open a connection in UTC.

    Raises:
        Unavailable: nobody answers at that address, or the login is refused.
    """
    try:
        return psycopg.connect(_ours(url), autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise Unavailable(
            f"the database does not answer ({_first_line(error)}); check HUB_DATABASE_URL and that PostgreSQL runs"
        ) from error


def open_pool(url: str, size: int) -> ConnectionPool:
    """Open a pool of autocommit connections; a caller waits at most ten seconds for one."""
    return ConnectionPool(
        _ours(url),
        min_size=1,
        max_size=size,
        timeout=ANSWER_TIMEOUT_S,
        kwargs={"autocommit": True},
        check=ConnectionPool.check_connection,
        open=True,
    )


class FrameReader:
    """Reads the result of a named query as a Polars frame: an Arrow stream, about ten times faster than rows.

    Holds one ADBC connection, opened on first use; not for use by two threads at once.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: adbc.Connection | None = None

    def read(self, connection: psycopg.Connection, name: str, parameters: Mapping[str, Any]) -> pl.DataFrame:
        """Run the query store/sql/queries/<name>.sql and return all its rows.

        `connection` only writes the parameters into the text; what its open transaction has changed is not seen.

        Raises:
            Unavailable: the database does not answer.
            adbc_driver_manager.Error, polars.exceptions.ComputeError: it answers that it cannot, at once or on the way.
        """
        text = psycopg.ClientCursor(connection).mogrify(statement(name), parameters)
        is_kept = self._connection is not None
        try:
            return self._read(text)
        except (adbc_driver_manager.Error, pl.exceptions.ComputeError) as error:
            self.close()
            if not isinstance(error, adbc_driver_manager.OperationalError):
                raise
            if is_kept:  # the database may have been restarted since the connection was last used
                return self.read(connection, name, parameters)
            raise Unavailable(f"the database does not answer: {_first_line(error)}") from error

    def _read(self, text: str) -> pl.DataFrame:
        if self._connection is None:
            self._connection = adbc.connect(_ours(self._url), autocommit=True)
        with self._connection.cursor() as cursor:
            cursor.execute(text)
            stream: Any = cursor.fetch_arrow()  # its type is not told, Polars takes it as an Arrow stream
            return pl.DataFrame(stream)

    def close(self) -> None:
        """Close the connection, if one was opened."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            except adbc_driver_manager.Error:
                return  # it was broken already


def _ours(url: str) -> str:
    """The address with what every connection of the hub has: UTC, whatever the server's zone, and a bounded wait.

    Without JIT: for queries over many small tables it takes a second to compile what runs in a tenth of one.

    Raises:
        Unavailable: it is not an address; neither the text nor the cause repeats it, since it holds a password.
    """
    authority, _, database = url.partition("://")[2].partition("?")[0].partition("/")
    if authority.count("@") > 1 or "@" in database:
        raise Unavailable(NO_ADDRESS)  # the end of a password would be taken for a host, which errors name
    try:
        options = f"{conninfo_to_dict(url).get('options') or ''} {OPTIONS}".strip()
        return make_conninfo(url, **LINK | conninfo_to_dict(url) | {"options": options})
    except psycopg.ProgrammingError:
        raise Unavailable(NO_ADDRESS) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
