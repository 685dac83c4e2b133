"""What the broker held back is told apart from what is heard as it happens, in every order in which things can come."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from hypothesis import example, given
from hypothesis import strategies as st

from energy.model import Message
from ingest.session import Delivery, Session

Step: TypeAlias = Literal["device", "network", "writer", "broker"]
STEPS: Final[tuple[Step, ...]] = ("device", "network", "writer", "broker")


@dataclass
class Broker:
    """The broker as MQTT describes it: one queue for the session, a window, and everything in order on the line."""

    window: int
    kept: deque[int]
    in_flight: set[int] = field(default_factory=set)
    to_hub: deque[int | None] = field(default_factory=deque)
    to_broker: deque[int | None] = field(default_factory=deque)

    def hand_over(self) -> None:
        """Send while the window has room."""
        while self.kept and len(self.in_flight) < self.window:
            self.in_flight.add(self.kept[0])
            self.to_hub.append(self.kept.popleft())

    def read(self) -> None:
        """Take one acknowledgement, or a question, which is None and answered in turn."""
        if self.to_broker:
            mid = self.to_broker.popleft()
            if mid is None:
                self.to_hub.append(None)
            else:
                self.in_flight.remove(mid)
                self.hand_over()


@dataclass
class Line:
    """A session that was resumed with messages kept, and the broker at the other end."""

    broker: Broker
    session: Session
    published: int
    heard: list[Delivery] = field(default_factory=list)
    written: int = 0

    def step(self, who: Step) -> None:
        match who:
            case "device":
                self.broker.kept.append(self.published)
                self.published += 1
                self.broker.hand_over()
            case "network":
                if self.broker.to_hub:
                    mid = self.broker.to_hub.popleft()
                    if mid is None:
                        self.session.answer()
                    else:
                        message = Message("t", str(mid).encode(), datetime.now(UTC))
                        self.heard.append(self.session.receive(message, mid, qos=1))
            case "writer":
                batch = self.heard[self.written : self.written + 3]
                if batch:  # without one it waits, and says nothing to the session
                    self.written += len(batch)
                    self.session.acknowledge(batch)
            case "broker":
                self.broker.read()


def is_retained(delivery: Delivery) -> bool:
    return delivery.message is not None and delivery.message.retain


def resume(kept: int, window: int) -> Line:
    broker = Broker(window, deque(range(kept)))
    session = Session(broker.to_broker.extend, lambda: broker.to_broker.append(None))
    session.open(resumed=True)
    broker.hand_over()
    return Line(broker, session, kept)


def drain(line: Line) -> None:
    """Let everything arrive and be written, while no device speaks."""
    while line.broker.to_hub or line.broker.to_broker or line.written < len(line.heard):
        for who in ("network", "writer", "broker"):
            line.step(who)


@given(kept=st.integers(0, 40), window=st.integers(1, 12), steps=st.lists(st.sampled_from(STEPS), max_size=300))
@example(kept=0, window=1, steps=[])
@example(kept=1, window=12, steps=["network", "writer", "broker"])
@example(kept=12, window=12, steps=["broker", "network", "device"] * 20)
def test_what_was_kept_is_of_unknown_age_and_what_comes_after_is_not(kept: int, window: int, steps: list[Step]) -> None:
    line = resume(kept, window)
    for who in steps:
        line.step(who)
    drain(line)
    assert [delivery.mid for delivery in line.heard] == list(range(line.published)), "nothing is lost on the way"
    assert all(is_retained(delivery) for delivery in line.heard[:kept])
    assert line.broker.in_flight == set(), "everything is acknowledged"
    line.step("device")
    line.step("network")
    assert not is_retained(line.heard[-1]), "at rest, what is heard has just happened"


def test_a_new_session_has_nothing_to_catch_up_with() -> None:
    asked: list[bool] = []
    session = Session(lambda _mids: None, lambda: asked.append(True))
    session.open(resumed=False)
    assert not is_retained(session.receive(Message("t", b""), 1, qos=1))
    assert asked == []


def test_an_earlier_connection_is_not_acknowledged() -> None:
    """The broker gives the same numbers anew: an old acknowledgement would be taken for another message."""
    acknowledged: list[int] = []
    session = Session(acknowledged.extend, lambda: None)
    session.open(resumed=False)
    first, unimportant = session.receive(Message("t", b""), 1, qos=1), session.receive(Message("t", b""), 0, qos=0)
    session.acknowledge([unimportant])
    session.close()
    session.acknowledge([first])
    session.open(resumed=True)
    again = session.receive(Message("t", b""), 1, qos=1)
    session.acknowledge([first])
    assert acknowledged == []
    session.acknowledge([again])
    assert acknowledged == [1]
