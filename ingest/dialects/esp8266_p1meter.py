"""esp8266_p1meter, firmware for the P1 port of meters (sensors/power/p1meter/<field>): whole numbers, one per topic.

The firmware multiplies all that the meter says by 1000: Wh, W, mV, mA, and litres of gas although the field's name ends
in m3 (its README shows plain volts, its code does not). The low tariff is T1, the high one T2: on Dutch meters, whose
register 1 is the low one; a Belgian meter's is the day's, and which of the two names it gets depends on the version.
Versions since the Belgian capacity tariff no longer read the power of each phase and send 0 for ever. What the meter
does not have is 0 too. The running mean of the quarter hour and the peaks of the months are not intervals. There is no
clock and no serial: the device is "p1meter", or the base topic that its owner chose.
Source: github.com/daniel-jong/esp8266_p1meter, README.md, esp8266_p1meter.ino and assets/p1_sensors.yaml.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "esp8266_p1meter"
BASE: Final = "sensors/power/p1meter"
DEVICE: Final = "p1meter"
PHASES: Final = ("1", "2", "3")
FIELDS: Final[dict[str, Field]] = {
    "consumption_low_tarif": Field(Quantity.IMPORT_ENERGY, tariff="T1"),
    "consumption_high_tarif": Field(Quantity.IMPORT_ENERGY, tariff="T2"),
    "returndelivery_low_tarif": Field(Quantity.EXPORT_ENERGY, tariff="T1"),
    "returndelivery_high_tarif": Field(Quantity.EXPORT_ENERGY, tariff="T2"),
    "actual_consumption": Field(Quantity.IMPORT_POWER),
    "actual_returndelivery": Field(Quantity.EXPORT_POWER),
    **{f"l{n}_instant_power_usage": Field(Quantity.IMPORT_POWER, phase=f"L{n}") for n in PHASES},
    **{f"l{n}_instant_power_current": Field(Quantity.CURRENT, 0.001, f"L{n}") for n in PHASES},
    **{f"l{n}_voltage": Field(Quantity.VOLTAGE, 0.001, f"L{n}") for n in PHASES},
    "gas_meter_m3": Field(Quantity.GAS_VOLUME, 0.001),
}
STATUS: Final = "hass/status"
GREETING: Final = b"p1 meter "
"""What it says on a topic of Home Assistant's when it has connected."""


def decode(message: Message) -> Decoded:
    """Read one value; None for the greetings of others."""
    if message.topic == STATUS:
        return [] if message.payload.startswith(GREETING) else None
    field = message.topic.rpartition("/")[2]
    return reading_of(message.payload, FIELDS.get(field), message.base or DEVICE, NAME)


DIALECT: Final = Dialect(NAME, (f"{BASE}/+", STATUS), decode, base=BASE)
