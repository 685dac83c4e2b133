"""What the P1 port of a meter says (DSMR, eMUCS): OBIS codes of lines, units, and the meter's clock.

Registers are kWh, powers kW, as each line says itself. Tariff 1 is the low one in the Netherlands and the day's in
Belgium; 1.8.0 and 2.8.0 are totals.
Source: DSMR 5.0.2 P1 companion standard; Fluvius eMUCS-P1 1.7.1.
"""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from energy.model import Quantity
from ingest.dialect import YEAR_2000, Field

PHASES: Final = (1, 2, 3)
LINES: Final[dict[str, Field]] = {
    "1-0:1.8.0": Field(Quantity.IMPORT_ENERGY),
    "1-0:1.8.1": Field(Quantity.IMPORT_ENERGY, tariff="T1"),
    "1-0:1.8.2": Field(Quantity.IMPORT_ENERGY, tariff="T2"),
    "1-0:2.8.0": Field(Quantity.EXPORT_ENERGY),
    "1-0:2.8.1": Field(Quantity.EXPORT_ENERGY, tariff="T1"),
    "1-0:2.8.2": Field(Quantity.EXPORT_ENERGY, tariff="T2"),
    "1-0:1.7.0": Field(Quantity.IMPORT_POWER),
    "1-0:2.7.0": Field(Quantity.EXPORT_POWER),
    **{f"1-0:{2 * n}1.7.0": Field(Quantity.IMPORT_POWER, phase=f"L{n}") for n in PHASES},
    **{f"1-0:{2 * n}2.7.0": Field(Quantity.EXPORT_POWER, phase=f"L{n}") for n in PHASES},
    **{f"1-0:{2 * n + 1}2.7.0": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
    **{f"1-0:{2 * n + 1}1.7.0": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
}
"""Fields of a telegram by OBIS code; the factor comes from the unit of the line."""
FACTORS: Final = {"kWh": 1000, "Wh": 1, "kW": 1000, "W": 1, "V": 1, "A": 1, "m3": 1, "GJ": 1e6 / 3.6}
"""How many of the hub's unit one of a line's units is; a field with another unit is refused."""


def legal_time(text: str, zone: ZoneInfo) -> datetime | None:
    """Read the clock of a meter, YYMMDDhhmmss and S in summer or W in winter; None where there is none, or never set.

    Raises:
        ValueError: not an instant.
    """
    if not text:
        return None
    year, month, day, hour, minute, second = (int(text[i : i + 2]) for i in range(0, 12, 2))
    # The letter tells the two equal hours of an autumn night apart: summer time comes first.
    local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone, fold=1 if text[12:] == "W" else 0)
    at = local.astimezone(UTC)
    return at if at >= YEAR_2000 else None
