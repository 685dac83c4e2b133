"""The broker as it is deployed, really running: nothing is lost while the hub is away, and nobody oversteps."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from hub.settings import Settings
from tests.deployed_broker import DEPLOY, PASSWORDS, TIMEOUT_S, Broker, connected, container_broker, debian_broker
from tests.hub_command import call_hub, sentence_of
from tests.processes import ENVIRONMENT
from tests.servers import Mosquitto


@pytest.fixture
def broker(mosquitto: Mosquitto) -> Iterator[Broker]:
    """The broker of docker-compose.yml; `mosquitto` says what to do where none is installed."""
    with container_broker() as broker:
        yield broker


def test_messages_sent_once_are_kept_for_a_hub_that_is_away(broker: Broker) -> None:
    with connected(broker, "hub", name="the-hub") as hub:
        hub.subscribe()
    with connected(broker, "linky-1") as device:
        for number in range(1500):  # more than mosquitto keeps by default
            device.publish("tele/linky-1/SENSOR", str(number), qos=0)
        # Answered when the broker has read everything before it.
        device.publish("tele/linky-1/SENSOR", "last", qos=1)
    broker.process.stop()
    broker.process.start()
    with connected(broker, "hub", name="the-hub", acknowledges=False) as hub:
        messages = hub.hear(1501)
    assert [message.payload.decode() for message in messages] == [*map(str, range(1500)), "last"]
    assert {message.qos for message in messages} == {1}


def test_what_the_hub_has_not_acknowledged_comes_again(broker: Broker) -> None:
    with connected(broker, "hub", name="the-hub", acknowledges=False) as hub, connected(broker, "linky-1") as device:
        hub.subscribe()
        device.publish("tele/linky-1/SENSOR", "{}")
        hub.hear(1)
    with connected(broker, "hub", name="the-hub") as hub:
        assert hub.hear(1)[0].payload == b"{}"


@pytest.mark.parametrize(
    ("why", "user", "topic", "allowed"),
    [
        ("its own, Tasmota", "linky-1", "tele/linky-1/SENSOR", True),
        ("its own, Shelly", "shellypro3em-1", "shellypro3em-1/events/rpc", True),
        ("its own, Shelly's status", "shellypro3em-1", "shellypro3em-1/status/em:0", True),
        ("a gateway, in the hub's format", "gateway-example", "hub/v1/gateway-example", True),
        ("a gateway, what it kept for others", "gateway-example", "hub/v1/gateway-example/relay", True),
        ("an inverter of the gateway", "opendtu-example", "solar/116100000001/0/yieldtotal", True),
        ("the inverter of another", "opendtu-example", "solar/116100000002/0/yieldtotal", False),
        ("the name of another", "linky-1", "tele/shellypro3em-1/SENSOR", False),
        ("the hub's format can name another device", "linky-1", "hub/v1/linky-1", False),
        ("a relay can hold the messages of another", "linky-1", "hub/v1/linky-1/relay", False),
        ("the name of another gateway", "gateway-example", "hub/v1/gateway-2", False),
        ("a command to another", "linky-1", "shellypro3em-1/rpc", False),
        ("the hub publishes nothing", "hub", "hub/v1/linky-1", False),
        ("the hub publishes nothing, Tasmota", "hub", "tele/linky-1/SENSOR", False),
    ],
)
def test_a_device_publishes_what_is_its_own(broker: Broker, why: str, user: str, topic: str, *, allowed: bool) -> None:
    with connected(broker, "hub") as hub, connected(broker, user) as publisher, connected(broker, "linky-1") as last:
        hub.subscribe()
        assert publisher.publish(topic, "tried", qos=1).is_failure is not allowed, why
        last.publish("tele/linky-1/LAST", "after it")
        assert [message.topic for message in hub.hear(1 + allowed)] == [topic] * allowed + ["tele/linky-1/LAST"]


def test_a_replay_by_a_user_who_may_not_publish_is_told_so(broker: Broker, tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    file.write_text("at,device,import_wh\n2026-01-05T00:00:00Z,meter,1\n")
    url = f"mqtt://hub:{quote(PASSWORDS['hub'])}@127.0.0.1:{broker.port}"
    sentence = sentence_of("replay", call_hub("replay", str(file), settings={"HUB_MQTT_URL": url}))
    assert "refuses our messages" in sentence
    assert "user 'hub' may not write there" in sentence


def test_a_device_reads_nothing(broker: Broker) -> None:
    with connected(broker, "shellypro3em-1") as device, connected(broker, "hub") as hub:
        device.client.subscribe("#", qos=1)
        device.events.get(timeout=TIMEOUT_S)
        hub.subscribe()
        with connected(broker, "linky-1") as other:
            other.publish("tele/linky-1/SENSOR", "private")
        device.publish("shellypro3em-1/status/em:0", "its own")
        assert len(hub.hear(2)) == 2
        assert device.heard.empty()


@pytest.mark.parametrize(("user", "password"), [(None, None), ("linky-1", "wrong"), ("unknown", "password of hub")])
def test_strangers_are_refused(broker: Broker, user: str | None, password: str | None) -> None:
    with connected(broker, user, password=password) as stranger:
        assert stranger.code.is_failure


def test_tls_keeps_the_same_users_and_rules(broker: Broker) -> None:
    with connected(broker, "hub") as hub, connected(broker, "linky-1", tls=True) as device:
        hub.subscribe()
        assert device.publish("tele/shellypro3em-1/SENSOR", "{}", qos=1).is_failure
        assert not device.publish("tele/linky-1/SENSOR", "{}", qos=1).is_failure
        assert hub.hear(1)[0].topic == "tele/linky-1/SENSOR"
    with connected(broker, None, password=None, tls=True) as stranger:
        assert stranger.code.is_failure


def test_the_start_script_asks_for_a_password(tmp_path: Path) -> None:
    result = subprocess.run(
        ["sh", str(DEPLOY / "start.sh")],
        env=ENVIRONMENT | {"MOSQUITTO_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Set HUB_MQTT_PASSWORD")


@pytest.mark.usefixtures("mosquitto")
def test_debians_mosquitto_takes_the_same_rules() -> None:
    with debian_broker() as broker, connected(broker, "linky-1") as device:
        assert not device.publish("tele/linky-1/SENSOR", "{}", qos=1).is_failure
        assert device.publish("tele/shellypro3em-1/SENSOR", "{}", qos=1).is_failure
        with connected(broker, None, password=None) as stranger:
            assert stranger.code.is_failure


def test_the_broker_sends_as_much_as_the_hub_takes_at_once_even_by_mqtt_3() -> None:
    lines = dict(
        line.split(maxsplit=1)
        for line in (DEPLOY / "conf.d" / "hub.conf").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert int(lines["max_inflight_messages"]) >= Settings.model_fields["mqtt_in_flight"].default
