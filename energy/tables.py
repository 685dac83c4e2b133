"""What each table and view of the store holds, read once from tables.csv, and what is written on their columns."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from energy.columns import columns

PARTS: Final = ("heard", "territory", "computed", "published", "running")
"""From left to right: heard, whose it is, made of it, shown; and what the hub says of itself."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view: `name` has its schema unless that is public; `meaning` says what one row is.

    `refers_to` are tables whose number or id it holds without a foreign key; `grows` says how many rows there will be;
    `kept` is a kind of data with a time of keeping, or a word that says how long.
    """

    name: str
    part: str
    meaning: str
    refers_to: tuple[str, ...]
    grows: str
    kept: str


@cache
def tables() -> dict[str, Table]:
    """Every table and view by name, in file order."""
    text = files("energy").joinpath("tables.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["relation"]: Table(
            row["relation"], row["part"], row["meaning"], tuple(row["refers_to"].split()), row["grows"], row["kept"]
        )
        for row in rows
    }


def sentence_on(table: str, column: str | None = None) -> str | None:
    """What to write on a table, or on a column of it that the data dictionary explains; None where nothing is known.

    The dictionary names a column alone, or after its table where the name alone would say too little. It explains
    energy as it is published, in kWh; a column `*_wh` holds the same in watt-hours.
    """
    if column is None:
        known = tables().get(table)
        return None if known is None else known.meaning
    alone = table.rpartition(".")[2]
    published = column.removesuffix("_wh") + "_kwh" if column.endswith("_wh") else column
    found = columns().get(f"{alone}.{column}") or columns().get(published)
    if found is None:
        return None
    unit = "Wh" if published != column else found.unit
    return f"{found.meaning} [{unit}]" if unit not in {"", "1"} else found.meaning
