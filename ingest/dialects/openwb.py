"""openWB 2, charging controller and energy manager (openWB/<kind>/<n>/get/<field>): one JSON value per topic, retained.

Powers are W and registers Wh, as decimals; lists hold the phases L1, L2, L3. There is no clock. Counters count + as
import. PV power is negative while generating and battery power positive while charging: both are turned round here; the
PV register is called exported. The device is the topic before /get: openWB/counter/0; the same without number
(openWB/pv, openWB/bat, openWB/chargepoint) is the sum over all of a kind.

Traps: fault_state 2 means that the values are frozen, which they themselves do not show. A counter without phases says
230 V or 0 W for each. Which counter is the one at the grid, only the user knows. openWB/set/ has the same values on
their way into openWB.
Source: github.com/openWB/core, packages/modules/common/store, component_state.py and helpermodules/pub.py.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, reading_of, scaled

NAME: Final = "openwb"
BASE: Final = "openWB"
PHASES: Final = ("L1", "L2", "L3")
COUNTER: Final[dict[str, Field]] = {
    "power": Field(Quantity.ACTIVE_POWER),
    "imported": Field(Quantity.IMPORT_ENERGY),
    "exported": Field(Quantity.EXPORT_ENERGY),
}
COUNTER_LISTS: Final[dict[str, Field]] = {
    "powers": Field(Quantity.ACTIVE_POWER),
    "voltages": Field(Quantity.VOLTAGE),
    "currents": Field(Quantity.CURRENT),
}
PV: Final[dict[str, Field]] = {
    "power": Field(Quantity.PV_POWER, -1),
    "exported": Field(Quantity.PV_ENERGY),
    "daily_exported": Field(Quantity.PV_ENERGY_DAY),
}
BATTERY: Final[dict[str, Field]] = {
    "power": Field(Quantity.BATTERY_POWER, -1),
    "soc": Field(Quantity.BATTERY_SOC),
}
CHARGEPOINT: Final[dict[str, Field]] = {
    "power": Field(Quantity.LOAD_POWER),
    "imported": Field(Quantity.CONSUMPTION_ENERGY),
}
CHARGEPOINT_LISTS: Final[dict[str, Field]] = {
    "powers": Field(Quantity.LOAD_POWER),
    "voltages": Field(Quantity.VOLTAGE),
    "currents": Field(Quantity.CURRENT),
}
KINDS: Final[dict[str, tuple[dict[str, Field], dict[str, Field]]]] = {
    "counter": (COUNTER, COUNTER_LISTS),
    "pv": (PV, {}),
    "bat": (BATTERY, {}),
    "chargepoint": (CHARGEPOINT, CHARGEPOINT_LISTS),
}
"""The components that measure: their numbers, and their lists by phase."""


def decode(message: Message) -> Decoded:
    """Read one value, or one list by phase, of one component."""
    match message.topic.split("/"):
        case [_, kind, "get", key] if kind in KINDS:
            place = kind
        case [_, kind, index, "get", key] if kind in KINDS and index.isdecimal():
            place = f"{kind}/{index}"
        case _:
            return []
    device = f"{message.base or BASE}/{place}"
    numbers, lists = KINDS[kind]
    if key in lists:
        return list(_phases(device, lists[key], msgspec.json.decode(message.payload, type=list[float | None] | None)))
    if key not in numbers or not message.payload:
        return []
    return reading_of(msgspec.json.decode(message.payload), numbers[key], device, NAME)


def _phases(device: str, field: Field, values: list[float | None] | None) -> Iterator[Reading]:
    for phase, value in zip(PHASES, values or (), strict=False):
        measured = scaled(value, field.factor)
        if measured is not None:
            yield Reading(device, field.quantity, measured, None, phase, "", "", NAME)


DIALECT: Final = Dialect(NAME, ("openWB/#",), decode, base=BASE)
