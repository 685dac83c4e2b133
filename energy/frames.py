"""Polars schemas of the tables that rooms hand to one another, and the check that a frame keeps to its schema."""

from typing import Final

import polars as pl

UTC_TIME: Final = pl.Datetime("us", "UTC")
EUR: Final = pl.Decimal(38, 9)
"""Exact: whole watt-hours times prices of six decimals per kWh have nine."""
EUROS: Final = ("saving_eur", "revenue_eur", "local_value_eur", "retail_value_eur")
"""What a member saves, what a producer earns, and what shared energy costs from producers and from a supplier."""

READINGS: Final = pl.Schema({"series_no": pl.Int32, "at": UTC_TIME, "value": pl.Float64})
"""Stored readings in canonical units, at most one per series and instant."""

ROUTES: Final = pl.Schema(
    {
        "series_no": pl.Int32,
        "point_no": pl.Int32,
        "flow": pl.String,
        "tariff": pl.String,
        "limit_w": pl.Int64,
        "valid_from": UTC_TIME,
        "valid_to": UTC_TIME,
        "kind": pl.String,
    }
)
"""Which series feeds which flow ('import' or 'export') of which point, and when. No tariff: the total register.

Kind: `register`, `energy` (of an interval, by its start), `average` (mean power of one), `power` (of an instant), or
`reversed`: power, of which what is below zero counts.
"""

SWAPS: Final = pl.Schema(
    {
        "point_no": pl.Int32,
        "flow": pl.String,
        "tariff": pl.String,
        "at": UTC_TIME,
        "old_wh": pl.Int64,
        "new_wh": pl.Int64,
    }
)
"""Meter swaps that an operator recorded: the index of the old register and of the new one at the same instant."""

GAPS: Final = pl.Schema(
    {"point_no": pl.Int32, "flow": pl.String, "series_no": pl.Int32, "start": UTC_TIME, "end": UTC_TIME}
)
"""Gaps of registers longer than what is interpolated, from the last reading before to the first after."""

OPERATOR_RESULTS: Final = pl.Schema(
    {
        "point_no": pl.Int32,
        "flow": pl.String,
        "result": pl.String,
        "month_start": UTC_TIME,
        "month_end": UTC_TIME,
        "energy_wh": pl.Int64,
        "rounding_wh": pl.Int64,
    }
)
"""The operator's own results by local month: cons, autocons, complement of a consumer, prod, autocons, surplus of a
producer; and how far the rounding of its figures can have moved each."""

FLOW_INTERVALS: Final = pl.Schema(
    {
        "point_no": pl.Int32,
        "flow": pl.String,
        "start": UTC_TIME,
        "energy_wh": pl.Int64,
        "quality": pl.Int16,
        "method": pl.String,
    }
)
"""Interval energy of one flow of one point on the 15-minute grid. No row means missing: null is never 0."""

PARTICIPATIONS: Final = pl.Schema(
    {
        "point_no": pl.Int32,
        "valid_from": UTC_TIME,
        "valid_to": UTC_TIME,
        "from_percent": pl.Int64,
        "to_percent": pl.Int64,
    }
)
"""Where a community has a part of a point's energy only: from when to when, and between which hundredths of it."""

CURVES: Final = pl.Schema(
    {
        "point_no": pl.Int32,
        "flow": pl.String,
        "start": UTC_TIME,
        "step_min": pl.Int16,
        "nature": pl.Int16,
        "mean_w": pl.Float64,
        "quality": pl.Int16,
    }
)
"""Mean power as the operator's files say it, from whole minutes on. Nature: 0 as metered, 1 completed, 2 corrected."""

INDEXES: Final = pl.Schema(
    {
        "point_no": pl.Int32,
        "flow": pl.String,
        "tariff": pl.String,
        "at": UTC_TIME,
        "nature": pl.Int16,
        "register_wh": pl.Int64,
        "quality": pl.Int16,
    }
)
"""Registers as the operator's files say them: '' is the total, D1.. and F1.. the registers of a grid of tariffs."""

INTERVALS: Final = pl.Schema(
    {
        "start": UTC_TIME,
        "point": pl.String,
        "import_wh": pl.Int64,
        "export_wh": pl.Int64,
    }
)
"""One row per point and settlement step; null where the flow is not known."""

ALLOCATION: Final = pl.Schema(
    {
        **INTERVALS,
        "share_wh": pl.Int64,
        "allocated_wh": pl.Int64,
        "residual_wh": pl.Int64,
        "surplus_wh": pl.Int64,
    }
)
"""INTERVALS with what the key offered, what was used, what was bought besides, and what production was left over."""

SETTLED_ALLOCATION: Final = pl.Schema({**ALLOCATION, "quality": pl.Int16, "key_no": pl.Int32})
"""ALLOCATION with the worst quality of the flows that it is made of, and the number of the rule that shared the step.

The number is null where the rule has none.
"""

SHARED: Final = pl.Schema({**ALLOCATION, "unused_share_wh": pl.Int64})
"""ALLOCATION with what of its share each point could not use."""

TRADED: Final = pl.Schema({**INTERVALS, "allocated_wh": pl.Int64, "surplus_wh": pl.Int64, "kept_wh": pl.Int64})
"""What is paid for of ALLOCATION; kept_wh: what of its surplus is a share that the point could not use, and keeps."""

FLOWS: Final = pl.Schema({"start": UTC_TIME, "point_no": pl.Int32, "import_wh": pl.Int64, "export_wh": pl.Int64})
"""INTERVALS in order of start and point, points by their place among all ids in order, from 0 on."""

GIVEN: Final = pl.Schema({"start": UTC_TIME, "producer": pl.String, "point": pl.String, "allocated_wh": pl.Int64})
"""What each producer gave each point in a step, without what is nothing: over producers it adds up to ALLOCATION's."""

PAIRS: Final = pl.Schema(
    {
        "start": UTC_TIME,
        "producer": pl.String,
        "point": pl.String,
        "share_wh": pl.Int64,
        "allocated_wh": pl.Int64,
    }
)
"""What each producer's production gave each point that withdrew energy, under a key by pairs."""

BALANCE: Final = pl.Schema(
    {
        "start": UTC_TIME,
        "consumption_wh": pl.Int64,
        "production_wh": pl.Int64,
        "allocated_wh": pl.Int64,
        "residual_wh": pl.Int64,
        "surplus_wh": pl.Int64,
        "present": pl.Int32,
        "expected": pl.Int32,
        "quality": pl.Int16,
        "settled": pl.Boolean,
    }
)
"""One row per settlement step of a community; settled when every expected flow is present."""

COMPARED_POINTS: Final = pl.Schema(
    {**dict.fromkeys(("point", "name", "category", "role"), pl.String()), "groups": pl.List(pl.String)}
)
"""The points of a community among whom keys are compared, and the groups that each is in."""


def require(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return the frame with exactly the columns of its schema.

    Raises:
        ValueError: a column is missing or has another type: a bug of the caller.
    """
    for name, dtype in schema.items():
        if name not in frame.columns:
            raise ValueError(f"column {name} is missing; the frame has {frame.columns}")
        if frame.schema[name] != dtype:
            raise ValueError(f"column {name} is {frame.schema[name]}, not {dtype}")
    return frame.select(schema.names())
