"""Tariffs: what energy costs in a community and what is paid for it, in EUR. What follows from it: docs/indicators.md.

Money is Decimal and never float; a price has at most DECIMALS decimals, so that watt-hours times prices are exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from itertools import pairwise
from typing import Final

from energy.validity import Validity

DECIMALS: Final = 6
"""Most decimals of a price: a hundredth of a cent is written in electricity bills, some prices in finer parts."""
HIGHEST_EUR: Final = Decimal(100_000)
"""Most EUR of any price or fee: far above all that is real, so that sums stay within 38 digits."""
DAY_MIN: Final = 24 * 60
WEEK_MIN: Final = 7 * DAY_MIN
EVERY_DAY: Final = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class Band:
    """Hours of the local day with prices of their own; with `start` after `end` it goes on beyond midnight.

    `days`: ISO numbers, 1 is Monday, of the days on which it begins. Where `start` is `end` it lasts 24 hours. Without
    a local price it has that of its tariff.
    """

    name: str
    start: time
    end: time
    days: frozenset[int]
    retail_eur_per_kwh: Decimal
    local_eur_per_kwh: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices that count from `validity.valid_from` to before `validity.valid_to`; hours in no band have its own.

    `retail`: what a member pays its supplier, with grid and taxes. `local`: what it pays producers of its community.
    `fees`: what sharing costs besides, by kWh allocated and by month. `surplus`: what producers have for what is left.
    """

    validity: Validity
    retail_eur_per_kwh: Decimal
    local_eur_per_kwh: Decimal
    fees_eur_per_kwh: Decimal = Decimal(0)
    fees_eur_per_month: Decimal = Decimal(0)
    surplus_eur_per_kwh: Decimal = Decimal(0)
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class TariffVersion:
    """The tariff of a community over a stretch of time."""

    community: str
    tariff: Tariff


def band_by_minute(tariff: Tariff) -> list[int]:
    """Of each minute of the local week, from Monday 00:00 on, the place of its band in the tariff; -1 for none."""
    places = [-1] * WEEK_MIN
    for place, band in enumerate(tariff.bands):
        for first, length in _stretches(band):
            for minute in range(first, first + length):
                places[minute % WEEK_MIN] = place
    return places


def overlap_of(bands: tuple[Band, ...]) -> tuple[str, str] | None:
    """The names of two bands that share a minute of the week; None when no two do."""
    taken = sorted((first, length, band.name) for band in bands for first, length in _stretches(band))
    if not taken:
        return None
    first, length, name = taken[0]
    for (start, lasts, one), (following, _, other) in pairwise([*taken, (first + WEEK_MIN, length, name)]):
        if start + lasts > following:
            return one, other
    return None


def _stretches(band: Band) -> Iterator[tuple[int, int]]:
    """From which minute of the week on the band lasts how many minutes; the last may go on into the next week."""
    start, end = (at.hour * 60 + at.minute for at in (band.start, band.end))
    for day in sorted(band.days):
        yield (day - 1) * DAY_MIN + start, (end - start) % DAY_MIN or DAY_MIN
