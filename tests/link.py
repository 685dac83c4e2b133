"""A TCP connection between the hub and its broker that breaks as connections do: cut, or silent without a word."""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from tests.processes import POLL_S

CHUNK_BYTES: Final = 16_384
RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of a socket whose close throws away what is under way and answers with RST."""
Kind: TypeAlias = Literal["cut", "silence"]


@dataclass(slots=True)
class _Fault:
    """What is going to happen, and after how many more bytes on their way to the hub."""

    kind: Kind
    bytes_left: int


@dataclass(slots=True)
class Link:
    """Listens on `port` and passes on to the broker what comes, until told to break.

    Cut: both sides get RST, in the middle of a packet perhaps. Silent: nothing passes any more, either way, and nobody
    is told; `end_silence` then resets the side of the hub alone, so that the broker still believes in the connection
    when the hub comes with its next one.
    """

    to_port: int
    port: int = 0
    broken: int = 0
    """How many connections it has broken."""
    _fault: _Fault | None = None
    _silence_over: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _door: socket.socket = field(default_factory=socket.socket)
    _threads: list[threading.Thread] = field(default_factory=list)

    def open(self) -> None:
        """Begin to listen."""
        self._door.bind(("127.0.0.1", 0))
        self._door.listen()
        self._door.settimeout(POLL_S)
        self.port = self._door.getsockname()[1]
        self._begin(self._accept)

    def close(self) -> None:
        """End all connections."""
        self._ended.set()
        self._silence_over.set()
        for thread in list(self._threads):
            thread.join()
        self._door.close()

    def break_after(self, size: int, kind: Kind) -> None:
        """Break the connection once so many more bytes have come to the hub."""
        self._silence_over.clear()
        self._fault = _Fault(kind, size)

    def end_silence(self) -> None:
        """Let the hub know that its connection is no more."""
        self._silence_over.set()

    def _begin(self, what: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=what, args=arguments, daemon=True)  # pyright: ignore[reportArgumentType] - ours
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                hub, _ = self._door.accept()
                try:
                    broker = socket.create_connection(("127.0.0.1", self.to_port))
                except OSError:
                    _reset(hub)
                    continue
                self._begin(self._carry, hub, broker)

    def _carry(self, hub: socket.socket, broker: socket.socket) -> None:
        """Pass bytes on until one side ends, the link breaks or everything does."""
        other = {hub: broker, broker: hub}
        waiting = {hub: b"", broker: b""}
        for end in other:
            end.setblocking(False)
        with hub, broker:
            while not self._ended.is_set():
                sources = [end for end in other if not waiting[other[end]]]
                sinks = [end for end in other if waiting[end]]
                readable, writable, _ = select.select(sources, sinks, [], POLL_S)
                try:
                    for end in writable:
                        waiting[end] = waiting[end][end.send(waiting[end]) :]
                    for end in readable:
                        if not (heard := end.recv(CHUNK_BYTES)):
                            return
                        waiting[other[end]] = self._as_far_as_it_goes(heard) if end is broker else heard
                except OSError:
                    _reset(hub, broker)
                    return
                if self._fault is not None and self._fault.bytes_left == 0 and not waiting[hub]:
                    self._break(self._fault.kind, hub, broker)
                    return

    def _as_far_as_it_goes(self, heard: bytes) -> bytes:
        if self._fault is None:
            return heard
        part = heard[: self._fault.bytes_left]
        self._fault.bytes_left -= len(part)
        return part

    def _break(self, kind: Kind, hub: socket.socket, broker: socket.socket) -> None:
        self._fault = None
        self.broken += 1
        if kind == "cut":
            _reset(hub, broker)
            return
        self._silence_over.wait()
        _reset(hub)
        self._ended.wait()


def _reset(*ends: socket.socket) -> None:
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        end.close()


@contextmanager
def linked(port: int) -> Iterator[Link]:
    """A link to a port of this machine."""
    link = Link(port)
    link.open()
    try:
        yield link
    finally:
        link.close()
