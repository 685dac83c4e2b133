"""DSMR-logger (DSMRloggerAPI), firmware for the P1 port of meters: DSMR-API/<field>, one value per topic as JSON.

The payload repeats the field's name: {"power_delivered": [{"value": 0.412, "unit": "kW"}]}, the value a number, or text
in quotes where the meter writes text. The unit is on the wire; a field in a unit that it cannot have is refused. The
firmware computes in single precision, so registers above some 65,000 kWh move in steps of 8 Wh and more. Tariff 1 is
the low one in the Netherlands and the day's in Belgium. The meter's clock (local, with S or W) comes on a topic of its
own and cannot be tied to the values: there is none. The device is the base topic, DSMR-API unless its owner renamed it.
Source: github.com/mrWheel/DSMRloggerAPI, src/jsonStuff.cpp (createMQTTjsonMessage) and DSMRloggerAPI.h (field names).
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, json_object, reading_of
from ingest.p1 import FACTORS

NAME: Final = "dsmr_logger_api"
BASE: Final = "DSMR-API"
PHASES: Final = ("1", "2", "3")
FIELDS: Final[dict[str, Field]] = {
    "energy_delivered_tariff1": Field(Quantity.IMPORT_ENERGY, tariff="T1"),
    "energy_delivered_tariff2": Field(Quantity.IMPORT_ENERGY, tariff="T2"),
    "energy_returned_tariff1": Field(Quantity.EXPORT_ENERGY, tariff="T1"),
    "energy_returned_tariff2": Field(Quantity.EXPORT_ENERGY, tariff="T2"),
    "power_delivered": Field(Quantity.IMPORT_POWER),
    "power_returned": Field(Quantity.EXPORT_POWER),
    **{f"power_delivered_l{n}": Field(Quantity.IMPORT_POWER, phase=f"L{n}") for n in PHASES},
    **{f"power_returned_l{n}": Field(Quantity.EXPORT_POWER, phase=f"L{n}") for n in PHASES},
    **{f"voltage_l{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
    **{f"current_l{n}": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
    "gas_delivered": Field(Quantity.GAS_VOLUME),
    "water_delivered": Field(Quantity.WATER_VOLUME),
    "thermal_delivered": Field(Quantity.HEAT_ENERGY),
}


def decode(message: Message) -> Decoded:
    """Read one value."""
    name = message.topic.rpartition("/")[2]
    known = FIELDS.get(name)
    if known is None:
        return []
    root = json_object(message.payload)
    if root is None:
        raise ValueError("not a JSON object")
    (content,) = root[name]
    field = known._replace(factor=FACTORS[content["unit"]])
    return reading_of(content["value"], field, message.base or BASE, NAME)


DIALECT: Final = Dialect(NAME, (f"{BASE}/+",), decode, base=BASE)
