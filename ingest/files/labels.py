"""The operator's words beside each value as the hub's. They repeat on every line: a bad one is one problem."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import polars as pl

from ingest.files.sieve import SHOWN, Sieve
from ingest.files.words import UNITS, flow_of, nature_of, plain, point_of, quality_of, quantity_of, why_not_active

_Known = TypeVar("_Known")

DAMAGED_POINT: Final = "the point {!r} is no number of 14 digits: spreadsheets damage it, export the file again"


def labelled(frame: pl.DataFrame, sieve: Sieve, *, registers: bool = False) -> pl.DataFrame:
    """Give point, quantity, tariff, nature, quality and factor in place of the words they are told by.

    Args:
        frame: line, text, and the words point_word, measured, flow_word, stage, unit, status. Null counts as ''.
        sieve: takes what is not active energy of a known point, flow, stage and unit.
        registers: whether the values are registers, and not means or energies of intervals.
    """
    words = ["point_word", "measured", "flow_word", "stage", "unit", "status"]
    frame = frame.with_columns(pl.col(words).fill_null(""))
    left_out = {word: why for word in _uniques(frame, "measured") if (why := why_not_active(word)) is not None}
    frame = sieve.words(frame, "measured", left_out, left_out=True)
    frame, points = _known(frame, sieve, "point_word", point_of, DAMAGED_POINT)
    frame, flows = _known(frame, sieve, "flow_word", flow_of, "{!r} is neither consumption nor production")
    frame, natures = _known(frame, sieve, "stage", nature_of, "the stage {!r} is not known: it is no reading")
    known_units = {unit: UNITS.get(plain(unit)) for unit in _uniques(frame, "unit")}
    wrong = "the unit {!r} is not W, kW, Wh or kWh" if not registers else "the unit {!r} is not Wh or kWh"
    usable = {u: known for u, known in known_units.items() if known and (not registers or known[0] == "energy")}
    frame, _ = _known(frame, sieve, "unit", usable.get, wrong)
    quantities = {
        f"{flow_word}|{unit}": str(quantity_of(flow, "register" if registers else measures))
        for flow_word, flow in flows.items()
        for unit, (measures, _) in usable.items()
    }
    qualities = {
        f"{stage}|{status}": quality_of(nature, status)
        for stage, nature in natures.items()
        for status in _uniques(frame, "status")
    }
    return frame.with_columns(
        point=_mapped(pl.col("point_word"), points, pl.Categorical),
        quantity=_mapped(_joined("flow_word", "unit"), quantities, pl.Categorical),
        tariff=pl.lit("", pl.Categorical),
        nature=_mapped(pl.col("stage"), natures, pl.Categorical),
        quality=_mapped(_joined("stage", "status"), qualities, pl.Int16),
        factor=_mapped(pl.col("unit"), {unit: factor for unit, (_, factor) in usable.items()}, pl.Float64),
    ).drop(words)


def _uniques(frame: pl.DataFrame, column: str) -> list[str]:
    return frame.get_column(column).unique(maintain_order=True).to_list()


def _known(
    frame: pl.DataFrame, sieve: Sieve, column: str, read: Callable[[str], _Known | None], sentence: str
) -> tuple[pl.DataFrame, dict[str, _Known]]:
    """Keep the rows whose word can be read, and tell how each is."""
    told = {word: read(word) for word in _uniques(frame, column)}
    unknown = {word: sentence.format(word[:SHOWN]) for word, known in told.items() if known is None}
    return sieve.words(frame, column, unknown), {word: known for word, known in told.items() if known is not None}


def _joined(first: str, second: str) -> pl.Expr:
    return pl.concat_str(first, second, separator="|")


def _mapped(words: pl.Expr, known: Mapping[str, object], dtype: type[pl.DataType]) -> pl.Expr:
    return words.replace_strict(list(known), list(known.values()), default=None, return_dtype=dtype)
