"""Rows as CSV text, as the hub writes tables: commas, decimal points, nothing where a value is not known."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

FORMULAS: Final = frozenset("=+-@\t\r")
NUMBER: Final = re.compile(r"-?[0-9.]+")


def plain_text(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with every text such that no spreadsheet takes it for a formula."""
    text = pl.col(pl.String)
    is_formula = text.str.slice(0, 1).is_in(list(FORMULAS)) & ~text.str.contains(f"^{NUMBER.pattern}$")
    return rows.with_columns(pl.when(is_formula).then("'" + text).otherwise(text).name.keep())


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows of the same columns, under their names; nothing where there is no row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    if rows:
        writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula: a name may begin like one."""
    is_formula = isinstance(value, str) and value[:1] in FORMULAS and not NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value
