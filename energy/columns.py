"""The data dictionary: every published column, read once from columns.csv."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Column:
    """One published column; `unit` is empty for text and codes, 'UTC' for instants, '1' for ratios and counts."""

    name: str
    type: str
    unit: str
    meaning: str
    meaning_fr: str
    provenance: str


@cache
def columns() -> dict[str, Column]:
    """Every published column by name, in file order."""
    text = files("energy").joinpath("columns.csv").read_text(encoding="utf-8")
    return {row["name"]: Column(**row) for row in csv.DictReader(text.splitlines())}


def column(name: str) -> Column:
    """The column of that name.

    Raises:
        KeyError: the column is not in the dictionary, so it may not be published.
    """
    return columns()[name]
