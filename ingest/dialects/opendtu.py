"""OpenDTU, the gateway of Hoymiles micro-inverters (solar/<serial>/<channel>/<field>): one number per topic, as text.

Channel 0 is the inverter's AC side; channels 1 to 6 are its DC inputs, parts of the same production that must not be
added to it. yieldtotal is kWh, yieldday Wh (back to 0 at midnight), powers W. There is no clock in these messages, and
they are retained by default. yieldtotal may drop to 0 at night: it is passed on as it is, and judged where readings
follow one another. A base topic other than the default `solar/` is named in the site map.
Source: github.com/tbnobody/OpenDTU, docs/MQTT_Topics.md and src/MqttHandleInverter.cpp.
"""

from typing import Final

from energy.model import Message, Quantity, Reading
from energy.units import wh_from_kwh
from ingest.dialect import Decoded, Dialect, number

NAME: Final = "opendtu"
BASE: Final = "solar"
AC: Final = "0"
AC_FIELDS: Final = {
    "power": Quantity.PV_POWER,
    "powerdc": Quantity.PV_DC_POWER,
    "yieldtotal": Quantity.PV_ENERGY,
    "yieldday": Quantity.PV_ENERGY_DAY,
    "voltage": Quantity.VOLTAGE,
    "current": Quantity.CURRENT,
    "powerfactor": Quantity.POWER_FACTOR,
}
DC_FIELDS: Final = {
    "power": Quantity.PV_DC_POWER,
    "yieldtotal": Quantity.PV_ENERGY,
    "yieldday": Quantity.PV_ENERGY_DAY,
    "voltage": Quantity.VOLTAGE,
    "current": Quantity.CURRENT,
}
KWH_FIELD: Final = "yieldtotal"
GATEWAY: Final = frozenset({"dtu", "ac", "dc"})
"""The gateway itself, and the sums over its inverters: adding them would count everything twice."""
SERIAL_DIGITS: Final = 12
HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")


def decode(message: Message) -> Decoded:
    """Read one field of one channel of one inverter."""
    _, device, *rest = message.topic.split("/")
    if device in GATEWAY:
        return []
    if not _is_serial(device):
        return None
    if len(rest) != 2:
        return []
    channel, field = rest
    quantity = (AC_FIELDS if channel == AC else DC_FIELDS).get(field)
    if quantity is None or not channel.isdecimal():
        return []
    text = message.payload.decode()
    value = number(text)
    if value is None:
        return []
    if field == KWH_FIELD:
        value = float(wh_from_kwh(text))
    return [Reading(device, quantity, value, None, "", "" if channel == AC else channel, "", NAME)]


def _is_serial(text: str) -> bool:
    return len(text) == SERIAL_DIGITS and HEX_DIGITS.issuperset(text)


DIALECT: Final = Dialect(NAME, (f"{BASE}/+/#",), decode, base=BASE)
