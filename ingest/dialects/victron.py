"""Victron Venus OS on a GX device (N/<portal>/<service>/<instance>/<path>): one value per topic, as {"value": ...}.

The device is <portal>/<service>/<instance>. Energies are kWh, powers W; there is no clock, and nothing is retained.
null is a value that the device does not have; an empty payload says that the device is gone.

The grid meter counts + as import, and Forward as import. Battery power is + while charging: turned round here. A PV
inverter is AC; solar chargers are DC and come in addition: on `system` their sum is the channel `dc`, and AC inverters
are summed in the channels `grid` (before the inverter/charger) and `output` (behind it). `system` repeats what the
other services say, phase by phase. R/ and W/ are requests to the GX.
Source: github.com/victronenergy/dbus-flashmq, README.md; github.com/victronenergy/venus, wiki page dbus;
github.com/victronenergy/node-red-contrib-victron, src/services/services.json.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, json_object, reading_of

NAME: Final = "victron"
BASE: Final = "N"
PHASES: Final = ("L1", "L2", "L3")
GRID: Final[dict[str, Field]] = {
    "Ac/Power": Field(Quantity.ACTIVE_POWER),
    "Ac/Energy/Forward": Field(Quantity.IMPORT_ENERGY, 1000),
    "Ac/Energy/Reverse": Field(Quantity.EXPORT_ENERGY, 1000),
    **{f"Ac/{phase}/Power": Field(Quantity.ACTIVE_POWER, 1, phase) for phase in PHASES},
    **{f"Ac/{phase}/Energy/Forward": Field(Quantity.IMPORT_ENERGY, 1000, phase) for phase in PHASES},
    **{f"Ac/{phase}/Energy/Reverse": Field(Quantity.EXPORT_ENERGY, 1000, phase) for phase in PHASES},
    **{f"Ac/{phase}/Voltage": Field(Quantity.VOLTAGE, 1, phase) for phase in PHASES},
    **{f"Ac/{phase}/Current": Field(Quantity.CURRENT, 1, phase) for phase in PHASES},
}
PV_INVERTER: Final[dict[str, Field]] = {
    "Ac/Power": Field(Quantity.PV_POWER),
    "Ac/Energy/Forward": Field(Quantity.PV_ENERGY, 1000),
    **{f"Ac/{phase}/Power": Field(Quantity.PV_POWER, 1, phase) for phase in PHASES},
    **{f"Ac/{phase}/Energy/Forward": Field(Quantity.PV_ENERGY, 1000, phase) for phase in PHASES},
    **{f"Ac/{phase}/Voltage": Field(Quantity.VOLTAGE, 1, phase) for phase in PHASES},
    **{f"Ac/{phase}/Current": Field(Quantity.CURRENT, 1, phase) for phase in PHASES},
}
LOAD: Final[dict[str, Field]] = {
    "Ac/Power": Field(Quantity.LOAD_POWER),
    "Ac/Energy/Forward": Field(Quantity.CONSUMPTION_ENERGY, 1000),
    **{f"Ac/{phase}/Power": Field(Quantity.LOAD_POWER, 1, phase) for phase in PHASES},
    **{f"Ac/{phase}/Energy/Forward": Field(Quantity.CONSUMPTION_ENERGY, 1000, phase) for phase in PHASES},
    **{f"Ac/{phase}/Voltage": Field(Quantity.VOLTAGE, 1, phase) for phase in PHASES},
    **{f"Ac/{phase}/Current": Field(Quantity.CURRENT, 1, phase) for phase in PHASES},
}
CHARGER: Final[dict[str, Field]] = {
    "Yield/Power": Field(Quantity.PV_POWER),
    "Yield/System": Field(Quantity.PV_ENERGY, 1000),
    "History/Daily/0/Yield": Field(Quantity.PV_ENERGY_DAY, 1000),
}
BATTERY: Final[dict[str, Field]] = {
    "Dc/0/Power": Field(Quantity.BATTERY_POWER, -1),
    "Soc": Field(Quantity.BATTERY_SOC),
}
SYSTEM: Final[dict[str, Field]] = {
    "Dc/Pv/Power": Field(Quantity.PV_POWER, channel="dc"),
    "Dc/Battery/Power": Field(Quantity.BATTERY_POWER, -1),
    "Dc/Battery/Soc": Field(Quantity.BATTERY_SOC),
    **{f"Ac/Grid/{phase}/Power": Field(Quantity.ACTIVE_POWER, 1, phase) for phase in PHASES},
    **{f"Ac/Consumption/{phase}/Power": Field(Quantity.LOAD_POWER, 1, phase) for phase in PHASES},
    **{f"Ac/PvOnGrid/{phase}/Power": Field(Quantity.PV_POWER, 1, phase, "grid") for phase in PHASES},
    **{f"Ac/PvOnOutput/{phase}/Power": Field(Quantity.PV_POWER, 1, phase, "output") for phase in PHASES},
}
SERVICES: Final = {
    "grid": GRID,
    "pvinverter": PV_INVERTER,
    "acload": LOAD,
    "solarcharger": CHARGER,
    "multi": CHARGER,
    "battery": BATTERY,
    "system": SYSTEM,
}
PORTAL_DIGITS: Final = 12
HEX_DIGITS: Final = frozenset("0123456789abcdef")


def decode(message: Message) -> Decoded:
    """Read one value of one service; None where the second level is no portal id."""
    kind, portal, *rest = message.topic.split("/", 4)
    if len(portal) != PORTAL_DIGITS or not HEX_DIGITS.issuperset(portal):
        return None
    if kind != BASE or len(rest) != 3:
        return []
    service, instance, path = rest
    field = SERVICES.get(service, {}).get(path)
    if field is None or not message.payload:
        return []
    frame = json_object(message.payload)
    if frame is None:
        raise ValueError("the payload is no JSON object")
    return reading_of(frame["value"], field, f"{portal}/{service}/{instance}", NAME)


DIALECT: Final = Dialect(NAME, ("N/+/#", "R/+/#", "W/+/#"), decode, base=BASE)
