"""SMA Energy Meter and Sunny Home Manager by sma2mqtt (sma/<serial>/<field>): one number per topic, as text.

SIGN: total_w and l1_w to l3_w are + selling / - buying, so they are turned round. total_w_buy, total_w_sell and those
of the phases are unsigned, W. kwh_buy and kwh_sell are the counters, kWh with eight decimals. Only what changed is
published, and everything once in fifty packets. There is no clock. The serial number is written in hexadecimal digits
by some versions, and left out by old ones: there the device is the first level of the topic.
Source: github.com/vindolin/sma2mqtt, scripts/sma2mqtt.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "sma2mqtt"
BASE: Final = "sma"
PHASES: Final = ("1", "2", "3")
FIELDS: Final[dict[str, Field]] = {
    "total_w": Field(Quantity.ACTIVE_POWER, -1),
    "total_w_buy": Field(Quantity.IMPORT_POWER),
    "total_w_sell": Field(Quantity.EXPORT_POWER),
    "kwh_buy": Field(Quantity.IMPORT_ENERGY, 1000),
    "kwh_sell": Field(Quantity.EXPORT_ENERGY, 1000),
    **{f"l{n}_w": Field(Quantity.ACTIVE_POWER, -1, f"L{n}") for n in PHASES},
    **{f"l{n}_w_buy": Field(Quantity.IMPORT_POWER, 1, f"L{n}") for n in PHASES},
    **{f"l{n}_w_sell": Field(Quantity.EXPORT_POWER, 1, f"L{n}") for n in PHASES},
}


def decode(message: Message) -> Decoded:
    """Read one value of one meter."""
    _, *serial, name = message.topic.split("/")
    field = FIELDS.get(name)
    if field is None:
        return None
    return reading_of(message.payload, field, serial[0] if serial else message.base or BASE, NAME)


DIALECT: Final = Dialect(NAME, (f"{BASE}/+", f"{BASE}/+/+"), decode, base=BASE)
