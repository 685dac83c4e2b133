"""The operator's values behind the quarter-hours of a point: which of them counted, and the file that said each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from energy.frames import CURVES
from processing.curves import values_that_count

NATURES: Final = ("metered", "completed", "corrected")
"""What the operator calls a value, in the order of CURVES' nature."""


@dataclass(frozen=True, slots=True)
class Value:
    """Mean power over a step, as a file of the operator says it; its nature is one of NATURES."""

    start: datetime
    step_min: int
    mean_w: float
    nature: str
    file: str


def values_behind(curves: pl.DataFrame) -> Mapping[str, Mapping[datetime, tuple[Value, ...]]]:
    """By flow and start of a quarter-hour, the values that count in it, in order of time.

    Args:
        curves: CURVES of one point, each with its `file`.
    """
    key = ["point_no", "flow", "start", "step_min", "nature"]
    counted = values_that_count(curves.select(CURVES.names())).join(curves.select(*key, "file"), on=key)
    behind: dict[str, dict[datetime, tuple[Value, ...]]] = {}
    columns = ["flow", "quarter", "start", "step_min", "mean_w", "nature", "file"]
    for flow, quarter, start, step_min, mean_w, nature, file in counted.sort("quarter", "start").select(columns).rows():
        quarters = behind.setdefault(flow, {})
        quarters[quarter] = (*quarters.get(quarter, ()), Value(start, step_min, mean_w, NATURES[nature], file))
    return behind
