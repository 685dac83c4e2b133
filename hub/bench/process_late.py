"""How long one late reading takes until the API serves the balance that it changes."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import psycopg

from energy.errors import Unavailable
from energy.time import STEP, rfc3339
from hub.bench import process_data as data
from hub.bench.servers import migrated_postgres
from hub.services import running
from hub.settings import Settings
from ingest.append import Appender
from store.connect import connect

TIMES: Final = 10
"""How many times the history there is the second time."""
LONGEST_S: Final = 60.0
LOOK_EVERY_S: Final = 0.005
APART: Final = 3
"""Steps between two that are missing, at least: each is missing by itself."""
EVER_DAYS: Final = 36_500
"""No month is settled meanwhile, and no reading is too old."""
ON_THE_EDGE: Final = 1
"""Readings lie on the edges of the grid, so that it is known what the balance will be."""


def measure_late(settings: Settings, points: int, days: int, tries: int) -> tuple[list[float], list[float]]:
    """Seconds from a reading that comes late until the API serves its balance: of so many tries, in order of length.

    A community of so many points has so many days of readings every quarter of an hour; and then ten times the days.
    PostgreSQL is that of the wheel; worker and API run in this process, as in `hub up`.

    Raises:
        Unavailable: a balance is not served as it should be.
    """
    begin = data.begin_of(days * TIMES, datetime.now(UTC))
    with migrated_postgres() as url, connect(url) as connection:
        data.found(connection, [points], begin)
        bench = _Bench(settings, url, connection, points, begin)
        return bench.measure(range(days), tries), bench.measure(range(days, days * TIMES), tries)


class _Bench:
    """Measures over one connection, as ingestion has one."""

    def __init__(
        self, settings: Settings, url: str, connection: psycopg.Connection, points: int, begin: datetime
    ) -> None:
        served = {"database_url": url, "open_database_url": "", "api_host": "127.0.0.1", "api_port": 0}
        self._settings = settings.model_copy(update={**served, "settle_after_days": EVER_DAYS, "recompute_at": ""})
        self._url = url
        self._connection = connection
        self._points = points
        self._begin = begin
        self._appender = Appender(oldest=timedelta(days=EVER_DAYS))

    def measure(self, days: range, tries: int) -> list[float]:
        """Let the history go on over days, without some of their readings, and then have these come one by one."""
        data.fill(self._connection, self._begin, days, ON_THE_EDGE)
        data.know(self._url, self._connection, self._begin, days)
        missing = missing_readings(self._points, days, tries)
        series = data.all_series(self._connection)
        for number, step in missing:
            data.lose(self._connection, number, self._begin + step * STEP)
        lost = [(series[number], self._begin + step * STEP) for number, step in missing]
        data.compute(self._url, self._connection, lost)
        with (
            running(self._settings, ("process", "serve")) as parts,
            httpx.Client(base_url=parts.address, timeout=LONGEST_S) as client,
        ):
            return sorted(self._until_served(client, number, step) for number, step in missing)

    def _until_served(self, client: httpx.Client, number: int, step: int) -> float:
        at = self._begin + step * STEP
        consumers = sum(not data.is_producer(number) for number in range(self._points))
        due_kwh = consumers * (data.register_wh(step + 1) - data.register_wh(step)) / 1000
        if _served_kwh(client, at) == due_kwh:
            raise Unavailable(f"the bench cannot see that a reading of {rfc3339(at)} is missing")
        message = data.late_message(number, at, step, datetime.now(UTC))
        began = time.perf_counter()
        self._appender.append(self._connection, [message])
        while _served_kwh(client, at) != due_kwh:
            if time.perf_counter() - began > LONGEST_S:
                raise Unavailable(f"the balance of {rfc3339(at)} does not become {due_kwh} kWh")
            time.sleep(LOOK_EVERY_S)
        return time.perf_counter() - began


def missing_readings(points: int, days: range, tries: int) -> list[tuple[int, int]]:
    """Consumers and steps, spread over points and days, whose readings are to come late; no two of the same step."""
    first, last = days.start * data.STEPS_A_DAY + APART, days.stop * data.STEPS_A_DAY - APART
    consumers = [number for number in range(points) if not data.is_producer(number)]
    return [
        (consumers[place * len(consumers) // tries], first + place * (last - first) // tries) for place in range(tries)
    ]


def most_tries(days: int) -> int:
    """How many readings of so many days can be missing at once."""
    return days * data.STEPS_A_DAY // APART - 2


def _served_kwh(client: httpx.Client, at: datetime) -> Any:
    span = {"start": rfc3339(at), "end": rfc3339(at + STEP)}
    answer = client.get(f"v1/communities/{data.community_id(0)}/balance", params=span).raise_for_status()
    rows = answer.json()["rows"]
    return rows[0]["consumption_kwh"] if rows else None
