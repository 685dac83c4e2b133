"""What the customer port (TIC) of Linky and older French meters says: labels in both modes, and the meter's clock.

Registers are whole Wh; PAPP, SINSTS and SINSTI are VA, never W; CCASN and CCAIN are averages in W. EASFnn are parts of
EAST. In historical mode BASE is the only register of its option, the others are parts of a total nobody publishes.
Source: Enedis-NOI-CPT_54E and Enedis-NOI-CPT_02E.
"""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from energy.model import Quantity
from ingest.dialect import YEAR_2000, Field

PHASES: Final = (1, 2, 3)
LABELS: Final[dict[str, Field]] = {
    # standard mode
    "EAST": Field(Quantity.IMPORT_ENERGY),
    **{f"EASF{n:02}": Field(Quantity.IMPORT_ENERGY, tariff=f"EASF{n:02}") for n in range(1, 11)},
    "EAIT": Field(Quantity.EXPORT_ENERGY),
    "SINSTS": Field(Quantity.APPARENT_POWER),
    **{f"SINSTS{n}": Field(Quantity.APPARENT_POWER, phase=f"L{n}") for n in PHASES},
    "SINSTI": Field(Quantity.EXPORT_APPARENT_POWER),
    "CCASN": Field(Quantity.IMPORT_POWER_AVG),
    "CCAIN": Field(Quantity.EXPORT_POWER_AVG),
    **{f"IRMS{n}": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
    **{f"URMS{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
    # historical mode
    "BASE": Field(Quantity.IMPORT_ENERGY),
    "HCHC": Field(Quantity.IMPORT_ENERGY, tariff="HC"),
    "HCHP": Field(Quantity.IMPORT_ENERGY, tariff="HP"),
    "EJPHN": Field(Quantity.IMPORT_ENERGY, tariff="HN"),
    "EJPHPM": Field(Quantity.IMPORT_ENERGY, tariff="PM"),
    **{
        f"BBR{period}": Field(Quantity.IMPORT_ENERGY, tariff=period)
        for period in ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
    },
    "PAPP": Field(Quantity.APPARENT_POWER),
    "IINST": Field(Quantity.CURRENT),
    **{f"IINST{n}": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
}
IDENTITIES: Final = ("ADSC", "ADCO")
"""Labels of the meter's serial number, in standard and in historical mode."""
DATE_LENGTH: Final = 13
SUMMER: Final = "E"
WINTER: Final = "H"


def legal_time(text: str, zone: ZoneInfo) -> datetime | None:
    """Read the clock of a meter, a letter for the season and YYMMDDhhmmss in legal time.

    Returns:
        None where it was never set: then the letter is a small one, or a space.

    Raises:
        ValueError: a moment that does not exist.
    """
    season, digits = text[:1], text[1:]
    if season not in (SUMMER, WINTER) or len(text) != DATE_LENGTH or not digits.isdecimal():
        return None
    # The season tells the two equal hours of an autumn night apart: summer time comes first.
    local = datetime(
        2000 + int(digits[:2]),
        int(digits[2:4]),
        int(digits[4:6]),
        int(digits[6:8]),
        int(digits[8:10]),
        int(digits[10:]),
        tzinfo=zone,
        fold=1 if season == WINTER else 0,
    )
    at = local.astimezone(UTC)
    return at if at >= YEAR_2000 else None
