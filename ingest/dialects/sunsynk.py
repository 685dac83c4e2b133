"""Sunsynk and Deye hybrid inverters by the Sunsynk add-on (SS/<inverter>/<sensor>): one number per topic, as text.

The names of sensors are the same for models with one phase and with three. Counters are kWh, powers W. grid_power is
+ import / - export, battery_power + discharge / - charge. grid_power is what passes the inverter's grid terminals,
grid_ct_power what the clamp at the connection of the house sees: it is the channel ct. PV inputs are channels 1 to 4,
parts of the production. There is no clock, and nothing is retained except the availability. The user chooses what is
published: unknown sensors are left out.
Source: github.com/kellerza/sunsynk, src/ha_addon_sunsynk_multi/a_sensor.py and src/sunsynk/definitions.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "sunsynk"
BASE: Final = "SS"
PHASES: Final = ("1", "2", "3")
INPUTS: Final = ("1", "2", "3", "4")
SENSORS: Final[dict[str, Field]] = {
    "total_pv_energy": Field(Quantity.PV_ENERGY, 1000),
    "day_pv_energy": Field(Quantity.PV_ENERGY_DAY, 1000),
    "total_grid_import": Field(Quantity.IMPORT_ENERGY, 1000),
    "total_grid_export": Field(Quantity.EXPORT_ENERGY, 1000),
    "total_load_energy": Field(Quantity.CONSUMPTION_ENERGY, 1000),
    "grid_power": Field(Quantity.ACTIVE_POWER),
    "grid_ct_power": Field(Quantity.ACTIVE_POWER, 1, "", "ct"),
    "grid_voltage": Field(Quantity.VOLTAGE),
    "load_power": Field(Quantity.LOAD_POWER),
    "battery_power": Field(Quantity.BATTERY_POWER),
    "battery_soc": Field(Quantity.BATTERY_SOC),
    "pv_power": Field(Quantity.PV_POWER),
    **{f"grid_l{n}_power": Field(Quantity.ACTIVE_POWER, 1, f"L{n}") for n in PHASES},
    **{f"grid_ct_l{n}_power": Field(Quantity.ACTIVE_POWER, 1, f"L{n}", "ct") for n in PHASES},
    **{f"grid_l{n}_voltage": Field(Quantity.VOLTAGE, 1, f"L{n}") for n in PHASES},
    **{f"load_l{n}_power": Field(Quantity.LOAD_POWER, 1, f"L{n}") for n in PHASES},
    **{f"pv{n}_power": Field(Quantity.PV_DC_POWER, 1, "", n) for n in INPUTS},
    **{f"pv{n}_voltage": Field(Quantity.VOLTAGE, 1, "", n) for n in INPUTS},
    **{f"pv{n}_current": Field(Quantity.CURRENT, 1, "", n) for n in INPUTS},
}
AVAILABILITY: Final = "availability"
COMMAND: Final = "set"


def decode(message: Message) -> Decoded:
    """Read one sensor of one inverter."""
    match message.topic.split("/"):
        case [_, inverter, sensor]:
            field = SENSORS.get(sensor)
        case [_, about] if about.startswith(AVAILABILITY):
            return []
        case [_, _, _, command] if command == COMMAND:
            return []
        case _:
            return None
    return reading_of(message.payload, field, f"{message.base or BASE}/{inverter}", NAME)


DIALECT: Final = Dialect(NAME, (f"{BASE}/+", f"{BASE}/+/+", f"{BASE}/+/+/+"), decode, base=BASE)
