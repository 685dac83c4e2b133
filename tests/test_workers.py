"""Several processes that share the messages: `hub ingest --workers`, what holds them together, and how one leaves."""

import json
import os
import signal
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hub.embedded import embedded_broker
from store.connect import connect
from store.kept import read_kept
from tests.dialect_examples import FOLDER
from tests.hub_command import refused
from tests.hub_process import DEADLINE_S, Hub, addresses, ask, count, running_hub, wait_until
from tests.publishing import CLIENT_ID, kept_for, speaking, stored
from tests.servers import Mosquitto

SECOND: Final = f"{CLIENT_ID}-2"
LISTENING_BOTH: Final = 2


@pytest.fixture
def hub(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Hub]:
    """`hub ingest --workers 2`, both of which listen."""
    settings = {**addresses(migrated_url, mosquitto), "mqtt_in_flight": 50, "batch": 20}
    with running_hub("ingest", "--workers", "2", log=tmp_path / "hub.log", settings=settings) as running:
        try:
            running.wait_for("connected to the broker", LISTENING_BOTH)
            yield running
        finally:
            if running.is_running():
                running.terminate()


@contextmanager
def speaking_old(port: int) -> Iterator[Callable[[str, bytes], None]]:
    """A device that speaks MQTT 3.1.1; yields what publishes a message and waits until the broker has it."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield lambda topic, payload: client.publish(topic, payload, qos=1).wait_for_publish(DEADLINE_S)
    finally:
        client.disconnect()
        client.loop_stop()


def listeners(url: str) -> dict[str, int]:
    """The workers that tell how they are, and how many messages each has read."""
    return dict(ask(url, "SELECT id, messages FROM listener ORDER BY id"))


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
def test_both_workers_read_and_one_that_is_killed_comes_back(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    with speaking(mosquitto.port) as speaker:
        speaker.say(range(400))
        speaker.finish()
        wait_until(lambda: count(migrated_url, "reading") == 400, "every reading")
        wait_until(lambda: sum(listeners(migrated_url).values()) == 400, "both told what they have read")
        assert set(listeners(migrated_url)) == {CLIENT_ID, SECOND}
        assert all(100 < read < 300 for read in listeners(migrated_url).values()), "about half each"
        victim = children(hub.pid)[-1]
        speaker.say(range(400, 600))
        os.kill(victim, signal.SIGKILL)
        speaker.say(range(600, 1000))
        speaker.finish()
        hub.wait_for("starting it again")
        wait_until(lambda: count(migrated_url, "reading") == 1000, "every reading, also the victim's part")
    assert victim not in children(hub.pid)
    both = children(hub.pid)
    assert hub.terminate() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in both), "no worker outlives the one that watches"
    assert stored(migrated_url) == sorted(speaker.said)
    assert listeners(migrated_url) == {}, "who ended in order need not be missed"
    assert [kept_for(mosquitto.port, name) for name in (CLIENT_ID, SECOND)] == [[], []]


@pytest.mark.slow
def test_what_one_hub_left_is_read_by_the_first_worker_and_nothing_twice(
    migrated_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """From one process to two and back: the subscription of before is left, and what was kept for it is not lost."""
    settings = addresses(migrated_url, mosquitto)
    with speaking(mosquitto.port) as speaker:
        with running_hub("ingest", log=tmp_path / "one.log", settings=settings) as alone:
            assert alone.terminate() == 0
        speaker.say(range(100))
        speaker.finish()
        with running_hub("ingest", "--workers", "2", log=tmp_path / "two.log", settings=settings) as two:
            two.wait_for("connected to the broker", LISTENING_BOTH)
            wait_until(lambda: count(migrated_url, "reading") == 100, "what was kept for the one")
            speaker.say(range(100, 200))
            speaker.finish()
            wait_until(lambda: count(migrated_url, "reading") == 200, "what the two share")
            wait_until(lambda: sum(listeners(migrated_url).values()) >= 200, "both told")
            assert sum(listeners(migrated_url).values()) == 200, "each message was read by one of them"
            assert two.terminate() == 0
        speaker.say(range(200, 300))
        speaker.finish()
        with running_hub("ingest", log=tmp_path / "again.log", settings=settings, until="") as again:
            again.wait_for("fetching what the broker keeps for enercommons-hub-2")
            wait_until(lambda: count(migrated_url, "reading") == 300, "the parts of both")
            speaker.say(range(300, 400))
            speaker.finish()
            wait_until(lambda: count(migrated_url, "reading") == 400, "all: nobody else has a part any more")
            assert again.terminate() == 0
    assert stored(migrated_url) == sorted(speaker.said)
    with pytest.raises(AssertionError, match="the broker has kept no session"):
        kept_for(mosquitto.port, SECOND)


@pytest.mark.slow
def test_a_name_that_is_given_up_leaves_nothing_behind(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """By its client id alone: in which group it was is remembered. While it listens it cannot be given up."""
    settings = {**addresses(migrated_url, mosquitto), "mqtt_client_id": "town"}
    leaving = {**settings, "oldest_days": 36}
    with speaking(mosquitto.port) as speaker:
        with running_hub("ingest", log=tmp_path / "a.log", settings={**settings, "mqtt_group": "valley"}) as town:
            wait_until(lambda: listeners(migrated_url), "its first word")
            with running_hub("ingest", "--leave", log=tmp_path / "b.log", settings=leaving, until="") as early:
                assert early.wait_for_end() == 1
            assert early.said.startswith("hub ingest: town listens right now: stop it first")
            assert town.terminate() == 0
        speaker.say(range(100))
        speaker.finish()
        with running_hub("ingest", "--leave", log=tmp_path / "c.log", settings=leaving, until="") as left:
            assert left.wait_for_end() == 0
        assert stored(migrated_url) == sorted(speaker.said)
        speaker.say(range(100, 110))
        speaker.finish()
    with running_hub("ingest", "--leave", log=tmp_path / "d.log", settings=leaving, until="") as again:
        assert again.wait_for_end() == 0
    assert "the broker keeps no session for town" in again.said
    with pytest.raises(AssertionError, match="the broker has kept no session"):
        kept_for(mosquitto.port, "town")


@pytest.mark.slow
def test_workers_end_when_who_started_them_is_killed(hub: Hub) -> None:
    both = children(hub.pid)
    hub.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in both), "end of both")


@pytest.mark.slow
def test_messages_that_need_their_order_are_read_by_the_first_worker(
    hub: Hub, migrated_url: str, mosquitto: Mosquitto
) -> None:
    """Sparkplug B: a birth names the metrics, the data only their numbers. Both are published many times."""
    examples = json.loads((FOLDER / "sparkplug_b.json").read_text())
    payloads = {
        e["topic"].split("/")[2]: (e["topic"], b64decode(e["payload"]["base64"]))
        for e in reversed(examples)
        if e.get("readings") and isinstance(e["payload"], dict)
    }
    birth, data = payloads["DBIRTH"], payloads["DDATA"]
    with speaking(mosquitto.port) as speaker:
        for number in range(40):
            speaker.publish(*birth)
            speaker.publish(*data)
            speaker.publish("hub/v1/else", json.dumps({"import_wh": number}))
        speaker.finish()
        wait_until(lambda: sum(listeners(migrated_url).values()) >= 120, "both told")
    assert ask(migrated_url, "SELECT topic, reason FROM rejected_message") == []
    with connect(migrated_url) as connection:
        assert birth[0] in read_kept(connection), "another process will know it too"


def test_a_number_of_workers_that_makes_no_sense_is_refused() -> None:
    for number in ("0", "65", "-1"):
        assert refused("ingest", "--workers", number).startswith(f"--workers {number} is out of range")
    assert refused("ingest", "--workers", "2", "--leave").startswith("--leave is for one client id")


@pytest.mark.slow
def test_workers_that_cannot_start_end_with_a_sentence(migrated_url: str, tmp_path: Path) -> None:
    settings = {"database_url": migrated_url, "mqtt_url": "mqtt://127.0.0.1:1"}
    with running_hub("ingest", "--workers", "2", log=tmp_path / "hub.log", settings=settings, until="") as hub:
        assert hub.wait_for_end() == 1
    assert "does not answer" in hub.said
    assert hub.said.splitlines()[-1].startswith("hub ingest: worker enercommons-hub")
    assert "Traceback" not in hub.said


@pytest.mark.slow
def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(migrated_url: str, tmp_path: Path) -> None:
    """amqtt knows 3.1.1 alone, and waits for more of a packet that it takes for one of its own version."""
    with embedded_broker() as port:
        settings = {"database_url": migrated_url, "mqtt_url": f"mqtt://127.0.0.1:{port}"}
        with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub:
            assert "has no MQTT 5; speaking 3.1.1" in hub.said
            with speaking_old(port) as publish:
                publish("hub/v1/old", b'{"import_wh": 5}')
            wait_until(lambda: count(migrated_url, "reading") == 1, "the reading")
            assert hub.terminate() == 0
        sharing = {**settings, "mqtt_group": "g"}
        with running_hub("ingest", log=tmp_path / "group.log", settings=sharing, until="") as group:
            assert group.wait_for_end() == 1
        assert "has no MQTT 5, which workers that share messages need" in group.said
