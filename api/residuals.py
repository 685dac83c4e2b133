"""How far the devices of a community are from the operator's curves: how a wrong meter is found."""

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from api import shapes
from api.balances import End, Start
from api.reading import Community, Connection, Reader, in_kwh, json_rows, requested_span
from energy.errors import InvalidInput
from energy.time import rfc3339
from store.curves import read_residuals
from store.indexes import read_residuals_by_index

router = APIRouter(prefix="/v1/communities/{community}", tags=["points"])

LONGEST_SPAN: Final = timedelta(days=367)
"""A year, whatever its clocks do: every quarter-hour of it is compared."""


@router.get("/residuals", response_model=shapes.Residuals)
def residuals(
    community: Community, connection: Connection, reader: Reader, start: Start = None, end: End = None
) -> dict[str, Any]:
    """What operator and device say of the same quarter-hours, and beside the operator's index; a year at most."""
    span = requested_span(start, end, ZoneInfo(community.zone))
    if span.end - span.start > LONGEST_SPAN:
        raise InvalidInput("end: more than a year after start; ask for less at a time")
    rows = in_kwh(read_residuals(reader, connection, community.no, span))
    return {
        "community": community.id,
        "start": rfc3339(span.start),
        "end": rfc3339(span.end),
        "residuals": json_rows(rows),
        "by_index": json_rows(in_kwh(read_residuals_by_index(reader, connection, community.no, span))),
    }
