"""Huawei SUN2000 inverters by huawei2mqtt (Huawei/<serial>): one JSON object with the inverter's registers.

ActivePower is the AC side, InputPower the DC side, both W; AccumulatedEnergyYield and DailyEnergyYield are kWh. Some
versions wrote ActivePower in kW, and nothing in the message tells: the yields are right with all of them. PV1 to PV4
are the inputs, parts of the same production; their power is computed from voltage and current. At night registers
hold the largest number of their type, which means not measured: 2147483647, 4294967295, 65535 and 32767, divided as
the register is. There is no clock; messages are retained.
Source: github.com/baycom/huawei2mqtt, index.js; Huawei, Solar Inverter Modbus Interface Definitions.
"""

from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, number, scaled

NAME: Final = "huawei2mqtt"
BASE: Final = "Huawei"
PHASES: Final = ("1", "2", "3")
INPUTS: Final = ("1", "2", "3", "4")
FIELDS: Final[dict[str, Field]] = {
    "ActivePower": Field(Quantity.PV_POWER),
    "InputPower": Field(Quantity.PV_DC_POWER),
    "AccumulatedEnergyYield": Field(Quantity.PV_ENERGY, 1000),
    "DailyEnergyYield": Field(Quantity.PV_ENERGY_DAY, 1000),
    "PowerFactor": Field(Quantity.POWER_FACTOR),
    **{f"L{n}Voltage": Field(Quantity.VOLTAGE, 1, f"L{n}") for n in PHASES},
    **{f"L{n}Current": Field(Quantity.CURRENT, 1, f"L{n}") for n in PHASES},
    **{f"PV{n}Voltage": Field(Quantity.VOLTAGE, 1, "", n) for n in INPUTS},
    **{f"PV{n}Current": Field(Quantity.CURRENT, 1, "", n) for n in INPUTS},
    **{f"PV{n}Power": Field(Quantity.PV_DC_POWER, 1, "", n) for n in INPUTS},
}
NOT_MEASURED: Final[dict[Quantity, frozenset[float]]] = {
    Quantity.PV_POWER: frozenset({2147483647, 2147483.647}),
    # The last one is what 3276.7 V times 327.67 A makes of an input.
    Quantity.PV_DC_POWER: frozenset({2147483647, 1073676}),
    Quantity.PV_ENERGY: frozenset({42949672.95}),
    Quantity.PV_ENERGY_DAY: frozenset({42949672.95}),
    Quantity.POWER_FACTOR: frozenset({32.767}),
    Quantity.VOLTAGE: frozenset({6553.5, 3276.7}),
    Quantity.CURRENT: frozenset({2147483.647, 327.67}),
}


def decode(message: Message) -> Decoded:
    """Read the registers of one inverter; an object without any that is known is somebody else's."""
    if not message.payload.lstrip().startswith(b"{"):
        return None
    values = msgspec.json.decode(message.payload, type=dict[str, Any])
    if FIELDS.keys().isdisjoint(values) and "DeviceStatus" not in values:
        return None
    device = message.topic.rpartition("/")[2]
    readings: list[Reading] = []
    for key, value in values.items():
        field = FIELDS.get(key)
        if field is None or number(value) in NOT_MEASURED[field.quantity]:
            continue
        measured = scaled(value, field.factor)
        if measured is not None:
            readings.append(Reading(device, field.quantity, measured, None, field.phase, field.channel, "", NAME))
    return readings


DIALECT: Final = Dialect(NAME, (f"{BASE}/+",), decode, base=BASE)
