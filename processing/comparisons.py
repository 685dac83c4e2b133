"""Comparisons that the interface was asked for, computed in short steps. A shell."""

import logging
import secrets
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import psycopg

from energy.errors import HubError, Unavailable
from energy.proposals import proposals_from, request_from
from processing.compare_rows import result_of
from processing.replaying import Task, replay_months
from processing.report import render
from processing.report_facts import Compared
from processing.report_numbers import LANGUAGES
from store import comparisons, retention
from store.communities import read_community
from store.comparisons import Claimed
from store.connect import FrameReader

log = logging.getLogger(__name__)

_OVER: Final = object()
TRIM_EVERY_S: Final = 3600.0
BUSY_REST: Final = 4
"""While there is no end to what must be computed, a comparison rests so many times as long as its last step took."""
FAILED: Final = "the hub failed to compare these keys; its log says why"


class Comparer:
    """Makes the comparisons that were asked for, one at a time and a month under one key at a step.

    Its connection holds the lock by which one process at a time compares: a comparison that another one left
    in the middle is begun anew by whoever has the lock next.
    """

    def __init__(self, url: str, connection: psycopg.Connection, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._reader = FrameReader(url)
        self._clock = clock
        self._steps: Generator[None] | None = None
        self._trim_at_s = self._rests_until_s = float("-inf")

    def step(self, *, is_busy: bool = False) -> bool:
        """Do a step if there is something to compare; tell whether more is to be done at once.

        Raises:
            Unavailable, psycopg.OperationalError: the connection is lost; what was begun is begun anew.
        """
        began_s = self._clock()
        if is_busy and began_s < self._rests_until_s:
            return False
        if self._steps is None:
            self._steps = self._all_steps()
        is_over = next(self._steps, _OVER) is _OVER
        if is_over:
            self._steps = None
        ended_s = self._clock()
        self._rests_until_s = ended_s + BUSY_REST * (ended_s - began_s)
        return not is_over

    def close(self) -> None:
        """Leave a comparison where it is, and close the reader; the connection belongs to the caller."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None
        self._reader.close()

    def _all_steps(self) -> Generator[None]:
        """Do each step when it is asked for, until nothing waits."""
        with retention.alone(self._connection, "comparison") as is_ours:
            if not is_ours:
                return
            if self._clock() >= self._trim_at_s:
                self._trim_at_s = self._clock() + TRIM_EVERY_S
                comparisons.trim(self._connection)
            while (claimed := comparisons.claim(self._connection)) is not None:
                yield from self._compare(claimed)
                comparisons.trim(self._connection)

    def _compare(self, claimed: Claimed) -> Generator[None]:
        try:
            steps = replay_months(self._reader, self._connection, self._task(claimed))
            while True:
                try:
                    step = next(steps)
                except StopIteration as end:
                    compared: Compared = end.value
                    break
                if not comparisons.go_on(self._connection, claimed.no, step.done, step.of):
                    return  # it was removed, as somebody in it was forgotten
                yield
            reports = {language: render(compared.comparison, compared.facts, language) for language in LANGUAGES}
            comparisons.end(self._connection, claimed.no, result_of(compared), reports)
            log.info("comparison %d of community %s is done", claimed.no, claimed.community)
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:  # whatever is wrong with a comparison must not stop the work
            if self._connection.closed:
                raise
            said = str(error) if isinstance(error, HubError) else FAILED
            comparisons.fail(self._connection, claimed.no, said)
            if not isinstance(error, HubError):
                log.exception("comparison %d of community %s failed", claimed.no, claimed.community)

    def _task(self, claimed: Claimed) -> Task:
        community = read_community(self._connection, claimed.community)
        roles = comparisons.read_roles(self._connection, claimed.community_no)
        request, zone = request_from(claimed.request), ZoneInfo(community.zone)
        return Task(
            community,
            request.first,
            request.last,
            proposals_from(request.key, zone, timedelta(minutes=community.step_min), roles),
            datetime.now(UTC).astimezone(zone).date(),
            secrets.token_hex(16),
            request.names,
        )
