"""Deye inverters by deye-inverter-mqtt (deye/<metric>, with several loggers deye/<n>/<metric>): one number per topic.

Energies are kWh, powers W. The grid's power is + import / - export, the battery's + discharge / - charge. The device is
the prefix, and `<prefix>/<n>` for each of several loggers; what then still comes on the bare prefix is their sum.

Two metrics change their meaning with the model, which is told by what else the same logger publishes:
- dc/total_power is the production of a hybrid, but the DC side of micro and string inverters, which have
  ac/active_power.
- ac/total_power is the grid's power of models with three phases, but the inverter's own of those that have
  ac/total_grid_power; there it is left out.
Inputs pv1 to pv4 are channels 1 to 4, parts of the production. There is no clock, and only status is retained.
Source: github.com/kbialek/deye-inverter-mqtt, docs/metric_group_*.md and src/deye_mqtt.py.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "deye_mqtt"
BASE: Final = "deye"
PHASES: Final = ("1", "2", "3")
INPUTS: Final = ("1", "2", "3", "4")
AC_OF_INVERTER: Final = "ac/active_power"
GRID_OF_HYBRID: Final = "ac/total_grid_power"
DC_TOTAL: Final = "dc/total_power"
AC_TOTAL: Final = "ac/total_power"
METRICS: Final[dict[str, Field]] = {
    "day_energy": Field(Quantity.PV_ENERGY_DAY, 1000),
    "total_energy": Field(Quantity.PV_ENERGY, 1000),
    DC_TOTAL: Field(Quantity.PV_POWER),
    AC_OF_INVERTER: Field(Quantity.PV_POWER),
    AC_TOTAL: Field(Quantity.ACTIVE_POWER),
    GRID_OF_HYBRID: Field(Quantity.ACTIVE_POWER),
    "ac/total_energy_bought": Field(Quantity.IMPORT_ENERGY, 1000),
    "ac/total_energy_sold": Field(Quantity.EXPORT_ENERGY, 1000),
    "ac/ups/total_power": Field(Quantity.LOAD_POWER),
    "ac/ups/total_energy": Field(Quantity.CONSUMPTION_ENERGY, 1000),
    "battery/power": Field(Quantity.BATTERY_POWER),
    "battery/soc": Field(Quantity.BATTERY_SOC),
    **{f"ac/l{n}/voltage": Field(Quantity.VOLTAGE, 1, f"L{n}") for n in PHASES},
    **{f"ac/l{n}/current": Field(Quantity.CURRENT, 1, f"L{n}") for n in PHASES},
    **{f"ac/ups/l{n}/power": Field(Quantity.LOAD_POWER, 1, f"L{n}") for n in PHASES},
    **{f"dc/pv{n}/power": Field(Quantity.PV_DC_POWER, 1, "", n) for n in INPUTS},
    **{f"dc/pv{n}/voltage": Field(Quantity.VOLTAGE, 1, "", n) for n in INPUTS},
    **{f"dc/pv{n}/current": Field(Quantity.CURRENT, 1, "", n) for n in INPUTS},
    **{f"dc/pv{n}/day_energy": Field(Quantity.PV_ENERGY_DAY, 1000, "", n) for n in INPUTS},
    **{f"dc/pv{n}/total_energy": Field(Quantity.PV_ENERGY, 1000, "", n) for n in INPUTS},
}
DC_SIDE: Final = Field(Quantity.PV_DC_POWER)
GROUPS: Final = frozenset({"ac", "battery", "bms", "dc", "generator", "inverter", "settings", "system", "timeofuse"})
"""First levels of metrics and settings; what else is published beneath the prefix is somebody else's."""


def decode(message: Message) -> Decoded:
    """Read one metric of one logger."""
    prefix, _, metric = message.topic.partition("/")
    device = message.base or BASE
    logger, _, rest = metric.partition("/")
    if logger.isdecimal():
        prefix, device, metric = f"{prefix}/{logger}", f"{device}/{logger}", rest
    group, several, _ = metric.partition("/")
    if not group or (several and group not in GROUPS):
        return None
    field = METRICS.get(metric)
    if metric == DC_TOTAL and f"{prefix}/{AC_OF_INVERTER}" in message.earlier:
        field = DC_SIDE
    elif metric == AC_TOTAL and f"{prefix}/{GRID_OF_HYBRID}" in message.earlier:
        field = None
    return reading_of(message.payload, field, device, NAME)


def _tells_the_model(message: Message) -> bool:
    """That it was said at all is what counts: the first time is enough."""
    topic = message.topic
    return topic.endswith((f"/{AC_OF_INVERTER}", f"/{GRID_OF_HYBRID}")) and topic not in message.earlier


DIALECT: Final = Dialect(NAME, (f"{BASE}/#",), decode, base=BASE, keeps=_tells_the_model)
