"""What the proofs of reliability share: chance that can be repeated, a stream without pause, and the last account."""

import os
import random
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from tests.hub_process import LISTENING, Hub, ask, count, wait_until
from tests.publishing import CLIENT_ID, FIRST, Row, kept_for, message, stored

PATIENCE_S: Final = 120.0
"""How long to wait for what takes a second on a machine with nothing else to do."""
SMALL: Final = {"mqtt_in_flight": 200, "batch": 50}
"""Small batches, so that whatever happens falls into the middle of some."""
TICK_S: Final = 0.01
PER_TICK: Final = 8
"""Readings at each tick, so 800 a second: a fraction of what a hub with such batches takes."""
IN_DOUBT: Final = 5000
"""Messages that the broker has not answered yet at which a stream waits for it."""
STEP: Final = timedelta(milliseconds=100)
DEVICES: Final = 23
ACCOUNT: Final = re.compile(
    r"(\d+) messages gave (\d+) readings; (\d+) more were there already, (\d+) of unknown age were left out,"
    r" (\d+) messages and (\d+) readings were refused"
)


def chance() -> random.Random:
    """Return chance whose seed is shown when the test fails; HUB_TEST_SEED repeats it."""
    seed = int(os.environ.get("HUB_TEST_SEED") or secrets.randbelow(10**9))
    print(f"HUB_TEST_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - it has to be repeatable


def tick(number: int) -> Row:
    """The reading of a tenth of a second: all different, of many meters; 200,000 are in the past."""
    return (f"meter-{number % DEVICES:02}", FIRST + number * STEP, 100_000 + number)


@dataclass(slots=True)
class Stream:
    """Devices that go on publishing in a thread of their own, and again what a broken connection swallowed.

    One message in ten is said twice and one in ten cannot be read, where asked for. `said` holds the readings so far.
    """

    client: mqtt.Client
    is_troubled: bool = False
    per_tick: int = PER_TICK
    said: list[Row] = field(default_factory=list)
    broken: list[bytes] = field(default_factory=list)
    _infos: list[mqtt.MQTTMessageInfo] = field(default_factory=list)
    _answers: int = 0
    _sent: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    def finish(self) -> None:
        """Publish nothing more, and wait until the broker has everything."""
        self._end.set()
        wait_until(lambda: self._answers >= self._sent, "broker that has taken every message", PATIENCE_S)

    def taken(self) -> list[Row]:
        """The readings that the broker has acknowledged."""
        return [row for row, info in zip(self.said, self._infos, strict=False) if info.is_published()]

    def stop(self) -> None:
        """Publish nothing more."""
        self._end.set()

    def run(self) -> None:
        """Publish until stopped."""
        self.client.on_publish = self._count
        while not self._end.wait(TICK_S):
            for _ in range(self.per_tick if self._sent - self._answers < IN_DOUBT else 0):
                self._say(len(self.said))

    def _say(self, number: int) -> None:
        row = tick(number)
        self._infos.append(self._publish(*message(row)))
        self.said.append(row)
        if self.is_troubled and number % 10 == 0:
            self._publish(*message(row))
            self.broken.append(b'{"number": %d' % number)
            self._publish("hub/v1/broken", self.broken[-1])

    def _publish(self, topic: str, payload: bytes) -> mqtt.MQTTMessageInfo:
        self._sent += 1
        info = self.client.publish(topic, payload, qos=1)
        info.rc = MQTTErrorCode.MQTT_ERR_SUCCESS  # without connection it is queued, which the client calls an error
        return info

    def _count(self, *_: object) -> None:
        self._answers += 1


@contextmanager
def streaming(port: int, *, is_troubled: bool = False, per_tick: int = PER_TICK) -> Iterator[Stream]:
    """Publish in the background until the context or the stream ends."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(1000)
    client.reconnect_delay_set(1, 1)
    stream = Stream(client, is_troubled, per_tick)
    client.connect("127.0.0.1", port)
    client.loop_start()
    thread = threading.Thread(target=stream.run, name="stream", daemon=True)
    thread.start()
    try:
        yield stream
    finally:
        stream.stop()
        thread.join()
        client.disconnect()
        client.loop_stop()


def wait_for_readings(url: str, number: int) -> None:
    """Wait until the store holds at least so many readings: with patience for a busy machine as long as more come."""
    held = count(url, "reading")
    while held < number:
        before = held
        held = wait_until(
            lambda before=before: found if (found := count(url, "reading")) > before else None,
            f"more readings than {before} of {number}",
            PATIENCE_S,
        )


def wait_for_some_moment(luck: random.Random, url: str, stream: Stream, hub: Hub | None = None) -> None:
    """Wait for a moment that nobody chose, most often one in the middle of storing.

    With a hub that is just starting, sometimes also the moment at which it resumes its session, or none at all.
    """
    more = luck.randrange(1, 600)
    kind = luck.random()
    if hub is not None and kind < 0.1:
        return
    if hub is not None and kind < 0.2:
        hub.wait_for(LISTENING)
    elif kind < 0.3:
        end = len(stream.said) + more
        wait_until(lambda: len(stream.said) >= end, "stream that goes on", PATIENCE_S)
    else:
        wait_for_readings(url, count(url, "reading") + more)


def assert_all_once(url: str, stream: Stream) -> None:
    """Wait until everything that was published is stored; see that it is there once, and was never anything else."""
    wait_for_readings(url, len(stream.said))
    assert stored(url) == sorted(stream.said)
    assert count(url, "reading_revision") == 0
    assert count(url, "rejected_reading") == 0


def assert_nothing_kept(port: int, client_id: str = CLIENT_ID) -> None:
    """See that the broker keeps no message for a hub that has ended."""
    assert [(kept.topic, kept.payload) for kept in kept_for(port, client_id)] == []


def most_memory_mb(hub: Hub) -> float:
    """The most memory that a hub has had so far."""
    status = Path(f"/proc/{hub.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


@dataclass(frozen=True, slots=True)
class Account:
    """What a hub says in its last sentence."""

    messages: int
    stored: int
    repeated: int
    undated: int
    rejected_messages: int
    rejected_readings: int


def account(hub: Hub) -> Account:
    """The numbers of the last sentence of a hub that has ended."""
    (numbers,) = ACCOUNT.findall(hub.said)
    return Account(*map(int, numbers))


def times_refused(url: str) -> tuple[int, int]:
    """How many messages and how many readings are in quarantine, repetitions included."""
    messages = ask(url, "SELECT coalesce(sum(times), 0)::bigint FROM rejected_message")
    readings = ask(url, "SELECT coalesce(sum(times), 0)::bigint FROM rejected_reading")
    return messages[0][0], readings[0][0]
