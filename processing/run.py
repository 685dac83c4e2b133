"""The worker: claim stale spans, read, compute, write, notify. A shell."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl
import psycopg

from energy.errors import Unavailable
from energy.time import STEP, Span, ceil_to_step, floor_to_step, rfc3339, utc_day, utc_days
from processing.balance import settle
from processing.beside import work_beside
from processing.checking import Checker, Nightly
from processing.curves import intervals_from_curves
from processing.doubts import reach_of
from processing.endure import endure
from processing.flags import Place
from processing.housekeeping import Housekeeper
from processing.participation import part_of
from processing.points import make_intervals, with_partners
from processing.power_now import power_now
from processing.sharing import shared_at_once
from store import balances, curves, intervals, spans
from store.connect import FrameReader, connect
from store.queries import statement
from store.retention import Keeping
from store.spans import Kind, StaleSpan

log = logging.getLogger(__name__)

SPANS_AT_ONCE: Final = 500
POLL_S: Final = 5.0
DAYS_AT_ONCE: Final = 31
ONE_DAY: Final = timedelta(days=1)
CLOSE: Final = timedelta(hours=2)
"""Steps of a community this close together are settled in one go."""
AWAITED_AFTER: Final = timedelta(hours=2)
LONGEST_REASON: Final = 1000
POWER_CONTEXT: Final = timedelta(hours=3)
"""How much of the newest readings the power of now is made from: its last forty minutes, and what comes before them."""


def work(
    url: str,
    stop: threading.Event,
    keeping: Keeping | None = None,
    nightly: Nightly | None = None,
    place: Place | None = None,
) -> None:
    """Recompute what is marked stale, and keep house, until told to stop; a database that goes away is waited for.

    Statements and comparisons are made in a thread beside, and end with this one. Without `keeping` nobody keeps house,
    without `nightly` nobody checks, without `place` nobody knows when it is night.
    """
    over, busy = threading.Event(), threading.Event()
    beside = threading.Thread(target=work_beside, args=(url, over, busy), name="hub-beside", daemon=True)
    beside.start()
    try:
        endure(stop, lambda has_answered: _work_on(url, stop, busy, has_answered, keeping, nightly, place))
    finally:
        over.set()
        beside.join()


def _work_on(
    url: str,
    stop: threading.Event,
    busy: threading.Event,
    has_answered: Callable[[], None],
    keeping: Keeping | None,
    nightly: Nightly | None,
    place: Place | None,
) -> None:
    with connect(url) as connection, connect(url) as ears:
        worker = Worker(url, connection, place)
        checker = nightly and Checker(url, connection, nightly)
        ears.execute(statement("stale_listen"))
        try:
            worker.work_once()
            has_answered()
            log.info("computing what changes%s", f"; {keeping}" if keeping else "")
            housekeeper = keeping and Housekeeper(connection, keeping)
            _loop(worker, ears, stop, busy, [chore for chore in (housekeeper, checker) if chore])
        finally:
            if checker:
                checker.close()
            worker.close()


def _loop(
    worker: "Worker",
    ears: psycopg.Connection,
    stop: threading.Event,
    busy: threading.Event,
    chores: Sequence[Housekeeper | Checker],
) -> None:
    while not stop.is_set():
        is_busy = worker.work_once() > 0
        (busy.set if is_busy else busy.clear)()
        have_more = [chore.step(is_busy=is_busy) for chore in chores]
        if is_busy or any(have_more):
            continue
        waited_s = 0.0
        while not stop.is_set() and waited_s < POLL_S:
            if any(True for _ in ears.notifies(timeout=0.5, stop_after=1)):
                break
            waited_s += 0.5


class Worker:
    """Recomputes claimed spans over one connection, with an Arrow reader beside it."""

    def __init__(self, url: str, connection: psycopg.Connection, place: Place | None = None) -> None:
        self._connection = connection
        self._place = place
        self._gaps: list[pl.DataFrame] = []  # of each batch of the open transaction
        self._reader = FrameReader(url)
        self._told: set[tuple[int, date]] = set()  # communities and days whose lack of a key is in the log
        intervals.prepare(connection)

    def close(self) -> None:
        """Close the reader; the connection belongs to the caller."""
        self._reader.close()

    def work_once(self) -> int:
        """Recompute a batch of stale series, of curves, then of communities; return how many spans were taken."""
        return (
            self._take("series", self._recompute_series)
            + self._take("curve", self._recompute_curves)
            + self._take("community", self._settle_communities)
        )

    def _take(self, kind: Kind, compute: Callable[[Sequence[StaleSpan]], None]) -> int:
        """Claim spans and compute them in one transaction; what fails is set aside and does not stop the others."""
        with self._connection.transaction():
            claimed = spans.claim(self._connection, kind, SPANS_AT_ONCE)
            if kind == "series":
                # All at once and in order, before they are tried in parts: two workers cannot wait for one another.
                points = intervals.points_of(self._connection, {span.ref_no for span in claimed})
                intervals.lock_points(self._connection, points)
            fresh = [span for span in claimed if span.attempts == 0]
            batches = [fresh, *([span] for span in claimed if span.attempts > 0)]
            self._gaps.clear()
            failed = [failure for batch in batches if batch for failure in self._attempt(batch, compute)]
            self._mark_blind_gaps()
            for span, reason in failed:
                spans.retry_later(self._connection, kind, [span], reason)
        if failed:
            span, reason = failed[0]
            log.error("%d %s spans are set aside, first %d on %s: %s", len(failed), kind, span.ref_no, span.day, reason)
        return len(claimed)

    def _attempt(
        self, batch: Sequence[StaleSpan], compute: Callable[[Sequence[StaleSpan]], None]
    ) -> list[tuple[StaleSpan, str]]:
        """Compute spans together; where that fails, each half by itself. Returns the spans that fail alone, and why."""
        try:
            with self._connection.transaction():
                compute(batch)
            return []
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a span must not stop the others
            if len(batch) == 1:
                return [(batch[0], f"{type(error).__name__}: {error}"[:LONGEST_REASON])]
            half = len(batch) // 2
            return self._attempt(batch[:half], compute) + self._attempt(batch[half:], compute)

    def _mark_blind_gaps(self) -> None:
        """Mark the gaps of batches beside others: none has seen, in other weeks, what the others did not commit yet."""
        if len(self._gaps) > 1:
            gaps = pl.concat(self._gaps).select("series_no", pl.col("start").dt.date()).unique()
            spans.mark(self._connection, "series", gaps.sort("start", "series_no").rows())

    def _recompute_series(self, stale: Sequence[StaleSpan]) -> None:
        points = intervals.points_of(self._connection, {span.ref_no for span in stale})
        if not points:
            return  # devices that nobody has mapped yet
        routes = intervals.read_routes(self._reader, self._connection, points)
        routed = set(routes["series_no"])
        if routed.isdisjoint(span.ref_no for span in stale):
            return  # what nothing is made of, as power beside a register
        swaps = intervals.read_swaps(self._reader, self._connection, points)
        reach = intervals.read_reach(self._reader, self._connection, with_partners(stale, routes, swaps))
        windows = _windows(routes, reach, reach_of(routes))
        made = make_intervals(self._reader, self._connection, routes, windows, swaps, self._place)
        intervals.replace(self._connection, made.intervals, [*windows.items()])
        intervals.replace_gaps(self._connection, made.gaps, [*windows.items()])
        self._gaps.append(made.gaps)
        newest = pl.col("at").max().over("series_no")
        recent = made.readings.filter(pl.col("at") >= newest - POWER_CONTEXT)
        intervals.put_power_now(self._connection, power_now(recent, routes, swaps))

    def _recompute_curves(self, stale: Sequence[StaleSpan]) -> None:
        windows = [
            (point_no, Span(utc_day(run[0]).start, utc_day(run[-1]).end))
            for point_no in sorted({span.ref_no for span in stale})
            for run in _runs(sorted(span.day for span in stale if span.ref_no == point_no))
        ]
        rows = curves.read_spans(self._reader, self._connection, windows)
        intervals.replace(self._connection, intervals_from_curves(rows), windows, "operator")

    def _settle_communities(self, stale: Sequence[StaleSpan]) -> None:
        for community_no in sorted({span.ref_no for span in stale}):
            for part in _parts(span for span in stale if span.ref_no == community_no):
                self._settle(community_no, part)

    def _settle(self, community_no: int, part: Span) -> None:
        rules = balances.read_rules(self._connection, community_no)
        if rules is None:
            return  # the community was removed after the mark
        at_once = max((shared_at_once(row.key, rules.step) for row in rules.keys), default=rules.step)
        whole = Span(floor_to_step(part.start, at_once), ceil_to_step(part.end, at_once))
        span = _not_frozen(whole, rules.frozen_before)
        if span is None:
            return  # what these days were made of is gone
        members = balances.read_members(self._connection, community_no)
        flows = balances.read_flows(self._reader, self._connection, community_no, span)
        flows = part_of(flows, balances.read_participations(self._reader, self._connection, community_no))
        settled = settle(flows, members, rules.keys, rules.step)
        numbers = {member.point: member.point_no for member in members}
        made = (settled.allocation, settled.pairs, settled.balance)
        balances.replace(self._connection, community_no, span, *made, numbers)
        balances.announce(self._connection, community_no, list(utc_days(span)))
        self._tell_without_key(community_no, rules.community, settled.without_key)

    def _tell_without_key(self, community_no: int, community: str, starts: pl.Series) -> None:
        """Say once of each day that no key covers some of it: nothing fails, and its readings may come all day long."""
        days = {(community_no, start.date()) for start in starts}
        if days - self._told:
            log.warning(
                "community %s: no sharing key covers %d steps with energy, %s to %s; they have no balance until a"
                " [[community.key]] of the territory file covers them",
                community, len(starts), rfc3339(starts[0]), rfc3339(starts[-1]),
            )  # fmt: skip
            self._told |= days


def _not_frozen(span: Span, frozen_before: datetime | None) -> Span | None:
    """The part of a span that may be computed again; None when nothing of it may."""
    if frozen_before is None or frozen_before <= span.start:
        return span
    return Span(frozen_before, span.end) if frozen_before < span.end else None


def _windows(routes: pl.DataFrame, reach: pl.DataFrame, doubted: timedelta) -> dict[int, Span]:
    """Span to recompute of each point that a changed series reaches, on the grid, and as far around as it tells doubts.

    For two more hours a register is awaited that others of its device outlive (store/sql/queries/routes_of_points.sql).
    """
    reached = (
        routes.select("point_no", "series_no")
        .unique()
        .join(reach, on="series_no")
        .group_by("point_no")
        .agg(pl.col("reach_from").min(), pl.col("reach_to").max())
    )
    rows = reached.sort("point_no").iter_rows()
    return {
        no: Span(floor_to_step(start - doubted), ceil_to_step(end + max(AWAITED_AFTER, doubted)))
        for no, start, end in rows
    }


def _parts(stale: Iterable[StaleSpan]) -> list[Span]:
    """What changed of a community's days; parts that lie close together as one, none longer than DAYS_AT_ONCE."""
    changed = [
        Span(span.first_start, span.last_start + STEP) if span.first_start and span.last_start else utc_day(span.day)
        for span in stale
    ]
    parts: list[Span] = []
    for span in sorted(changed, key=lambda span: span.start):
        if parts and span.start - parts[-1].end <= CLOSE and span.end - parts[-1].start <= DAYS_AT_ONCE * ONE_DAY:
            parts[-1] = Span(parts[-1].start, max(parts[-1].end, span.end))
        else:
            parts.append(span)
    return parts


def _runs(days: list[date]) -> list[list[date]]:
    """Stretches of neighbouring days, none longer than DAYS_AT_ONCE."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == ONE_DAY and len(runs[-1]) < DAYS_AT_ONCE:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs
