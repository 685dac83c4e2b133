"""Allocation: who consumed whose energy in each settlement step, by the key the community chose. Exact to the Wh."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import polars as pl

from energy.errors import KeyNotValid
from energy.frames import FLOWS, INTERVALS, PAIRS, SHARED, require
from energy.keys import HourlyMinKey, MatrixKey, SharingKey, Surplus, fault_of, surplus_of
from energy.time import rfc3339
from processing.apportion import apportion, sums
from processing.offers import offer
from processing.pairs import pairs

RESULTS: Final = ("share_wh", "allocated_wh", "residual_wh", "surplus_wh", "unused_share_wh")
HOUR: Final = timedelta(hours=1)
BATCH_ROWS: Final = 262_144
"""So many rows are computed at a time, in whole steps: what they take stays in the processor's caches."""


def share(intervals: pl.DataFrame, key: SharingKey) -> pl.DataFrame:
    """Allocate the energy injected in each step to the points that withdrew energy in it.

    Args:
        intervals: INTERVALS, one row per point and step, import_wh and export_wh [Wh]; null is not known, and such a
            flow takes no part in the step.
        key: how the community agreed to share.

    Returns:
        SHARED, the same rows in order of start and point. In each step allocated + residual == import for every
        point, and the allocated and the surplus add up to what was injected, exactly; with the key of hourly minima
        they do so in each hour. Whole Wh by largest remainder, ties by point id.

    Raises:
        KeyNotValid: the key promises more than the whole production, less than nothing, or nothing that can be read.

    Source: code de l'energie, D315-6; formulas and laws in docs/sharing.md.
    """
    flows, points = number(intervals)
    shared = share_flows(flows, points, key)
    return shared.with_columns(point=points.gather(shared["point_no"])).select(SHARED.names())


def share_by_producer(intervals: pl.DataFrame, key: MatrixKey) -> pl.DataFrame:
    """Say what each producer's production gave each point; the sums over producers are what `share` says.

    Returns:
        PAIRS in order of start, producer and point, without the pairs that share nothing.

    Raises:
        KeyNotValid: as in `share`.
    """
    flows, points = number(intervals)
    _require_valid(key)
    parts = [PAIRS.to_frame()]
    for batch in _batches(flows, key):
        found = pairs(_ready(batch, key), points, key).filter(pl.col("share_wh") > 0)
        ids = points.gather(batch["point_no"])
        parts.append(
            found.select(
                batch["start"].gather(found["producer"]),
                ids.gather(found["producer"]).alias("producer"),
                ids.gather(found["member"]).alias("point"),
                "share_wh",
                "allocated_wh",
            )
        )
    return pl.concat(parts).sort("start", "producer", "point")


def number(intervals: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Make FLOWS of INTERVALS, and the ids of the points by their numbers.

    Raises:
        ValueError: a point is twice in a step, and would be offered its share twice: a bug of the caller.
    """
    rows = require(intervals, INTERVALS)
    points = rows["point"].unique().sort()
    numbers = rows["point"].cast(pl.Enum(points)).to_physical().cast(pl.Int32)
    flows = rows.select("start", numbers.alias("point_no"), "import_wh", "export_wh")
    flows = flows.sort("start", "point_no")
    same = (pl.col(name) == pl.col(name).shift() for name in ("start", "point_no"))
    if twice := flows.filter(pl.all_horizontal(*same)).head(1).rows():
        raise ValueError(f"{points[twice[0][1]]} is twice in the step at {rfc3339(twice[0][0])}")
    return flows, points


def share_flows(flows: pl.DataFrame, points: pl.Series, key: SharingKey) -> pl.DataFrame:
    """Do what `share` does with points that are numbered.

    Args:
        flows: FLOWS; points: the ids by number, in order.
        key: how the community agreed to share.

    Returns:
        The same rows with share_wh, allocated_wh, residual_wh, surplus_wh and unused_share_wh.

    Raises:
        KeyNotValid: as in `share`.
    """
    _require_valid(key)
    batches = _batches(require(flows, FLOWS), key)
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        parts = list(pool.map(lambda batch: _share_batch(batch, points, key), batches))
    if not parts:
        return (
            flows.select(FLOWS.names())
            .cast(FLOWS)
            .with_columns(pl.lit(None, SHARED[name]).alias(name) for name in RESULTS)
        )
    return pl.concat(parts)


def _require_valid(key: SharingKey) -> None:
    if fault := fault_of(key):
        raise KeyNotValid(fault)


def _batches(flows: pl.DataFrame, key: SharingKey) -> Iterator[pl.DataFrame]:
    """Cut FLOWS into batches of whole steps, or of whole hours where the key looks at hours."""
    begin = _begin(key)
    firsts = flows.select((begin != begin.shift()).fill_null(value=True).arg_true()).to_series()
    at = 0
    while at < flows.height:
        later = firsts.search_sorted(at + BATCH_ROWS)
        end = firsts[later] if later < len(firsts) else flows.height
        yield flows.slice(at, end - at)
        at = end


def _ready(batch: pl.DataFrame, key: SharingKey) -> pl.DataFrame:
    """Add what `offer` takes: group, from 0 on, need, made and is_there."""
    return batch.with_columns(
        group=_begin(key).rle_id(),
        need=pl.col("import_wh").fill_null(0),
        made=pl.col("export_wh").fill_null(0),
        is_there=pl.col("import_wh").is_not_null(),
    )


def shared_at_once(key: SharingKey, step: timedelta) -> timedelta:
    """How long the stretches are that a key shares whole: a step, or an hour where it looks at hours."""
    return HOUR if isinstance(key, HourlyMinKey) else step


def _begin(key: SharingKey) -> pl.Expr:
    """What is the same in all rows that are shared together."""
    return pl.col("start").dt.truncate("1h") if isinstance(key, HourlyMinKey) else pl.col("start")


def _share_batch(batch: pl.DataFrame, points: pl.Series, key: SharingKey) -> pl.DataFrame:
    rows = _ready(batch, key)
    keeps = surplus_of(key) is Surplus.TO_MEMBERS
    what = "share_wh" if keeps else "allocated_wh"
    if isinstance(key, MatrixKey):
        found = pairs(rows, points, key)
        rows = rows.with_columns(share_wh=_summed(found, "member", "share_wh", rows.height))
        used = _summed(found, "producer", what, rows.height)
    else:
        rows = rows.with_columns(share_wh=offer(rows, points, key))
        used = None
    rows = rows.with_columns(allocated_wh=pl.min_horizontal("need", "share_wh"))
    rows = rows.with_columns(used=_used(rows, what) if used is None else used)
    unused, surplus = pl.col("share_wh") - pl.col("allocated_wh"), pl.col("export_wh") - pl.col("used")
    if keeps:
        surplus = pl.when(pl.col("is_there")).then(surplus.fill_null(0) + unused).otherwise(surplus)
    return rows.select(
        *FLOWS.names(),
        "share_wh",
        "allocated_wh",
        residual_wh=pl.col("import_wh") - pl.col("allocated_wh"),
        surplus_wh=surplus,
        unused_share_wh=unused,
    )


def _used(rows: pl.DataFrame, what: str) -> pl.Series:
    """What of each producer's energy is gone, pro rata of what each made."""
    groups = rows["group"].n_unique()
    makers = rows.select("group", weight="made", row=pl.int_range(pl.len())).filter(pl.col("weight") > 0)
    parts = apportion(makers, sums(rows, what, groups), whole=sums(makers, "weight", groups))
    return pl.zeros(rows.height, dtype=pl.Int64, eager=True).scatter(makers["row"], parts)


def _summed(found: pl.DataFrame, place: str, what: str, height: int) -> pl.Series:
    """Sums of pairs at the places of their rows."""
    summed = found.group_by(place).agg(pl.col(what).sum())
    return pl.zeros(height, dtype=pl.Int64, eager=True).scatter(summed[place], summed[what])
