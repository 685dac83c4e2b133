"""Keys compared on the same past months: what each would have given every member, against the keys in force. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.agreements import Agreement, Member
from energy.frames import EUR, EUROS, TRADED
from energy.keys import Surplus, surplus_of
from energy.proposals import TODAY, Proposal
from energy.tariffs import Tariff
from energy.time import Span, ceil_to_step, local_month
from energy.validity import ALWAYS
from processing.balance import awaited_flows, known_flows, widen
from processing.sharing import number, share_flows
from processing.value import SOLD, value

HOUR: Final = timedelta(hours=1)
REPLAYED: Final = pl.Schema(
    {
        "month": pl.String,
        "point": pl.String,
        **dict.fromkeys(("consumption_wh", "production_wh", "allocated_wh", "sold_wh"), pl.Int64()),
        **dict.fromkeys(EUROS, EUR),
    }
)
"""One row per local month and point under one key; null is not known, or without a tariff. sold_wh: see VALUE."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What is replayed under a name: the keys in force when they were, or one proposed key all the time."""

    name: str
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """What every key shares of a local month, such as 2026-01.

    flows, points: FLOWS and the ids of the points by number. known, expected: flows in steps that are known, and that
    memberships await. without_key: steps with energy that no key in force covers, which are in no comparison.
    """

    name: str
    flows: pl.DataFrame
    points: pl.Series
    known: int
    expected: int
    without_key: int


def alternatives(agreements: Sequence[Agreement], proposals: Iterable[Proposal]) -> tuple[Alternative, ...]:
    """Today's keys first, then each that is proposed."""
    proposed = (Alternative(p.name, (Agreement(p.key, ALWAYS),)) for p in proposals)
    return (Alternative(TODAY, tuple(agreements)), *proposed)


def months_between(first: date, last: date, zone: ZoneInfo) -> list[tuple[str, Span]]:
    """Local months from that of one day to that of another, with their spans in whole hours.

    A step belongs to the month in whose span it starts: where midnight is at half past by UTC, the month begins with
    the next hour.
    """
    spans: list[tuple[str, Span]] = []
    day = first.replace(day=1)
    while day <= last:
        month = local_month(day, zone)
        spans.append((f"{day:%Y-%m}", Span(ceil_to_step(month.start, HOUR), ceil_to_step(month.end, HOUR))))
        day = (day + timedelta(days=32)).replace(day=1)
    return spans


def gather(
    name: str,
    span: Span,
    flows: pl.DataFrame,
    members: Sequence[Member],
    agreements: Sequence[Agreement],
    step: timedelta,
) -> Month:
    """Bring what is known of a month to the settlement step, once for all keys.

    Args:
        name, span: the month, as `months_between` says it.
        flows: FLOW_INTERVALS of the members in the span, on the 15-minute grid.
        members, agreements, step: as in `processing.balance.settle`.
    """
    awaited = awaited_flows(members)
    known = known_flows(flows, awaited, step)
    rows, points = number(widen(known))
    covered = rows.filter(pl.any_horizontal(pl.lit(value=False), *(_under(a) for a in agreements)))
    without_key = rows["start"].n_unique() - covered["start"].n_unique()
    return Month(name, covered, points, known.height, _expected(awaited, span, step), without_key)


def replay(month: Month, alternative: Alternative, tariffs: Sequence[Tariff], zone: ZoneInfo) -> pl.DataFrame:
    """REPLAYED: what each point has of a month under one alternative.

    Raises:
        KeyNotValid: a key that cannot be applied.
    """
    if month.flows.is_empty():
        return REPLAYED.to_frame()
    shared = pl.concat(_shared(month, agreement) for agreement in alternative.agreements)
    energy = _energy(shared, month)
    if not tariffs:
        nothing = [pl.lit(None, EUR).alias(name) for name in EUROS]
        return energy.with_columns(nothing).select(REPLAYED.names())
    traded = shared.with_columns(point=month.points.gather(shared["point_no"])).select(TRADED.names())
    euros = value(traded, tariffs, zone, month.name).select("point", *EUROS)
    return energy.join(euros, on="point", how="left", maintain_order="left").select(REPLAYED.names())


def _shared(month: Month, agreement: Agreement) -> pl.DataFrame:
    """What a key shares of the steps that it covers, and how much of its surplus is the share that a point keeps."""
    shared = share_flows(month.flows.filter(_under(agreement)), month.points, agreement.key)
    keeps = surplus_of(agreement.key) is Surplus.TO_MEMBERS
    return shared.with_columns(kept_wh=pl.col("unused_share_wh") if keeps else pl.lit(0, pl.Int64))


def _energy(shared: pl.DataFrame, month: Month) -> pl.DataFrame:
    """The sums of each point; null where nothing is known."""

    def total(column: str) -> pl.Expr:
        return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum())

    summed = (
        shared.with_columns(sold_wh=SOLD)
        .group_by("point_no")
        .agg(
            consumption_wh=total("import_wh"),
            production_wh=total("export_wh"),
            allocated_wh=pl.when(pl.col("import_wh").count() > 0).then(pl.col("allocated_wh").sum()),
            sold_wh=total("sold_wh"),
        )
        .sort("point_no")
    )
    return summed.select(
        pl.lit(month.name).alias("month"),
        month.points.gather(summed["point_no"]).alias("point"),
        "consumption_wh",
        "production_wh",
        "allocated_wh",
        "sold_wh",
    )


def _under(agreement: Agreement) -> pl.Expr:
    validity = agreement.validity
    return (pl.col("start") >= validity.valid_from) & (pl.col("start") < validity.valid_to)


def _expected(awaited: pl.DataFrame, span: Span, step: timedelta) -> int:
    """How many flows memberships await in the whole steps of a span."""
    count = 0
    for since, until in awaited.select("valid_from", "valid_to").iter_rows():
        first = ceil_to_step(max(since, span.start), step)
        count += max(0, (min(until, span.end) - first) // step)
    return count
