"""evcc, the charging controller that also reads the house's meters (evcc/site/..., evcc/loadpoints/<n>/...).

One number per topic, as text. Powers are W: grid + is import, battery + is discharge. Energies are kWh. There is no
clock. Everything is retained; an empty payload takes a value away, as evcc does with all of them when it starts and
stops. The device is the topic down to the meter: evcc/site/grid, evcc/site/pv/1, evcc/loadpoints/1.

Traps: the topic above a list holds its length (powers, devices, pv), never a sum. pvPower and pvEnergy of evcc/site are
sums over the PV meters: pvEnergy falls when one of them is silent. Releases before 2025 wrote gridPower, gridEnergy,
batteryPower and batterySoc instead of grid/power and so on: both are the same device here. chargedEnergy is Wh of
one charging session and no register.
Source: github.com/evcc-io/evcc, server/mqtt.go and core/types/types.go; docs.evcc.io/en/integrations/mqtt-api.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "evcc"
BASE: Final = "evcc"
PHASES: Final = ("1", "2", "3")
SITE: Final[dict[str, Field]] = {
    "homePower": Field(Quantity.LOAD_POWER),
    "pvPower": Field(Quantity.PV_POWER),
    "pvEnergy": Field(Quantity.PV_ENERGY, 1000),
}
GRID: Final[dict[str, Field]] = {
    "power": Field(Quantity.ACTIVE_POWER),
    "energy": Field(Quantity.IMPORT_ENERGY, 1000),
    "returnEnergy": Field(Quantity.EXPORT_ENERGY, 1000),
    **{f"powers/{phase}": Field(Quantity.ACTIVE_POWER, 1, f"L{phase}") for phase in PHASES},
    **{f"currents/{phase}": Field(Quantity.CURRENT, 1, f"L{phase}") for phase in PHASES},
}
PV: Final[dict[str, Field]] = {
    "power": Field(Quantity.PV_POWER),
    "energy": Field(Quantity.PV_ENERGY, 1000),
    **{f"powers/{phase}": Field(Quantity.PV_POWER, 1, f"L{phase}") for phase in PHASES},
}
BATTERY: Final[dict[str, Field]] = {
    "power": Field(Quantity.BATTERY_POWER),
    "soc": Field(Quantity.BATTERY_SOC),
}
LOADPOINT: Final[dict[str, Field]] = {
    "chargePower": Field(Quantity.LOAD_POWER),
    "chargeTotalImport": Field(Quantity.CONSUMPTION_ENERGY, 1000),
    **{f"chargeCurrents/l{phase}": Field(Quantity.CURRENT, 1, f"L{phase}") for phase in PHASES},
    **{f"chargeVoltages/l{phase}": Field(Quantity.VOLTAGE, 1, f"L{phase}") for phase in PHASES},
}
RENAMED: Final = {
    "gridPower": "grid/power",
    "gridEnergy": "grid/energy",
    "batteryPower": "battery/power",
    "batterySoc": "battery/soc",
}


def decode(message: Message) -> Decoded:
    """Read one value of the site, of one of its meters or of a loadpoint."""
    _, part, *rest = (*message.topic.split("/", 2), "", "")
    place, field = _place(part, rest[0])
    return reading_of(message.payload, field, f"{message.base or BASE}/{place}", NAME)


def _place(part: str, path: str) -> tuple[str, Field | None]:
    """The device's levels below the base, and what is measured there, if anything."""
    path = RENAMED.get(path, path)
    first, _, rest = path.partition("/")
    match part, first:
        case "site", "grid":
            return "site/grid", GRID.get(rest)
        case "site", "pv":
            index, _, key = rest.partition("/")
            return f"site/pv/{index}", PV.get(key)
        case "site", "battery":
            *device, key = rest.rsplit("/", 1)
            return "/".join(("site/battery", *device)), BATTERY.get(key)
        case "site", _:
            return "site", SITE.get(path)
        case "loadpoints", _:
            return f"loadpoints/{first}", LOADPOINT.get(rest)
        case _:
            return "", None


DIALECT: Final = Dialect(NAME, ("evcc/#",), decode, base=BASE)
