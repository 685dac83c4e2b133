"""AhoyDTU, a gateway of Hoymiles micro-inverters (inverter/<name>/ch<n>/<field>, or one JSON object on .../ch<n>).

ch0 is the inverter's AC side; ch1 to ch6 are its DC inputs, parts of the same production that must not be added to it.
The device is the name that the user gave the inverter. inverter/total is the sum of all inverters, a device of its own:
map either it or the inverters. YieldTotal is kWh, whatever the manual says, and written with six digits, so that above
10 MWh it moves in steps of 100 Wh. YieldDay is Wh (back to 0 in the night), powers W. PF_AC is left out: its unit is
not told. Plain fields have no clock; JSON has `ts`, seconds since 1970. Yields are retained.
Source: github.com/lumapu/ahoy, src/publisher/pubMqttIvData.h, src/hm/hmDefines.h and manual/User_Manual.md.
"""

from typing import Any, Final

import msgspec

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, epoch_seconds, reading_of, readings_of

NAME: Final = "ahoydtu"
BASE: Final = "inverter"
TOTAL: Final = "total"
AC: Final = "ch0"
AC_FIELDS: Final[dict[str, Field]] = {
    "P_AC": Field(Quantity.PV_POWER),
    "P_DC": Field(Quantity.PV_DC_POWER),
    "YieldTotal": Field(Quantity.PV_ENERGY, 1000),
    "YieldDay": Field(Quantity.PV_ENERGY_DAY),
    "U_AC": Field(Quantity.VOLTAGE),
    "I_AC": Field(Quantity.CURRENT),
    **{f"U_AC_{n}N": Field(Quantity.VOLTAGE, 1, f"L{n}") for n in (1, 2, 3)},
    **{f"I_AC_{n}": Field(Quantity.CURRENT, 1, f"L{n}") for n in (1, 2, 3)},
}
DC_FIELDS: Final[dict[str, Field]] = {
    "P_DC": Field(Quantity.PV_DC_POWER),
    "YieldTotal": Field(Quantity.PV_ENERGY, 1000),
    "YieldDay": Field(Quantity.PV_ENERGY_DAY),
    "U_DC": Field(Quantity.VOLTAGE),
    "I_DC": Field(Quantity.CURRENT),
}
CHANNELS: Final[dict[str, dict[str, Field]]] = {
    AC: AC_FIELDS,
    **{
        f"ch{n}": {key: field._replace(channel=f"ch{n}") for key, field in DC_FIELDS.items()}
        for n in (1, 2, 3, 4, 5, 6)
    },
}
ABOUT_THE_GATEWAY: Final = frozenset(
    {
        "comm_disabled",
        "comm_dis_ch",
        "device",
        "dis_night_comm",
        "free_heap",
        "heap_frag",
        "ip_addr",
        "mqtt",
        "status",
        "sunrise",
        "sunset",
        "uptime",
        "version",
        "wifi_rssi",
    }
)
ABOUT_AN_INVERTER: Final = frozenset(
    {"ack_pwr_limit", "alarm", "available", "firmware", "hardware", "last_success", "radio_stat"}
)
COMMANDS: Final = frozenset({"ctrl", "setup"})


def decode(message: Message) -> Decoded:
    """Read one field of one channel, or a whole channel written as JSON."""
    _, *levels = message.topic.split("/")
    match levels:
        case [name, *field] if name == TOTAL:
            device, fields = f"{message.base or BASE}/{TOTAL}", AC_FIELDS
        case [device, channel, *field] if channel in CHANNELS:
            fields = CHANNELS[channel]
        case _:
            return [] if _is_known(levels) else None
    if not field:
        return _whole(message, device, fields)
    return reading_of(message.payload, fields.get("/".join(field)), device, NAME)


def _is_known(levels: list[str]) -> bool:
    match levels:
        case [name]:
            return name in ABOUT_THE_GATEWAY
        case [name, about, *_]:
            return name in COMMANDS or about in ABOUT_AN_INVERTER
        case _:
            return False


def _whole(message: Message, device: str, fields: dict[str, Field]) -> list[Reading]:
    values = msgspec.json.decode(message.payload, type=dict[str, Any])
    return readings_of(values, fields, device, epoch_seconds(values.get("ts")), NAME)


DIALECT: Final = Dialect(NAME, (f"{BASE}/#",), decode, base=BASE)
