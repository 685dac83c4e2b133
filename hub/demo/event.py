"""What is published in the demo, and what a hub that heard all of it must have stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.demo.speak import ReadingKey, Readings


@dataclass(frozen=True, slots=True)
class Event:
    """One message at the instant of its publication, and what a hub must make of it.

    `why` says which trouble the message is part of, and is empty for an ordinary one. `readings`: the register readings
    to store. `implausible`: those to refuse alone. `quarantined`: the whole message is to be refused.
    """

    at: datetime
    topic: str
    payload: bytes
    why: str = ""
    readings: Readings = ()
    implausible: Readings = ()
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """What must be stored and refused once all messages were heard.

    Only registers of whole devices are listed (import, export and production energy, no single phases): each
    must be there exactly once, with this value in Wh.
    """

    messages: int = 0
    quarantined: int = 0
    readings: Mapping[ReadingKey, float] = field(default_factory=dict)
    implausible: Mapping[ReadingKey, float] = field(default_factory=dict)


def truth(events: Iterable[Event]) -> Truth:
    """Sum up what events ask of a hub; a message published three times asks for the same readings once.

    Raises:
        ValueError: two messages give one reading different values: a bug of the simulation.
    """
    messages = quarantined = 0
    readings: dict[ReadingKey, float] = {}
    implausible: dict[ReadingKey, float] = {}
    for event in events:
        messages += 1
        quarantined += event.quarantined
        implausible |= dict(event.implausible)
        for key, value in event.readings:
            if readings.setdefault(key, value) != value:
                raise ValueError(f"{event.topic}: {key} is both {readings[key]} and {value}")
    return Truth(messages, quarantined, readings, implausible)
