"""What the tests of store and processing need: meters, a worker, and all that the store made of the readings."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import psycopg

from energy.frames import FLOW_INTERVALS, READINGS
from energy.model import Quantity, Reading, Territory
from energy.territory import parse_territory
from processing.intervals import intervals_from_registers
from processing.run import Worker
from store import intervals, readings, registry, spans
from store.connect import FrameReader, connect
from store.readings import SeriesBook
from tests.processes import pauses

DAY: Final = datetime(2026, 1, 5, tzinfo=UTC)
QUARTER: Final = timedelta(minutes=15)
HOUR: Final = timedelta(hours=1)
DEADLINE_S: Final = 20.0

STORED: Final = {
    "interval": """
        SELECT p.id, i.flow::text, i.source::text, i.start, i.energy_wh, i.quality, i.method
        FROM interval AS i LEFT JOIN point AS p ON p.no = i.point_no ORDER BY 1, 2, 3, 4
    """,
    "allocation": """
        SELECT
            c.id, p.id, a.start, a.import_wh, a.export_wh, a.share_wh, a.allocated_wh, a.residual_wh, a.surplus_wh,
            a.quality
        FROM allocation AS a LEFT JOIN community AS c ON c.no = a.community_no LEFT JOIN point AS p ON p.no = a.point_no
        ORDER BY 1, 2, 3
    """,
    "allocation_pair": """
        SELECT c.id, a.start, k.id, p.id, a.allocated_wh
        FROM allocation_pair AS a LEFT JOIN community AS c ON c.no = a.community_no
        LEFT JOIN point AS k ON k.no = a.producer_no LEFT JOIN point AS p ON p.no = a.point_no
        ORDER BY 1, 2, 3, 4
    """,
    "balance": """
        SELECT
            c.id, b.start, b.consumption_wh, b.production_wh, b.allocated_wh, b.residual_wh, b.surplus_wh,
            b.present, b.expected, b.quality, b.settled
        FROM balance AS b LEFT JOIN community AS c ON c.no = b.community_no ORDER BY 1, 2
    """,
    "power_now": """
        SELECT p.id, n.flow::text, n.at, n.power_w FROM power_now AS n LEFT JOIN point AS p ON p.no = n.point_no
        ORDER BY 1, 2
    """,
}
"""All that is computed, by the ids that people write: numbers differ from one database to the next."""
FORGET_ALL: Final = """
    TRUNCATE reading, reading_revision, series, device, stale, interval, gap, meter_swap, power_now, allocation,
        allocation_pair, balance
    RESTART IDENTITY
"""


def register(
    device: str,
    values_wh: Iterable[float],
    start: datetime = DAY,
    every: timedelta = QUARTER,
    quantity: Quantity = Quantity.IMPORT_ENERGY,
    tariff: str = "",
) -> list[Reading]:
    """Readings of a register at regular instants. [Wh]"""
    return [
        Reading(device, quantity, value_wh, start + i * every, tariff=tariff, dialect="test")
        for i, value_wh in enumerate(values_wh)
    ]


def apply(connection: psycopg.Connection, territory: Territory | str) -> list[str]:
    """Make the database equal to a territory, and return what was said of the changes."""
    if isinstance(territory, str):
        territory = parse_territory(territory)
    changes = registry.difference(registry.read_territory(connection), territory)
    registry.apply_changes(connection, changes)
    return [change.text for change in changes]


def append(connection: psycopg.Connection, batch: Sequence[Reading]) -> None:
    """Store readings in a transaction of their own, as ingestion does."""
    readings.prepare(connection)
    with connection.transaction():
        readings.append(connection, SeriesBook(), batch)


@contextmanager
def worker_on(url: str) -> Iterator[tuple[psycopg.Connection, Worker]]:
    """A worker and the connection that it works over."""
    with connect(url) as connection:
        worker = Worker(url, connection)
        try:
            yield connection, worker
        finally:
            worker.close()


def process(url: str) -> int:
    """Recompute until nothing that is due waits; return how many spans were taken."""
    with worker_on(url) as (_, worker):
        return exhaust(worker)


def exhaust(worker: Worker) -> int:
    """Let a worker recompute until nothing that is due waits; return how many spans it took."""
    total = 0
    while taken := worker.work_once():
        total += taken
    return total


def stored(connection: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of what was computed, by ids."""
    return {table: connection.execute(query.encode()).fetchall() for table, query in STORED.items()}


def marks(connection: psycopg.Connection, kind: spans.Kind) -> set[tuple[str, str]]:
    """What is marked stale: (device or community, day)."""
    query = """
        SELECT coalesce(d.id, c.id, '#' || s.ref_no), s.day::text
        FROM stale AS s
        LEFT JOIN series AS r ON s.kind = 'series' AND r.no = s.ref_no
        LEFT JOIN device AS d ON d.no = r.device_no
        LEFT JOIN community AS c ON s.kind = 'community' AND c.no = s.ref_no
        WHERE s.kind = %s
    """
    return set(connection.execute(query, [kind]).fetchall())


def compute_at_once(url: str, connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Rows of `interval` made from every stored reading in one go, with no window and no history of arrival."""
    reader = FrameReader(url)
    points = [no for (no,) in connection.execute("SELECT no FROM point ORDER BY no")]
    routes = intervals.read_routes(reader, connection, points)
    swaps = intervals.read_swaps(reader, connection, points)
    reader.close()
    usable = connection.execute(
        """
        SELECT r.series_no, r.at, r.value
        FROM reading AS r
        JOIN (SELECT series_no, min(at) FILTER (WHERE value > 0) AS at FROM reading GROUP BY series_no) AS first
            USING (series_no)
        JOIN series AS s ON s.no = r.series_no
        WHERE NOT (r.value = 0 AND first.at IS NOT NULL AND r.at > first.at AND s.quantity LIKE '%_energy')
        """
    ).fetchall()
    sound = without_set_back(usable, connection)
    computed = intervals_from_registers(pl.DataFrame(sound, READINGS, orient="row"), routes, swaps)
    names = dict(connection.execute("SELECT no, id FROM point").fetchall())
    return sorted(
        (names[no], flow, "device", start, energy_wh, quality, method)
        for no, flow, start, energy_wh, quality, method in computed.select(FLOW_INTERVALS.names()).iter_rows()
    )


def without_set_back(
    usable: Iterable[tuple[int, datetime, float]], connection: psycopg.Connection
) -> list[tuple[int, datetime, float]]:
    """Without readings that came in the place of lower ones where the next that did not shows less; one by one."""
    revised: dict[tuple[int, datetime], float] = {}
    for series_no, at, old in connection.execute("SELECT series_no, at, old_value FROM reading_revision"):
        revised[series_no, at] = min(old or float("inf"), revised.get((series_no, at), float("inf")))
    kept: list[tuple[int, datetime, float]] = []
    afterwards: dict[int, float] = {}
    for series_no, at, value in sorted(usable, reverse=True):
        if value > revised.get((series_no, at), float("inf")):
            if value > afterwards.get(series_no, float("inf")):
                continue
        else:
            afterwards[series_no] = value
        kept.append((series_no, at, value))
    return kept[::-1]


def wait_until(condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition, looking often, and fail at the deadline."""
    deadline = time.monotonic() + deadline_s
    for pause_s in pauses():
        if condition():
            return
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(pause_s)
