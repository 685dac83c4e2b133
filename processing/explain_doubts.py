"""Why a quarter-hour is questionable: of what is made now, which of the rules of doubt apply."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias

import polars as pl

from processing.doubts import Doubts
from processing.flags import QUESTIONABLE, Place

DOUBTS: Final = ("night", "frozen", "status")
"""Produced in the dark, a power that stands still, values whose quality the operator tells by no word that is known."""

Doubted: TypeAlias = Mapping[tuple[str, datetime], tuple[str, ...]]
"""By flow and start, some of DOUBTS."""


def doubts_of(intervals: pl.DataFrame, readings: pl.DataFrame, routes: pl.DataFrame, place: Place | None) -> Doubted:
    """Why what devices tell of one point is questionable; an even spread is so by its method, and has no other reason.

    Args:
        intervals: FLOW_INTERVALS, made of the READINGS by the ROUTES. place: where the sun is looked for.
    """
    if _in_doubt(intervals).is_empty():
        return {}
    # Of registers only the night is doubted, and without a place only a power.
    as_registers = routes.with_columns(kind=pl.lit("register"))
    rules = {"night": Doubts(readings, as_registers, place), "frozen": Doubts(readings, routes, None)}
    certain = intervals.with_columns(quality=pl.lit(0, pl.Int16))
    doubts: dict[tuple[str, datetime], tuple[str, ...]] = {}
    for doubt, rule in rules.items():
        for flow, start in _in_doubt(rule.on(certain)).iter_rows():
            doubts[flow, start] = (*doubts.get((flow, start), ()), doubt)
    return doubts


def doubts_of_curves(intervals: pl.DataFrame) -> Doubted:
    """Why FLOW_INTERVALS made of the operator's curves are questionable."""
    return dict.fromkeys(_in_doubt(intervals).iter_rows(), ("status",))


def _in_doubt(intervals: pl.DataFrame) -> pl.DataFrame:
    return intervals.filter(pl.col("quality") == QUESTIONABLE).select("flow", "start")
