"""SMA inverters by SBFspot (sbfspot_<serial>): one JSON object per inverter and run, its keys chosen by the user.

ETotal and EToday are kWh, powers W. PAC1 to PAC3 are the phases and PDC1, PDC2... the inputs of the same production.
What the inverter did not answer is written as 0, the counter too: it is passed on as it is, and judged where readings
follow one another. Keys keep the spelling of the user's settings, so case does not count. Messages in the formats
TEXT and XML are refused.
Clock: Timestamp is that of the computer, local and without offset, day first (22/06/2025 23:05:02) unless the user has
chosen ISO order; InvTime is not used, a sleeping inverter says 1970.
Source: github.com/SBFspot/SBFspot, SBFspot/mqtt.cpp and SBFspot/SBFspot.cfg.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, instant_of, readings_of

NAME: Final = "sma_sbfspot"
BASE: Final = "sbfspot"
PHASES: Final = ("1", "2", "3")
INPUTS: Final = ("1", "2", "3", "4", "5", "6")
FIELDS: Final[dict[str, Field]] = {
    "pactot": Field(Quantity.PV_POWER),
    "pdctot": Field(Quantity.PV_DC_POWER),
    "etotal": Field(Quantity.PV_ENERGY, 1000),
    "etoday": Field(Quantity.PV_ENERGY_DAY, 1000),
    "batchastt": Field(Quantity.BATTERY_SOC),
    **{f"pac{n}": Field(Quantity.PV_POWER, 1, f"L{n}") for n in PHASES},
    **{f"uac{n}": Field(Quantity.VOLTAGE, 1, f"L{n}") for n in PHASES},
    **{f"iac{n}": Field(Quantity.CURRENT, 1, f"L{n}") for n in PHASES},
    **{f"pdc{n}": Field(Quantity.PV_DC_POWER, 1, "", n) for n in INPUTS},
    **{f"udc{n}": Field(Quantity.VOLTAGE, 1, "", n) for n in INPUTS},
    **{f"idc{n}": Field(Quantity.CURRENT, 1, "", n) for n in INPUTS},
}
SERIAL: Final = "invserial"
CLOCK: Final = "timestamp"


def decode(message: Message) -> Decoded:
    """Read what one inverter said in one run."""
    if not message.topic.startswith(BASE):
        return None
    if not message.payload:
        return []
    if not message.payload.lstrip().startswith(b"{"):
        raise ValueError("the format is TEXT or XML: set MQTT_ItemFormat to JSON")
    root = msgspec.json.decode(message.payload, type=dict[str, Any])
    values = {key.lower(): value for key, value in root.items()}
    serial = values.get(SERIAL)
    device = message.topic.rpartition("/")[2].rpartition("_")[2] if serial is None else str(serial)
    return readings_of(values, FIELDS, device, _clock(values.get(CLOCK), message), NAME)


def _clock(text: str | None, message: Message) -> datetime | None:
    if text is None:
        return None
    if text[2:3] == "/":
        text = f"{text[6:10]}-{text[3:5]}-{text[0:2]}T{text[11:]}"
    return instant_of(text, message)


DIALECT: Final = Dialect(NAME, ("+", f"{BASE}/#"), decode, base=BASE)
