"""OpenEMS Edge and its kin (edge/<edge>/channel/<component>/<Channel>): one JSON scalar per topic, whole numbers.

Energies are Wh, powers W, voltages mV, currents mA; a channel without value is null. Messages have no clock (lastUpdate
is a topic of its own, shared by all) and are retained for ten minutes. The device is <edge>/<component>, so each Edge
needs an id of its own, whatever prefix stands before it.

Component _sum is the whole site: grid + is bought, storage + is discharge; EssActivePower is the storage's AC side and
contains PV that is connected to a hybrid's DC side. Channels `ac` and `dc` are parts of the production.

What any other meter counts depends on its type, which is not published: a grid meter's ActiveProductionEnergy is its
import, a PV meter's its yield. So the site map gives meters (name in `roles`: the component, such as meter0) one role,
which stands for all their channels: active_power (grid), pv_power or load_power; the energies of these mean the same.
Without a role, messages of components called meter... are set aside and all others ignored, but voltages and currents.
A negative factor in the role means that the meter is mounted the other way round.
Source: github.com/OpenEMS/openems, SendChannelValuesWorker.java, Sum.java and ElectricityMeter.java.
"""

from typing import Final

from energy.model import ChannelRole, Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "openems"
PHASES: Final = ("L1", "L2", "L3")
SUM: Final[dict[str, Field]] = {
    "GridActivePower": Field(Quantity.ACTIVE_POWER),
    **{f"GridActivePower{phase}": Field(Quantity.ACTIVE_POWER, 1, phase) for phase in PHASES},
    "GridBuyActiveEnergy": Field(Quantity.IMPORT_ENERGY),
    "GridSellActiveEnergy": Field(Quantity.EXPORT_ENERGY),
    "ProductionActivePower": Field(Quantity.PV_POWER),
    "ProductionAcActivePower": Field(Quantity.PV_POWER, channel="ac"),
    "ProductionDcActualPower": Field(Quantity.PV_POWER, channel="dc"),
    "ProductionActiveEnergy": Field(Quantity.PV_ENERGY),
    "ProductionAcActiveEnergy": Field(Quantity.PV_ENERGY, channel="ac"),
    "ProductionDcActiveEnergy": Field(Quantity.PV_ENERGY, channel="dc"),
    "ConsumptionActivePower": Field(Quantity.LOAD_POWER),
    **{f"ConsumptionActivePower{phase}": Field(Quantity.LOAD_POWER, 1, phase) for phase in PHASES},
    "ConsumptionActiveEnergy": Field(Quantity.CONSUMPTION_ENERGY),
    "EssActivePower": Field(Quantity.BATTERY_POWER),
    "EssSoc": Field(Quantity.BATTERY_SOC),
}
ELECTRICAL: Final[dict[str, Field]] = {
    **{f"Voltage{phase}": Field(Quantity.VOLTAGE, 0.001, phase) for phase in PHASES},
    **{f"Current{phase}": Field(Quantity.CURRENT, 0.001, phase) for phase in PHASES},
}
GRID: Final = (Quantity.ACTIVE_POWER, Quantity.IMPORT_ENERGY, Quantity.EXPORT_ENERGY)
PV: Final = (Quantity.PV_POWER, Quantity.PV_ENERGY, None)
LOAD: Final = (Quantity.LOAD_POWER, Quantity.CONSUMPTION_ENERGY, None)
METERS: Final = {quantity: meter for meter in (GRID, PV, LOAD) for quantity in meter if quantity is not None}
"""What a meter's power is, and its integral over positive and over negative values, by any quantity of its kind."""
POWER: Final = 0
MIRRORED: Final = (0, 2, 1)
METER_CHANNELS: Final = {
    f"{channel}{phase}": (part, phase)
    for part, channel in enumerate(("ActivePower", "ActiveProductionEnergy", "ActiveConsumptionEnergy"))
    for phase in ("", *PHASES)
}
LAST_UPDATE: Final = "lastUpdate"
WHOLE_SITE: Final = "_sum"
METER_NAME: Final = "meter"


def decode(message: Message) -> Decoded:
    """Read one channel of one component."""
    *_, edge, _, component, channel = message.topic.split("/")
    if channel == LAST_UPDATE:
        return []
    field = SUM.get(channel) if component == WHOLE_SITE else ELECTRICAL.get(channel)
    if field is None and component != WHOLE_SITE and channel in METER_CHANNELS:
        field = _metered(component, channel, message.roles.get(component))
    return reading_of(message.payload, field, f"{edge}/{component}", NAME)


def _metered(component: str, channel: str, role: ChannelRole | None) -> Field | None:
    if role is None:
        if component.startswith(METER_NAME):
            raise ValueError(f"meter {component!r} has no role: name it in the site map")
        return None
    if role.quantity not in METERS:
        raise ValueError(f"meter {component!r} has the role {role.quantity}, which is none of a meter")
    part, phase = METER_CHANNELS[channel]
    quantity = METERS[role.quantity][MIRRORED[part] if role.factor < 0 else part]
    return None if quantity is None else Field(quantity, role.factor if part == POWER else abs(role.factor), phase)


DIALECT: Final = Dialect(NAME, ("#/edge/+/channel/+/+", f"#/edge/+/channel/{LAST_UPDATE}"), decode)
