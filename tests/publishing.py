"""Devices of the tests: what they publish, what must be stored of it, and what a broker still keeps for the hub."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Final, TypeAlias

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.settings import Settings
from tests.hub_process import DEADLINE_S, ask, wait_until

CLIENT_ID: Final[str] = Settings.model_fields["mqtt_client_id"].default
FIRST: Final = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
END: Final = "the/end/"
Row: TypeAlias = tuple[str, datetime, float]
"""(device, instant, Wh)."""

STORED: Final = """
SELECT d.id, r.at, r.value
FROM reading AS r JOIN series AS s ON s.no = r.series_no JOIN device AS d ON d.no = s.device_no
ORDER BY d.id, r.at
"""


def stored(url: str) -> list[Row]:
    """Every reading in the store."""
    return ask(url, STORED)


def moment(number: int) -> Row:
    """The reading of a moment: seconds since FIRST, spread over seven meters."""
    return (f"meter-{number % 7}", FIRST + timedelta(seconds=number), 100_000 + number)


def message(row: Row) -> tuple[str, bytes]:
    """Topic and payload that say a reading."""
    device, at, wh = row
    return f"hub/v1/{device}", json.dumps({"at": at.isoformat(), "import_wh": wh}).encode()


@dataclass(slots=True)
class Speaker:
    """A client that publishes; what it has said, with its instants, is in `said`."""

    client: mqtt.Client
    said: list[Row] = field(default_factory=list)
    _sent: int = 0
    _taken: int = 0

    def __post_init__(self) -> None:
        self.client.on_publish = self._count

    def say(self, numbers: range, qos: int = 1) -> None:
        """Publish the readings of moments, each with its stamp."""
        for number in numbers:
            row = moment(number)
            self.said.append(row)
            self.publish(*message(row), qos=qos)

    def publish(self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False) -> None:
        """Publish anything."""
        self._sent += 1
        self.client.publish(topic, payload, qos=qos, retain=retain)

    def finish(self) -> None:
        """Wait until the broker has everything."""
        wait_until(lambda: self._taken == self._sent, "broker that has taken every message")

    def _count(self, *_: Any) -> None:
        self._taken += 1


@contextmanager
def speaking(port: int) -> Iterator[Speaker]:
    """Connect a client that publishes, and publishes again what a broken connection swallowed."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(1000)
    client.reconnect_delay_set(1, 1)
    speaker = Speaker(client)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield speaker
    finally:
        client.disconnect()
        client.loop_stop()


def kept_for(port: int, client_id: str = CLIENT_ID) -> list[mqtt.MQTTMessage]:
    """Resume the hub's session in its place, once it has ended, and return what the broker still keeps for it."""
    heard: list[mqtt.MQTTMessage] = []
    resumed: list[bool] = []
    connected, ended = Event(), Event()

    def on_connect(_client: mqtt.Client, _data: Any, flags: mqtt.ConnectFlags, *_: Any) -> None:
        resumed.append(flags.session_present)
        connected.set()

    def on_message(client: mqtt.Client, _data: Any, arrived: mqtt.MQTTMessage) -> None:
        if not arrived.topic.startswith(END):
            heard.append(arrived)
            return
        client.ack(arrived.mid, arrived.qos)
        if arrived.topic == END + client_id:
            ended.set()

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
    )
    client.on_connect = on_connect
    client.on_message = on_message
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    properties.ReceiveMaximum = 65535
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.loop_start()
    assert connected.wait(DEADLINE_S)
    assert resumed == [True], "the broker has kept no session: this test would prove nothing"
    # The broker delivers in order, so this comes last; subscribed to, because of a group any other member may get it.
    client.subscribe(END + client_id, 1)
    client.publish(END + client_id, b"", qos=1)
    assert ended.wait(DEADLINE_S)
    client.disconnect()
    client.loop_stop()
    return heard


def forget_session(port: int, client_id: str = CLIENT_ID) -> None:
    """Let the broker forget the hub, as if it had never been there."""
    gone = Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        client.disconnect()

    client.on_connect = on_connect
    client.on_disconnect = lambda *_: gone.set()
    client.connect("127.0.0.1", port, clean_start=True)
    client.loop_start()
    assert gone.wait(DEADLINE_S)
    client.loop_stop()
