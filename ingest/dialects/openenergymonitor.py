"""OpenEnergyMonitor: emonTx, emonPi and EmonESP (emon/<node>/<input>), one number per topic, or JSON per node.

P1, CT1 and power1 are clamps in W, + for consumption as mounted; E1 counts a clamp's energy in Wh in a signed number of
32 bits: it starts again when the power fails in older firmware, and goes down where the clamp sees export. Each clamp
is a channel of its name. Vrms is V; pulse counts the flashes of a meter, whose number per kWh only the user knows. What
a clamp was put around, too, is the user's choice: taken as a load, unless the site map gives the input a role, by node
and input ("emonTx4/P1"). Other inputs (temperatures, rssi) hold nothing without a role.

emon/JSON/<node> (or emon/<node>) is all inputs at once, with `time` in seconds since 1970; topics of one input have no
clock. emonhub/rx/<node>/values is the same once more, by position and without names: left out.
Source: github.com/openenergymonitor/emonhub, EmonHubMqttInterfacer.py and conf/available.conf; EmonESP, readme.md.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from energy.model import ChannelRole, Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, epoch_seconds, json_object, readings_of

NAME: Final = "openenergymonitor"
BASE: Final = "emon"
CLAMPS: Final = range(1, 13)
PHASES: Final = (1, 2, 3)
INPUTS: Final[dict[str, Field]] = {
    **{f"P{n}": Field(Quantity.LOAD_POWER, channel=f"P{n}") for n in CLAMPS},
    **{f"CT{n}": Field(Quantity.LOAD_POWER, channel=f"CT{n}") for n in CLAMPS},
    **{f"power{n}": Field(Quantity.LOAD_POWER, channel=f"power{n}") for n in (1, 2, 3, 4)},
    **{f"powerL{n}": Field(Quantity.LOAD_POWER, phase=f"L{n}") for n in PHASES},
    **{f"E{n}": Field(Quantity.CONSUMPTION_ENERGY, channel=f"E{n}") for n in CLAMPS},
    "Vrms": Field(Quantity.VOLTAGE),
    "vrms": Field(Quantity.VOLTAGE),
    **{f"V{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
    **{f"Vrms{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
    "pulse": Field(Quantity.PULSES),
    "pulsecount": Field(Quantity.PULSES),
    **{f"pulse{n}count": Field(Quantity.PULSES, channel=f"pulse{n}") for n in (1, 2)},
}
ALL_INPUTS: Final = "JSON"
HUB: Final = "emonhub"


def decode(message: Message) -> Decoded:
    """Read one input of a node, or all of them; None where a topic names no input and the payload is no JSON."""
    base, node, *rest = message.topic.split("/")
    if base == HUB:
        return []
    if rest and node != ALL_INPUTS:
        return _inputs({rest[0]: message.payload.decode()}, node, None, message.roles)
    state = json_object(message.payload)
    if state is None:
        if node != ALL_INPUTS and not message.payload.startswith(b"{"):
            return None
        raise ValueError("not an object of inputs")
    return _inputs(state, rest[0] if rest else node, epoch_seconds(state.get("time")), message.roles)


def _inputs(
    values: Mapping[str, object], node: str, at: datetime | None, roles: Mapping[str, ChannelRole]
) -> list[Reading]:
    named = {name: roles[f"{node}/{name}"] for name in values if f"{node}/{name}" in roles} if roles else {}
    explained = {name: Field(role.quantity, role.factor, channel=name) for name, role in named.items()}
    return readings_of(values, INPUTS | explained if explained else INPUTS, node, at, NAME)


DIALECT: Final = Dialect(NAME, (f"{BASE}/+", f"{BASE}/+/+", f"{HUB}/rx/+/values"), decode, base=BASE)
