"""SunGather, a bridge to Sungrow inverters (SunGather/<serial>): one flat JSON object of registers, kWh and W.

Which registers are in it depends on model and settings; the bridge's own settings are among them. import_from_grid and
export_to_grid are two powers without sign, made from the meter. total_power_yields is the register of the AC side: in
hybrids (SH...) it counts what the battery gave, too; total_active_power likewise. Their load is load_power_hybrid.
Both powers of the inverter are read as unsigned numbers of 32 bits, so that the little it takes at night appears as
more than four billion: put right here.

`timestamp` is the local clock of the bridge, without offset or leading zeros, so arrival counts. The signs of
meter_power and battery_power depend on the model: not read.
Source: github.com/bohdan-s/SunGather, SunGather/exports/mqtt.py and SunGather/registers-sungrow.yaml.
"""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, json_object, readings_of

NAME: Final = "sungather"
BASE: Final = "SunGather"
FIELDS: Final[dict[str, Field]] = {
    "total_active_power": Field(Quantity.PV_POWER),
    "total_dc_power": Field(Quantity.PV_DC_POWER),
    "total_power_yields": Field(Quantity.PV_ENERGY, 1000),
    "daily_power_yields": Field(Quantity.PV_ENERGY_DAY, 1000),
    "import_from_grid": Field(Quantity.IMPORT_POWER),
    "export_to_grid": Field(Quantity.EXPORT_POWER),
    "total_import_energy": Field(Quantity.IMPORT_ENERGY, 1000),
    "total_export_energy": Field(Quantity.EXPORT_ENERGY, 1000),
    "load_power": Field(Quantity.LOAD_POWER),
    "battery_level": Field(Quantity.BATTERY_SOC),
    "phase_a_voltage": Field(Quantity.VOLTAGE, 1, "L1"),
    "phase_b_voltage": Field(Quantity.VOLTAGE, 1, "L2"),
    "phase_c_voltage": Field(Quantity.VOLTAGE, 1, "L3"),
    "phase_a_current": Field(Quantity.CURRENT, 1, "L1"),
    "phase_b_current": Field(Quantity.CURRENT, 1, "L2"),
    "phase_c_current": Field(Quantity.CURRENT, 1, "L3"),
}
LOAD_OF_HYBRIDS: Final = "load_power_hybrid"
FIELDS_OF_HYBRIDS: Final[dict[str, Field]] = {
    **{key: field for key, field in FIELDS.items() if key != "load_power"},
    LOAD_OF_HYBRIDS: Field(Quantity.LOAD_POWER),
}
UNSIGNED: Final = frozenset({Quantity.PV_POWER, Quantity.PV_DC_POWER})
SIGN_BIT: Final = 2.0**31
WRAP: Final = 2.0**32
DISCOVERY: Final = "homeassistant"
DISCOVERY_ID: Final = "sungather_"


def decode(message: Message) -> Decoded:
    """Read the registers of one inverter; None for what others announce to Home Assistant."""
    base, device = message.topic.split("/")[:2]
    if base == DISCOVERY:
        announced = json_object(message.payload)
        return [] if announced is not None and str(announced.get("unique_id")).startswith(DISCOVERY_ID) else None
    frame: dict[str, Any] = msgspec.json.decode(message.payload, type=dict[str, Any])
    serial = frame.get("serial_number")
    # Hybrids have a register of their own for the load, beside one that is worked out.
    fields = FIELDS_OF_HYBRIDS if LOAD_OF_HYBRIDS in frame else FIELDS
    return [_signed(reading) for reading in readings_of(frame, fields, str(serial or device), None, NAME)]


def _signed(reading: Reading) -> Reading:
    if reading.value < SIGN_BIT or reading.quantity not in UNSIGNED:
        return reading
    return replace(reading, value=reading.value - WRAP)


DIALECT: Final = Dialect(NAME, (f"{BASE}/+", f"{DISCOVERY}/+/+/config"), decode, base=BASE)
