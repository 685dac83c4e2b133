"""What a report says besides figures: whose it is, of which months, what the keys are called, and who is who. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import polars as pl

from energy.keys import SharingKey
from processing.compare_tables import Comparison
from processing.report_numbers import Language


@dataclass(frozen=True, slots=True)
class ComparedKey:
    """A key by its name, its titles in English and French (none: today's), and what is shared by: one or several."""

    name: str
    titles: tuple[str, str] | None
    keys: tuple[SharingKey, ...]

    def title(self, language: Language) -> str | None:
        """Its title in a language."""
        return self.titles and self.titles[language == "fr"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Of which community and months a report is, the keys in order, and the label of each point.

    is_named: labels are names that people know, and no pseudonyms.
    """

    community: str
    place: str
    first: str
    last: str
    made_on: date
    keys: tuple[ComparedKey, ...]
    labels: Mapping[str, str]
    is_named: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found, and what is said besides."""

    comparison: Comparison
    facts: Facts


def pseudonyms(points: Iterable[str], seed: str) -> dict[str, str]:
    """M1, M2... in an order that only the seed tells: a new seed is a new lot.

    Whoever draws the lot takes the seed from chance and forgets it; from an id that is known nobody could then tell the
    number.
    """
    drawn = sorted(points, key=lambda point: sha256(f"{seed}\n{point}".encode()).digest())
    return {point: f"M{place}" for place, point in enumerate(drawn, start=1)}


def names(points: pl.DataFrame) -> dict[str, str]:
    """The name of each of COMPARED_POINTS, with its id where several have the same."""
    rows: Sequence[tuple[str, str]] = points.select("point", "name").rows()
    often = set(points.filter(points["name"].is_duplicated())["name"])
    return {point: f"{name} ({point})" if name in often else name for point, name in rows}
