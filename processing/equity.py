"""Equity over months, seasons and years: over all members, by category and by group, from monthly statements."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from energy.frames import EUR
from processing.indicators import EQUITY, INDICATORS, SEASONS, equity, equity_of_group, groups_of

MONTHS: Final = 12
SEASON_MONTHS: Final = 3
EQUITY_ROWS: Final = pl.Schema(
    {
        "period_kind": pl.String,
        "period": pl.String,
        "first_month": pl.Date,
        "last_month": pl.Date,
        "group_kind": pl.String,
        "group_name": pl.String,
        "members": pl.Int64,
        "consumption_wh": pl.Int64,
        "allocated_wh": pl.Int64,
        "saving_eur": EUR,
        **{name: EQUITY[name] for name in INDICATORS},
    }
)
"""One row per period and group; the name of the group of all is empty. saving_eur is null where one of them is."""


@dataclass(frozen=True, slots=True)
class Period:
    """A month, season or year by the local calendar: from the first day of a month to before that of another."""

    kind: str
    name: str
    first: date
    end: date


def periods_of(month: date) -> list[Period]:
    """The month, the season and the year of a month. A winter is named by the year in which it ends: 2026-winter."""
    begin = _later(month, -(month.month % SEASON_MONTHS))
    end = _later(begin, SEASON_MONTHS)
    season = f"{_later(end, -1).year}-{SEASONS[month.month]}"
    january = month.replace(month=1)
    return [
        Period("month", f"{month:%Y-%m}", month, _later(month, 1)),
        Period("season", season, begin, end),
        Period("year", f"{month:%Y}", january, _later(january, MONTHS)),
    ]


def equity_of(period: Period, statements: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """How evenly members share in a period. Those who withdraw nothing are not among them.

    Args:
        statements: month (its first day), point, import_wh, allocated_wh, saving_eur; those of other months count
            for nothing.
        groups: point, category, groups (a list); a point that is not among them is of the category `removed`.

    Returns:
        EQUITY_ROWS; the parity of a category or group is within all members. No row where nobody withdraws.
    """
    within = statements.filter(
        pl.col("month") >= period.first, pl.col("month") < period.end, pl.col("import_wh").is_not_null()
    ).rename({"import_wh": "consumption_wh"})
    within = within.filter(pl.col("consumption_wh").sum().over("point") > 0)
    if within.is_empty():
        return EQUITY_ROWS.to_frame()
    members = within.join(groups, on="point", how="left").with_columns(pl.col("category").fill_null("removed"))
    span = {"first_month": members["month"].min(), "last_month": members["month"].max()}
    heads = {"period_kind": period.kind, "period": period.name, **span}
    parts = [part.with_columns(pl.lit(value).alias(name) for name, value in heads.items()) for part in _parts(members)]
    return pl.concat([part.select(EQUITY_ROWS.names()).cast(EQUITY_ROWS) for part in parts])


def _parts(members: pl.DataFrame) -> Iterator[pl.DataFrame]:
    yield _named(equity(members), members, "all", "")
    for part in equity(members, ["category"]).partition_by("category"):
        category = part["category"][0]
        yield _named(part, members.filter(pl.col("category") == category), "category", category)
    for group in groups_of(members):
        inside = members.filter(pl.col("groups").list.contains(group))
        yield _named(equity_of_group(members, group), inside, "group", group)


def _named(part: pl.DataFrame, inside: pl.DataFrame, kind: str, name: str) -> pl.DataFrame:
    saving = None if inside["saving_eur"].null_count() else inside["saving_eur"].sum()
    return part.with_columns(group_name=pl.lit(name), group_kind=pl.lit(kind), saving_eur=pl.lit(saving, dtype=EUR))


def _later(month: date, months: int) -> date:
    years, rest = divmod(month.year * MONTHS + month.month - 1 + months, MONTHS)
    return date(years, rest + 1, 1)
