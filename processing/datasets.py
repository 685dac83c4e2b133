"""Build the dataset community-balance-by-month from the months of the members, and write it as CSV and Parquet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO
from typing import Final

import polars as pl

from energy.frames import UTC_TIME, require
from energy.model import HolderKind
from energy.units import WH_PER_KWH
from processing.disclosure import (
    LINKING,
    POLICY,
    Contribution,
    Decision,
    Granularity,
    Measure,
    Policy,
    Reason,
    decide,
    link,
)

DATASET: Final = "community-balance-by-month"
PUBLISHED: Final = "published"
WITHHELD: Final = "withheld"

MEMBER_MONTHS: Final = pl.Schema(
    {
        "community": pl.String,
        "month": pl.String,
        "holder": pl.String,
        "kind": pl.String,
        "consent": pl.Boolean,
        "present_all_month": pl.Boolean,
        "measured_share": pl.Float64,
        "consumption_wh": pl.Int64,
        "production_wh": pl.Int64,
        "allocated_wh": pl.Int64,
        "residual_wh": pl.Int64,
        "surplus_wh": pl.Int64,
    }
)
"""One row per (community, local month YYYY-MM, holder): the sums of all its points that were members in the month.

`present_all_month`: its points took part from the month's first instant to its last; none joined or left in between.
`measured_share`: quarter-hours in which every awaited flow of the holder was measured, neither estimated nor missing,
over all quarter-hours of the local month; 0 to 1. An energy is null where the holder has no point with that flow (a
home without panels has no production): null is not a contribution, 0 is. allocated and residual go with consumption,
surplus with production. Holders without consent have rows too: they stay out of the panel, but tell who is elsewhere.
"""

MONTH_ENDS: Final = pl.Schema({"community": pl.String, "month": pl.String, "end": UTC_TIME})
"""The instant at which each local month of a community ends; every row here becomes a row of the dataset."""

FIGURES: Final = (
    "consumption_kwh",
    "production_kwh",
    "allocated_kwh",
    "residual_kwh",
    "surplus_kwh",
    "self_consumption_rate",
    "self_sufficiency_rate",
    "coverage_rate",
)

BALANCE_BY_MONTH: Final = pl.Schema(
    {
        "community": pl.String,
        "month": pl.String,
        **dict.fromkeys(FIGURES, pl.Float64),
        "holders": pl.String,
        "publication": pl.String,
        "policy": pl.String,
    }
)
"""What is published, one row per community and local month; the columns mean what energy/columns.csv says."""

CARRIED_BY: Final = {
    Measure.CONSUMPTION: "consumption_wh",
    Measure.PRODUCTION: "production_wh",
    Measure.ALLOCATED: "consumption_wh",
    Measure.RESIDUAL: "consumption_wh",
    Measure.SURPLUS: "production_wh",
}
"""The flow that a holder must have to contribute to a measure."""


@dataclass(frozen=True, slots=True)
class MonthDecision:
    """What may be published of one community's month, and for the operator's eyes only, why not the rest."""

    community: str
    month: str
    decisions: Mapping[Measure, Decision]
    publishable: frozenset[Measure]
    reasons: tuple[str, ...]


def build_balance_by_month(
    member_months: pl.DataFrame,
    month_ends: pl.DataFrame,
    as_of: datetime,
    previous: pl.DataFrame | None,
    policy: Policy = POLICY,
) -> pl.DataFrame:
    """Build the rows of the next release: the decided months, and unchanged, all that is already published.

    Args:
        member_months: MEMBER_MONTHS, at most one row per community, month and holder. [Wh]
        month_ends: MONTH_ENDS, one row per community and month to decide.
        as_of: the instant of the release, aware.
        previous: BALANCE_BY_MONTH of the release before (see `parse_parquet`), or None for the first one.
        policy: the numbers to apply.

    Returns:
        BALANCE_BY_MONTH sorted by community and month. Figures are sums over the panel, rounded to the policy's step;
        residual, surplus and the rates are made from the rounded figures, so nothing finer than these leaks and
        allocated + residual == consumption, allocated + surplus == production as published. A withheld row has no
        figure; in a published row, a figure that did not pass is null. `holders` is the band behind the consumption,
        or behind the production where only that is published; null where no protected holder is behind it.

    Raises:
        ValueError: a frame that does not keep to its schema, or describes the same thing twice.
    """
    decided = decide_months(member_months, month_ends, as_of, policy)
    frame = pl.DataFrame([_row(month, policy) for month in decided], schema=BALANCE_BY_MONTH, orient="row")
    return keep_published(frame, previous) if previous is not None else frame


def decide_months(
    member_months: pl.DataFrame, month_ends: pl.DataFrame, as_of: datetime, policy: Policy = POLICY
) -> list[MonthDecision]:
    """Decide each community's month under the panel rule and the primary rules, in order of community and month.

    The panel is the same for every measure: holders with consent, present all month, measured for at least the policy's
    share of it. A month is too early until the policy's lag after its local end; one whose end is not given stays so.
    Allocated, residual and surplus are withheld when the panel does not balance: production that panel members shared
    with people outside it, or the reverse, would give those people's energy away by subtraction.

    Args, Raises: see `build_balance_by_month`.
    """
    members = require(member_months, MEMBER_MONTHS)
    _refuse_repeats(members, ["community", "month", "holder"])
    _refuse_repeats(require(month_ends, MONTH_ENDS), ["community", "month"])
    members = members.with_columns((pl.col("community").n_unique().over("month", "holder") > 1).alias("elsewhere"))
    panels = select_panel(members, policy).partition_by("community", "month", as_dict=True)
    ends: dict[tuple[str, str], datetime | None] = dict.fromkeys(members.select("community", "month").iter_rows())
    ends |= {(community, month): end for community, month, end in month_ends.select(MONTH_ENDS.names()).iter_rows()}
    due = as_of - timedelta(days=policy.limits[Granularity.MONTH].first_release_lag_days)
    nobody = members.clear()
    return [
        MonthDecision(*key, {}, frozenset(), (Reason.TOO_EARLY,))
        if end is None or end > due
        else _decide_month(*key, panels.get(key, nobody), policy)
        for key, end in sorted(ends.items())
    ]


def select_panel(member_months: pl.DataFrame, policy: Policy = POLICY) -> pl.DataFrame:
    """Rows of the holders whose energy may enter what is published; anything unknown about a holder keeps it out."""
    return member_months.filter(
        pl.col("consent").fill_null(value=False)
        & pl.col("present_all_month").fill_null(value=False)
        # is_between refuses NaN, which Polars holds to be greater than every number.
        & pl.col("measured_share").is_between(policy.min_measured_share, 1.0).fill_null(value=False)
    )


def keep_published(candidate: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """Put the rows already published in the place of the new ones for the same month, and sort.

    A month published twice with one more holder, or with one holder's correction, gives that holder away by difference:
    the first published value stays. A row that was withheld may still be published.
    """
    kept = require(previous, BALANCE_BY_MONTH).filter(pl.col("publication") == PUBLISHED)
    fresh = require(candidate, BALANCE_BY_MONTH).join(kept, on=["community", "month"], how="anti")
    return pl.concat([kept, fresh]).sort("community", "month")


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """The frame as UTF-8 CSV: comma, LF, header, empty for null. The same rows give the same bytes."""
    return frame.write_csv(line_terminator="\n").encode()


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """The frame as Parquet, in one row group. The same rows give the same bytes, with the same version of Polars."""
    buffer = BytesIO()
    frame.write_parquet(buffer, compression="zstd", row_group_size=max(frame.height, 1))
    return buffer.getvalue()


def parse_parquet(content: bytes) -> pl.DataFrame:
    """Read BALANCE_BY_MONTH back from the Parquet file of a release.

    Raises:
        ValueError: the file has not the columns of this dataset.
    """
    return require(pl.read_parquet(BytesIO(content)), BALANCE_BY_MONTH)


def _decide_month(community: str, month: str, panel: pl.DataFrame, policy: Policy) -> MonthDecision:
    contributions = {measure: _contributions(panel, measure) for measure in CARRIED_BY}
    decisions = {measure: decide(cell, Granularity.MONTH, policy) for measure, cell in contributions.items()}
    publishable = link(decisions)
    reasons = [f"{measure}: {reason}" for measure, decision in decisions.items() for reason in decision.reasons]
    total = {measure: sum(c.energy_wh for c in cell) for measure, cell in contributions.items()}
    if (
        total[Measure.ALLOCATED] + total[Measure.RESIDUAL] != total[Measure.CONSUMPTION]
        or total[Measure.ALLOCATED] + total[Measure.SURPLUS] != total[Measure.PRODUCTION]
    ):
        publishable -= LINKING | {Measure.SELF_CONSUMPTION_RATE, Measure.SELF_SUFFICIENCY_RATE}
        reasons.append(Reason.UNBALANCED_PANEL)
    return MonthDecision(community, month, decisions, publishable, tuple(reasons))


def _contributions(panel: pl.DataFrame, measure: Measure) -> list[Contribution]:
    rows = panel.drop_nulls([CARRIED_BY[measure], f"{measure}_wh"])
    return [
        Contribution(holder, HolderKind(kind), energy_wh, consent, elsewhere)
        for holder, kind, energy_wh, consent, elsewhere in rows.select(
            "holder", "kind", f"{measure}_wh", "consent", "elsewhere"
        ).iter_rows()
    ]


def _row(month: MonthDecision, policy: Policy) -> dict[str, object]:
    rounded_wh = {m: month.decisions[m].rounded_wh for m in month.decisions if m in month.publishable}
    consumption_wh, production_wh = rounded_wh.get(Measure.CONSUMPTION), rounded_wh.get(Measure.PRODUCTION)
    allocated_wh = rounded_wh.get(Measure.ALLOCATED)
    behind = next((m for m in (Measure.CONSUMPTION, Measure.PRODUCTION) if m in month.publishable), None)
    return {
        "community": month.community,
        "month": month.month,
        "consumption_kwh": _kwh(consumption_wh),
        "production_kwh": _kwh(production_wh),
        "allocated_kwh": _kwh(allocated_wh),
        "residual_kwh": _kwh(consumption_wh, allocated_wh),
        "surplus_kwh": _kwh(production_wh, allocated_wh),
        "self_consumption_rate": _rate(allocated_wh, production_wh),
        "self_sufficiency_rate": _rate(allocated_wh, consumption_wh),
        "coverage_rate": _rate(production_wh, consumption_wh),
        "holders": month.decisions[behind].band if behind else None,
        "publication": PUBLISHED if behind else WITHHELD,
        "policy": policy.id,
    }


def _kwh(energy_wh: int | None, less_wh: int | None = 0) -> float | None:
    """An energy, less another one, in kWh; null where one of them is withheld."""
    return None if energy_wh is None or less_wh is None else (energy_wh - less_wh) / WH_PER_KWH


def _rate(part_wh: int | None, whole_wh: int | None) -> float | None:
    """A ratio to three decimals, half to even; null where one of the two is withheld, or nothing divides."""
    return float(round(Fraction(part_wh, whole_wh), 3)) if part_wh is not None and whole_wh else None


def _refuse_repeats(frame: pl.DataFrame, key: list[str]) -> None:
    repeated = frame.filter(frame.select(key).is_duplicated()).select(key).head(1).rows()
    if repeated:
        raise ValueError(f"{' '.join(map(str, repeated[0]))} appears twice; one row per {', '.join(key)} is expected")
