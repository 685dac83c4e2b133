"""rtl_433, a radio receiver: clamp meters of Current Cost, Efergy and Oregon (rtl_433/<host>/events, .../devices/...).

`events` carries one JSON object per radio message; `devices` the same once more, one field per topic, the path being
model, perhaps channel, and id. The device is model and id joined by a hyphen. Powers are W, `current` A: what flows
through a clamp, which cannot tell import from export, so it is a load. power0_W, power1_W... are channels 0, 1...;
energy_kWh is the receiver's own counter. Everything else that is on the air gives nothing, and encrypted or raw
messages of wireless M-Bus need another program.
`time` is local or UTC as the receiver was started, and does not say which; radio is heard at once: the arrival counts.
Source: github.com/merbanan/rtl_433, src/output_mqtt.c and src/devices/{current_cost,efergy_e2_classic,m_bus,
oregon_scientific}.c.
"""

from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, reading_of, readings_of

NAME: Final = "rtl_433"
BASE: Final = "rtl_433"
FIELDS: Final[dict[str, Field]] = {
    "power_W": Field(Quantity.LOAD_POWER),
    **{f"power{n}_W": Field(Quantity.LOAD_POWER, 1, "", n) for n in ("0", "1", "2", "3")},
    "energy_kWh": Field(Quantity.CONSUMPTION_ENERGY, 1000),
}
FIELDS_OF_EFERGY: Final[dict[str, Field]] = {**FIELDS, "current": Field(Quantity.CURRENT)}
"""The name is too common to trust it elsewhere."""
EFERGY: Final = "Efergy"
KINDS: Final = frozenset({"events", "devices", "states"})


def decode(message: Message) -> Decoded:
    """Read an event, or one field of a device."""
    _, *levels = message.topic.split("/")
    # With a base topic of its own, a receiver does without the level of its host.
    if levels and levels[0] not in KINDS:
        levels = levels[1:]
    match levels:
        case ["events"]:
            return _event(message.payload)
        case ["devices", model, *_, field]:
            device = "-".join((model, *levels[2:-1][-1:]))
            return reading_of(message.payload, _fields(model).get(field), device, NAME)
        case ["states"]:
            return []
        case _:
            return None


def _fields(model: str) -> dict[str, Field]:
    return FIELDS_OF_EFERGY if model.startswith(EFERGY) else FIELDS


def _event(payload: bytes) -> list[Reading]:
    event = msgspec.json.decode(payload, type=dict[str, Any])
    model = event["model"]
    device = f"{model}-{event['id']}" if "id" in event else model
    return readings_of(event, _fields(model), device, None, NAME)


DIALECT: Final = Dialect(NAME, (f"{BASE}/#",), decode, base=BASE)
