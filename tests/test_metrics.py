"""What Prometheus reads from the hub, and what health says, while real processes listen, wait, lose things and die."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx
import psycopg
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from api.health import SILENT_AFTER_S
from api.metrics import ANSWER_WITHIN_S, OF_CHECK, OF_HUB, OF_LISTENER
from ingest.write import TELL_EVERY_S
from store.connect import connect
from store.listeners import ListenerState, tell
from store.migrate import migrate
from tests.conftest import AskForTemplate
from tests.databases import new_database
from tests.filled_hub import refusal, serving
from tests.hub_process import (
    Hub,
    addresses,
    ask,
    bytes_under_way,
    running_hub,
    wait_until,
    waits_for_lock,
)
from tests.publishing import CLIENT_ID, speaking
from tests.servers import Mosquitto, Postgres, running_postgres
from tests.valley import fill

DOCS: Final = Path(__file__).parents[1] / "docs"
PATIENCE_S: Final = 90.0
PAUSE_S: Final = 20.0
"""How much longer than promised an answer may take on a machine that is busy with other tests."""
LOCK: Final = "LOCK TABLE reading IN ACCESS EXCLUSIVE MODE"
WAITING: Final = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
Samples: TypeAlias = dict[str, float]


def families(client: httpx.Client) -> list[Metric]:
    """The metrics of one scrape, read by Prometheus's own rules."""
    answer = client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return list(text_string_to_metric_families(answer.text))


def scrape(client: httpx.Client, listener: str = CLIENT_ID) -> Samples:
    """The values of one scrape: those of the hub, and of one listener."""
    samples = [sample for family in families(client) for sample in family.samples]
    return {sample.name: sample.value for sample in samples if sample.labels in ({}, {"id": listener})}


def await_samples(client: httpx.Client, what: str, condition: Callable[[Samples], bool]) -> Samples:
    """Scrape until the values are as they should be."""
    return wait_until(lambda: found if condition(found := scrape(client)) else None, what, PATIENCE_S)


def await_status(client: httpx.Client, status: str) -> Mapping[str, Any]:
    """Ask for the health until the one listener has a status; return what is said about it."""

    def found() -> Mapping[str, Any] | None:
        shown = client.get("/v1/health").json()
        is_well = not shown["failing_spans"] and {"listening"} >= {row["status"] for row in shown["listeners"]}
        assert shown["status"] == ("ok" if is_well else "degraded")
        return next((row for row in shown["listeners"] if row["status"] == status), None)

    return wait_until(found, f"listener that is said to be {status}", PATIENCE_S)


def is_stuck(port: int) -> bool:
    """Whether what lies in the sockets of a port stays there."""
    unread = bytes_under_way(port)
    return unread > 0 and all(bytes_under_way(port) == unread for _ in range(50))


@pytest.fixture
def client(migrated_url: str) -> Iterator[httpx.Client]:
    with serving(migrated_url) as serving_client:
        yield serving_client


@pytest.fixture
def ingest(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Hub]:
    settings = addresses(migrated_url, mosquitto)
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as running:
        yield running


def test_every_metric_has_a_sentence_and_a_name_as_prometheus_wants_it(
    database_server: Postgres, ask_for_template: AskForTemplate
) -> None:
    with new_database(database_server, ask_for_template(database_server)) as url:
        fill(url)
        with serving(url) as hub, connect(url) as connection:
            tell(connection, ListenerState(CLIENT_ID, connection.execute("SELECT now()").fetchall()[0][0], True))
            found = families(hub)
    names = [sample.name for family in found for sample in family.samples]
    assert len(names) == len(set(names)) == 1 + len(OF_HUB) + len(OF_LISTENER)
    for family in found:
        (sample,) = family.samples
        assert re.fullmatch(r"[A-Z0-9][^\n]*\.", family.documentation), family.name
        assert re.fullmatch(r"hub_[a-z]+(_[a-z]+)*", sample.name)
        assert family.type == ("counter" if sample.name.endswith("_total") else "gauge"), family.name
        assert not re.search(r"_(s|ms|min)(_total)?$", sample.name), "units are base units, written out"
        assert sample.labels == ({"id": CLIENT_ID} if sample.name.startswith("hub_listener_") else {})
    values = {sample.name: sample.value for family in found for sample in family.samples}
    assert (values["hub_database_up"], values["hub_devices"], values["hub_unmapped_devices"]) == (1, 6, 0)


def test_the_label_of_a_listener_may_be_any_name(client: httpx.Client, migrated_url: str) -> None:
    name = 'a "quoted\\name",\nand={more} é'
    with connect(migrated_url) as connection:
        tell(connection, ListenerState(name, connection.execute("SELECT now()").fetchall()[0][0], True))
    assert scrape(client, name)["hub_listener_connected"] == 1


@pytest.mark.parametrize("page", ["api.md", "api.fr.md", "deploy.md", "deploy.fr.md"])
def test_the_metrics_that_the_guides_name_exist(page: str) -> None:
    names = {name for name, _ in (*OF_HUB.values(), *OF_CHECK.values(), *OF_LISTENER.values())} | {"hub_database_up"}
    named = set(
        re.findall(
            r"\bhub_(?:database|listener|quarantine|last|recompute|devices|\w+_spans)\w*", (DOCS / page).read_text()
        )
    )
    assert named
    assert named <= names


def test_a_hub_that_nobody_has_spoken_to_yet(client: httpx.Client) -> None:
    found = scrape(client)
    assert "hub_last_reading_age_seconds" not in found, "never is no age"
    assert found == dict.fromkeys(found, 0) | {"hub_database_up": 1}
    assert client.head("/metrics").status_code == 200


def test_a_listener_is_counted_while_it_listens_and_gone_once_it_has_ended(
    client: httpx.Client, ingest: Hub, mosquitto: Mosquitto
) -> None:
    with speaking(mosquitto.port) as speaker:
        speaker.say(range(20))
        speaker.say(range(5))
        speaker.publish("hub/v1/broken", b"{")
        speaker.finish()
    found = await_samples(client, "messages", lambda found: found.get("hub_listener_messages_total") == 26)
    assert (found["hub_listener_stored_total"], found["hub_listener_repeated_total"]) == (20, 5)
    assert (found["hub_listener_rejected_messages_total"], found["hub_quarantine_messages"]) == (1, 1)
    assert (found["hub_devices"], found["hub_unmapped_devices"]) == (7, 7)
    assert 0 < found["hub_last_reading_age_seconds"] < 24 * 3600
    shown = await_status(client, "listening")
    assert (shown["id"], shown["messages"], shown["rejected_messages"]) == (CLIENT_ID, 26, 1)
    assert ingest.terminate() == 0
    assert client.get("/v1/health").json()["listeners"] == []
    assert client.get("/v1/health").json()["status"] == "ok"
    assert not [name for name in scrape(client) if name.startswith("hub_listener_")]


@pytest.mark.slow
def test_a_broker_that_stops_is_told_and_comes_back(client: httpx.Client, ingest: Hub, mosquitto: Mosquitto) -> None:
    assert await_status(client, "listening")["broker_losses"] == 0
    mosquitto.process.stop()
    assert await_status(client, "no broker")["broker_losses"] == 1
    found = scrape(client)
    assert (found["hub_listener_connected"], found["hub_listener_broker_losses_total"]) == (0, 1)
    assert found["hub_listener_silent_seconds"] < SILENT_AFTER_S
    mosquitto.process.start()
    assert await_status(client, "listening")["broker_losses"] == 1
    assert scrape(client)["hub_listener_connected"] == 1


@pytest.mark.slow
def test_a_killed_listener_is_silent_until_it_is_started_again(client: httpx.Client, ingest: Hub) -> None:
    await_status(client, "listening")
    ingest.kill()
    shown = await_status(client, "silent")
    assert shown["silent_s"] > SILENT_AFTER_S
    assert scrape(client)["hub_listener_silent_seconds"] > SILENT_AFTER_S
    ingest.start()
    assert await_status(client, "listening")["silent_s"] < SILENT_AFTER_S


@pytest.mark.slow
def test_a_full_queue_is_told_once_the_database_takes_messages_again(
    client: httpx.Client, migrated_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """A queue of four messages. Between two locks that follow on each other the writer stores one batch and tells."""
    settings = {**addresses(migrated_url, mosquitto), "mqtt_in_flight": 2, "batch": 2}
    with (
        running_hub("ingest", log=tmp_path / "hub.log", settings=settings),
        speaking(mosquitto.port) as speaker,
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(migrated_url) as first,
        psycopg.connect(migrated_url) as second,
    ):
        await_status(client, "listening")
        first.execute(LOCK)
        speaker.say(range(600), qos=0)
        speaker.finish()
        wait_until(lambda: waits_for_lock(migrated_url), "batch that waits for the lock")
        wait_until(lambda: is_stuck(mosquitto.port), "broker that waits for the hub")
        found = await_samples(client, "silence", lambda found: found["hub_listener_silent_seconds"] > 2 * TELL_EVERY_S)
        assert found["hub_database_up"] == 1
        assert (found["hub_listener_queued"], found["hub_listener_queue_full_seconds_total"]) == (0, 0)
        locking = threads.submit(second.execute, LOCK)
        wait_until(lambda: len(ask(migrated_url, WAITING)) == 2, "second lock that follows the batch")
        first.rollback()
        locking.result(PATIENCE_S)
        found = await_samples(client, "full queue", lambda found: found["hub_listener_queued"] > 0)
        assert found["hub_listener_queued"] <= 4
        full_s = found["hub_listener_queue_full_seconds_total"]
        assert full_s > TELL_EVERY_S
        second.rollback()
        found = await_samples(client, "600 readings", lambda found: found["hub_listener_stored_total"] == 600)
        assert found["hub_listener_queued"] == 0
        assert found["hub_listener_queue_full_seconds_total"] >= full_s


@pytest.mark.slow
def test_a_database_that_stops_is_told_as_away_and_nothing_else(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with running_postgres("wheel-16") as server:
        with connect(server.url()) as connection:
            migrate(connection)
        settings = addresses(server.url(), mosquitto)
        with (
            running_hub("ingest", log=tmp_path / "hub.log", settings=settings),
            serving(server.url()) as client,
        ):
            await_status(client, "listening")
            server.process.stop()
            began = time.monotonic()
            assert scrape(client) == {"hub_database_up": 0}
            assert time.monotonic() - began < ANSWER_WITHIN_S + PAUSE_S
            assert "the database does not answer" in refusal(client.get("/v1/health"), 503)
            server.process.start()
            await_samples(client, "database", lambda found: found["hub_database_up"] == 1)
            found = await_samples(client, "loss", lambda found: found["hub_listener_database_losses_total"] == 1)
            assert found["hub_listener_broker_losses_total"] == 0
            await_status(client, "listening")


@pytest.mark.slow
def test_a_database_that_hangs_is_told_as_away_and_holds_one_connection(
    client: httpx.Client, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty scrapes, while what they read is locked, leave the connections of the pool to the requests."""
    monkeypatch.setattr("api.metrics.ANSWER_WITHIN_S", 1.0)
    with psycopg.connect(migrated_url) as blocker, ThreadPoolExecutor(20) as threads:
        blocker.execute("LOCK TABLE device IN ACCESS EXCLUSIVE MODE")
        assert list(threads.map(lambda _: scrape(client), range(20))) == [{"hub_database_up": 0}] * 20
        assert len(ask(migrated_url, WAITING)) == 1
        assert client.get("/v1/communities").status_code == 200
    await_samples(client, "database", lambda found: found["hub_database_up"] == 1)
