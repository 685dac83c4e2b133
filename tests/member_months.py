"""Months of members for the tests of open data: homes, a roof, and small communities made of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from processing.datasets import MEMBER_MONTHS, MONTH_ENDS, build_balance_by_month
from processing.disclosure import POLICY, Policy

MARCH_ENDS = datetime(2026, 3, 31, 22, tzinfo=UTC)
DUE = MARCH_ENDS + timedelta(days=10)


def member(holder: str, kind: str = "natural", community: str = "vallon", **changes: Any) -> dict[str, Any]:
    """A home that used 251 kWh, 100 of them from the community; no panels, nothing unusual."""
    usual = {"consent": True, "present_all_month": True, "measured_share": 1.0, "consumption_wh": 251_000}
    flows = {"production_wh": None, "allocated_wh": 100_000, "residual_wh": 151_000, "surplus_wh": None}
    return {"community": community, "month": "2026-03", "holder": holder, "kind": kind, **usual, **flows, **changes}


def homes(count: int, community: str = "vallon", **changes: Any) -> list[dict[str, Any]]:
    return [member(f"{community} home {i}", community=community, **changes) for i in range(count)]


def roof(allocated_wh: int, surplus_wh: int, community: str = "vallon", kind: str = "public") -> dict[str, Any]:
    """A roof that produces only: the town hall's, unless said otherwise."""
    flows = {"production_wh": allocated_wh + surplus_wh, "surplus_wh": surplus_wh}
    no_use = dict.fromkeys(("consumption_wh", "allocated_wh", "residual_wh"))
    return member(f"{community} roof", kind, community, **no_use | flows)


def month_ends(members: list[dict[str, Any]], end: datetime = MARCH_ENDS) -> pl.DataFrame:
    keys = sorted({(m["community"], m["month"]) for m in members})
    return pl.DataFrame([(*key, end) for key in keys], schema=MONTH_ENDS, orient="row")


def build(
    members: list[dict[str, Any]], previous: pl.DataFrame | None = None, as_of: datetime = DUE, policy: Policy = POLICY
) -> pl.DataFrame:
    return build_balance_by_month(pl.DataFrame(members, MEMBER_MONTHS), month_ends(members), as_of, previous, policy)


EXAMPLE = [
    *homes(12),
    roof(1_200_000, 334_999),
    *homes(12, "coteau", allocated_wh=0, residual_wh=251_000),
    roof(0, 90_000, "coteau", kind="legal"),
    *homes(9, "aval"),
    roof(900_000, 0, "aval"),
    *homes(4, "amont"),
]
"""Four communities: all may be published, consumption only, production only, nothing."""
