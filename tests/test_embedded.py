"""The broker of the demo says nothing of clients that it refuses, and goes on."""

import logging
import socket
import struct
from typing import Final

import pytest

from hub.embedded import embedded_broker

FIVE: Final = b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03abc"
"""CONNECT in MQTT 5, which amqtt refuses."""
HANG_UP: Final = struct.pack("ii", 1, 0)
TIMES: Final = 30
"""At almost every one amqtt finds the connection gone before it closes it."""


@pytest.mark.parametrize("heard", [0, 1], ids=["before the answer", "with the first byte of the answer"])
def test_a_client_that_hangs_up_while_it_is_refused_leaves_no_traceback(
    heard: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), embedded_broker() as port:
        for _ in range(TIMES):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HANG_UP)
                client.sendall(FIVE)
                client.recv(heard)
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(FIVE)
            assert client.recv(4) == b"\x20\x02\x00\x01", "the next is refused in order"
    assert caplog.records == []
