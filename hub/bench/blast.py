"""A publisher that costs next to nothing, so that what is measured is the subscriber: packets made beforehand.

MQTT 3.1.1 with QoS 1, as devices speak it. Answers are counted, not looked at: the broker numbers nothing away.
"""

import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from energy.errors import Unavailable
from hub.bench.messages import Publication

CONNECT: Final = b"\x10\x15\x00\x04MQTT\x04\x02\x00\x00\x00\x09publisher"
PUBLISH_QOS_1: Final = b"\x32"
PUBACK_BYTES: Final = 4
CONNACK_BYTES: Final = 4
MIDS: Final = 65_535
TOGETHER: Final = 200
"""Packets in one write."""
ANSWER_TIMEOUT_S: Final = 120.0


def packet(number: int, publication: Publication) -> bytes:
    """One PUBLISH; its mid follows from its number."""
    topic, payload = publication[0].encode(), publication[1]
    body = struct.pack(">H", len(topic)) + topic + struct.pack(">H", number % MIDS + 1) + payload
    return PUBLISH_QOS_1 + _length(len(body)) + body


@dataclass(slots=True)
class Blast:
    """Publishes to a broker on this machine; `sent_at` holds when each message was written [s, monotonic]."""

    port: int
    sent_at: list[float] = field(default_factory=list)

    def publish(self, packets: Sequence[bytes], rate: float | None = None) -> None:
        """Send all packets, as fast as the broker takes them or so many a second, and wait for its last answer.

        Raises:
            Unavailable: the broker does not answer.
        """
        try:
            with socket.create_connection(("127.0.0.1", self.port), ANSWER_TIMEOUT_S) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(CONNECT)
                _read(connection, CONNACK_BYTES)
                reader = threading.Thread(target=_read, args=(connection, PUBACK_BYTES * len(packets)), daemon=True)
                reader.start()
                if rate is None:
                    self._send_at_once(connection, packets)
                else:
                    self._send_evenly(connection, packets, rate)
                reader.join(ANSWER_TIMEOUT_S)
        except OSError as error:
            raise Unavailable(f"the broker of the bench does not answer ({error})") from error

    def _send_at_once(self, connection: socket.socket, packets: Sequence[bytes]) -> None:
        for first in range(0, len(packets), TOGETHER):
            some = packets[first : first + TOGETHER]
            connection.sendall(b"".join(some))
            self.sent_at.extend([time.monotonic()] * len(some))

    def _send_evenly(self, connection: socket.socket, packets: Sequence[bytes], rate: float) -> None:
        begin = time.monotonic()
        for number, one in enumerate(packets):
            if (early_s := begin + number / rate - time.monotonic()) > 0:
                time.sleep(early_s)
            self.sent_at.append(time.monotonic())
            connection.sendall(one)


def _length(size: int) -> bytes:
    """Seven bits a byte, the lowest first, as MQTT writes lengths."""
    low, rest = size & 0x7F, size >> 7
    return bytes([low]) if not rest else bytes([low | 0x80]) + _length(rest)


def _read(connection: socket.socket, size: int) -> None:
    while size > 0:
        size -= len(connection.recv(min(size, 65_536)) or _gone())


def _gone() -> bytes:
    raise ConnectionResetError("it closed the connection")
