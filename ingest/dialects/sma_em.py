"""SMA Energy Meter and Sunny Home Manager by the SMA-EM daemon (SMA-EM/status/<serial>, .../<serial>/<field>).

One JSON object with the fields that its user chose, and, where publish_single is on, each field once more as a number
on its own topic, without clock. Consumption and supply are two unsigned values: powers in W, counters (`...counter`)
in kWh; active_power is their difference, given only when both came together. The meter nets its phases before it
counts, so the counters of the phases do not add up to the total. A field that the meter does not have is published
as 0. pvsum and pusage are the inverters' power and the house's load as the daemon adds them up.
Clock: `timestamp`, seconds since 1970 with decimals.
Source: github.com/datenschuft/SMA-EM, features/mqtt.py and speedwiredecoder.py.
"""

from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import DECIMALS, Decoded, Dialect, Field, epoch_seconds, number, reading_of, readings_of

NAME: Final = "sma_em"
BASE: Final = "SMA-EM/status"
PHASES: Final = ("1", "2", "3")
FIELDS: Final[dict[str, Field]] = {
    "pconsume": Field(Quantity.IMPORT_POWER),
    "psupply": Field(Quantity.EXPORT_POWER),
    "pconsumecounter": Field(Quantity.IMPORT_ENERGY, 1000),
    "psupplycounter": Field(Quantity.EXPORT_ENERGY, 1000),
    "sconsume": Field(Quantity.APPARENT_POWER),
    "ssupply": Field(Quantity.EXPORT_APPARENT_POWER),
    "cosphi": Field(Quantity.POWER_FACTOR),
    **{f"p{n}consume": Field(Quantity.IMPORT_POWER, 1, f"L{n}") for n in PHASES},
    **{f"p{n}supply": Field(Quantity.EXPORT_POWER, 1, f"L{n}") for n in PHASES},
    **{f"p{n}consumecounter": Field(Quantity.IMPORT_ENERGY, 1000, f"L{n}") for n in PHASES},
    **{f"p{n}supplycounter": Field(Quantity.EXPORT_ENERGY, 1000, f"L{n}") for n in PHASES},
    **{f"u{n}": Field(Quantity.VOLTAGE, 1, f"L{n}") for n in PHASES},
    **{f"i{n}": Field(Quantity.CURRENT, 1, f"L{n}") for n in PHASES},
    **{f"cosphi{n}": Field(Quantity.POWER_FACTOR, 1, f"L{n}") for n in PHASES},
    "pvsum": Field(Quantity.PV_POWER),
    "pusage": Field(Quantity.LOAD_POWER),
}


def decode(message: Message) -> Decoded:
    """Read all fields of a meter, or one of them."""
    _, _, device, *rest = message.topic.split("/")
    if not device.isdecimal():
        return None
    if not rest:
        return _whole(message.payload, device)
    return reading_of(message.payload, FIELDS.get(rest[0]), device, NAME)


def _whole(payload: bytes, device: str) -> list[Reading]:
    values = msgspec.json.decode(payload, type=dict[str, Any])
    at = epoch_seconds(values.get("timestamp"))
    readings = readings_of(values, FIELDS, device, at, NAME)
    drawn_w, supplied_w = number(values.get("pconsume")), number(values.get("psupply"))
    if drawn_w is not None and supplied_w is not None:
        power_w = round(drawn_w - supplied_w, DECIMALS)
        readings.append(Reading(device, Quantity.ACTIVE_POWER, power_w, at, "", "", "", NAME))
    return readings


DIALECT: Final = Dialect(NAME, (f"{BASE}/+", f"{BASE}/+/+"), decode, base=BASE)
