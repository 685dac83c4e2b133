"""The balance of a community: member intervals at its settlement step, shared by the key in force, and summed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from energy.agreements import Agreement, Member
from energy.errors import KeyNotValid
from energy.frames import (
    ALLOCATION,
    BALANCE,
    FLOW_INTERVALS,
    GIVEN,
    INTERVALS,
    SETTLED_ALLOCATION,
    UTC_TIME,
    require,
)
from energy.model import Role
from energy.time import STEP, rfc3339
from processing.producers import give
from processing.sharing import share

KEYED: Final = pl.Schema({**ALLOCATION, "key_no": pl.Int32})


@dataclass(frozen=True, slots=True)
class Settlement:
    """SETTLED_ALLOCATION of the members and BALANCE of the community over the same steps, and GIVEN by producers.

    `without_key` are the starts of the steps with energy that no key covers, in order; they are in neither.
    """

    allocation: pl.DataFrame
    balance: pl.DataFrame
    pairs: pl.DataFrame
    without_key: pl.Series


def settle(
    flows: pl.DataFrame, members: Sequence[Member], agreements: Sequence[Agreement], step: timedelta
) -> Settlement:
    """Compute who consumed whose energy, step by step.

    Args:
        flows: FLOW_INTERVALS of the members on the 15-minute grid.
        members: who takes part, when, and which flows are awaited of each.
        agreements: keys and when they apply; the key in force at the start of a step shares the whole step, for a
            step cannot be cut.
        step: settlement step, a multiple of the grid's.

    Returns:
        One allocation row per member and step with any of its flows known, one balance row per step with any member
        known. A step is settled when every awaited flow is known; a late meter never blocks the others. Nobody may
        say who had the energy of a step that no key covers: it has no row, and the others have theirs.

    Raises:
        KeyNotValid: a step with energy that several keys cover.
    """
    awaited = awaited_flows(members)
    known = known_flows(flows, awaited, step)
    intervals = widen(known)
    shared = [_shared(intervals, agreement) for agreement in agreements]
    allocation = pl.concat([KEYED.to_frame(), *(part.select(KEYED.names()) for part in shared)]).sort("start", "point")
    _check_shared_once(allocation)
    pairs = [give(part, agreement.key) for part, agreement in zip(shared, agreements, strict=True)]
    allocation = _with_quality(allocation, known)
    without_key = intervals.join(allocation, on="start", how="anti").get_column("start").unique().sort()
    balance = _balance(allocation, known, awaited, step)
    return Settlement(allocation, balance, pl.concat([GIVEN.to_frame(), *pairs]), without_key)


def settle_days(
    flows: pl.DataFrame, members: Sequence[Member], agreements: Sequence[Agreement], step: timedelta
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """SETTLED_ALLOCATION, GIVEN and BALANCE of days; where one cannot be shared, of the others, each by itself."""
    try:
        settled = settle(flows, members, agreements, step)
    except KeyNotValid:
        days = flows.with_columns(day=pl.col("start").dt.date()).partition_by("day", include_key=False)
        if len(days) <= 1:
            return SETTLED_ALLOCATION.to_frame(), GIVEN.to_frame(), BALANCE.to_frame()
        parts = [settle_days(day, members, agreements, step) for day in days]
        allocation, pairs, balance = (pl.concat(frames) for frames in zip(*parts, strict=True))
        return allocation, pairs, balance
    return settled.allocation, settled.pairs, settled.balance


def known_flows(flows: pl.DataFrame, awaited: pl.DataFrame, step: timedelta) -> pl.DataFrame:
    """FLOW_INTERVALS of members at the settlement step, where the whole of it is known and lies in a membership."""
    known = _at_step(require(flows, FLOW_INTERVALS), step).join(awaited, on=["point_no", "flow"])
    return known.filter(pl.col("start") >= pl.col("valid_from"), pl.col("start") + step <= pl.col("valid_to"))


def awaited_flows(members: Sequence[Member]) -> pl.DataFrame:
    """The flows awaited of members: withdrawals of consumers, injections of producers, both of prosumers."""
    flows = {Role.CONSUMER: ["import"], Role.PRODUCER: ["export"], Role.PROSUMER: ["import", "export"]}
    return pl.DataFrame(
        [
            (m.point_no, m.point, flow, m.validity.valid_from, m.validity.valid_to)
            for m in members
            for flow in flows[m.role]
        ],
        schema={
            "point_no": pl.Int32, "point": pl.String, "flow": pl.String, "valid_from": UTC_TIME, "valid_to": UTC_TIME,
        },
        orient="row",
    )  # fmt: skip


def _at_step(flows: pl.DataFrame, step: timedelta) -> pl.DataFrame:
    """Flow intervals summed to the settlement step; a step with a quarter of an hour missing is missing."""
    quarters = step // STEP
    return (
        flows.group_by("point_no", "flow", start=pl.col("start").dt.truncate(step))
        .agg(pl.col("energy_wh").sum(), pl.col("quality").max(), quarters=pl.len())
        .filter(pl.col("quarters") == quarters)
        .drop("quarters")
    )


def widen(known: pl.DataFrame) -> pl.DataFrame:
    """INTERVALS: one row per point and step, its flows side by side."""
    energy = pl.col("energy_wh")
    return (
        known.group_by("start", "point")
        .agg(
            import_wh=energy.filter(pl.col("flow") == "import").first(),
            export_wh=energy.filter(pl.col("flow") == "export").first(),
        )
        .sort("start", "point")
        .select(INTERVALS.names())
    )


def _shared(intervals: pl.DataFrame, agreement: Agreement) -> pl.DataFrame:
    """SHARED of the steps that begin under an agreement, with its key_no."""
    validity = agreement.validity
    under = intervals.filter(pl.col("start") >= validity.valid_from, pl.col("start") < validity.valid_to)
    return share(under, agreement.key).with_columns(key_no=pl.lit(agreement.key_no, pl.Int32))


def _with_quality(allocation: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """SETTLED_ALLOCATION: how well the flows of each point are known in the step."""
    worst = known.group_by("start", "point").agg(pl.col("quality").max())
    joined = allocation.join(worst, on=["start", "point"], how="left", maintain_order="left")
    return joined.select(SETTLED_ALLOCATION.names())


def _check_shared_once(allocation: pl.DataFrame) -> None:
    """Refuse steps that two keys shared, each of them all of the production."""
    twice = allocation.filter(allocation.select("start", "point").is_duplicated())["start"].min()
    if isinstance(twice, datetime):
        raise KeyNotValid(f"several sharing keys cover the step at {rfc3339(twice)}; let one end where the next begins")


def _balance(allocation: pl.DataFrame, known: pl.DataFrame, awaited: pl.DataFrame, step: timedelta) -> pl.DataFrame:
    """Sum the allocation of each step, with how many awaited flows are known and the worst quality among them."""
    steps = known.select("start").unique()
    expected = (
        steps.join(awaited, how="cross")
        .filter(pl.col("start") >= pl.col("valid_from"), pl.col("start") + step <= pl.col("valid_to"))
        .group_by("start")
        .agg(expected=pl.len().cast(pl.Int32))
    )
    present = known.group_by("start").agg(present=pl.len().cast(pl.Int32), quality=pl.col("quality").max())
    return (
        allocation.group_by("start")
        .agg(
            consumption_wh=pl.col("import_wh").sum(),
            production_wh=pl.col("export_wh").sum(),
            allocated_wh=pl.col("allocated_wh").sum(),
            residual_wh=pl.col("residual_wh").sum(),
            surplus_wh=pl.col("surplus_wh").sum(),
        )
        .join(present, on="start")
        .join(expected, on="start")
        .with_columns(settled=pl.col("present") == pl.col("expected"))
        .sort("start")
        .select(BALANCE.names())
    )
