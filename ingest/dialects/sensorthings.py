"""OGC SensorThings by MQTT, as FROST-Server speaks it: v1.1/Datastreams(<id>)/Observations, beneath any prefix, JSON.

An Observation is one `result` of a Datastream. It is told to subscribers on the Datastream's topic, and made by writing
it to v1.1/Observations with "Datastream": {"@iot.id": ...}; told on that same topic it does not say whose it is, and
holds nothing. What a Datastream measures is said by another entity, in words: it needs a role, by the name of the
device, "Datastreams(42)". A result that is an object or null was not measured. MultiDatastreams are not read.

Clock: phenomenonTime, ISO with offset, else resultTime. Of an interval "start/end" the start counts for the energy of
an interval, and the end for everything else.
Source: github.com/FraunhoferIOSB/FROST-Server, docs/sensorthingsapi; OGC 18-088 (SensorThings 1.1).
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, instant_of, number, scaled

NAME: Final = "sensorthings"
VERSIONS: Final = ("v1.0", "v1.1")
STREAM: Final = "Datastreams"
OBSERVATIONS: Final = "Observations"
ENTITIES: Final = frozenset(
    {
        STREAM,
        OBSERVATIONS,
        "MultiDatastreams",
        "Things",
        "Sensors",
        "Locations",
        "HistoricalLocations",
        "ObservedProperties",
        "FeaturesOfInterest",
    }
)
PER_INTERVAL: Final = frozenset({Quantity.IMPORT_ENERGY_INTERVAL, Quantity.EXPORT_ENERGY_INTERVAL})


def decode(message: Message) -> Decoded:
    """Read an Observation; the other entities hold nothing, and other topics belong to someone else."""
    *_, before, last = message.topic.split("/")
    if last != OBSERVATIONS:
        return [] if last.partition("(")[0] in ENTITIES else None
    observation = msgspec.json.decode(message.payload)
    device = _stream_of(observation) if before in VERSIONS else before
    if not device.startswith(f"{STREAM}("):
        return []
    result = observation["result"]
    role = message.roles.get(device)
    if role is None:
        if isinstance(result, int | float) and number(result) is not None:
            raise ValueError(f"channel {device!r} has no role: name it in the site map")
        return []
    value = None if isinstance(result, dict | list) else scaled(result, role.factor)
    return (
        []
        if value is None
        else [Reading(device, role.quantity, value, _at(observation, message, role.quantity), "", "", "", NAME)]
    )


def _stream_of(observation: dict[str, Any]) -> str:
    identity = observation.get("Datastream", {}).get("@iot.id")
    if identity is None:
        return ""
    # Topics write a text between quotes.
    return f"{STREAM}('{identity}')" if isinstance(identity, str) else f"{STREAM}({identity})"


def _at(observation: dict[str, Any], message: Message, quantity: Quantity) -> datetime | None:
    text = observation.get("phenomenonTime") or observation.get("resultTime")
    if text is None:
        return None
    start, _, end = text.partition("/")
    return instant_of(start if quantity in PER_INTERVAL else end or start, message)


DIALECT: Final = Dialect(
    NAME,
    tuple(f"#/{version}/{rest}" for version in VERSIONS for rest in ("+", f"+/{OBSERVATIONS}")),
    decode,
)
