"""Smart meter adapter of Oesterreichs Energie, at the customer port of Austrian meters: JSON objects on any topic.

A message holds some registers by OBIS code, each {"value", "time"}: whole Wh and W, where other devices write kWh and
kW under the same codes. Import and export are two registers, never negative.

Clock: `time` of the register, epoch seconds; 0 where the meter gave none. sma_time counts since the adapter's start.
The device is `name`, as a rule the meter's number; the topic where the user left it empty. As the topic is the user's,
messages are recognised by their api_version and sma_time.
Source: github.com/eddie-energy/eddie, aiida, datasource/at and its tests.
"""

from typing import Final

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, epoch_seconds, json_object, scaled

NAME: Final = "at_oesterreichs_energie"
REGISTERS: Final[dict[str, Field]] = {
    "1-0:1.8.0": Field(Quantity.IMPORT_ENERGY),
    "1-0:1.8.1": Field(Quantity.IMPORT_ENERGY, tariff="T1"),
    "1-0:1.8.2": Field(Quantity.IMPORT_ENERGY, tariff="T2"),
    "1-0:2.8.0": Field(Quantity.EXPORT_ENERGY),
    "1-0:2.8.1": Field(Quantity.EXPORT_ENERGY, tariff="T1"),
    "1-0:2.8.2": Field(Quantity.EXPORT_ENERGY, tariff="T2"),
    "1-0:1.7.0": Field(Quantity.IMPORT_POWER),
    "1-0:2.7.0": Field(Quantity.EXPORT_POWER),
}
SIGNATURE: Final = b'"sma_time"'


def decode(message: Message) -> Decoded:
    """Read the registers of a message; None where it does not come from an adapter."""
    if SIGNATURE not in message.payload:
        return None
    root = json_object(message.payload)
    if root is None or "sma_time" not in root or "api_version" not in root:
        return None
    device = root.get("name") or message.topic
    readings = []
    for code, register in root.items():
        if (field := REGISTERS.get(code)) is None:
            continue
        if (value := scaled(register["value"], field.factor)) is not None:
            at = epoch_seconds(register.get("time"))
            readings.append(Reading(device, field.quantity, value, at, field.phase, field.channel, field.tariff, NAME))
    return readings


DIALECT: Final = Dialect(NAME, ("#",), decode)
