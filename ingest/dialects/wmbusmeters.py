"""wmbusmeters, a receiver of wireless M-Bus meters: one JSON object per telegram, on wmbusmeters/<name> or any topic.

The unit ends every key: kWh, kW, V, A, m3. `media` tells the fluid: total_energy_consumption_kwh is electricity in one
telegram and heat in another. Consumption is import and production export, each on its own. Some meters give the total,
some only tariffs, some both: the total is the sum of its tariffs. Old versions write numbers as text. null means that a
telegram did not hold the field; target_* are values of a billing date and not read.

Clock: `timestamp`, UTC, when the telegram was received; the meter's own (device_datetime) is local, to the minute. The
device is the meter's `id`, text with leading zeros. A driver that reads a unit wrong by 1000 has been seen (iem3000).
As the topic is the user's, a message is recognised by media, meter, id and timestamp.
Source: github.com/wmbusmeters/wmbusmeters, drivers/src (amiplus, ebzwmbe, ehzp, gransystems, iem3000, iperl, kamheat).
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, instant_of, json_object, readings_of

NAME: Final = "wmbusmeters"
PHASES: Final = (1, 2, 3)
TARIFFS: Final = (1, 2, 3, 4)
ELECTRICITY: Final[dict[str, Field]] = {
    "total_energy_consumption_kwh": Field(Quantity.IMPORT_ENERGY, 1000),
    "total_energy_production_kwh": Field(Quantity.EXPORT_ENERGY, 1000),
    **{
        f"total_energy_consumption_tariff_{n}_kwh": Field(Quantity.IMPORT_ENERGY, 1000, tariff=f"T{n}") for n in TARIFFS
    },
    **{f"total_energy_production_tariff_{n}_kwh": Field(Quantity.EXPORT_ENERGY, 1000, tariff=f"T{n}") for n in TARIFFS},
    "current_power_consumption_kw": Field(Quantity.IMPORT_POWER, 1000),
    "current_power_production_kw": Field(Quantity.EXPORT_POWER, 1000),
    **{f"current_power_consumption_phase{n}_kw": Field(Quantity.IMPORT_POWER, 1000, phase=f"L{n}") for n in PHASES},
    **{f"voltage_at_phase_{n}_v": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
    **{f"current_at_phase_{n}_a": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
}
HEAT: Final[dict[str, Field]] = {"total_energy_consumption_kwh": Field(Quantity.HEAT_ENERGY, 1000)}
GAS: Final[dict[str, Field]] = {"total_m3": Field(Quantity.GAS_VOLUME)}
WATER: Final[dict[str, Field]] = {"total_m3": Field(Quantity.WATER_VOLUME)}
MEDIA: Final = {
    "electricity": ELECTRICITY,
    "heat": HEAT,
    "heat volume at inlet": HEAT,
    "heat/cooling load": HEAT,
    "gas": GAS,
    "water": WATER,
    "cold water": WATER,
    "warm water": WATER,
    "hot water": WATER,
}
IDENTITY: Final = frozenset({"media", "meter", "id", "timestamp"})
SIGNATURE: Final = b'"media"'


def decode(message: Message) -> Decoded:
    """Read a telegram; None where the message is none, [] where its medium is not counted."""
    if SIGNATURE not in message.payload:
        return None
    telegram = json_object(message.payload)
    if telegram is None or not telegram.keys() >= IDENTITY:
        return None
    if (fields := MEDIA.get(telegram["media"])) is None:
        return []
    at = instant_of(telegram["timestamp"], message)
    return readings_of(telegram, fields, str(telegram["id"]), at, NAME)


DIALECT: Final = Dialect(NAME, ("#",), decode)
