"""Rows as CSV text, as the hub writes tables: commas, decimal points, nothing where a value is not known."""

from typing import Final

import polars as pl

FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
NUMBER: Final = r"^-?[0-9.]+$"


def csv_of(rows: pl.DataFrame) -> str:
    """Write rows under the names of their columns; no text is such that a spreadsheet takes it for a formula."""
    text = pl.col(pl.String)
    is_formula = text.str.slice(0, 1).is_in(FORMULAS) & ~text.str.contains(NUMBER)
    return rows.with_columns(pl.when(is_formula).then("'" + text).otherwise(text).name.keep()).write_csv()
