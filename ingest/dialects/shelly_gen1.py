"""Shelly of the first generation (shellies/<device>/<component>/<n>/<field>): EM, 3EM, plugs, PM; one number per topic.

emeter, the clamps: total and total_returned are registers in Wh, power is W, + drawn and - returned. energy and
returned_energy beside them are watt-minutes of a running interval that start again and again: never a register, left
out. In a 3EM the clamps 0, 1, 2 are the phases, each counting for itself (nothing is netted, and no sum is published);
in an EM they are channels of that number. A 3EM is known by its id (shellyem3-...), so leave the id as it is.

relay, roller and light: power is W, energy is watt-minutes since the last start, back to 0 when the power fails. The
first is the device itself, further ones are channels of their number. There is no clock. What else is beneath
shellies/ is theirs where its id begins with shelly, or its next level is one of theirs.
Source: shelly-api-docs.shelly.cloud/gen1 (MQTT); github.com/bieniu/ha-shellies-discovery.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "shelly_gen1"
EMETER: Final[dict[str, Field]] = {
    "power": Field(Quantity.ACTIVE_POWER),
    "total": Field(Quantity.IMPORT_ENERGY),
    "total_returned": Field(Quantity.EXPORT_ENERGY),
    "voltage": Field(Quantity.VOLTAGE),
    "current": Field(Quantity.CURRENT),
    "pf": Field(Quantity.POWER_FACTOR),
}
LOAD: Final[dict[str, Field]] = {
    "power": Field(Quantity.LOAD_POWER),
    "energy": Field(Quantity.CONSUMPTION_ENERGY, 1 / 60),
}
COMPONENTS: Final = {"emeter": EMETER, "relay": LOAD, "roller": LOAD, "light": LOAD}
THREE_PHASES: Final = "shellyem3-"
PHASES: Final = {"0": "L1", "1": "L2", "2": "L3"}
ID_START: Final = "shelly"
"""How the ids of all of them begin, unless renamed."""
SILENT: Final = frozenset(
    {
        "adc",
        "announce",
        "color",
        "command",
        "ext_humidity",
        "ext_temperature",
        "info",
        "input",
        "input_event",
        "longpush",
        "online",
        "overpower",
        "overtemperature",
        "sensor",
        "temperature",
        "temperature_f",
        "temperature_status",
        "voltage",
        "white",
    }
)
"""What else the first generation says below a device, or to all of them, without energy."""
COMPONENT_LEVEL: Final = 2
FIELD_LEVELS: Final = 5
OF_LATER_GENERATIONS: Final = frozenset({"events", "rpc", "status"})


def decode(message: Message) -> Decoded:
    """Read one field of one component; switches, sensors and announcements hold nothing."""
    levels = message.topic.split("/")
    component = levels[COMPONENT_LEVEL] if len(levels) > COMPONENT_LEVEL else levels[-1]
    if len(levels) != FIELD_LEVELS or component not in COMPONENTS:
        return [] if _is_known(levels[1], component) else None
    _, device, _, instance, name = levels
    known = COMPONENTS[component].get(name)
    if known is None:
        return []
    if component != "emeter":
        known = known._replace(channel="" if instance == "0" else instance)
    elif device.startswith(THREE_PHASES):
        known = known._replace(phase=PHASES[instance])
    else:
        known = known._replace(channel=instance)
    return reading_of(message.payload, known, device, NAME)


def _is_known(device: str, component: str) -> bool:
    if component in OF_LATER_GENERATIONS:
        return False
    return component in COMPONENTS or component in SILENT or device.startswith(ID_START)


DIALECT: Final = Dialect(NAME, ("shellies/+/#",), decode)
