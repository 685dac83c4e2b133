"""Enphase Envoy (IQ Gateway) by the add-on Enphase-Envoy-mqtt-json: everything on one topic, /envoy/json.

The shape depends on firmware and options. Firmware 5: an object of production, net-consumption and total-consumption,
by phase, in W, V and A, without clock; phases that are not connected are all zero, and the totals given here are the
sums over the others. Firmware 7 and later: an array of meters with `timestamp` (epoch seconds), in W and Wh, where Dlvd
is what was delivered to the site: generated, or imported. With a battery: an object `meters` in mW, + for discharge,
with `last_update`. Net power is + for import in all of them.

Meters have the same two numbers (eid) in every Envoy: 704643328 is production, 704643584 consumption, which must be
installed as net consumption, else its import is what the house takes. Hence where several Envoys reach one broker,
each needs a topic of its own in the site map: that becomes part of the device. An array's own voltage and current are
sums where `channels` has several phases. Inverter/GridWatts is the same for FREEDS and not read.
Source: github.com/vk2him/Enphase-Envoy-mqtt-json, README.md and envoy_to_mqtt_json.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from energy.model import Message, Quantity, Reading
from ingest.dialect import DECIMALS, Decoded, Dialect, Field, epoch_seconds, number, readings_of, scaled

NAME: Final = "enphase_envoy"
BASE: Final = "/envoy/json"
DEVICE: Final = "envoy"
FREEDS: Final = "Inverter/GridWatts"
PHASES: Final = {"a": "L1", "b": "L2", "c": "L3"}
LEGS: Final[dict[str, Field]] = {
    "production": Field(Quantity.PV_POWER),
    "net-consumption": Field(Quantity.ACTIVE_POWER),
    "total-consumption": Field(Quantity.LOAD_POWER),
}
CONNECTION: Final = "net-consumption"
ELECTRICAL: Final[dict[str, Field]] = {"v": Field(Quantity.VOLTAGE), "i": Field(Quantity.CURRENT)}
PRODUCTION_METER: Final[dict[str, Field]] = {
    "activePower": Field(Quantity.PV_POWER),
    "actEnergyDlvd": Field(Quantity.PV_ENERGY),
}
NET_METER: Final[dict[str, Field]] = {
    "activePower": Field(Quantity.ACTIVE_POWER),
    "actEnergyDlvd": Field(Quantity.IMPORT_ENERGY),
    "actEnergyRcvd": Field(Quantity.EXPORT_ENERGY),
}
METER_ELECTRICAL: Final[dict[str, Field]] = {
    "voltage": Field(Quantity.VOLTAGE),
    "current": Field(Quantity.CURRENT),
}
METERS: Final = {
    704643328: (PRODUCTION_METER, {**PRODUCTION_METER, **METER_ELECTRICAL}),
    704643584: (NET_METER, {**NET_METER, **METER_ELECTRICAL}),
}
"""What a meter says of all phases together, and of one."""
LIVE: Final[dict[str, Field]] = {
    "pv": Field(Quantity.PV_POWER, 0.001),
    "storage": Field(Quantity.BATTERY_POWER, 0.001),
    "grid": Field(Quantity.ACTIVE_POWER, 0.001),
    "load": Field(Quantity.LOAD_POWER, 0.001),
}
LIVE_KEYS: Final = {"agg_p_mw": "", **{f"agg_p_ph_{letter}_mw": phase for letter, phase in PHASES.items()}}


def decode(message: Message) -> Decoded:
    """Read what the Envoy says, in any of its shapes."""
    if message.topic == FREEDS:
        return []
    frame: Any = msgspec.json.decode(message.payload)
    if isinstance(frame, list):
        return [reading for meter in frame for reading in _meter(meter, message.base)]
    if not isinstance(frame, dict):
        raise TypeError("neither an object nor an array")
    device = message.base or DEVICE
    if isinstance(frame.get("meters"), dict):
        return list(_live(frame["meters"], device))
    return [
        reading
        for leg, field in LEGS.items()
        if isinstance(frame.get(leg), dict)
        for reading in _leg(frame[leg], field, ELECTRICAL if leg == CONNECTION else {}, device)
    ]


def _leg(phases: Mapping[str, Any], power: Field, electrical: dict[str, Field], device: str) -> Iterator[Reading]:
    connected = {
        name: phase
        for letter, name in PHASES.items()
        if (phase := phases.get(f"ph-{letter}")) is not None and number(phase.get("v"))
    }
    powers_w = {name: value for name, phase in connected.items() if (value := number(phase.get("p"))) is not None}
    if powers_w:
        yield Reading(device, power.quantity, round(sum(powers_w.values()), DECIMALS), None, "", "", "", NAME)
    for name, value in powers_w.items():
        yield Reading(device, power.quantity, value, None, name, "", "", NAME)
    for name, phase in connected.items():
        for reading in readings_of(phase, electrical, device, None, NAME):
            yield replace(reading, phase=name)


def _meter(meter: Mapping[str, Any], base: str) -> Iterator[Reading]:
    tables = METERS.get(meter["eid"])
    if tables is None:
        return
    whole, part = tables
    device = f"{base}/{meter['eid']}" if base else str(meter["eid"])
    at = epoch_seconds(meter.get("timestamp"))
    phases = {
        name: phase
        for name, phase in zip(PHASES.values(), meter.get("channels") or (), strict=False)
        if number(phase.get("voltage"))
    }
    yield from readings_of(meter, part if len(phases) < 2 else whole, device, at, NAME)
    for name, phase in phases.items():
        for reading in readings_of(phase, part, device, at, NAME):
            yield replace(reading, phase=name)


def _live(meters: Mapping[str, Any], device: str) -> Iterator[Reading]:
    at = epoch_seconds(meters.get("last_update"))
    soc = number(meters.get("soc"))
    if soc is not None:
        yield Reading(device, Quantity.BATTERY_SOC, soc, at, "", "", "", NAME)
    for name, field in LIVE.items():
        meter = meters.get(name) or {}
        for key, phase in LIVE_KEYS.items():
            value = scaled(meter.get(key), field.factor)
            if value is not None:
                yield Reading(device, field.quantity, value, at, phase, "", "", NAME)


DIALECT: Final = Dialect(NAME, (BASE, FREEDS), decode, base=BASE)
