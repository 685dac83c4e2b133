"""The nightly check: every day that is computed is rebuilt and compared, in short steps between the worker's own."""

import logging
import time as stopwatch
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import adbc_driver_manager
import polars as pl
import psycopg

from energy.errors import Unavailable
from energy.time import utc_day
from processing.flags import Place
from processing.recompute import Difference, Findings, Scope, check_piece, read_pieces
from store import recomputation, retention

log = logging.getLogger(__name__)

AGAIN_AFTER: Final = timedelta(hours=1)
BUSY_REST: Final = 9
"""While there is no end to what must be computed, the check rests so many times as long as its last step took."""
STEP_BY_STEP: Final = Scope(days_at_once=1, points_at_once=10)
"""How much is rebuilt at a step: 0.26 million readings, where 10 points say three registers every ten seconds."""


@dataclass(frozen=True, slots=True)
class Nightly:
    """The time of the day at which a check begins; and where the territory is, whose nights it knows."""

    at: time
    zone: ZoneInfo
    place: Place | None = None

    def after(self, instant: datetime) -> datetime:
        """The first such time after an instant."""
        today = instant.astimezone(self.zone).date()
        days = (today + timedelta(days=n) for n in range(3))
        return next(due for due in (self._on(day) for day in days) if due > instant)

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)


class Checker:
    """Checks everything once a day, a step at a time, reading over a connection of its own.

    What it finds is in `recomputation`. A check that was interrupted goes on where it was, day by day; one that was
    missed is made up for. The worker's connection holds the lock by which one process at a time checks.
    """

    def __init__(
        self,
        url: str,
        connection: psycopg.Connection,
        nightly: Nightly,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        scope: Scope = STEP_BY_STEP,
    ) -> None:
        self._url = url
        self._connection = connection
        self._nightly = nightly
        self._clock = clock
        self._scope = replace(scope, place=nightly.place)
        self._steps: Generator[None] | None = None
        self._began_at = clock()
        self._due_at: datetime | None = None
        self._rests_until_s = float("-inf")

    def step(self, *, is_busy: bool = False) -> bool:
        """Do a step if it is time for one; tell whether more is to be done at once.

        A failure is logged in one sentence, and an hour later the check goes on.
        """
        began_s = stopwatch.monotonic()
        if is_busy and began_s < self._rests_until_s:
            return False
        if self._steps is None:
            if self._clock() < self._when_due():
                return False
            self._steps = self._all_steps()
        try:
            next(self._steps)
        except StopIteration:
            self.close()
        except Exception as error:  # whatever is wrong with the check must not stop the work
            if self._connection.closed:
                raise
            self.close()
            self._due_at = self._clock() + AGAIN_AFTER
            said = log.warning if isinstance(error, _EXPECTED) else log.error
            said("the nightly check stopped (%s); it goes on in an hour", str(error).partition("\n")[0])
        ended_s = stopwatch.monotonic()
        self._rests_until_s = ended_s + BUSY_REST * (ended_s - began_s)
        return self._steps is not None

    def close(self) -> None:
        """Leave a check where it is."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def _when_due(self) -> datetime:
        if self._due_at is None:
            last = recomputation.read_last(self._connection)
            is_under_way = recomputation.has_begun(self._connection)
            since = last.started_at if last else self._began_at
            self._due_at = self._began_at if is_under_way else self._nightly.after(since)
        return self._due_at

    def _all_steps(self) -> Generator[None]:
        """Do each step when it is asked for."""
        with retention.alone(self._connection, "recompute") as is_ours:
            if not is_ours:
                self._due_at = self._clock() + AGAIN_AFTER
                return
            self._due_at = None
            if self._clock() < self._when_due():
                return  # another process has done it meanwhile
            number, done_before = recomputation.begin_or_resume(self._connection)
            first: Difference | None = None
            for piece in read_pieces(self._url, self._connection, self._scope):
                if done_before is not None and piece.start < utc_day(done_before).start:
                    continue
                found = Findings()
                yield from check_piece(self._url, self._connection, self._scope, piece, found)
                recomputation.go_on(self._connection, number, piece.end.date(), *found.counts)
                first = first or next(iter(found.first), None)
            _tell(recomputation.end(self._connection, number), first)
            self._due_at = None


_EXPECTED: Final = (Unavailable, psycopg.Error, adbc_driver_manager.Error, pl.exceptions.ComputeError)


def _tell(counts: tuple[int, int, int], first: Difference | None) -> None:
    compared, differing, waiting = counts
    if differing:
        example = f", {first.kind} {first.what} at {first.start:%Y-%m-%dT%H:%MZ} for one" if first else ""
        log.error(
            "%d of %d computed rows are not what the readings give%s; `hub recompute` shows them, and with --repair"
            " they are computed again",
            differing, compared, example,
        )  # fmt: skip
    else:
        log.info("%d computed rows are what the readings give; %d days wait to be computed", compared, waiting)
