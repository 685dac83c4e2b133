"""Clamp meters and plugs behind Zigbee2MQTT (zigbee2mqtt/<name>): all that is known of a device as one JSON object.

Registers are kWh, powers W. A device with a switch (`state`) and no produced energy is a load, others meter a
connection. Keys ending in a, b, c are the phases of a three-phase meter; without any c they are two clamps, channels a
and b, which may sit in different places, so their sum power_ab is left out. The power of a clamp has no sign: its
direction is energy_flow_<letter> ("sign": it has one after all), without which it is left out. The power of the whole
device is given as it is, though some models never make it negative: trust the registers. Power factors are left out,
percent in one model and a fraction in another.

Clock: timestamp_<letter> for a clamp; else last_seen, where Zigbee2MQTT is told to send it (ISO or milliseconds).
The device is its friendly name, which may contain slashes. What the bridge says, commands, and other devices hold
nothing. With `battery`, voltage is the battery's, in mV: not read. Attributes on topics of their own are refused.
Source: zigbee2mqtt.io/devices/PJ-1203A.html; github.com/Koenkk/zigbee2mqtt, issues 22639, 23144 and 26275.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, epoch_seconds, instant_of, json_object, readings_of, scaled

NAME: Final = "zigbee2mqtt_meter"
BASE: Final = "zigbee2mqtt"
METER: Final[dict[str, Field]] = {
    "power": Field(Quantity.ACTIVE_POWER),
    "energy": Field(Quantity.IMPORT_ENERGY, 1000),
    "produced_energy": Field(Quantity.EXPORT_ENERGY, 1000),
    "energy_produced": Field(Quantity.EXPORT_ENERGY, 1000),
    "voltage": Field(Quantity.VOLTAGE),
    "current": Field(Quantity.CURRENT),
}
METER_ON_BATTERY: Final[dict[str, Field]] = {key: field for key, field in METER.items() if key != "voltage"}
"""There voltage is the battery's, in mV."""
LOAD: Final[dict[str, Field]] = {
    "power": Field(Quantity.LOAD_POWER),
    "energy": Field(Quantity.CONSUMPTION_ENERGY, 1000),
    "voltage": Field(Quantity.VOLTAGE),
    "current": Field(Quantity.CURRENT),
}
PRODUCED: Final = ("produced_energy", "energy_produced")
PHASES: Final = {"a": "L1", "b": "L2", "c": "L3"}
PART_QUANTITIES: Final = (
    ("energy", Quantity.IMPORT_ENERGY, 1000),
    ("energy_produced", Quantity.EXPORT_ENERGY, 1000),
    ("produced_energy", Quantity.EXPORT_ENERGY, 1000),
    ("voltage", Quantity.VOLTAGE, 1),
    ("current", Quantity.CURRENT, 1),
)
PHASE_FIELDS: Final[dict[str, Field]] = {
    f"{key}_{letter}": Field(quantity, factor, phase=phase)
    for letter, phase in PHASES.items()
    for key, quantity, factor in PART_QUANTITIES
}
CLAMP_FIELDS: Final[dict[str, dict[str, Field]]] = {
    letter: {f"{key}_{letter}": Field(quantity, factor, channel=letter) for key, quantity, factor in PART_QUANTITIES}
    for letter in "ab"
}
COMMANDS: Final = frozenset({"action", "availability", "set", "get"})
"""Levels below a device's name: its buttons, its sign of life, and what others ask of it."""
THIRD_PHASE: Final = frozenset({"voltage_c", "current_c", "power_c", "energy_c"})
SIGNS: Final = {"consuming": 1.0, "producing": -1.0, "sign": 1.0}


def decode(message: Message) -> Decoded:
    """Read the state of a device; what the bridge says, commands and other devices hold nothing."""
    name = message.topic.partition("/")[2]
    if name.startswith("bridge/") or not COMMANDS.isdisjoint(name.split("/")) or not message.payload:
        return []
    state = json_object(message.payload)
    if state is None:
        if message.payload.startswith(b"{"):
            msgspec.json.decode(message.payload)
        raise ValueError("one attribute alone: set the output of Zigbee2MQTT to json")
    last_seen = _clock(state.get("last_seen"), message)
    is_load = state.get("state") in ("ON", "OFF") and not any(key in state for key in PRODUCED)
    fields = METER_ON_BATTERY if "battery" in state else LOAD if is_load else METER
    whole = readings_of(state, fields, name, last_seen, NAME)
    if not THIRD_PHASE.isdisjoint(state):
        return [*whole, *readings_of(state, PHASE_FIELDS, name, last_seen, NAME)]
    for letter, clamp in CLAMP_FIELDS.items():
        if not clamp.keys().isdisjoint(state) or f"power_{letter}" in state:
            at = _clock(state.get(f"timestamp_{letter}"), message) or last_seen
            whole += _clamp(state, letter, name, at)
    return whole


def _clamp(state: dict[str, Any], letter: str, device: str, at: datetime | None) -> Iterator[Reading]:
    sign = SIGNS.get(state.get(f"energy_flow_{letter}", ""))
    if sign is not None and (power_w := scaled(state.get(f"power_{letter}"), sign)) is not None:
        yield Reading(device, Quantity.ACTIVE_POWER, power_w, at, "", letter, "", NAME)
    yield from readings_of(state, CLAMP_FIELDS[letter], device, at, NAME)


def _clock(value: object, message: Message) -> datetime | None:
    match value:
        case str() if value:
            return instant_of(value, message)
        case int() | float():
            return epoch_seconds(value / 1000)
        case _:
            return None


DIALECT: Final = Dialect(NAME, (f"{BASE}/#",), decode, base=BASE)
