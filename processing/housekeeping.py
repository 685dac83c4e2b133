"""What the worker does besides: settle months, remove what is old, trim the quarantine, compress chunks. A shell."""

import logging
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from energy.errors import Unavailable
from store import retention, settlements
from store.rejected import trim
from store.retention import Cutoffs, DaysNotComputed, Keeping
from store.timescale import compress_chunks

log = logging.getLogger(__name__)

EVERY_S: Final = 3600.0
AGAIN_S: Final = 60.0
"""How soon it is tried again where recomputation must come first."""
BUSY_EVERY_S: Final = 10.0
"""How often a step is done while there is no end to what must be recomputed."""
ROWS_AT_ONCE: Final = 20_000
"""Rows that go well within a second: recomputation waits no longer."""
COMPRESSED_AFTER: Final = timedelta(days=42)
"""Readings come up to some weeks late, and are cheaper to add to what is not compressed yet."""


class Housekeeper:
    """Keeps house over the worker's connection, one short step at a time, each committed: once now, then every hour."""

    def __init__(
        self, connection: psycopg.Connection, keeping: Keeping, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._keeping = keeping
        self._clock = clock
        self._due_at = float("-inf")
        self._stepped_at = float("-inf")
        self._steps: Generator[None] | None = None

    def step(self, *, is_busy: bool = False) -> bool:
        """Do a step if it is time for one; tell whether more is to be done at once.

        A failure is logged in one sentence, and the next try is an hour later.

        Raises:
            psycopg.OperationalError: the connection is lost.
        """
        now = self._clock()
        if (self._steps is None and now < self._due_at) or (is_busy and now < self._stepped_at + BUSY_EVERY_S):
            return False
        if self._steps is None:
            self._due_at = now + EVERY_S
            self._steps = self._all_steps(datetime.now(UTC))
        is_over = False
        try:
            next(self._steps)
        except StopIteration:
            is_over = True
        except Unavailable as later:
            if self._connection.closed:
                raise
            log.warning("what is old could not all be removed (%s); it is tried again in an hour", later)
            is_over = True
        except psycopg.Error as error:
            if self._connection.closed:
                raise
            why = str(error).partition("\n")[0]
            log.warning("what is old could not all be removed (%s); it is tried again in an hour", why)
            is_over = True
        self._stepped_at = self._clock()
        if is_over:
            self._steps = None
        return not is_over

    def _all_steps(self, now: datetime) -> Generator[None]:
        """Do each step when it is asked for."""
        keeping, connection = self._keeping, self._connection
        with retention.alone(connection, "retention") as is_ours:
            if not is_ours:
                return
            if forgotten := trim(connection, timedelta(days=keeping.rejected), keeping.rejected_bytes):
                log.info("%d of what was refused is forgotten", forgotten)
            yield
            yield from self._settle_months(now - timedelta(days=keeping.settled_after))
            yield from self._remove_old(keeping.cutoffs(now))
            while compress_chunks(connection, now - COMPRESSED_AFTER, 1):
                yield

    def _settle_months(self, before: datetime) -> Generator[None]:
        months = 0
        for closed in settlements.close_months(self._connection, before):
            months += closed
            yield
        if months:
            log.info("%s settled", "1 month is" if months == 1 else f"{months} months are")

    def _remove_old(self, cutoffs: Cutoffs) -> Generator[None]:
        try:
            retention.freeze(self._connection, cutoffs)
        except DaysNotComputed:
            raise  # until somebody sees to it
        except Unavailable as later:
            log.info("nothing is removed yet: %s", later)
            self._due_at = self._clock() + AGAIN_S
            return
        yield
        rows = chunks = 0
        for removed in retention.remove(self._connection, cutoffs, ROWS_AT_ONCE):
            rows, chunks = rows + removed.rows, chunks + removed.chunks
            yield
        if rows or chunks:
            log.info("removed for its age: %d rows and %d chunks", rows, chunks)
