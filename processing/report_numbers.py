"""Figures as the two languages write them: energy, euros, rates, months. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "fr")
MINUS: Final = "\N{MINUS SIGN}"
NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
HARD: Final = "\N{NO-BREAK SPACE}"
NOTHING: Final = "\N{EN DASH}"
MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
           "novembre", "décembre"),
}  # fmt: skip
VOWELS: Final = "ao"
"""With which French months can begin."""
_SIGNS: Final = {" :": f"{HARD}:", " ;": f"{NARROW};", "« ": f"«{HARD}", " »": f"{HARD}»"}


def hardened(text: str, language: Language) -> str:
    """A text whose lines do not break before a unit or, in French, before a sign."""
    text = text.replace(" kWh", f"{HARD}kWh")
    for sign, written in (_SIGNS if language == "fr" else {" ;": ";"}).items():
        text = text.replace(sign, written)
    return text


@dataclass(frozen=True, slots=True)
class Numbers:
    """How figures are written in a language; energy with so many decimals of a kWh."""

    language: Language
    decimals: int = 0

    def kwh(self, energy_wh: int | None, *, signed: bool = False) -> str:
        """Energy in kWh, without the unit."""
        return NOTHING if energy_wh is None else self._written(Decimal(energy_wh) / 1000, self.decimals, signed=signed)

    def eur(self, amount: Decimal | None, *, signed: bool = False, decimals: int = 0) -> str:
        """Money with its sign, in whole euros unless told otherwise."""
        if amount is None:
            return NOTHING
        text = self._written(amount, decimals, signed=signed)
        if self.language == "fr":
            return f"{text}{HARD}€"
        sign = text[0] if text[0] in f"+{MINUS}" else ""
        return f"{sign}€{text.removeprefix(sign)}"

    def percent(self, rate: float | None, decimals: int = 1) -> str:
        """A rate in percent."""
        if rate is None:
            return NOTHING
        return f"{self._written(Decimal(rate) * 100, decimals)}{HARD if self.language == 'fr' else ''}%"

    def part(self, share: float) -> str:
        """A part of the whole in percent, with two decimals at most, and none that say nothing: 20 %, 12.5 %."""
        hundredths = round(share * 10_000)
        return self.percent(hundredths / 10_000, next(n for n in range(3) if hundredths % 10 ** (2 - n) == 0))

    def number(self, value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
        """A count, or an indicator with decimals."""
        return NOTHING if value is None else self._written(Decimal(value), decimals, signed=signed)

    def month(self, month: str) -> str:
        """A month such as 2026-01 in words."""
        return f"{MONTHS[self.language][int(month[5:]) - 1]} {month[:4]}"

    def months(self, first: str, last: str) -> str:
        """From one month to another, or in one, in words."""
        if first == last:
            return f"{'en' if self.language == 'fr' else 'in'} {self.month(first)}"
        since = self.month(first) if first[:4] != last[:4] else MONTHS[self.language][int(first[5:]) - 1]
        if self.language == "en":
            return f"from {since} to {self.month(last)}"
        return f"{'d’' if since[0] in VOWELS else 'de '}{since} à {self.month(last)}"

    def day(self, day: date) -> str:
        """A day in words."""
        first = "1er" if self.language == "fr" and day.day == 1 else str(day.day)
        return f"{first} {MONTHS[self.language][day.month - 1]} {day.year}"

    def _written(self, value: Decimal, decimals: int, *, signed: bool = False) -> str:
        text = f"{abs(value):,.{decimals}f}"
        is_zero = not any(digit in text for digit in "123456789")
        sign = "" if is_zero else MINUS if value < 0 else "+" if signed else ""
        if self.language == "fr":
            text = text.replace(",", NARROW).replace(".", ",")
        return sign + text
