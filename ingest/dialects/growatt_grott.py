"""Growatt inverters and their meters, overheard by Grott (energy/growatt, energy/growatt/<serial>, energy/meter).

Numbers are the inverter's registers as they are: tenths of W, V, A and kWh. Text holds decimals that are not divided:
W, V, A and kWh, as the SDM630 meter writes them. A register above 2^31 is one that fell below zero: no reading.
Meter powers are + import / - export. pvpowerout may be negative at night; in records of off-grid models (with op_watt)
it repeats the load. Hybrids add the grid's counters: etouser is import, etogrid export. The inputs are channels 1 and
2, parts of the production. `device` is the serial number of the inverter, of which a meter record has the same one.

`time` is local, by the clock of the inverter, which nobody sets: the arrival counts. It is used only for records sent
later (`buffered` is yes), whose arrival says nothing.
Source: github.com/johanmeijer/grott, grottdata.py and grottconf.py.
"""

from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, instant_of, json_object, reading_of

NAME: Final = "growatt_grott"
BASE: Final = "energy/growatt"
PHASES: Final = ("1", "2", "3")
REGISTERS: Final[dict[str, Field]] = {
    "pvpowerout": Field(Quantity.PV_POWER, 0.1),
    "pvpowerin": Field(Quantity.PV_DC_POWER, 0.1),
    "pvenergytotal": Field(Quantity.PV_ENERGY, 100),
    "pvenergytoday": Field(Quantity.PV_ENERGY_DAY, 100),
    "pvgridvoltage": Field(Quantity.VOLTAGE, 0.1, "L1"),
    "pvgridvoltage2": Field(Quantity.VOLTAGE, 0.1, "L2"),
    "pvgridvoltage3": Field(Quantity.VOLTAGE, 0.1, "L3"),
    "pvgridcurrent": Field(Quantity.CURRENT, 0.1, "L1"),
    "pvgridcurrent2": Field(Quantity.CURRENT, 0.1, "L2"),
    "pvgridcurrent3": Field(Quantity.CURRENT, 0.1, "L3"),
    **{f"pv{n}watt": Field(Quantity.PV_DC_POWER, 0.1, "", n) for n in ("1", "2")},
    **{f"pv{n}voltage": Field(Quantity.VOLTAGE, 0.1, "", n) for n in ("1", "2")},
    **{f"pv{n}current": Field(Quantity.CURRENT, 0.1, "", n) for n in ("1", "2")},
    **{f"epv{n}total": Field(Quantity.PV_ENERGY, 100, "", n) for n in ("1", "2")},
    **{f"epv{n}today": Field(Quantity.PV_ENERGY_DAY, 100, "", n) for n in ("1", "2")},
    # hybrid and off-grid models
    "pactousertot": Field(Quantity.IMPORT_POWER, 0.1),
    "pactogridtot": Field(Quantity.EXPORT_POWER, 0.1),
    "plocaloadtot": Field(Quantity.LOAD_POWER, 0.1),
    "etouser_tot": Field(Quantity.IMPORT_ENERGY, 100),
    "etogrid_tot": Field(Quantity.EXPORT_ENERGY, 100),
    "elocalload_tot": Field(Quantity.CONSUMPTION_ENERGY, 100),
    "op_watt": Field(Quantity.LOAD_POWER, 0.1),
    # meters
    "pos_rev_act_power": Field(Quantity.ACTIVE_POWER, 0.1),
    "pos_act_energy": Field(Quantity.IMPORT_ENERGY, 100),
    "rev_act_energy": Field(Quantity.EXPORT_ENERGY, 100),
    **{f"act_power_l{n}": Field(Quantity.ACTIVE_POWER, 0.1, f"L{n}") for n in PHASES},
    **{f"voltage_l{n}": Field(Quantity.VOLTAGE, 0.1, f"L{n}") for n in PHASES},
    **{f"Current_l{n}": Field(Quantity.CURRENT, 0.1, f"L{n}") for n in PHASES},
    "power": Field(Quantity.ACTIVE_POWER, 0.1),
    "active_power": Field(Quantity.ACTIVE_POWER, 0.1),
    "reverse_active_power": Field(Quantity.ACTIVE_POWER, 0.1),
    "posiActivePower": Field(Quantity.IMPORT_ENERGY, 100),
    "reverActivePower": Field(Quantity.EXPORT_ENERGY, 100),
    **{f"activePowerL{n}": Field(Quantity.ACTIVE_POWER, 0.1, f"L{n}") for n in PHASES},
    **{f"voltageL{n}": Field(Quantity.VOLTAGE, 0.1, f"L{n}") for n in PHASES},
    **{f"currentL{n}": Field(Quantity.CURRENT, 0.1, f"L{n}") for n in PHASES},
}
DECIMALS: Final = {key: field._replace(factor=field.factor * 10) for key, field in REGISTERS.items()}
"""The same fields where they are text: not tenths but units."""
SIGN_BIT: Final = 2**31


class Record(msgspec.Struct, frozen=True):
    """What Grott publishes of one inverter or meter."""

    device: str
    values: dict[str, Any]
    time: str = ""
    buffered: str = "no"


def decode(message: Message) -> Decoded:
    """Read a record of an inverter or a meter."""
    # The topic of meters has a name that others may use: there, what is no record is somebody else's.
    if not message.topic.startswith(BASE) and not {"device", "values"} <= (json_object(message.payload) or {}).keys():
        return None
    record = msgspec.json.decode(message.payload, type=Record)
    at = instant_of(record.time, message) if record.buffered == "yes" else None
    repeated = _repeated(record.values)
    readings: list[Reading] = []
    for key, value in record.values.items():
        field = (DECIMALS if isinstance(value, str) else REGISTERS).get(key)
        if field is None or key in repeated or (isinstance(value, int) and value >= SIGN_BIT):
            continue
        readings += reading_of(value, field, record.device, NAME, at)
    return readings


def _repeated(values: dict[str, Any]) -> tuple[str, ...]:
    if "op_watt" in values:
        return ("pvpowerout",)
    if "power" in values:
        return ("active_power", "reverse_active_power")
    # One of the two halves of the power is always the number 0.
    return ("active_power",) if values.get("reverse_active_power") else ("reverse_active_power",)


DIALECT: Final = Dialect(NAME, (f"{BASE}/#", "energy/meter/#"), decode, base=BASE)
