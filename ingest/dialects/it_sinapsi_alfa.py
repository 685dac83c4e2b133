"""Sinapsi Alfa (IoMeter2G), an in-home device of Italian meters: /<user>/iomtsgdata/<activation key>/, a JSON array.

The topic begins with a slash, and mostly ends with one. Each element is a delivery point with `data`, a list of moments
that each hold `ts` and values by OBIS code, class and attribute. All numbers are text: W and Wh, import and export
apart. 1.27.0 is the mean power of the last quarter of an hour. The profile samples of 99.1.0 (Wh of a quarter of an
hour) do not say which quarter they are, so they are left out: the register 1.8.0 holds the same energy.

Clock: `ts`, epoch seconds. The device is the delivery point (`pod`), else the device's own number (`du`).
Source: github.com/eddie-energy/eddie, aiida docs, sinapsi-alfa-data-source.md and SinapsiAlfaEntry.java.
"""

from typing import Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, epoch_seconds, readings_of

NAME: Final = "it_sinapsi_alfa"
REGISTERS: Final[dict[str, Field]] = {
    "1-0:1.8.0.255_3,0_2": Field(Quantity.IMPORT_ENERGY),
    "1-0:2.8.0.255_3,0_2": Field(Quantity.EXPORT_ENERGY),
    "1-0:1.7.0.255_3,0_2": Field(Quantity.IMPORT_POWER),
    "1-0:2.7.0.255_3,0_2": Field(Quantity.EXPORT_POWER),
    "1-0:1.27.0.255_3,0_2": Field(Quantity.IMPORT_POWER_AVG),
}
TOPIC: Final = "/+/iomtsgdata/+"


def decode(message: Message) -> Decoded:
    """Read every moment of every delivery point in a message."""
    readings: list[Reading] = []
    for point in msgspec.json.decode(message.payload):
        device = point.get("pod") or point["du"]
        for moment in point["data"]:
            readings += readings_of(moment, REGISTERS, device, epoch_seconds(moment["ts"]), NAME)
    return readings


DIALECT: Final = Dialect(NAME, (TOPIC, f"{TOPIC}/"), decode)
