"""The state of the hub for Prometheus: one read of the database per scrape, told with a name and a sentence each."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from psycopg_pool import ConnectionPool

from api.reading import lend
from energy.errors import Unavailable
from store.communities import read_health
from store.listeners import ToldState, read_listeners
from store.recomputation import LastCheck, read_last

router = APIRouter()

ANSWER_WITHIN_S: Final = 5.0
"""Half of what Prometheus waits by default: a database that hangs must be told as away, not as a failed scrape."""

DATABASE_UP: Final = ("hub_database_up", "1 when the database answered this scrape; 0 comes without other metrics.")
OF_HUB: Final = {
    "last_reading_age_s": ("hub_last_reading_age_seconds", "Time since the latest reading of any device."),
    "devices": ("hub_devices", "Devices ever heard."),
    "unmapped_devices": ("hub_unmapped_devices", "Devices that belong to no point."),
    "rejected_messages": ("hub_quarantine_messages", "Different messages in quarantine; 10000 is so many or more."),
    "rejected_readings": ("hub_quarantine_readings", "Readings in quarantine; 10000 is so many or more."),
    "stale_spans": ("hub_stale_spans", "Days that wait to be computed."),
    "failing_spans": ("hub_failing_spans", "Days that wait although they were tried: their computation failed."),
}
OF_CHECK: Final = {
    "differing": ("hub_recompute_differences", "Computed rows that the last check of everything found different."),
    "compared": ("hub_recompute_compared", "Computed rows that the last check of everything compared."),
    "waiting": ("hub_recompute_waiting", "Days that it left out, for they waited to be computed."),
    "ended_at": ("hub_recompute_ended_timestamp_seconds", "When the last check of everything ended."),
    "equal_at": ("hub_recompute_last_success_timestamp_seconds", "When one last ended without a difference."),
}
OF_LISTENER: Final = {
    "is_connected": ("hub_listener_connected", "1 when it was connected to the broker as it last told."),
    "silent_s": ("hub_listener_silent_seconds", "Time since it last told how it is."),
    "messages": ("hub_listener_messages_total", "Messages heard and dealt with."),
    "stored": ("hub_listener_stored_total", "Readings stored."),
    "repeated": ("hub_listener_repeated_total", "Readings left out because they were there already."),
    "undated": ("hub_listener_undated_total", "Readings left out because nobody knows when they were true."),
    "rejected_messages": ("hub_listener_rejected_messages_total", "Messages that could not be read."),
    "rejected_readings": ("hub_listener_rejected_readings_total", "Readings that could not be true."),
    "queued": ("hub_listener_queued", "Messages heard and not yet stored."),
    "full_s": ("hub_listener_queue_full_seconds_total", "Time without reading from the broker: the queue was full."),
    "broker_losses": ("hub_listener_broker_losses_total", "Connections to the broker that were lost."),
    "database_losses": ("hub_listener_database_losses_total", "Connections to the database that were lost."),
}
"""Field: name and sentence. What ends in _total counts from the start of the process."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a scrape has read."""

    hub: dict[str, Any]
    check: LastCheck | None
    listeners: list[ToldState]


class Scrapes:
    """Reads for scrapes, one at a time: those that a hanging database holds would take every connection of the pool."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._turn = threading.Lock()

    def read(self) -> Found:
        """Read everything that is told.

        Raises:
            Unavailable: the database does not answer, or an earlier read still waits for it.
        """
        if not self._turn.acquire(timeout=ANSWER_WITHIN_S):
            raise Unavailable("an earlier scrape still waits for the database")
        try:
            with lend(self._pool) as connection:
                hub = read_health(connection)
                last = hub["last_reading_at"]
                age_s = last and (datetime.now(UTC) - last).total_seconds()
                return Found({**hub, "last_reading_age_s": age_s}, read_last(connection), read_listeners(connection))
        finally:
            self._turn.release()


class Page(Collector):
    """What was found as metrics; without anything found, that the database does not answer."""

    def __init__(self, found: Found | None) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """Every metric with its samples."""
        yield GaugeMetricFamily(*DATABASE_UP, value=self._found is not None)
        if self._found is None:
            return
        for field, (name, sentence) in OF_HUB.items():
            if self._found.hub[field] is not None:
                yield GaugeMetricFamily(name, sentence, value=self._found.hub[field])
        for field, (name, sentence) in OF_CHECK.items():
            value = getattr(self._found.check, field, None)
            if value is not None:
                yield GaugeMetricFamily(
                    name, sentence, value=value.timestamp() if isinstance(value, datetime) else value
                )
        listeners = [{**told.state._asdict(), "silent_s": told.silent_s} for told in self._found.listeners]
        for field, (name, sentence) in OF_LISTENER.items():
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            metric = family(name, sentence, labels=["id"])
            for listener in listeners:
                metric.add_metric([listener["id"]], listener[field])
            yield metric


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """How the hub is, in the text format of Prometheus; always 200, and never later than ANSWER_WITHIN_S."""
    found = None
    scrapes: Scrapes = request.app.state.services.scrapes
    with anyio.move_on_after(ANSWER_WITHIN_S), suppress(Unavailable):
        found = await anyio.to_thread.run_sync(scrapes.read, abandon_on_cancel=True)
    return Response(generate_latest(Page(found)), media_type=CONTENT_TYPE_PLAIN_0_0_4)
