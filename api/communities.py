"""Which communities there are, and what they agreed on."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from api import shapes
from api.reading import Community, Connection
from energy.keys import Surplus
from energy.time import rfc3339
from store.communities import CommunityRow, read_communities

router = APIRouter(prefix="/v1/communities", tags=["communities"])


@router.get("", response_model=shapes.Communities)
def list_communities(connection: Connection) -> dict[str, Any]:
    """All communities of the territory, with the key in force and the span of their balances."""
    return {"communities": [_shown(row) for row in read_communities(connection)]}


@router.get("/{community}", response_model=shapes.Community)
def show_community(community: Community) -> dict[str, Any]:
    """One community."""
    return _shown(community)


def _shown(row: CommunityRow) -> dict[str, Any]:
    since = row.key_since
    return {
        "id": row.id,
        "name": row.name,
        "place": row.place,
        "zone": row.zone,
        "step_min": row.step_min,
        "simulated": row.simulated,
        "points": row.points,
        "key": row.rule and _key(row.rule, since),
        "first_start": row.first_start and rfc3339(row.first_start),
        "last_start": row.last_start and rfc3339(row.last_start),
    }


def _key(rule: dict[str, Any], since: datetime | None) -> dict[str, Any]:
    surplus = rule.get("surplus", Surplus.TO_PRODUCERS)
    return {"type": rule["type"], "surplus": surplus, "valid_from": since and rfc3339(since)}
