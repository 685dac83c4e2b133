"""paho's client as the hub uses it: it hears the same as paho, in fewer steps, and by paho's own doors."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.client import READ_BYTES, BufferedSocket, Client
from tests.hub_process import DEADLINE_S, wait_until
from tests.servers import Mosquitto

Heard: TypeAlias = tuple[str, bytes, int, bool]
"""(topic, payload, qos, retained)."""
FIVE: Final = MQTTProtocolVersion.MQTTv5
VERSIONS: Final = [MQTTProtocolVersion.MQTTv311, FIVE]
MESSAGES: Final[list[Heard]] = [
    ("a", b"1", 1, False),
    ("a/ü/c", "é".encode(), 1, False),
    ("empty", b"", 1, False),
    ("qos/0", b"2", 0, False),
    ("nul", b"\0\xff\0", 1, False),
    ("long", b"x" * (2 * READ_BYTES), 1, False),
    *[(f"many/{number}", b"%d" % number, 1, False) for number in range(3000)],
]


@contextmanager
def hearing(port: int, version: MQTTProtocolVersion) -> Iterator[tuple[Client, list[Heard], list[int]]]:
    """A client that has subscribed to everything; what it hears, and the mids of what is to be acknowledged."""
    heard: list[Heard] = []
    mids: list[int] = []
    subscribed = threading.Event()

    def hear(topic: str, payload: bytes, mid: int, qos: int, retained: bool) -> None:
        if qos:
            mids.append(mid)
        heard.append((topic, payload, qos, retained))

    client = Client(hear, client_id="hearing", protocol=version)
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.subscribe("#", 1)
    client.loop_start()
    try:
        assert subscribed.wait(DEADLINE_S)
        yield client, heard, mids
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def saying(port: int) -> Iterator[mqtt.Client]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=FIVE)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_message_is_heard_as_it_was_published(mosquitto: Mosquitto, version: MQTTProtocolVersion) -> None:
    with (mosquitto.directory / "mosquitto.conf").open("a") as file:
        file.write("max_inflight_messages 65535\n")
    mosquitto.process.stop()
    mosquitto.process.start()
    with hearing(mosquitto.port, version) as (_, heard, _), saying(mosquitto.port) as publisher:
        for topic, payload, qos, _retained in MESSAGES:
            publisher.publish(topic, payload, qos=qos)
        wait_until(lambda: len(heard) >= len(MESSAGES), "every message")
    assert sorted(heard) == sorted(MESSAGES)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_with_properties_and_a_kept_one_are_heard_too(
    mosquitto: Mosquitto, version: MQTTProtocolVersion
) -> None:
    with saying(mosquitto.port) as publisher:
        publisher.publish("kept", b"old", qos=1, retain=True).wait_for_publish(DEADLINE_S)
        with hearing(mosquitto.port, version) as (_, heard, _):
            properties = Properties(PacketTypes.PUBLISH)
            properties.UserProperty = ("unit", "Wh")
            publisher.publish("described", b"5", qos=1, properties=properties)
            wait_until(lambda: len(heard) >= 2, "both")
    assert sorted(heard) == [("described", b"5", 1, False), ("kept", b"old", 1, True)]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_acknowledged_together_makes_room_for_the_next(
    mosquitto: Mosquitto, version: MQTTProtocolVersion
) -> None:
    """The broker sends twenty, and more only when some of these are acknowledged."""
    with hearing(mosquitto.port, version) as (client, heard, mids), saying(mosquitto.port) as publisher:
        for number in range(200):
            publisher.publish("a", b"%d" % number, qos=1)
        wait_until(lambda: len(heard) == 20, "the first twenty")
        client.acknowledge([])
        acknowledged = 0
        while len(heard) < 200:
            there = len(heard)
            client.acknowledge(mids[acknowledged:there])
            acknowledged = there
            wait_until(lambda before=there: len(heard) > before, "more")
    assert [payload for _, payload, _, _ in heard] == [b"%d" % number for number in range(200)]


def test_the_doors_of_paho_are_still_where_they_were(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a later paho would be heard slowly, and nobody would notice."""
    handed: list[str] = []
    monkeypatch.setattr(mqtt.Client, "_handle_publish", lambda _self: handed.append("to paho"))
    with hearing(mosquitto.port, FIVE) as (client, heard, mids), saying(mosquitto.port) as publisher:
        assert isinstance(client.socket(), BufferedSocket)
        publisher.publish("plain", b"1", qos=1)
        wait_until(lambda: heard, "a message")
        sent: list[Any] = []
        monkeypatch.setattr(client, "_packet_queue", lambda *packet: sent.append(packet))
        client.acknowledge([mids[0], 258])
    assert handed == []
    assert [packet[1] for packet in sent][:1] == [struct.pack(">BBHBBH", 0x40, 2, mids[0], 0x40, 2, 258)]


def test_a_socket_that_reads_ahead_gives_the_same_bytes() -> None:
    near, far = socket.socketpair()
    with near, far:
        buffered = BufferedSocket(near)
        near.setblocking(False)
        with pytest.raises(BlockingIOError):
            buffered.recv(1)
        far.sendall(b"abcdef")
        assert (buffered.recv(1), buffered.pending(), buffered.fileno()) == (b"a", 5, near.fileno())
        assert (buffered.recv(2), buffered.recv(9), buffered.pending()) == (b"bc", b"def", 0)
        far.close()
        assert buffered.recv(1) == b""


BROKEN: Final = [
    ("no room for a topic", b"\x32\x01\x00"),
    ("a topic longer than the packet", b"\x32\x05\x00\x09abc"),
    ("no mid", b"\x32\x03\x00\x01a"),
    ("no properties", b"\x32\x05\x00\x01a\x00\x01"),
    ("a topic that is no text", b"\x32\x06\x00\x01\xff\x00\x01\x00"),
]


@pytest.mark.parametrize(("why", "packet"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_packet_never_stops_the_client_silently(why: str, packet: bytes) -> None:
    """A broker that sends this is left or what it sent is heard as it stands; the thread says what happened."""
    heard: list[Any] = []
    client = Client(lambda *said: heard.append(said), client_id="broken", protocol=FIVE)
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        client._sock = BufferedSocket(near)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        far.sendall(packet)
        try:
            code = client.loop_read()
        except (struct.error, IndexError):
            code = None  # the listener's check() finds the thread ended
        assert heard or code is None or code != mqtt.MQTT_ERR_SUCCESS, why
        client._sock = None  # pyright: ignore[reportPrivateUsage]
