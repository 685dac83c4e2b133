"""SenML (RFC 8428), lists of measurements in JSON or CBOR on any topic: [{"bn", "bt", "n", "u", "v", "t"}, ...].

Records inherit base name, time, unit and value (bn, bt, bu, bv) from those before. A name is base name and `n`
together: what comes before its last / or : is the device, the rest says what is measured. Those names are up to the
publisher: energy_import, energy_export, power (import +), voltage and current are known, the last three by phase too
(power_l1); others are read where they have a role, by that last part of the name ("pv_yield"). The unit of a known name
must fit: Wh, kWh or J, W or kW, V or mV, A or mA; with a role, its factor counts, and the unit does not.

Clock: bt + t, epoch seconds. Below 2**28 they count from the arrival: -60 is a minute ago, 0 or nothing is now.
A pack is recognised by its shape: an array of objects, of which the first has a name and a value or a base.
Source: RFC 8428, sections 4 to 6; units of RFC 8428, section 12.1, and RFC 8798.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading, unit_of
from ingest.dialect import DECIMALS, Decoded, Dialect, Field, each_once, epoch_seconds, number, scaled
from ingest.senml_cbor import looks_like_pack, records

NAME: Final = "senml"
PHASES: Final = ("1", "2", "3")
MEASURES: Final[dict[str, Field]] = {
    "energy_import": Field(Quantity.IMPORT_ENERGY),
    "energy_export": Field(Quantity.EXPORT_ENERGY),
    "power": Field(Quantity.ACTIVE_POWER),
    "voltage": Field(Quantity.VOLTAGE),
    "current": Field(Quantity.CURRENT),
    **{f"power_l{n}": Field(Quantity.ACTIVE_POWER, phase=f"L{n}") for n in PHASES},
    **{f"voltage_l{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
    **{f"current_l{n}": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
}
FACTORS: Final[dict[str, dict[str, float]]] = {
    "Wh": {"Wh": 1, "kWh": 1000, "J": 1 / 3600},
    "W": {"W": 1, "kW": 1000},
    "V": {"V": 1, "mV": 0.001},
    "A": {"A": 1, "mA": 0.001},
}
"""By the hub's unit: how many of it one of a record's unit is."""
BY_UNIT: Final[dict[tuple[str, str | None], Field]] = {
    (measure, unit): field._replace(factor=factor)
    for measure, field in MEASURES.items()
    for unit, factor in FACTORS[unit_of(field.quantity)].items()
}
JSON_START: Final = b"["
BASE_NAME, RECORD_NAME = b'"bn"', b'"n"'
FIRST_KEYS: Final = ({"bn"}, {"n", "v"}, {"n", "vs"}, {"n", "vb"}, {"n", "vd"}, {"n", "s"})
MUST_UNDERSTAND: Final = "_"
RELATIVE_S: Final = 1 << 28


def decode(message: Message) -> Decoded:
    """Read a pack; None where the payload is none."""
    pack = _pack(message.payload)
    if pack is None:
        return None
    readings = list(_readings(pack, message))
    # Times that count from an arrival nobody knows cannot be told apart.
    return readings if message.received_at is None or message.retain else each_once(readings)


def _pack(payload: bytes) -> list[dict[str, Any]] | None:
    if looks_like_pack(payload):
        return records(payload)
    if not payload.startswith(JSON_START) or (BASE_NAME not in payload and RECORD_NAME not in payload):
        return None
    try:
        pack = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return None
    if not pack or not all(isinstance(record, dict) for record in pack):
        return None
    first = pack[0]
    is_named = isinstance(first.get("bn", first.get("n")), str)
    return pack if is_named and any(first.keys() >= keys for keys in FIRST_KEYS) else None


def _readings(pack: list[dict[str, Any]], message: Message) -> Iterator[Reading]:
    base, base_unit, base_s, base_value = "", None, 0.0, None
    for record in pack:
        for key in record:
            if key.endswith(MUST_UNDERSTAND):
                raise ValueError(f"{key!r} must be understood, and is not")
        base, base_unit = record.get("bn", base), record.get("bu", base_unit)
        if "bt" in record:
            base_s = number(record["bt"]) or 0.0
        if "bv" in record:
            base_value = number(record["bv"])
        device, measure = _split(base, record.get("n", ""))
        known = _known(measure, record.get("u", base_unit), message)
        if known is None or (value := number(record.get("v"))) is None:
            continue
        if base_value:
            value = round(base_value + value, DECIMALS)
        if (measured := scaled(value, known.factor)) is not None:
            at = _at(base_s, number(record.get("t")) or 0.0, message)
            yield Reading(device or message.topic, known.quantity, measured, at, known.phase, "", "", NAME)


def _split(base: str, name: str) -> tuple[str, str]:
    whole = base + name
    cut = max(len(base) if name else 0, whole.rfind("/") + 1, whole.rfind(":") + 1)
    return whole[:cut].rstrip("/:"), whole[cut:]


def _known(measure: str, unit: str | None, message: Message) -> Field | None:
    if (role := message.roles.get(measure)) is not None:
        return Field(role.quantity, role.factor)
    if (field := MEASURES.get(measure)) is None:
        return None
    if (known := BY_UNIT.get((measure, unit))) is None:
        raise ValueError(f"{measure} is in {unit!r}, which is no unit of {field.quantity}")
    return known


def _at(base_s: float, offset_s: float, message: Message) -> datetime | None:
    seconds = base_s + offset_s
    if seconds >= RELATIVE_S:
        return epoch_seconds(seconds)
    if seconds == 0 or message.received_at is None or message.retain:
        return None
    return message.received_at + timedelta(seconds=seconds)


DIALECT: Final = Dialect(NAME, ("#",), decode)
