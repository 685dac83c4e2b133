"""Tasmota with an energy driver (plugs, Sonoff POW, PZEM, Shelly...): the block ENERGY of tele/<device>/SENSOR.

Registers are kWh, powers W and VA. What it measures is a load: Total is consumption since TotalStartTime, and the user
may reset it. ImportActive and ExportActive come from drivers that tell directions; with some of those Total runs
backwards on export, and is passed on as it is. A plug that feeds in (a balcony's panels) needs roles in the site map:
their names are the keys, such as Total for pv_energy and Power for pv_power. Three values in a list are phases, any
other number of them channels from 1 on. Today, Yesterday and Period are parts of Total.

Answers on stat/<device>/STATUS8 (sensors: STATUS10) wrap the same in StatusSNS. POWER is a relay, not a power; the
other topics of stat, discovery, and sensors of the climate hold no energy.
Clock: Time, local and without offset. The device is the name in the topic.
Source: github.com/tasmota/docs, docs/PZEM-0XX.md and docs/MQTT.md; github.com/arendst/Tasmota/issues/17178.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from energy.model import ChannelRole, Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, each_once, json_object, scaled
from ingest.tasmota import clock_of, device_of

NAME: Final = "tasmota_energy"
BLOCK: Final = "ENERGY"
FIELDS: Final[dict[str, Field]] = {
    "Total": Field(Quantity.CONSUMPTION_ENERGY, 1000),
    "ImportActive": Field(Quantity.IMPORT_ENERGY, 1000),
    "ExportActive": Field(Quantity.EXPORT_ENERGY, 1000),
    "Power": Field(Quantity.LOAD_POWER),
    "ApparentPower": Field(Quantity.APPARENT_POWER),
    "Factor": Field(Quantity.POWER_FACTOR),
    "Voltage": Field(Quantity.VOLTAGE),
    "Current": Field(Quantity.CURRENT),
}
NAMES_OF_PARTS: Final = {1: [("", "")], 3: [("L1", ""), ("L2", ""), ("L3", "")]}
"""Phase and channel of the parts of a value, by their number; any other number of parts are channels."""
CLIMATE: Final = frozenset(
    {
        "Id",
        "Temperature",
        "Humidity",
        "DewPoint",
        "Pressure",
        "SeaPressure",
        "Illuminance",
        "CarbonDioxide",
        "eCO2",
        "TVOC",
        "Gas",
    }
)
"""Keys of sensors that measure no energy; a block with any other key may hold some, and is not passed over."""
RELAY: Final = "POWER"
RELAY_STATES: Final = frozenset({b"ON", b"OFF", b"TOGGLE", b"BLINK", b"BLINK OFF"})
DISCOVERY: Final = "tasmota/discovery/"


def decode(message: Message) -> Decoded:
    """Read the block ENERGY; None for sensors that are neither energy nor climate."""
    if message.topic.startswith(DISCOVERY):
        return []
    last = message.topic.rpartition("/")[2]
    if last.startswith(RELAY):
        return [] if message.payload in RELAY_STATES else None
    root = json_object(message.payload)
    if root is None:
        return None
    if last == "SENSOR":
        return _sensors(root, message)
    if "StatusSNS" in root:
        return _sensors(root["StatusSNS"], message)
    return [] if last == "RESULT" or any(key.startswith("Status") for key in root) else None


def _sensors(sensors: dict[str, Any], message: Message) -> Decoded:
    energy = sensors.get(BLOCK)
    if isinstance(energy, dict):
        return each_once(_energy(energy, message.roles, device_of(message.topic), clock_of(sensors, message)))
    return [] if "Time" in sensors and all(map(_is_climate, sensors.values())) else None


def _is_climate(block: Any) -> bool:
    return block.keys() <= CLIMATE if isinstance(block, dict) else isinstance(block, str)


def _energy(
    energy: dict[str, Any], roles: Mapping[str, ChannelRole], device: str, at: datetime | None
) -> Iterator[Reading]:
    for key, value in energy.items():
        if (known := FIELDS.get(key)) is None:
            continue
        role = roles.get(key, known)
        parts = value if isinstance(value, list) else [value]
        names = NAMES_OF_PARTS.get(len(parts)) or [("", str(index)) for index in range(1, len(parts) + 1)]
        for part, (phase, channel) in zip(parts, names, strict=True):
            if (measured := scaled(part, role.factor)) is not None:
                yield Reading(device, role.quantity, measured, at, phase, channel, "", NAME)


DIALECT: Final = Dialect(
    NAME,
    ("#/tele/+/SENSOR", "#/tele/SENSOR", "#/stat/+/+", "#/stat/+", f"{DISCOVERY}+/config", f"{DISCOVERY}+/sensors"),
    decode,
)
