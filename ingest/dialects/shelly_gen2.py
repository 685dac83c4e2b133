"""Shelly of the second generation and later (Pro 3EM, Pro EM, Plus and Mini PM): RPC notifications, component status.

<prefix>/events/rpc carries NotifyStatus: only what changed, by component, with `ts` in seconds since 1970 (UTC) and the
device's id in `src`. <prefix>/status/<component> carries one whole component, without clock; there the device is the
last level of the prefix, which is its id unless the user renamed it. Powers are W (import +), counters Wh. Components
become channels: em:0, the three-phase meter, is the device itself; em1:0, switch:0, pm1:0 are channels of that name.
The totals of emdata are sums of the phases' counters, not the net that a utility meter counts.
Source: shelly-api-docs.shelly.cloud/gen2, General/Notifications and ComponentsAndServices/{EM,EMData,EM1,Switch,PM1}.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, epoch_seconds, json_object, readings_of

NAME: Final = "shelly_gen2"
Fields: TypeAlias = dict[str, Field]

PHASES: Final = {"a": "L1", "b": "L2", "c": "L3"}
VOLTAGES: Final = {f"{letter}_voltage": phase for letter, phase in PHASES.items()}
EM: Final[Fields] = {
    "total_act_power": Field(Quantity.ACTIVE_POWER),
    "total_aprt_power": Field(Quantity.APPARENT_POWER),
    "total_current": Field(Quantity.CURRENT),
    **{f"{letter}_act_power": Field(Quantity.ACTIVE_POWER, phase=phase) for letter, phase in PHASES.items()},
    **{f"{letter}_aprt_power": Field(Quantity.APPARENT_POWER, phase=phase) for letter, phase in PHASES.items()},
    **{f"{letter}_voltage": Field(Quantity.VOLTAGE, phase=phase) for letter, phase in PHASES.items()},
    **{f"{letter}_current": Field(Quantity.CURRENT, phase=phase) for letter, phase in PHASES.items()},
    **{f"{letter}_pf": Field(Quantity.POWER_FACTOR, phase=phase) for letter, phase in PHASES.items()},
}
EMDATA: Final[Fields] = {
    "total_act": Field(Quantity.IMPORT_ENERGY),
    "total_act_ret": Field(Quantity.EXPORT_ENERGY),
    **{f"{letter}_total_act_energy": Field(Quantity.IMPORT_ENERGY, phase=phase) for letter, phase in PHASES.items()},
    **{
        f"{letter}_total_act_ret_energy": Field(Quantity.EXPORT_ENERGY, phase=phase) for letter, phase in PHASES.items()
    },
}
EM1: Final[Fields] = {
    "act_power": Field(Quantity.ACTIVE_POWER),
    "aprt_power": Field(Quantity.APPARENT_POWER),
    "voltage": Field(Quantity.VOLTAGE),
    "current": Field(Quantity.CURRENT),
    "pf": Field(Quantity.POWER_FACTOR),
}
EM1DATA: Final[Fields] = {
    "total_act_energy": Field(Quantity.IMPORT_ENERGY),
    "total_act_ret_energy": Field(Quantity.EXPORT_ENERGY),
}
LOAD: Final[Fields] = {
    "apower": Field(Quantity.LOAD_POWER),
    "aenergy": Field(Quantity.CONSUMPTION_ENERGY),
    "ret_aenergy": Field(Quantity.EXPORT_ENERGY),
    "voltage": Field(Quantity.VOLTAGE),
    "current": Field(Quantity.CURRENT),
    "pf": Field(Quantity.POWER_FACTOR),
}
COMPONENTS: Final[dict[str, tuple[Fields, str]]] = {
    "em": (EM, "em"),
    "emdata": (EMDATA, "em"),
    "em1": (EM1, "em1"),
    "em1data": (EM1DATA, "em1"),
    "switch": (LOAD, "switch"),
    "pm1": (LOAD, "pm1"),
    "cover": (LOAD, "cover"),
    "light": (LOAD, "light"),
}
"""The components that measure: their fields, and the name that their channel takes."""
WHOLE_DEVICE: Final = "em:0"
COUNTERS: Final = ("aenergy", "ret_aenergy")
"""Fields of a load that are objects: their register is `total`."""
COMPONENTS_REMEMBERED: Final = 256
SYSTEM: Final = frozenset(
    {"ble", "bthome", "cloud", "eth", "knx", "matter", "modbus", "mqtt", "sys", "ui", "wifi", "ws"}
)
CONTROL_WORDS: Final = frozenset({b"announce", b"status_update"})


def decode(message: Message) -> Decoded:
    """Read a notification or the status of a component; messages about the device itself hold nothing."""
    *prefix, kind, last = ["", *message.topic.split("/")]
    if kind == "events" and last == "rpc":
        return _notified(msgspec.json.decode(message.payload))
    if kind == "status" and _is_component(last):
        return _component(prefix[-1], last, msgspec.json.decode(message.payload), None)
    return [] if _is_about_the_device(kind, last, message.payload) else None


def _is_about_the_device(kind: str, last: str, payload: bytes) -> bool:
    match kind, last:
        case "status", _:
            return last in SYSTEM
        case "command", _:
            return _is_component(last)
        case _, "online":
            return payload in (b"true", b"false")
        case _, "command":
            return payload in CONTROL_WORDS
        case _, "rpc":
            frame = json_object(payload)
            return frame is not None and "src" in frame and "id" in frame
        case _:
            return False


def _notified(frame: dict[str, Any]) -> list[Reading]:
    device = frame["src"]
    if frame["method"] not in ("NotifyStatus", "NotifyFullStatus"):
        return []
    params = frame["params"]
    at = epoch_seconds(params.get("ts"))
    return [reading for name, component in params.items() for reading in _component(device, name, component, at)]


def _is_component(name: str) -> bool:
    kind, _, instance = name.partition(":")
    return kind.isalnum() and instance.isdecimal()


@lru_cache(maxsize=COMPONENTS_REMEMBERED)
def fields_of(component: str) -> Fields:
    """Fields of a component, by a name such as em:0 or switch:1; none where it measures nothing."""
    kind, _, instance = component.partition(":")
    fields, channel_kind = COMPONENTS.get(kind, ({}, kind))
    channel = f"{channel_kind}:{instance}"
    if channel == WHOLE_DEVICE:
        channel = ""
    return {key: field._replace(channel=channel) for key, field in fields.items()}


def _component(device: str, name: str, component: dict[str, Any], at: datetime | None) -> list[Reading]:
    fields = fields_of(name)
    if not fields:
        return []
    if COUNTERS[0] in component:
        totals = {key: component[key].get("total") for key in COUNTERS if isinstance(component.get(key), dict)}
        component = {**component, **totals}
    dead = {phase for voltage, phase in VOLTAGES.items() if component.get(voltage) == 0}
    if dead:
        # A phase without voltage is not connected: its current and power factor are noise, its power is none.
        fields = {
            key: field
            for key, field in fields.items()
            if field.phase not in dead or field.quantity is Quantity.ACTIVE_POWER
        }
    return readings_of(component, fields, device, at, NAME)


DIALECT: Final = Dialect(
    NAME,
    ("#/events/rpc", "#/status/+", "#/online", "#/command", "#/command/+", "#/rpc"),
    decode,
)
