"""Value: what sharing saves members and pays producers, in EUR, exactly. Formulas and choices in docs/indicators.md.

Energy is summed as whole watt-hours by point, month and price; only these few sums are multiplied, as decimals.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.frames import EUR, EUROS, TRADED, UTC_TIME, require
from energy.tariffs import DAY_MIN, Tariff, band_by_minute
from energy.time import Span, ceil_to_step
from energy.units import WH_PER_KWH

VALUE: Final = pl.Schema(
    {
        "point": pl.String,
        "month": pl.String,
        **dict.fromkeys(("import_wh", "allocated_wh", "sold_wh", "surplus_wh"), pl.Int64()),
        **dict.fromkeys(EUROS, EUR),
        "present": pl.Int64,
    }
)
"""One row per point and local month, such as 2026-01.

allocated_wh: of a point that withdraws. sold_wh: of what a producer injected, what members had of it. saving_eur: of a
member. revenue_eur: of a producer. local_value_eur: what the point pays for what it was allocated; retail_value_eur:
what it would have paid its supplier for it. Null: not known, or no tariff; never 0 for that. present: how many flows
of steps are known, of who withdraws and injects both.
"""
STATED: Final = pl.Schema({**VALUE, "expected": pl.Int64})
"""VALUE with how many flows of steps are awaited in the whole month; null where nobody can tell."""
SOLD: Final = pl.col("export_wh") - (pl.col("surplus_wh") - pl.col("kept_wh"))
"""Of TRADED, what members were offered of what a point injected."""
_PRICES: Final = ("retail", "local", "fees", "surplus", "monthly")
_RATES: Final = pl.Schema({"rate": pl.Int32, **dict.fromkeys(_PRICES, EUR)})
_WH: Final = pl.Decimal(38, 0)


def value(traded: pl.DataFrame, tariffs: Sequence[Tariff], zone: ZoneInfo, month: str | None = None) -> pl.DataFrame:
    """What each point saved and earned in each local month.

    Args:
        traded: TRADED, in any order. A step has the price of its start, by the clock of the zone, even where
            a band begins within it.
        tariffs: of the community, not overlapping.
        zone: whose calendar and clock count.
        month: of which all the steps are; without it each is of the local month in which it starts.

    Returns:
        VALUE, in order of point and month. EUR of a month in which a step of the point has no tariff are null. The fee
        of a month is whole, and by the tariff of the first step in which it is known what the point withdrew.

    Source: docs/indicators.md.
    """
    rows = require(traded, TRADED)
    rates = _rates(tariffs)
    steps = _priced(rows["start"].unique(), tariffs, zone)
    if month is not None:
        steps = steps.with_columns(month=pl.lit(month))
    sums = _sums(rows.join(steps, on="start")).join(rates, on="rate", how="left")
    return sums.group_by("point", "month").agg(*_worth()).sort("point", "month").select(VALUE.names()).cast(VALUE)


def with_expected(made: pl.DataFrame, awaited: pl.DataFrame, span: Span, step: timedelta) -> pl.DataFrame:
    """The value of a month, beside how much of each point was awaited in it.

    Args:
        made: VALUE of one local month.
        awaited: point, valid_from, valid_to: a row for each flow that is awaited of a point while it is a member.
        span: the month; all settlement steps that start in it count, those without any reading and those to come too.
        step: the settlement step.

    Returns:
        STATED, in order of point: also of members of which nothing is known, where anything is known of the month.
    """
    if made.is_empty():
        return STATED.to_frame()
    width_us = step // timedelta(microseconds=1)
    since = pl.max_horizontal("valid_from", pl.lit(span.start, UTC_TIME)).dt.epoch("us")
    until = pl.min_horizontal("valid_to", pl.lit(ceil_to_step(span.end, step), UTC_TIME)).dt.epoch("us")
    steps = (until // width_us - (since + (width_us - 1)) // width_us).clip(lower_bound=0)
    expected = awaited.group_by("point").agg(expected=steps.sum()).filter(pl.col("expected") > 0)
    return (
        made.join(expected, on="point", how="full", coalesce=True)
        .with_columns(pl.col("month").fill_null(made["month"][0]), pl.col("present").fill_null(0))
        .with_columns(pl.when(pl.col("expected") > 0).then(pl.max_horizontal("expected", "present")).alias("expected"))
        .sort("point")
        .select(STATED.names())
        .cast(STATED)
    )


def _rates(tariffs: Iterable[Tariff]) -> pl.DataFrame:
    """The prices that there are, numbered from 0 on: of each tariff its own, then those of its bands.

    Returns:
        rate; retail, local, fees and surplus in EUR per Wh, monthly in EUR.
    """
    prices = [
        (retail, local, tariff.fees_eur_per_kwh, tariff.surplus_eur_per_kwh, tariff.fees_eur_per_month * WH_PER_KWH)
        for tariff in tariffs
        for retail, local in (
            (tariff.retail_eur_per_kwh, tariff.local_eur_per_kwh),
            *(
                (band.retail_eur_per_kwh, _or(band.local_eur_per_kwh, tariff.local_eur_per_kwh))
                for band in tariff.bands
            ),
        )
    ]
    rows = [(number, *(price.scaleb(-3) for price in row)) for number, row in enumerate(prices)]
    return pl.DataFrame(rows, _RATES, orient="row")


def _or(price: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if price is None else price


def _priced(starts: pl.Series, tariffs: Sequence[Tariff], zone: ZoneInfo) -> pl.DataFrame:
    """The local month of each start and the number of its prices, null without a tariff."""
    local = pl.col("start").dt.convert_time_zone(zone.key)
    minute = (local.dt.weekday().cast(pl.Int32) - 1) * DAY_MIN + local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute()
    steps = starts.rename("start").to_frame().with_columns(month=local.dt.strftime("%Y-%m"), minute=minute)
    first, parts = 0, [steps.head(0).with_columns(rate=pl.lit(None, pl.Int32))]
    for tariff in tariffs:
        bands = pl.Series(band_by_minute(tariff), dtype=pl.Int32)
        since, until = (pl.lit(at, UTC_TIME) for at in (tariff.validity.valid_from, tariff.validity.valid_to))
        within = steps.filter(pl.col("start") >= since, pl.col("start") < until)
        parts.append(within.with_columns((bands.gather(within["minute"]) + (first + 1)).alias("rate")))
        first += 1 + len(tariff.bands)
    priced = pl.concat(parts).select("start", "rate")
    return steps.drop("minute").join(priced, on="start", how="left")


def _sums(rows: pl.DataFrame) -> pl.DataFrame:
    """Sums of each point, month and price; an energy of which nothing is known is null."""
    takes, gives = pl.col("import_wh").is_not_null(), pl.col("export_wh").is_not_null()

    def known(energy: pl.Expr, where: pl.Expr) -> pl.Expr:
        return pl.when(where.any()).then(energy.filter(where).sum())

    return rows.group_by("point", "month", "rate").agg(
        import_wh=known(pl.col("import_wh"), takes),
        allocated_wh=known(pl.col("allocated_wh"), takes),
        sold_wh=known(SOLD, gives),
        surplus_wh=known(pl.col("surplus_wh"), pl.col("surplus_wh").is_not_null()),
        first=pl.col("start").filter(takes).min(),
        present=takes.sum() + gives.sum(),
    )


def _worth() -> list[pl.Expr]:
    """Sums over the prices of a point and month: energy where any is known, EUR where all prices are too."""
    allocated, sold, surplus = (pl.col(name) for name in ("allocated_wh", "sold_wh", "surplus_wh"))
    is_priced = pl.col("rate").is_not_null().all()

    def total(energy: pl.Expr) -> pl.Expr:
        return pl.when(energy.is_not_null().any()).then(energy.sum())

    def paid(energy: pl.Expr, price: str) -> pl.Expr:
        return (energy.cast(_WH) * pl.col(price)).sum()

    def where_known(amount: pl.Expr, *energies: pl.Expr) -> pl.Expr:
        is_known = pl.any_horizontal(*(energy.is_not_null().any() for energy in energies))
        return pl.when(is_priced & is_known).then(amount)

    monthly = pl.col("monthly").sort_by("first", nulls_last=True).first()
    saving = paid(allocated, "retail") - paid(allocated, "local") - paid(allocated, "fees") - monthly
    return [
        total(pl.col("import_wh")),
        total(allocated),
        total(sold),
        total(surplus),
        where_known(saving, allocated).alias("saving_eur"),
        where_known(paid(sold, "local") + paid(surplus, "surplus"), sold, surplus).alias("revenue_eur"),
        where_known(paid(allocated, "local"), allocated).alias("local_value_eur"),
        where_known(paid(allocated, "retail"), allocated).alias("retail_value_eur"),
        pl.col("present").sum(),
    ]
