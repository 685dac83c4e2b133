"""Smart Gateways, adapters for the P1 port of meters (<prefix>/dsmr/reading/<field>): one value per topic, as text.

Registers are kWh, powers kW, those of the phases too, whatever the tables of others say. Tariff 1 is the low one in the
Netherlands and the day's in Belgium. The device is the last level of the prefix that its owner chose, as the meter's
serial comes on a topic of its own, in hexadecimal. There is no clock. The same topics without any prefix are
DSMR-reader's.
Source: github.com/eddie-energy/eddie, aiida/docs/1-running/data-sources/mqtt/sga and SmartGatewaysTopic.java.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "smart_gateways"
PHASES: Final = ("1", "2", "3")
FIELDS: Final[dict[str, Field]] = {
    "electricity_delivered_1": Field(Quantity.IMPORT_ENERGY, 1000, tariff="T1"),
    "electricity_delivered_2": Field(Quantity.IMPORT_ENERGY, 1000, tariff="T2"),
    "electricity_returned_1": Field(Quantity.EXPORT_ENERGY, 1000, tariff="T1"),
    "electricity_returned_2": Field(Quantity.EXPORT_ENERGY, 1000, tariff="T2"),
    "electricity_currently_delivered": Field(Quantity.IMPORT_POWER, 1000),
    "electricity_currently_returned": Field(Quantity.EXPORT_POWER, 1000),
    **{f"phase_currently_delivered_l{n}": Field(Quantity.IMPORT_POWER, 1000, f"L{n}") for n in PHASES},
    **{f"phase_currently_returned_l{n}": Field(Quantity.EXPORT_POWER, 1000, f"L{n}") for n in PHASES},
    **{f"phase_voltage_l{n}": Field(Quantity.VOLTAGE, 1, f"L{n}") for n in PHASES},
    **{f"phase_power_current_l{n}": Field(Quantity.CURRENT, 1, f"L{n}") for n in PHASES},
}


def decode(message: Message) -> Decoded:
    """Read one value; None without a prefix."""
    *prefix, _, _, field = message.topic.split("/")
    if not prefix or not prefix[-1]:
        return None
    return reading_of(message.payload, FIELDS.get(field), prefix[-1], NAME)


DIALECT: Final = Dialect(NAME, ("#/dsmr/reading/+",), decode)
