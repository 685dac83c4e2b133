"""GoodWe2MQTT, a bridge to GoodWe inverters (goodwe2mqtt/<serial>/runtime_data, fast_runtime_data): flat JSON objects.

Powers are W, energies kWh. active_power is + for export: turned round here; battery power is + for discharge. The
connection's registers are those of the meter (meter_e_total_imp, meter_e_total_exp); e_total_imp and e_total_exp are
the inverter's own AC side and not read. ppv1 to ppv4 are the DC inputs, which ppv sums up. fast_runtime_data has the
same values every second.

`timestamp` is the inverter's clock, local, without offset and never corrected by the bridge, so arrival counts. The
export limiter SEC1000S (goodwe2mqtt/sec1000s/...) is another device, whose telemetry is not read.
Source: github.com/jenicek001/GoodWe2MQTT, docs/mqtt_api.md; github.com/marcelblijleven/goodwe, goodwe/et.py.
"""

from typing import Final

import msgspec

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, readings_of

NAME: Final = "goodwe2mqtt"
BASE: Final = "goodwe2mqtt"
FIELDS: Final[dict[str, Field]] = {
    "ppv": Field(Quantity.PV_POWER),
    **{f"ppv{n}": Field(Quantity.PV_DC_POWER, channel=str(n)) for n in range(1, 5)},
    "active_power": Field(Quantity.ACTIVE_POWER, -1),
    "house_consumption": Field(Quantity.LOAD_POWER),
    "pbattery1": Field(Quantity.BATTERY_POWER),
    "battery_soc": Field(Quantity.BATTERY_SOC),
    "e_total": Field(Quantity.PV_ENERGY, 1000),
    "e_day": Field(Quantity.PV_ENERGY_DAY, 1000),
    "e_load_total": Field(Quantity.CONSUMPTION_ENERGY, 1000),
    "meter_e_total_imp": Field(Quantity.IMPORT_ENERGY, 1000),
    "meter_e_total_exp": Field(Quantity.EXPORT_ENERGY, 1000),
    "vgrid": Field(Quantity.VOLTAGE, 1, "L1"),
    "vgrid2": Field(Quantity.VOLTAGE, 1, "L2"),
    "vgrid3": Field(Quantity.VOLTAGE, 1, "L3"),
    "igrid": Field(Quantity.CURRENT, 1, "L1"),
    "igrid2": Field(Quantity.CURRENT, 1, "L2"),
    "igrid3": Field(Quantity.CURRENT, 1, "L3"),
}
MEASURING: Final = frozenset({"runtime_data", "fast_runtime_data"})


def decode(message: Message) -> Decoded:
    """Read the values of one inverter; its settings, commands and states hold nothing."""
    match message.topic.split("/"):
        case [_, device, kind] if kind in MEASURING:
            frame: dict[str, object] = msgspec.json.decode(message.payload, type=dict[str, object])
            return readings_of(frame, FIELDS, device, None, NAME)
        case _:
            return []


DIALECT: Final = Dialect(NAME, (f"{BASE}/#",), decode, base=BASE)
