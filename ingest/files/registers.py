"""Cumulative registers of a point: the total, or the registers of one tariff grid that together are the total."""

import re
from typing import Final

import polars as pl

from ingest.files.sieve import Sieve

TOTAL: Final = ""
_ENDING: Final = re.compile(r"(?:^|[ _-])(?:(t|total|totalisateur)|([df]\d\d?))$")
_GRIDS: Final = {"D": 4, "F": 10}
"""How many registers the grids of the distributor and of the supplier have."""


def tariff_of(words: str) -> str | None:
    """Tell the tariff by the end of a register's plain name: '' for 'eas t', D2 for 'idx eas d2'; None: not known."""
    ending = _ENDING.search(words)
    if ending is None:
        return None
    if ending[1]:
        return TOTAL
    grid, number = ending[2][0].upper(), int(ending[2][1:])
    return f"{grid}{number}" if 1 <= number <= _GRIDS[grid] else None


def one_grid(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    """Keep the total of each point and quantity, or where the file has none D1..D4, or else F1..F10.

    Never two of them, which would count energy twice: where the grid that is kept has no value at an instant, the
    others do not stand in.
    """
    by = ["point", "quantity"]
    grid = pl.when(pl.col("tariff") == TOTAL).then(0).when(pl.col("tariff").str.starts_with("D")).then(1).otherwise(2)
    frame = frame.with_columns(_grid=grid).with_columns(_kept=pl.col("_grid") == pl.col("_grid").min().over(by))
    covered = pl.col("_kept").any().over(*by, "at")
    alone = "no register of the total (or of the grid used elsewhere in the file) stands beside {}"
    frame = sieve.refuse(frame, ~covered, alone, "tariff")
    sieve.beside += frame.height - (kept := frame.filter("_kept")).height
    return kept.drop("_grid", "_kept")
