"""MBMD, the Modbus meter daemon (mbmd/<device>/<measurement>, phases and tariffs one level deeper): numbers as text.

Registers are kWh, powers W, + import as the meter is mounted. Import and Export are a meter's registers. Sum is their
sum, not their difference, in Eastron meters: left out, with its phases and tariffs. Phases and tariffs are parts of the
value without them. Inverters (SunSpec: SolarEdge, SMA, Fronius, Kostal, Kaco, Steca) report their generation as Power
and Export, and DC inputs as strings, which become channels. What a device is tells its name, which mbmd makes from the
type it was configured with (sdm1-1, solaredge1-1). There is no clock.
The same again in the form of Homie (homie/<device>/...), on as installed: descriptions and values are left out.
Source: github.com/volkszaehler/mbmd, server/mqtt.go, meters/measurements.go and docs/mbmd_run.md.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "mbmd"
BASE: Final = "mbmd"
PHASES: Final = ("L1", "L2", "L3")
TARIFFS: Final = ("T1", "T2")
TECHNICAL: Final = (("Voltage", Quantity.VOLTAGE), ("Current", Quantity.CURRENT), ("Cosphi", Quantity.POWER_FACTOR))
METER_POWERS: Final = (
    ("Power", Quantity.ACTIVE_POWER),
    ("ImportPower", Quantity.IMPORT_POWER),
    ("ExportPower", Quantity.EXPORT_POWER),
    ("ApparentPower", Quantity.APPARENT_POWER),
)
METER_REGISTERS: Final = (("Import", Quantity.IMPORT_ENERGY), ("Export", Quantity.EXPORT_ENERGY))
METER: Final[dict[str, Field]] = {
    **{name: Field(quantity) for name, quantity in (*METER_POWERS, *TECHNICAL)},
    **{
        f"{name}/{phase}": Field(quantity, phase=phase)
        for name, quantity in (*METER_POWERS, *TECHNICAL)
        for phase in PHASES
    },
    **{name: Field(quantity, 1000) for name, quantity in METER_REGISTERS},
    **{f"{name}/{phase}": Field(quantity, 1000, phase=phase) for name, quantity in METER_REGISTERS for phase in PHASES},
    **{
        f"{name}/{tariff}": Field(quantity, 1000, tariff=tariff)
        for name, quantity in METER_REGISTERS
        for tariff in TARIFFS
    },
}
INVERTER: Final[dict[str, Field]] = {
    "Power": Field(Quantity.PV_POWER),
    **{f"Power/{phase}": Field(Quantity.PV_POWER, phase=phase) for phase in PHASES},
    "Export": Field(Quantity.PV_ENERGY, 1000),
    "DCPower": Field(Quantity.PV_DC_POWER),
    **{f"String{n}Power": Field(Quantity.PV_DC_POWER, channel=f"String{n}") for n in (1, 2, 3)},
    **{f"String{n}Energy": Field(Quantity.PV_ENERGY, 1000, channel=f"String{n}") for n in (1, 2, 3)},
    **{name: Field(quantity) for name, quantity in TECHNICAL},
    **{f"{name}/{phase}": Field(quantity, phase=phase) for name, quantity in TECHNICAL for phase in PHASES},
}
INVERTER_TYPES: Final = frozenset({"fronius", "kaco", "kostal", "se", "sma", "solaredge", "steca", "suns", "sunspec"})
DIGITS: Final = "0123456789"


def decode(message: Message) -> Decoded:
    """Read one measurement of one device; the status of the daemon and its Homie topics hold nothing."""
    base, _, rest = message.topic.partition("/")
    device, _, name = rest.partition("/")
    if base != BASE:
        return [] if "/$" in message.topic or _is_named_by_mbmd(device) else None
    kind = device.partition("-")[0].rstrip(DIGITS)
    return reading_of(message.payload, (INVERTER if kind in INVERTER_TYPES else METER).get(name), device, NAME)


def _is_named_by_mbmd(device: str) -> bool:
    kind, _, address = device.rpartition("-")
    return address.isdecimal() and kind[-1:].isdecimal()


DIALECT: Final = Dialect(NAME, (f"{BASE}/#", "homie/#"), decode, base=BASE)
