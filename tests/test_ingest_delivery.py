"""Every message is stored exactly once, whatever happens to the hub: real processes, a real broker, a real database."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingest.client import READ_BYTES
from tests.hub_process import (
    Hub,
    addresses,
    assert_nobody_reads,
    count,
    running_hub,
    wait_until,
    wait_until_read,
    waits_for_lock,
)
from tests.publishing import forget_session, kept_for, message, moment, speaking, stored
from tests.servers import Mosquitto

SMALL = {"mqtt_in_flight": 50, "batch": 20}
STOPPED_WITHIN_S = 8.0


@pytest.fixture
def hub(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Hub]:
    """`hub ingest` on its own broker and database, with small batches so that a kill falls into the middle of some."""
    settings = {**addresses(migrated_url, mosquitto), **SMALL}
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as running:
        yield running


def wait_for_readings(url: str, number: int) -> None:
    """Wait until the store holds at least so many readings."""
    wait_until(lambda: count(url, "reading") >= number, f"{number} readings (there are {count(url, 'reading')})")


def test_asked_to_end_the_hub_stores_what_it_has_heard(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    with speaking(mosquitto.port) as speaker:
        speaker.say(range(500))
        speaker.finish()
        wait_for_readings(migrated_url, 1)
        began = time.monotonic()
        assert hub.terminate() == 0
        assert time.monotonic() - began < STOPPED_WITHIN_S
        assert "Traceback" not in hub.said
        kept = [arrived.payload for arrived in kept_for(mosquitto.port)]
        there = {message(row)[1] for row in stored(migrated_url)}
        assert there.isdisjoint(kept), "what is stored was acknowledged"
        assert len(there) + len(kept) == 500, "what is not stored is kept"
        hub.start()
        wait_for_readings(migrated_url, 500)
    assert stored(migrated_url) == sorted(speaker.said)


def test_what_cannot_come_again_is_stored_before_the_end(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    """Messages with QoS 0 that wait in the hub for a slow database when it is asked to end."""
    with speaking(mosquitto.port) as speaker, psycopg.connect(migrated_url) as blocker:
        blocker.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
        speaker.say(range(80), qos=0)
        speaker.finish()
        wait_until(lambda: waits_for_lock(migrated_url), "batch that waits for the lock")
        wait_until_read(mosquitto.port)
        os.kill(hub.pid, signal.SIGTERM)
        blocker.rollback()
        assert hub.wait_for_end() == 0
    assert stored(migrated_url) == sorted(speaker.said)


def test_a_slow_database_stops_the_hearing_and_nothing_is_dropped(
    migrated_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """A queue of four messages, and a database that takes none for a while: the rest waits in the broker.

    The first messages are so long that they are more than the hub reads ahead.
    """
    settings = {**addresses(migrated_url, mosquitto), "mqtt_in_flight": 2, "batch": 2}
    with (
        running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub,
        speaking(mosquitto.port) as speaker,
    ):
        with psycopg.connect(migrated_url) as blocker:
            blocker.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
            for number in range(40):
                speaker.publish("hub/v1/flood", f'{{"import_wh": {number}}}' + " " * READ_BYTES, qos=0)
            speaker.say(range(300), qos=0)
            speaker.say(range(300, 600), qos=1)
            speaker.finish()
            wait_until(lambda: waits_for_lock(migrated_url), "batch that waits for the lock")
            assert_nobody_reads(mosquitto.port)
        wait_for_readings(migrated_url, 640)
        assert hub.terminate() == 0
    assert [row for row in stored(migrated_url) if row[0] != "flood"] == sorted(speaker.said)
    assert kept_for(mosquitto.port) == []


@pytest.mark.slow
def test_asked_to_end_with_a_full_queue_and_a_database_that_does_not_answer(
    migrated_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    settings = {**addresses(migrated_url, mosquitto), "mqtt_in_flight": 2, "batch": 2}
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub:
        with speaking(mosquitto.port) as speaker, psycopg.connect(migrated_url) as blocker:
            blocker.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
            for number in range(100):
                speaker.publish("hub/v1/flood", f'{{"import_wh": {number}}}', qos=0)
            speaker.say(range(300), qos=1)
            speaker.finish()
            wait_until(lambda: waits_for_lock(migrated_url), "batch that waits for the lock")
            assert_nobody_reads(mosquitto.port)
            assert hub.terminate(STOPPED_WITHIN_S) == 0
            assert "they will come again" in hub.said
        hub.start()
        wait_until(lambda: set(speaker.said) <= set(stored(migrated_url)), "every message with QoS 1")
        assert hub.terminate() == 0
    assert kept_for(mosquitto.port) == []


def test_kept_messages_have_no_arrival_time(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    """A message that the broker retained is not stored as now; with a stamp of its own it is stored."""
    stamped = moment(1)
    with speaking(mosquitto.port) as speaker:
        speaker.publish("hub/v1/live-and-retained", b'{"import_wh": 1}', retain=True)
        wait_for_readings(migrated_url, 1)
        assert hub.terminate() == 0
        kept_for(mosquitto.port)
        forget_session(mosquitto.port)
        speaker.publish(*message(stamped), retain=True)
        speaker.publish("hub/v1/old", b'{"import_wh": 5}', retain=True)
        speaker.finish()
        hub.start()
        wait_for_readings(migrated_url, 2)
        assert hub.terminate() == 0
    assert "2 of unknown age were left out" in hub.said
    devices = [row[0] for row in stored(migrated_url)]
    assert devices == ["live-and-retained", stamped[0]], "what is retained is heard as it happens by who listens"
    assert stamped in stored(migrated_url)


def test_messages_without_stamp_that_waited_for_the_hub_are_not_stored_as_now(
    hub: Hub, migrated_url: str, mosquitto: Mosquitto
) -> None:
    """The broker keeps them for a hub that is away, far more than it sends at once; nobody knows from when they are."""
    with speaking(mosquitto.port) as speaker:
        assert hub.terminate() == 0
        for number in range(5 * SMALL["mqtt_in_flight"]):
            speaker.publish("hub/v1/no-clock", json.dumps({"import_wh": number}))
            speaker.say(range(number, number + 1))
        speaker.finish()
        hub.start()
        hub.wait_for("handed over what it kept")
        wait_until_read(mosquitto.port)
        speaker.publish("hub/v1/no-clock", b'{"import_wh": 777}')
        wait_for_readings(migrated_url, len(speaker.said) + 1)
        assert hub.terminate() == 0
    assert f"{5 * SMALL['mqtt_in_flight']} of unknown age were left out" in hub.said
    without_clock = [row for row in stored(migrated_url) if row[0] == "no-clock"]
    assert [wh for _, _, wh in without_clock] == [777], "what comes after is heard as it happens"
    assert [row for row in stored(migrated_url) if row[0] != "no-clock"] == sorted(speaker.said)


@pytest.mark.slow
def test_two_hubs_with_one_name_take_turns_and_lose_nothing(
    hub: Hub, migrated_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The broker gives the session to whoever connected last, the other takes it back after a second, and so on.

    Each says what is wrong. What one has heard and not acknowledged goes to the other, and is stored once.
    """
    with (
        running_hub("ingest", log=tmp_path / "second.log", settings=hub.settings) as second,
        speaking(mosquitto.port) as speaker,
    ):
        for number in range(0, 600, 300):
            speaker.say(range(number, number + 300))
            hub.wait_for("connected to the broker", times=number // 300 + 2)
        speaker.finish()
        wait_for_readings(migrated_url, 600)
        for one in (hub, second):
            assert "another program has the same HUB_MQTT_CLIENT_ID enercommons-hub" in one.said
        assert second.terminate() == 0
        speaker.say(range(600, 700))
        wait_for_readings(migrated_url, 700)
    assert hub.terminate() == 0
    assert stored(migrated_url) == sorted(speaker.said)
    assert kept_for(mosquitto.port) == []
