"""SolarEdge2MQTT, a bridge to SolarEdge inverters by Modbus (solaredge/powerflow, solaredge/modbus/...): JSON objects.

Powers are W, registers Wh. There is no clock; whether messages are retained is a setting. Grid and meter power are +
for export and battery power + for charging: both are turned round here. solaredge/powerflow is the site as the bridge
works it out, its device is the base topic; where inverters are several, powerflow/<unit> is one of them or, as
`cumulated`, their sum. Its load is all consumption, of which `house` and `evcharger` are parts.

solaredge/modbus/[<unit>/]inverter, meter/<name> and battery/<name> are the devices themselves, by serial number. With a
battery on its DC side, an inverter's AC power and register contain what the battery gives. l1n is a phase's voltage, l1
that between two phases. Only a meter with the option Export+Import is at the grid; what those for production or
consumption measure is left out. solaredge/energy holds sums per period that the bridge makes from powers.
Source: github.com/DerOetzi/solaredge2mqtt, services/powerflow/models.py and services/modbus/models.
"""

from typing import Any, Final, TypeAlias

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, readings_of

NAME: Final = "solaredge2mqtt"
BASE: Final = "solaredge"
PHASES: Final = ("1", "2", "3")
SITE: Final[dict[str, Field]] = {"pv_production": Field(Quantity.PV_POWER)}
GRID: Final[dict[str, Field]] = {"power": Field(Quantity.ACTIVE_POWER, -1)}
CONSUMER: Final[dict[str, Field]] = {
    "total": Field(Quantity.LOAD_POWER),
    "house": Field(Quantity.LOAD_POWER, channel="house"),
    "evcharger": Field(Quantity.LOAD_POWER, channel="evcharger"),
}
CURRENTS: Final[dict[str, Field]] = {f"l{phase}": Field(Quantity.CURRENT, 1, f"L{phase}") for phase in PHASES}
VOLTAGES: Final[dict[str, Field]] = {f"l{phase}n": Field(Quantity.VOLTAGE, 1, f"L{phase}") for phase in PHASES}
AC_POWER: Final[dict[str, Field]] = {
    "actual": Field(Quantity.PV_POWER),
    "apparent": Field(Quantity.APPARENT_POWER),
}
DC: Final[dict[str, Field]] = {
    "power": Field(Quantity.PV_DC_POWER),
    "voltage": Field(Quantity.VOLTAGE, channel="dc"),
    "current": Field(Quantity.CURRENT, channel="dc"),
}
COUNTED: Final[dict[str, Field]] = {"energytotal": Field(Quantity.PV_ENERGY)}
METER_POWER: Final[dict[str, Field]] = {"actual": Field(Quantity.ACTIVE_POWER, -1)}
METER_ENERGY: Final[dict[str, Field]] = {
    "totalimport": Field(Quantity.IMPORT_ENERGY),
    "totalexport": Field(Quantity.EXPORT_ENERGY),
}
STORED: Final[dict[str, Field]] = {
    "power": Field(Quantity.BATTERY_POWER, -1),
    "state_of_charge": Field(Quantity.BATTERY_SOC),
}
BATTERY_FLOW: Final[dict[str, Field]] = {"power": Field(Quantity.BATTERY_POWER, -1)}
Sections: TypeAlias = dict[tuple[str, ...], dict[str, Field]]
"""Tables by the names of the objects, one in the other, whose values they explain."""
POWERFLOW: Final[Sections] = {(): SITE, ("grid",): GRID, ("battery",): BATTERY_FLOW, ("consumer",): CONSUMER}
INVERTER: Final[Sections] = {
    ("ac", "power"): AC_POWER,
    ("ac", "current"): CURRENTS,
    ("ac", "voltage"): VOLTAGES,
    ("dc",): DC,
    (): COUNTED,
}
METER: Final[Sections] = {
    ("power",): METER_POWER,
    ("energy",): METER_ENERGY,
    ("current",): CURRENTS,
    ("voltage",): VOLTAGES,
}
BATTERY: Final[Sections] = {(): STORED}
ELSEWHERE: Final = frozenset({"Production", "Consumption"})
"""Options of meters that are not at the grid."""
SILENT: Final = frozenset({"energy", "forecast", "monitoring", "status", "wallbox", "weather"})


def decode(message: Message) -> Decoded:
    """Read the power flow, or one device; None where the second level is none of the bridge's."""
    _, part, *rest = (*message.topic.split("/"), "")
    if part == "powerflow":
        return _read(message, POWERFLOW, "/".join((message.base or BASE, *rest[:-1])))
    if part == "modbus":
        match rest:
            case [*_, "inverter", ""]:
                return _read(message, INVERTER)
            case [*_, "meter", _, ""]:
                return _read(message, METER)
            case [*_, "battery", _, ""]:
                return _read(message, BATTERY)
    return [] if part == "modbus" or part in SILENT else None


def _read(message: Message, sections: Sections, device: str = "") -> list[Reading]:
    frame: dict[str, Any] = msgspec.json.decode(message.payload, type=dict[str, Any])
    if not device:
        info: dict[str, Any] = frame["info"]
        if sections is METER and not _is_at_the_grid(info.get("option") or ""):
            return []
        device = info["serialnumber"].strip("\0 ")
    readings: list[Reading] = []
    for path, fields in sections.items():
        section = frame
        for name in path:
            section = section.get(name) or {}
        readings += readings_of(section, fields, device, None, NAME)
    return readings


def _is_at_the_grid(option: str) -> bool:
    if "Export" in option and "Import" in option:
        return True
    if option in ELSEWHERE:
        return False
    raise ValueError(f"a meter with the option {option!r}, which does not say whether it is at the grid")


DIALECT: Final = Dialect(NAME, ("solaredge/#",), decode, base=BASE)
