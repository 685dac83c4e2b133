"""Which of the intervals just made are questionable: production in the dark, power that stands still."""

from datetime import timedelta
from typing import Final

import polars as pl

from energy.frames import ROUTES, require
from processing.flags import CONTEXT, TOLD, Place, flag_power, questionable, questionable_from

REACH: Final = CONTEXT
"""How far from an interval the readings of power are that make it questionable."""


class Doubts:
    """What the routes of points let be doubted: only power is ever frozen, and only a producer is told by the night."""

    def __init__(self, readings: pl.DataFrame, routes: pl.DataFrame, place: Place | None) -> None:
        self._readings = readings
        self._routes = require(routes, ROUTES)
        self._place = place

    def on(self, intervals: pl.DataFrame) -> pl.DataFrame:
        """FLOW_INTERVALS, those in doubt with quality 10; they keep their energy."""
        for kind, counts in (("power", pl.col("value") > 0), ("reversed", pl.col("value") < 0)):
            powers = self._routes.filter(pl.col("kind") == kind)
            if powers.height:
                told = self._readings.join(powers.select("series_no").unique(), on="series_no", how="semi")
                flagged = flag_power(told).with_columns(frozen=pl.col("frozen") & counts)
                intervals = questionable_from(intervals, flagged, powers)
        if self._routes["kind"].is_in(TOLD).any():
            intervals = questionable(intervals, ["frozen"])
        producers = self._producers()
        if self._place is not None and producers:
            intervals = questionable(intervals, ["night"], producers=producers, place=self._place)
        return intervals

    def _producers(self) -> set[int]:
        """Points of which nothing but an export is measured."""
        flows = self._routes.group_by("point_no").agg(only_exports=(pl.col("flow") == "export").all())
        return set(flows.filter("only_exports")["point_no"])


def reach_of(routes: pl.DataFrame) -> timedelta:
    """How much further than its window the readings of a point must be read; nothing where all are registers."""
    return timedelta() if (routes["kind"] == "register").all() else REACH
