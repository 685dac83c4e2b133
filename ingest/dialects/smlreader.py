"""SMLReader, firmware for the optical port of German meters: <base>/sensor/<name>/obis/<code>/255/value, plain numbers.

The topic names the OBIS code and the payload is what the meter says in its own unit: Wh, W, V, A. 16.7.0 is the net
power, + import; 1.8.0 and 2.8.0 are totals of their tariffs 1 and 2. Some meters hold the resolution back until their
PIN is entered, and count whole kWh then. The device is the base topic with the sensor's name, as one reader may have
several. There is no clock. Values that are text (the meter's serial, its maker) are hexadecimal.
Source: github.com/mruettgers/SMLReader, README.md and src/MqttPublisher.h.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "smlreader"
FIELDS: Final[dict[str, Field]] = {
    "1-0:1.8.0": Field(Quantity.IMPORT_ENERGY),
    "1-0:1.8.1": Field(Quantity.IMPORT_ENERGY, tariff="T1"),
    "1-0:1.8.2": Field(Quantity.IMPORT_ENERGY, tariff="T2"),
    "1-0:2.8.0": Field(Quantity.EXPORT_ENERGY),
    "1-0:2.8.1": Field(Quantity.EXPORT_ENERGY, tariff="T1"),
    "1-0:2.8.2": Field(Quantity.EXPORT_ENERGY, tariff="T2"),
    "1-0:16.7.0": Field(Quantity.ACTIVE_POWER),
    **{f"1-0:{code}.7.0": Field(Quantity.ACTIVE_POWER, phase=f"L{n}") for n, code in enumerate((36, 56, 76), 1)},
    **{f"1-0:{code}.7.0": Field(Quantity.VOLTAGE, phase=f"L{n}") for n, code in enumerate((32, 52, 72), 1)},
    **{f"1-0:{code}.7.0": Field(Quantity.CURRENT, phase=f"L{n}") for n, code in enumerate((31, 51, 71), 1)},
}
CURRENT_VALUE: Final = "255"
"""Other storage numbers are values of earlier billing periods."""
SIGNATURE: Final = b"running SMLReader"


def decode(message: Message) -> Decoded:
    """Read one value; None for a greeting that is not SMLReader's."""
    levels = message.topic.split("/")
    if levels[-1] == "info":
        return [] if SIGNATURE in message.payload else None
    *base, _, sensor, _, code, storage, _ = levels
    if storage != CURRENT_VALUE:
        return []
    return reading_of(message.payload, FIELDS.get(code), "/".join((*base, sensor)), NAME)


DIALECT: Final = Dialect(NAME, ("#/sensor/+/obis/+/+/value", "#/info"), decode)
