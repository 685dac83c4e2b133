"""A comparison as rows to hand out: energy in kWh, money as exact text in cents, members by their labels. Pure."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import polars as pl

from energy.units import WH_PER_KWH
from processing.compare_tables import TABLES, Comparison, Table
from processing.report_facts import Compared

CENT: Final = Decimal("0.01")
RATE_DIGITS: Final = 6


def rows_of(comparison: Comparison, labels: Mapping[str, str]) -> dict[Table, list[dict[str, Any]]]:
    """Each table of a comparison as JSON holds it; null is not known.

    Args:
        labels: what each point goes by, in the column `member`.
    """
    found: dict[Table, list[dict[str, Any]]] = {}
    for name in TABLES:
        frame: pl.DataFrame = getattr(comparison, name)
        if "point" in frame.columns:
            members = pl.Series("member", [labels[point] for point in frame["point"]], pl.String)
            frame = frame.drop("point").insert_column(1, members).sort("key", "member", maintain_order=True)
        found[name] = [dict(map(_shown, row.items())) for row in frame.iter_rows(named=True)]
    return found


def result_of(compared: Compared) -> dict[str, Any]:
    """All of a comparison as JSON: which months and keys, how much is known, and the tables of `rows_of`."""
    comparison, facts = compared.comparison, compared.facts
    return {
        "first_month": facts.first,
        "last_month": facts.last,
        "titles": {key.name: key.titles and {"en": key.titles[0], "fr": key.titles[1]} for key in facts.keys},
        "present": comparison.known,
        "expected": comparison.expected,
        "steps_without_key": comparison.without_key,
        **rows_of(comparison, facts.labels),
    }


def _shown(entry: tuple[str, Any]) -> tuple[str, Any]:
    name, value = entry
    if name.endswith("_wh"):
        return name.removesuffix("_wh") + "_kwh", None if value is None else value / WH_PER_KWH
    if isinstance(value, Decimal):
        return name, str(value.quantize(CENT, ROUND_HALF_EVEN) + 0)  # of nothing there is no less
    return name, round(value, RATE_DIGITS) if isinstance(value, float) else value
