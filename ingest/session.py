"""What the broker's session delivers: which messages may be acknowledged, and which it held back for an unknown time.

A broker keeps messages for a hub that is away, and hands them over when it is back. Their arrival says nothing about
their age, so readings without a stamp of their own must not get one from it, exactly as with retained messages.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from msgspec.structs import replace

from energy.model import Message

Acknowledge: TypeAlias = Callable[[Sequence[int]], object]
"""Sends the acknowledgements of messages of QoS 1, by their mids."""

LATE_S: Final = 5.0
"""How long a message may have been held back for its arrival to still tell its time."""


class Delivery(NamedTuple):
    """A message as it came by one connection; `mid` is the broker's number for it until it is acknowledged.

    Without `message` it is one that another worker reads, and only to be acknowledged.
    """

    message: Message | None
    mid: int
    qos: int
    connection: int


class Session:
    """Keeps account of a persistent session over all its connections. The network and the writer thread both use it.

    Catching up: the broker hands over what it kept until its window of unacknowledged messages is full, then one more
    for each acknowledgement. A question that it answers in turn (any will do) shows how full the window is: emptier
    than it has been before, or empty, means that nothing is kept any more, and what follows is heard as it happens.
    The same when nothing could be acknowledged for a while, as when the database was away.
    """

    def __init__(
        self, acknowledge: Acknowledge, ask: Callable[[], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._send = acknowledge
        self._ask = ask
        self._clock = clock
        self._waiting_since = 0.0
        self._lock = threading.Lock()
        self.total_acknowledged = 0
        self._connection = 0
        self._received = 0
        self._acknowledged = 0
        self._is_catching_up = False
        self._is_asking = False
        self._acknowledged_when_asked = 0
        self._fullest = 0

    def open(self, *, resumed: bool) -> None:
        """A connection begins; `resumed` when the broker has kept our session since the last one."""
        with self._lock:
            self._connection += 1
            self._received = self._acknowledged = self._acknowledged_when_asked = self._fullest = 0
            self._is_catching_up = self._is_asking = resumed
            if resumed:
                self._ask()

    def close(self) -> None:
        """The connection is lost. Its messages come again by the next one, and may not be acknowledged before that."""
        with self._lock:
            self._connection += 1
            self._is_catching_up = False

    @property
    def is_settled(self) -> bool:
        """Whether all that the broker had kept has come, and all that came is acknowledged."""
        with self._lock:
            return not self._is_catching_up and self._received == self._acknowledged

    def receive(self, message: Message | None, mid: int, qos: int) -> Delivery:
        """Account for a message; one that was held back is told like one that was retained, of unknown age."""
        with self._lock:
            if self._is_catching_up and message is not None:
                message = replace(message, retain=True)
            if qos > 0:
                if self._received == self._acknowledged:
                    self._waiting_since = self._clock()
                self._received += 1
            return Delivery(message, mid, qos, self._connection)

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Acknowledge what was committed, except messages of an earlier connection: they come again."""
        with self._lock:
            mids = [d.mid for d in deliveries if d.qos > 0 and d.connection == self._connection]
            self._fall_behind_when_late()
            self._send(mids)
            self._acknowledged += len(mids)
            self.total_acknowledged += len(mids)
            self._ask_when_due()

    def _fall_behind_when_late(self) -> None:
        """Without acknowledgements for long the broker's window may be full: what follows was perhaps held back."""
        now = self._clock()
        if self._received > self._acknowledged and now - self._waiting_since > LATE_S and not self._is_catching_up:
            self._is_catching_up, self._is_asking = True, False
            self._acknowledged_when_asked = self._acknowledged
            self._fullest = self._received - self._acknowledged
        self._waiting_since = now

    def answer(self) -> int | None:
        """The broker has answered; return how many messages have come once the last that it kept is among them."""
        with self._lock:
            if not self._is_catching_up:
                return None
            self._is_asking = False
            window = self._received - self._acknowledged_when_asked
            if 0 < window >= self._fullest:
                self._fullest = window
                self._ask_when_due()
                return None
            self._is_catching_up = False
            return self._received

    def _ask_when_due(self) -> None:
        if self._is_catching_up and not self._is_asking and self._acknowledged > self._acknowledged_when_asked:
            self._acknowledged_when_asked = self._acknowledged
            self._is_asking = True
            self._ask()
