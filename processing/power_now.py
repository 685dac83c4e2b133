"""The power of now: the mean of the last minutes of registers, or what devices without one said last."""

from datetime import timedelta
from typing import Final

import polars as pl

from energy.frames import ROUTES, SWAPS, UTC_TIME, require
from processing.power import believed_values
from processing.registers import Lines, judge, lines_of

_SHORTEST_MEAN_US: Final = timedelta(minutes=5) // timedelta(microseconds=1)
_LONGEST_MEAN_US: Final = timedelta(minutes=40) // timedelta(microseconds=1)
"""How far back the power of now looks: long enough for a mean, and for a device that is read every half-hour."""
_US_PER_HOUR: Final = 3_600_000_000
_THIS_FLOW: Final = ("point_no", "flow")


def power_now(readings: pl.DataFrame, routes: pl.DataFrame, swaps: pl.DataFrame | None = None) -> pl.DataFrame:
    """Mean power of each flow over its last minutes.

    Returns:
        point_no, flow, at, power_w [W]: of registers from the last reading back to the reading at least five minutes
        older, at most forty. The total registers of a flow are summed where it has any, else its tariff registers; one
        that fell silent while others of the flow went on does not count. Of a flow without register, the last power.
    """
    routes = require(routes, ROUTES)
    of_registers = _of_registers(lines_of(readings, routes, SWAPS.to_frame() if swaps is None else swaps))
    others = routes.filter(pl.col("kind") != "register").with_row_index("route")
    if others.is_empty():
        return of_registers
    told = _of_values(believed_values(readings, others)).join(of_registers, on=_THIS_FLOW, how="anti")
    return pl.concat([of_registers, told.select(of_registers.columns)]).sort(_THIS_FLOW)


def _of_registers(lines: Lines) -> pl.DataFrame:
    used = judge(lines.readings).used
    last = used.group_by("line", maintain_order=True).last()
    past = (
        used.join(last.select("line", "segment", last_us="at_us", last_wh="wh"), on=["line", "segment"])
        .with_columns(age=pl.col("last_us") - pl.col("at_us"))
        .filter(pl.col("age").is_between(_SHORTEST_MEAN_US, _LONGEST_MEAN_US))
        .sort("line", "at_us")
        .group_by("line", maintain_order=True)
        .last()
        .join(lines.names, on="line")
    )
    is_current = pl.col("last_us") > pl.col("last_us").max().over(_THIS_FLOW) - _LONGEST_MEAN_US
    is_total = pl.col("tariff") == ""
    per_hour = (pl.col("last_wh") - pl.col("wh")) * _US_PER_HOUR / pl.col("age")
    return (
        past.filter(is_current)
        .filter(is_total | ~is_total.any().over(_THIS_FLOW))
        .with_columns(power_w=per_hour.round().cast(pl.Int64))
        .group_by(_THIS_FLOW)
        .agg(at=pl.col("last_us").max().cast(UTC_TIME), power_w=pl.col("power_w").sum())
        .sort(_THIS_FLOW)
    )


def _of_values(values: pl.DataFrame) -> pl.DataFrame:
    """The last power or mean power of each flow; two devices on one flow add up."""
    last = (
        values.filter(pl.col("kind") != "energy").sort("route", "at_us").group_by("route", maintain_order=True).last()
    )
    is_current = pl.col("at_us") > pl.col("at_us").max().over(_THIS_FLOW) - _LONGEST_MEAN_US
    return (
        last.filter(is_current)
        .group_by(_THIS_FLOW)
        .agg(at=pl.col("at_us").max().cast(UTC_TIME), power_w=pl.col("value").sum().round().cast(pl.Int64))
    )
