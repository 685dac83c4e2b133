"""Monthly statements: what is due is computed from the allocations, one month of one community at a time. A shell."""

import time
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import psycopg

from energy.errors import Unavailable
from energy.time import local_month
from processing.balance import awaited_flows
from processing.equity import EQUITY_ROWS, equity_of, periods_of
from processing.value import STATED, value, with_expected
from store import balances, statements
from store.connect import FrameReader
from store.statements import DueMonth

LONGEST_REASON: Final = 1000
BUSY_REST: Final = 9
"""While there is no end to what must be computed, statements rest so many times as long as the last took."""
SHORTEST_REST_S: Final = 5.0
VALUES: Final = [name for name in STATED.names() if name not in ("point", "month")]


class StatementMaker:
    """Makes the statements that are due over a connection, with an Arrow reader beside it."""

    def __init__(self, url: str, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._reader = FrameReader(url)
        self._rests_until_s = float("-inf")

    def close(self) -> None:
        """Close the reader; the connection belongs to the caller."""
        self._reader.close()

    def step(self, *, is_busy: bool = False) -> bool:
        """Make the statement that has been due for longest; tell whether there was one.

        One that cannot be made is set aside with its reason, and does not stop the others.
        """
        began_s = time.monotonic()
        if is_busy and began_s < self._rests_until_s:
            return False
        with self._connection.transaction():
            due = statements.claim(self._connection)
            if due is not None:
                self._attempt(due)
        ended_s = time.monotonic()
        self._rests_until_s = ended_s + max(BUSY_REST * (ended_s - began_s), SHORTEST_REST_S)
        return due is not None

    def _attempt(self, due: DueMonth) -> None:
        try:
            with self._connection.transaction():
                self._make(due)
                statements.unmark(self._connection, due)
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a month must not stop the others
            statements.set_aside(self._connection, due, f"{type(error).__name__}: {error}"[:LONGEST_REASON])

    def _make(self, due: DueMonth) -> None:
        made = None if due.is_kept else self._make_statement(due)
        self._replace_equity(due.community_no, due.month, made)

    def _make_statement(self, due: DueMonth) -> pl.DataFrame:
        zone = ZoneInfo(due.zone)
        span = local_month(due.month, zone)
        allocation = statements.read_allocations(self._reader, self._connection, due.community_no, span)
        tariffs = statements.read_tariffs(self._connection, due.community_no)
        awaited = awaited_flows(balances.read_members(self._connection, due.community_no))
        of_points = awaited.with_columns(pl.col("point_no").cast(pl.String).alias("point"))
        step = timedelta(minutes=due.step_min)
        made = with_expected(value(allocation, tariffs, zone), of_points, span, step)
        rows = made.select(pl.col("point").cast(pl.Int32).alias("point_no"), *VALUES)
        statements.replace_statement(self._connection, due.community_no, due.month, rows)
        return made

    def _replace_equity(self, community_no: int, month: date, made: pl.DataFrame | None) -> None:
        """Compute the equity of the month, and of the season and the year that it is in, with their other months.

        Args:
            made: STATED of the month; None where its statement is kept.
        """
        periods = periods_of(month)
        first, end = min(period.first for period in periods), max(period.end for period in periods)
        stored = statements.read_statements(self._reader, self._connection, community_no, first, end)
        others = stored.with_columns(pl.col("point_no").cast(pl.String).alias("point"))
        columns = [pl.col("month").str.to_date("%Y-%m"), "point", "import_wh", "allocated_wh", "saving_eur"]
        rows = others.select(columns)
        if made is not None:
            rows = pl.concat([rows.filter(pl.col("month") != month), made.select(columns)])
        groups = pl.DataFrame(
            [(str(row.point_no), row.category, row.groups) for row in
             statements.read_groups(self._connection, community_no)],
            {"point": pl.String, "category": pl.String, "groups": pl.List(pl.String)},
            orient="row",
        )  # fmt: skip
        parts = [equity_of(period, rows, groups) for period in periods]
        names = [(period.kind, period.name) for period in periods]
        statements.replace_equity(self._connection, community_no, names, pl.concat([EQUITY_ROWS.to_frame(), *parts]))
