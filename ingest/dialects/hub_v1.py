"""The hub's own format, version 1 (hub/v1/<device>): JSON, the unit in every key, instants with offset or epoch ms.

One object, or an array of them as a batch. An object names its instant in `at` (else its arrival counts) and may name a
`device`, `phase`, `channel` and `tariff`. Decimals are read as decimals: 1.001 kWh is 1001 Wh, exactly. A key nobody
knows refuses the whole message, so that a typo is seen and nothing is lost. Documented in docs/message-format.md.

A gateway that kept messages while the line was down forwards them on hub/v1/<gateway>/relay, each with the instant at
which it was heard; `relay_elements` and `relayed` give them back as they were.
"""

from base64 import b64decode
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading
from energy.time import instant_from_epoch, parse_instant
from ingest.dialect import Dialect

NAME: Final = "hub_v1"
VERSION: Final = 1
TOPIC: Final = "hub/v1/"
RELAY: Final = "/relay"
RELAY_SLASHES: Final = 3
CLOCK_AHEAD: Final = timedelta(minutes=5)

ENERGIES: Final = {
    "import": Quantity.IMPORT_ENERGY,
    "export": Quantity.EXPORT_ENERGY,
    "pv": Quantity.PV_ENERGY,
    "consumption": Quantity.CONSUMPTION_ENERGY,
    "heat": Quantity.HEAT_ENERGY,
    "import_interval": Quantity.IMPORT_ENERGY_INTERVAL,
    "export_interval": Quantity.EXPORT_ENERGY_INTERVAL,
    "pv_day": Quantity.PV_ENERGY_DAY,
}
POWERS: Final = {
    "power": Quantity.ACTIVE_POWER,
    "import_power": Quantity.IMPORT_POWER,
    "export_power": Quantity.EXPORT_POWER,
    "import_power_avg": Quantity.IMPORT_POWER_AVG,
    "export_power_avg": Quantity.EXPORT_POWER_AVG,
    "load_power": Quantity.LOAD_POWER,
    "pv_power": Quantity.PV_POWER,
    "pv_dc_power": Quantity.PV_DC_POWER,
    "battery_power": Quantity.BATTERY_POWER,
}
APPARENT_POWERS: Final = {
    "apparent_power": Quantity.APPARENT_POWER,
    "export_apparent_power": Quantity.EXPORT_APPARENT_POWER,
}
KEYS: Final[dict[str, tuple[Quantity, int]]] = {
    **{f"{stem}_wh": (quantity, 1) for stem, quantity in ENERGIES.items()},
    **{f"{stem}_kwh": (quantity, 1000) for stem, quantity in ENERGIES.items()},
    **{f"{stem}_w": (quantity, 1) for stem, quantity in POWERS.items()},
    **{f"{stem}_kw": (quantity, 1000) for stem, quantity in POWERS.items()},
    **{f"{stem}_va": (quantity, 1) for stem, quantity in APPARENT_POWERS.items()},
    **{f"{stem}_kva": (quantity, 1000) for stem, quantity in APPARENT_POWERS.items()},
    "voltage_v": (Quantity.VOLTAGE, 1),
    "current_a": (Quantity.CURRENT, 1),
    "power_factor": (Quantity.POWER_FACTOR, 1),
    "battery_soc_percent": (Quantity.BATTERY_SOC, 1),
    "pulses": (Quantity.PULSES, 1),
    "gas_m3": (Quantity.GAS_VOLUME, 1),
    "water_m3": (Quantity.WATER_VOLUME, 1),
}
"""Every measurement key: what it measures, and how many of the hub's unit its unit is."""
DESCRIPTION: Final = frozenset({"v", "at", "device", "phase", "channel", "tariff"})
PHASES: Final = frozenset({"", "L1", "L2", "L3"})
IN_SECONDS: Final = range(946_684_800, 31_536_000_000)
"""Numbers that would be milliseconds of 1970, and are seconds since 2000: somebody meant those."""
RELAY_KEYS: Final = frozenset({"received_at", "topic", "payload"})

_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)


def decode(message: Message) -> list[Reading]:
    """Read one object or a batch of them.

    Raises:
        ValueError, TypeError: not JSON, an unknown key, a value that is no number, a stamp without offset.
        ArithmeticError: a number or instant beyond all measure.
    """
    if is_relay(message.topic):
        raise ValueError("a relay envelope holds messages; they are read one by one")
    content = _JSON.decode(message.payload)
    device = message.topic[len(TOPIC) :]
    elements = content if isinstance(content, list) else [content]
    return [reading for element in elements for reading in _readings(element, device)]


def _readings(element: Any, topic_device: str) -> list[Reading]:
    if not isinstance(element, dict):
        raise TypeError("a message is a JSON object or an array of objects")
    if element.get("v", VERSION) != VERSION:
        raise ValueError(f"v is {element['v']!r}: this hub reads version {VERSION}")
    device = _text(element, "device") or topic_device
    phase = _text(element, "phase")
    if phase not in PHASES:
        raise ValueError(f"phase is {phase!r}: it must be L1, L2 or L3")
    at = _instant(element, "at")
    channel, tariff = _text(element, "channel"), _text(element, "tariff")
    by_quantity: dict[Quantity, Reading] = {}
    for key, value in element.items():
        if key in DESCRIPTION:
            continue
        if key not in KEYS:
            raise ValueError(f"unknown key {key[:60]!r}: docs/message-format.md lists the keys")
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise TypeError(f"{key} is {value!r:.60}: it must be a number")
        quantity, factor = KEYS[key]
        if quantity in by_quantity:
            raise ValueError(f"{key} says again, in another unit, what the message already says")
        by_quantity[quantity] = Reading(device, quantity, float(value * factor), at, phase, channel, tariff, NAME)
    return list(by_quantity.values())


def is_relay(topic: str) -> bool:
    """Whether a topic carries messages that a gateway forwards for others."""
    return topic.endswith(RELAY) and topic.startswith(TOPIC) and topic.count("/") == RELAY_SLASHES


def relay_elements(envelope: Message) -> list[Any]:
    """What a relay envelope holds, each to be read with `relayed`.

    Raises:
        ValueError, TypeError: not the documented shape.
    """
    content = msgspec.json.decode(envelope.payload)
    if not isinstance(content, dict) or content.keys() - {"v"} != {"messages"}:
        raise ValueError('a relay envelope is {"messages": [...]}')
    if content.get("v", VERSION) != VERSION:
        raise ValueError(f"v is {content['v']!r}: this hub reads version {VERSION}")
    if not isinstance(content["messages"], list):
        raise TypeError("messages must be an array")
    return content["messages"]


def relay_payload(elements: list[Any]) -> bytes:
    """The payload of an envelope with these elements."""
    return msgspec.json.encode({"messages": elements})


def relayed(element: Any, where: str, envelope: Message) -> Message:
    """One message of a relay envelope, with its own topic, payload and instant of hearing.

    Raises:
        ValueError, TypeError, KeyError: not the documented shape, a relay inside a relay, or a message heard later than
            the envelope itself: the gateway's clock is wrong and no stamp made from it can be trusted.
    """
    if not isinstance(element, dict) or element.keys() != RELAY_KEYS:
        raise ValueError(f"{where} must have received_at, topic and payload, and nothing else")
    topic = element["topic"]
    if not isinstance(topic, str) or not topic.isprintable() or not topic or "+" in topic or "#" in topic:
        raise ValueError(f"{where}.topic is not a topic")
    if is_relay(topic):
        raise ValueError(f"{where} is a relay envelope itself")
    received_at = _instant(element, "received_at")
    if received_at is None:
        raise ValueError(f"{where}.received_at is missing")
    if envelope.received_at is not None and received_at - envelope.received_at > CLOCK_AHEAD:
        raise ValueError(
            f"{where} was heard at {received_at.isoformat()}, after its own delivery: is the gateway's clock right?"
        )
    return Message(topic, _payload(element["payload"], where), received_at, retain=False, zone=envelope.zone)


def _payload(payload: Any, where: str) -> bytes:
    match payload:
        case str():
            return payload.encode()
        case {"base64": str(encoded)} if len(payload) == 1:
            return b64decode(encoded, validate=True)
        case _:
            raise TypeError(f'{where}.payload must be text or {{"base64": "..."}}')


def _instant(element: dict[str, Any], key: str) -> datetime | None:
    value = element.get(key)
    if value is None:
        return None
    if isinstance(value, str):
        return parse_instant(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(f"{key} is {value!r:.60}: it must be RFC 3339 text or milliseconds since 1970")
    if IN_SECONDS.start <= value < IN_SECONDS.stop:
        raise ValueError(f"{key} is {value!s:.60}: milliseconds since 1970 are expected, and this looks like seconds")
    return instant_from_epoch(float(value) / 1000)


def _text(element: dict[str, Any], key: str) -> str:
    value = element.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{key} is {value!r:.60}: it must be text")
    return value


DIALECT: Final = Dialect(NAME, (f"{TOPIC}+", f"{TOPIC}+{RELAY}"), decode)
