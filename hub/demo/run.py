"""Run the demo: the whole hub with its own database and broker, and the simulated territory speaking to it."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from energy.errors import Unavailable
from energy.model import Territory
from energy.territory import parse_territory
from energy.time import PARIS, Span
from hub import services
from hub.demo.event import Event, Truth, truth
from hub.demo.progress import Progress
from hub.demo.said import export_line, result_lines, value_command
from hub.demo.territory import SWAP_DAYS_AGO, territory_file, territory_text
from hub.demo.week import day_span, events, last_day, live_events
from hub.embedded import embedded_broker, embedded_postgres
from hub.publisher import Publisher
from hub.replay import ENVELOPE, RELAY_TOPIC, Recorded, pack
from hub.settings import Settings, read_settings
from ingest.broker import broker_at
from processing.publish import publish
from store import registry, statements
from store.connect import FrameReader, connect
from store.migrate import migrate
from store.queries import statement

BACKFILL: Final = timedelta(days=7)
TICK_S: Final = 1.0
CATCH_UP_S: Final = 60
SETTLE_TIMEOUT_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class _Stage:
    """Everything that the demo runs, ready to be spoken to, and the file that says who and what there is."""

    settings: Settings
    territory: Territory
    file: Path
    parts: services.Running


@contextmanager
def _stage(base: Settings, port: int | None, swap_day: date, say: Callable[[str], None]) -> Iterator[_Stage]:
    """Start database, broker and hub on free ports, with the schema and the territory in place."""
    text = territory_text(swap_day, swap_days_ago=0)
    territory = parse_territory(text, "territory.toml of the demo")
    say("starting PostgreSQL and an MQTT broker")
    with embedded_postgres() as database_url, embedded_broker() as mqtt_port, territory_file(text) as file:
        settings = read_settings(
            **{
                **base.model_dump(),
                "database_url": database_url,
                "mqtt_url": f"mqtt://127.0.0.1:{mqtt_port}",
                "mqtt_protocol": "3.1.1",
                "api_port": port or 0,
            }
        )
        say("creating the schema and applying the territory")
        with connect(database_url) as connection:
            migrate(connection)
            registry.apply_changes(connection, registry.difference(registry.read_territory(connection), territory))
        with services.running(settings, ("ingest", "process", "serve")) as parts:
            yield _Stage(settings, territory, file, parts)


def run_live(base: Settings, port: int | None) -> int:
    """Back-fill a week, then go on live until Ctrl-C."""
    services.check_port(base.api_host, port or 0, "--port")
    stop = threading.Event()
    services.stop_on_signals(stop)
    _quiet()
    began = time.monotonic()
    say = Progress()
    swap_day = datetime.now(UTC).astimezone(PARIS).date() - timedelta(days=SWAP_DAYS_AGO)
    with suppress(KeyboardInterrupt), _stage(base, port, swap_day, say) as stage:
        say.line(f"The page: {stage.parts.address}   (Ctrl-C stops everything and leaves nothing behind)")
        say.line(f"For commands in another terminal:\n{export_line(stage.settings, stage.parts.address, stage.file)}")
        with Publisher(broker_at(stage.settings.mqtt_url, "", protocol="3.1.1")) as publisher:
            until = datetime.now(UTC)
            week = Span(until - BACKFILL, until)
            past = list(_handed_on(events(stage.territory, week)))
            _backfill(publisher, past, stop, say, stage)
            publisher.wait()
            _wait_until_heard(stage, len(past), stop, say)
            _wait_until_settled(stage, stop, say)
            _wait_for_statements(stage, stop, say)
            if not stop.is_set():
                _release(stage.settings)
                say.line(f"What sharing was worth: {value_command(stage.territory.communities[0].id, week)}")
                say.line(f"A week of readings is in ({time.monotonic() - began:.0f} s); going on live.")
            _go_on(publisher, stage, _catch_up(publisher, stage, until), stop, say)
    say.line("Everything is stopped and removed.")
    return 0


def run_once(base: Settings, *, as_json: bool) -> int:
    """One simulated day of the whole territory, through MQTT to the balance served by the API.

    Raises:
        Unavailable: something did not answer, or readings were lost or stored twice.
    """
    stop = threading.Event()
    services.stop_on_signals(stop)
    _quiet()
    began = time.monotonic()
    say = Progress()
    day = last_day(datetime.now(UTC))
    with _stage(base, None, day, say) as stage:
        told = list(events(stage.territory, day_span(day)))
        expected = truth(told)
        with Publisher(broker_at(stage.settings.mqtt_url, "", protocol="3.1.1")) as publisher:
            _backfill(publisher, told, stop, say, stage)
        _wait_until_heard(stage, len(told), stop, say)
        _wait_until_settled(stage, stop, say)
        _wait_for_statements(stage, stop, say)
        served = {what: _served_totals(stage, what, day.isoformat()) for what in ("balance", "value")}
        found = _compare(stage, expected)
    say.clear()
    result = {**found, **served, "seconds": round(time.monotonic() - began, 1)}
    print(json.dumps(result, ensure_ascii=False, indent=1) if as_json else result_lines(result))
    if found["lost"] or found["duplicated"]:
        raise Unavailable(f"{found['lost']} readings were lost and {found['duplicated']} are wrong or there twice")
    return 0


def _handed_on(told: Iterable[Event]) -> Iterator[Event]:
    """The past as a gateway hands it on: many messages in one envelope, which a broker takes far faster."""
    waiting: list[Recorded] = []
    for event in told:
        if event.topic.endswith("/relay"):
            yield event
            continue
        waiting.append(Recorded(event.at, event.topic, event.payload))
        if len(waiting) == ENVELOPE:
            yield Event(event.at, RELAY_TOPIC, pack(waiting))
            waiting = []
    if waiting:
        yield Event(waiting[-1].at, RELAY_TOPIC, pack(waiting))


def _backfill(publisher: Publisher, told: Sequence[Event], stop: threading.Event, say: Progress, stage: _Stage) -> None:
    for done, event in enumerate(told, 1):
        if stop.is_set():
            return
        publisher.publish(event.topic, event.payload)
        if done % 100 == 0 or done == len(told):
            say(f"publishing the past: {done} of {len(told)} messages")
            stage.parts.check()


def _catch_up(publisher: Publisher, stage: _Stage, since: datetime) -> datetime:
    """Publish, as a gateway would, what was measured while the past was being stored; return until when."""
    until = datetime.now(UTC)
    for event in events(stage.territory, Span(since, until), CATCH_UP_S, trouble=False):
        publisher.publish(event.topic, event.payload)
    return until


def _go_on(publisher: Publisher, stage: _Stage, since: datetime, stop: threading.Event, say: Progress) -> None:
    """Publish what the devices say from now on, a second at a time."""
    while not stop.wait(TICK_S):
        stage.parts.check()
        until = datetime.now(UTC)
        for event in live_events(stage.territory, Span(since, until)):
            publisher.publish(event.topic, event.payload)
        since = until
        counts = _counts(stage)
        say(f"live: {counts.messages} messages, {counts.stored} readings stored, {counts.rejected_messages} refused")


def _counts(stage: _Stage) -> Any:
    assert stage.parts.listener is not None, "the demo ingests"
    return stage.parts.listener.appender.counts


def _wait_until_heard(stage: _Stage, messages: int, stop: threading.Event, say: Progress) -> None:
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    while (heard := _counts(stage).messages) < messages:
        stage.parts.check()
        say(f"storing: {heard} of {messages} messages")
        _wait_a_little(stop, deadline, f"only {heard} of {messages} messages were stored")


def _wait_until_settled(stage: _Stage, stop: threading.Event, say: Progress) -> None:
    """Wait until nothing is marked stale any more."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    with httpx.Client(base_url=stage.parts.address, timeout=30) as client:
        while waiting := (health := client.get("/v1/health").raise_for_status().json())["stale_spans"]:
            if stop.is_set():
                return
            stage.parts.check()
            if health["failing_spans"]:
                raise Unavailable(f"{health['failing_spans']} spans could not be computed; the log above says why")
            say(f"computing: {waiting} days of series and communities to go")
            _wait_a_little(stop, deadline, f"{waiting} spans still wait to be computed")


def _wait_for_statements(stage: _Stage, stop: threading.Event, say: Progress) -> None:
    """Have what sharing was worth computed now, not in some minutes, and wait for it."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    with connect(stage.settings.database_url) as connection:
        while not stop.is_set() and (waiting := statements.hasten(connection)):
            stage.parts.check()
            say(f"computing what it is worth: {waiting} months to go")
            _wait_a_little(stop, deadline, f"{waiting} months still wait for their statements")


def _wait_a_little(stop: threading.Event, deadline: float, otherwise: str) -> None:
    if stop.wait(0.2):
        raise KeyboardInterrupt
    if time.monotonic() > deadline:
        raise Unavailable(f"after {SETTLE_TIMEOUT_S:.0f} s {otherwise}")


def _served_totals(stage: _Stage, what: str, day: str) -> dict[str, Any]:
    """The totals of each community as the HTTP interface serves them: balance of a day, or value of its month."""
    with httpx.Client(base_url=stage.parts.address, timeout=30) as client:
        ids = [community["id"] for community in _answer(client, "/v1/communities")["communities"]]
        return {id_: _answer(client, f"/v1/communities/{id_}/{what}?start={day}")["totals"] for id_ in ids}


def _answer(client: httpx.Client, path: str) -> Any:
    try:
        return client.get(path).raise_for_status().json()
    except httpx.HTTPError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unavailable(f"the hub's HTTP interface did not answer {path} ({reason})") from error


def _compare(stage: _Stage, expected: Truth) -> dict[str, int]:
    """Count what was lost and what is there twice or with another value, reading by reading."""
    with connect(stage.settings.database_url) as connection:
        rows = connection.execute(statement("register_readings")).fetchall()
    stored: dict[tuple[Any, ...], list[float]] = {}
    for *key, value in rows:
        stored.setdefault(tuple(key), []).append(value)
    lost = sum(1 for key in expected.readings if tuple(key) not in stored)
    right = sum(1 for key, value in expected.readings.items() if value in stored.get(tuple(key), ()))
    counts = _counts(stage)
    return {
        "messages": expected.messages,
        "readings": counts.stored,
        "rejected": counts.rejected_messages + counts.rejected_readings,
        "lost": lost,
        "duplicated": len(rows) - right,
    }


def _release(settings: Settings) -> None:
    """Make the first open-data release; with a week of data it says that the month is withheld."""
    with connect(settings.database_url) as connection:
        reader = FrameReader(settings.database_url)
        try:
            publish(connection, reader, datetime.now(UTC))
        finally:
            reader.close()


def _quiet() -> None:
    """Leave the terminal to the progress line."""
    logging.getLogger().setLevel(logging.WARNING)
