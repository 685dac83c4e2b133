"""paho's client with three costly habits mended, which took most of the time of ingestion (docs/performance.md).

It makes three system calls to read a packet and two for each answer, and each of them hands the interpreter to the
writer thread, which gives it back when it pleases, up to 5 ms later: so what the socket holds is read at once, and
acknowledgements leave together. And it builds a table of thirty MQTT 5 properties for every message that has none.

Three methods of paho are used that it does not document: `_create_socket`, `_handle_publish` and `_packet_queue`. The
tests of this module fail if a later version no longer calls or has them.
"""

import socket
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MessageType, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from energy.errors import Unavailable
from ingest.broker import Broker

SESSION_EXPIRY_S: Final = 7 * 24 * 3600
KEEPALIVE_S: Final = 30
ANSWER_TIMEOUT_S: Final = 10.0
READ_BYTES: Final = 65_536
NO_PROPERTIES: Final = b"\0"
PUBACK: Final = struct.Struct(">BBH")
"""An acknowledgement of QoS 1: type, length of what follows, mid. Without more it means success, in 3.1.1 and in 5."""
PUBACK_LENGTH: Final = 2

Hear: TypeAlias = Callable[[str, bytes, int, int, bool], object]


class BufferedSocket:
    """A connected socket that reads ahead; paho asks it for `pending` as it asks a TLS socket."""

    def __init__(self, connected: Any) -> None:
        self._socket = connected
        self._ahead = b""
        self._at = 0
        self.fills = 0

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; b"" when the other side has closed.

        Raises:
            BlockingIOError: nothing has come. OSError: the connection broke.
        """
        if self._at == len(self._ahead):
            self._ahead, self._at = b"", 0
            self._ahead = self._socket.recv(READ_BYTES)
            self.fills += 1
        begin = self._at
        self._at = min(begin + size, len(self._ahead))
        return self._ahead[begin : self._at]

    def pending(self) -> int:
        """How many bytes were read ahead."""
        return len(self._ahead) - self._at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class Client(mqtt.Client):
    """A client whose network thread reads ahead, and which acknowledges many messages with one write.

    `hear` gets every message as (topic, payload, mid, qos, retained), in the network thread.
    """

    def __init__(self, hear: Hear, **options: Any) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, manual_ack=True, **options)
        self._hear = hear
        self.on_message = self._hear_message

    def resume(self, broker: Broker) -> None:
        """Connect, with a session in the broker that outlives the connection.

        Raises:
            Unavailable: nobody answers there.
        """
        options: dict[str, Any] = {}
        if self.protocol == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = broker.in_flight
            options = {"clean_start": False, "properties": properties}
        try:
            self.connect(broker.host, broker.port, KEEPALIVE_S, **options)
        except OSError as error:
            raise Unavailable(
                f"the MQTT broker at {broker.host}:{broker.port} does not answer"
                f" ({error.strerror or error}); check HUB_MQTT_URL and that the broker runs"
            ) from error

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Acknowledge messages of QoS 1, in the order in which they came; any thread may call it."""
        if mids:
            answers = b"".join([PUBACK.pack(MessageType.PUBACK, PUBACK_LENGTH, mid) for mid in mids])
            self._packet_queue(MessageType.PUBACK, answers, mids[-1], 1)

    def _handle_publish(self) -> MQTTErrorCode:
        """Read a message without properties, as nearly all are; the others, and broken ones, are left to paho."""
        header, packet = self._in_packet["command"], self._in_packet["packet"]
        qos = (header >> 1) & 3
        if qos > 1 or len(packet) < 2:
            return super()._handle_publish()
        topic_end = 2 + (packet[0] << 8 | packet[1])
        begin = topic_end + (2 if qos else 0)
        if self.protocol == MQTTProtocolVersion.MQTTv5:
            if packet[begin : begin + 1] != NO_PROPERTIES:
                return super()._handle_publish()
            begin += 1
        elif len(packet) < begin:
            return super()._handle_publish()
        try:
            topic = packet[2:topic_end].decode()
        except UnicodeDecodeError:
            return super()._handle_publish()
        mid = packet[topic_end] << 8 | packet[topic_end + 1] if qos else 0
        self._hear(topic, bytes(packet[begin:]), mid, qos, bool(header & 1))
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _hear_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError as error:  # a broker should not let such a topic through
            topic = error.object.decode("utf-8", "backslashreplace")
        self._hear(topic, bytes(message.payload), message.mid, message.qos, message.retain)

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read what the socket has, not one packet alone; then let answers go out before the next look."""
        before = _fills(self.socket())
        code = super().loop_read(max_packets)
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and _has_read_ahead(now := self.socket()):
            if _fills(now) > before + 1:
                break
            code = super().loop_read(max_packets)
        return code

    def _create_socket(self) -> Any:
        connected = super()._create_socket()
        if isinstance(connected, socket.socket):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return BufferedSocket(connected)


def end_session_in_3_1_1(broker: Broker) -> None:
    """Let a broker forget a client id: in 3.1.1 only a clean connection under that name does it."""
    ended = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=broker.client_id, clean_session=True)
    client.username_pw_set(broker.username, broker.password)
    client.on_connect = lambda *_: ended.set()
    client.connect(broker.host, broker.port)
    client.loop_start()
    ended.wait(ANSWER_TIMEOUT_S)
    client.disconnect()
    client.loop_stop()


def _has_read_ahead(connected: object) -> bool:
    return isinstance(connected, BufferedSocket) and connected.pending() > 0


def _fills(connected: object) -> int:
    return connected.fills if isinstance(connected, BufferedSocket) else 0
