"""What all messages of a Tasmota share: the name of the device in the topic, and its clock.

Topics are tele/<device>/SENSOR and the like; the order of <device> and tele, and levels before them, are its user's.
Source: github.com/tasmota/docs, docs/MQTT.md.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from energy.model import Message
from ingest.dialect import instant_of

PREFIXES: Final = ("tele", "stat")
STATUS_TOPICS: Final = ("STATUS8", "STATUS10")
"""Answers to a question about the sensors, by older and by newer firmware."""


def device_of(topic: str) -> str:
    """The level beside tele or stat: the one before the last, or where that is tele itself, the one before it."""
    *_, before, name, _ = ("", "", *topic.split("/"))
    return before if name in PREFIXES else name


def clock_of(root: Mapping[str, object], message: Message) -> datetime | None:
    """`Time`, local and without offset; None where it is missing, or was never set.

    Raises:
        ValueError: not an instant.
    """
    text = root.get("Time")
    return instant_of(text, message) if isinstance(text, str) else None
