"""The keys side by side: one measure a row, and which key is best in it for the members as a whole. Pure."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

import polars as pl

from energy.proposals import TODAY
from processing.compare_tables import Comparison
from processing.report_numbers import NOTHING, Numbers
from processing.report_tables import Cell
from processing.report_texts import plain

Best: TypeAlias = Literal["most", "least", "none"]
MEASURES: Final[tuple[tuple[str, str, str, Best], ...]] = (
    ("allocated", "allocated_wh", "kwh", "most"),
    ("self_consumption", "self_consumption_rate", "percent", "most"),
    ("self_sufficiency", "self_sufficiency_rate", "percent", "most"),
    ("surplus", "surplus_wh", "kwh", "least"),
    ("saving", "saving_eur", "eur", "most"),
    ("revenue", "revenue_eur", "eur", "most"),
    ("local", "local_value_rate", "percent", "none"),
    ("gaining", "gaining", "count", "none"),
    ("losing", "losing", "count", "none"),
    ("most_lost", "most_lost_wh", "kwh", "none"),
    ("need", "share_against_need", "ratio", "most"),
    ("p90_p10", "autoproduction_p90_p10", "percent", "least"),
    ("gini", "gini", "ratio", "least"),
    ("jain", "jain", "ratio", "most"),
    ("min_max", "min_max", "ratio", "most"),
)
"""Text, column of the keys, how it is written, and whether the most or the least is best for all together."""
OF_PROPOSED: Final = frozenset({"gaining", "losing", "most_lost"})
"""Measures against today, of which today has none."""
EVENNESS: Final = frozenset({"need", "p90_p10", "gini", "jain", "min_max"})
"""Measures of how evenly it is shared, in which a key that shares nothing is not the best: all have the same of it."""


def side_rows(comparison: Comparison, numbers: Numbers) -> list[list[Cell]]:
    """A row for each measure that any key has a figure of; keys that read the same share a star, all of them none."""
    written: dict[str, Callable[[Any], str]] = {
        "kwh": numbers.kwh,
        "percent": numbers.percent,
        "eur": numbers.eur,
        "count": numbers.number,
        "ratio": lambda value: numbers.number(value, 2),
    }
    shares = set(comparison.keys.filter(pl.col("allocated_wh") > 0)["key"])
    rows: list[list[Cell]] = []
    for text, column, kind, best in MEASURES:
        values = {key: value for key, value in comparison.keys.select("key", column).rows() if value is not None}
        if text in OF_PROPOSED:
            values.pop(TODAY, None)
        if not values:
            continue
        shown = {key: written[kind](value) for key, value in values.items()}
        ranked = {key: value for key, value in values.items() if text not in EVENNESS or key in shares}
        first = (max if best == "most" else min)(ranked.values(), default=None)
        winners = {shown[key] for key, value in ranked.items() if value == first}
        # Where members keep what they cannot use, what they would pay for it is not counted: no revenue is the best.
        is_fair = text != "revenue" or not comparison.has_kept
        is_told = best != "none" and is_fair and len({shown[key] for key in ranked}) > 1
        star = plain(numbers.language, "best")
        cells = [
            Cell(shown.get(key, NOTHING), star=star if is_told and key in ranked and shown[key] in winners else "")
            for key in comparison.keys["key"]
        ]
        name = "row.revenue.kept" if text == "revenue" and comparison.has_kept else f"row.{text}"
        rows.append([Cell(plain(numbers.language, name)), *cells])
    return rows
