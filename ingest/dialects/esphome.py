"""ESPHome (<node>/sensor/<sensor>/state): one number per topic, as text; what a sensor is, its user has chosen.

Known by name are the sensors of the usual configurations for P1 meters (SlimmeLezer and the like): registers in kWh,
gas in m3, consumed (delivered) is import and produced (returned) is export. The total of a meter with tariffs is not
published: the tariffs together are it. Powers come from the meter in kW with three decimals; newer configurations make
them W without decimals, so three decimals tell kW from W.

The other names are the user's: the site map gives a role to a sensor by its name in the topic ("house_power"), before
the names known here; such a sensor is the channel of that name. Without a role it holds nothing, and text is ignored.
There is no clock, and states are retained. The device is all that stands before /sensor/.
Source: github.com/zuidwijk/dsmr, slimmelezer.yaml; esphome.io/components/mqtt.html and sensor/dsmr.html.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "esphome"
DIRECTIONS: Final = (
    ("consumed", Quantity.IMPORT_ENERGY, Quantity.IMPORT_POWER),
    ("delivered", Quantity.IMPORT_ENERGY, Quantity.IMPORT_POWER),
    ("produced", Quantity.EXPORT_ENERGY, Quantity.EXPORT_POWER),
    ("returned", Quantity.EXPORT_ENERGY, Quantity.EXPORT_POWER),
)
PHASES: Final = (1, 2, 3)
SENSORS: Final[dict[str, Field]] = {
    **{
        f"energy_{word}_tariff{sign}{n}": Field(energy, 1000, tariff=f"T{n}")
        for word, energy, _ in DIRECTIONS
        for sign in ("_", "")
        for n in (1, 2)
    },
    "energy_consumed_luxembourg": Field(Quantity.IMPORT_ENERGY, 1000),
    "energy_produced_luxembourg": Field(Quantity.EXPORT_ENERGY, 1000),
    "gas_consumed": Field(Quantity.GAS_VOLUME),
    "gas_consumed_belgium": Field(Quantity.GAS_VOLUME),
    "gas_delivered": Field(Quantity.GAS_VOLUME),
    **{f"voltage_{word}{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for word in ("phase_", "l") for n in PHASES},
    **{f"current_{word}{n}": Field(Quantity.CURRENT, phase=f"L{n}") for word in ("phase_", "l") for n in PHASES},
}
POWERS: Final[dict[str, Field]] = {
    **{f"power_{word}": Field(power) for word, _, power in DIRECTIONS},
    **{
        f"power_{word}_{before}{n}": Field(power, phase=f"L{n}")
        for word, _, power in DIRECTIONS
        for before in ("phase_", "l")
        for n in PHASES
    },
}
DECIMALS_OF_KW: Final = 3
STATUS: Final = (b"online", b"offline")
SWITCHED: Final = (b"ON", b"OFF")
LOG_STARTS: Final = (b"\x1b[", *(b"[%c][" % level for level in b"EWICDV"), b"[VV][")


def decode(message: Message) -> Decoded:
    """Read one sensor; a node's sign of life and its log hold nothing. None where no node is named."""
    levels = message.topic.split("/")
    match levels[-1]:
        case "status":
            return [] if message.payload in STATUS else None
        case "debug":
            return [] if message.payload.startswith(LOG_STARTS) else None
    *node, kind, name, _ = levels
    if kind != "sensor":
        return [] if message.payload in SWITCHED else None
    return reading_of(message.payload, _field(name, message), "/".join(node), NAME) if node else None


def _field(name: str, message: Message) -> Field | None:
    if (role := message.roles.get(name)) is not None:
        return Field(role.quantity, role.factor, channel=name)
    if (power := POWERS.get(name)) is not None:
        return power._replace(factor=1000) if len(message.payload.partition(b".")[2]) == DECIMALS_OF_KW else power
    return SENSORS.get(name)


DIALECT: Final = Dialect(
    NAME, ("#/sensor/+/state", "#/binary_sensor/+/state", "#/switch/+/state", "+/status", "+/debug"), decode
)
