"""The members of a community over a span of time: what each consumed, and what was shared to it."""

from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from api import shapes
from api.balances import End, Start
from api.reading import Community, Connection, Reader, in_kwh, json_rows, requested_span
from energy.time import rfc3339
from store.balances import read_allocations

router = APIRouter(prefix="/v1/communities/{community}", tags=["points"])


@router.get("/points", response_model=shapes.Points)
def points(
    community: Community, connection: Connection, reader: Reader, start: Start = None, end: End = None
) -> dict[str, Any]:
    """What each member consumed, injected and was allocated; the local day of today by default."""
    span = requested_span(start, end, ZoneInfo(community.zone))
    rows = in_kwh(read_allocations(reader, connection, community.no, span))
    return {
        "community": community.id,
        "start": rfc3339(span.start),
        "end": rfc3339(span.end),
        "points": json_rows(rows),
    }
