"""Whose production each member of a community had, and by which rules they ever shared it."""

from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api import shapes_producers as shapes
from api.balances import End, Start, Step, require_step
from api.downloads import FILES, Format, as_file
from api.reading import Community, Connection, Reader, in_kwh, json_rows, requested_span
from energy.errors import InvalidInput
from energy.time import rfc3339
from energy.units import WH_PER_KWH
from energy.validity import FOREVER, FOREVER_AGO
from store.pairs import read_key_versions, read_known, read_pairs

router = APIRouter(prefix="/v1/communities/{community}", tags=["producers"])

MOST_ROWS: Final = 500_000
"""So many rows are answered at once: a fine step of many pairs over years would be all of the memory."""


@router.get("/producers", responses={200: {"model": shapes.Producers, "content": FILES}})
def producers(
    community: Community,
    connection: Connection,
    reader: Reader,
    start: Start = None,
    end: End = None,
    step: Annotated[
        Step | None, Query(description="all of the span in one by default; sums follow the local calendar")
    ] = None,
    format: Format = "json",  # noqa: A002 - the name of the parameter in the address
) -> Response:
    """What each member had of each producer: it adds up to what the member was allocated, and the producer gave.

    More than 500,000 rows are refused: ask for a shorter span, or a longer step.
    """
    span = requested_span(start, end, ZoneInfo(community.zone))
    require_step(community, step)
    rows = in_kwh(read_pairs(reader, connection, community.no, span, step, community.zone, MOST_ROWS + 1))
    if rows.height > MOST_ROWS:
        raise InvalidInput(f"step: this span has more than {MOST_ROWS:,} rows; ask for a shorter one, or a longer step")
    rows = rows.select("start", "producer", "point", "allocated_kwh", "status")
    if format != "json":
        return as_file(rows, f"{community.id}-producers", format)
    allocated_wh, attributed_wh = read_known(connection, community.no, span)
    body = {
        "community": community.id,
        "zone": community.zone,
        "start": rfc3339(span.start),
        "end": rfc3339(span.end),
        "step": step,
        "unit": "kWh",
        "rows": json_rows(rows),
        "allocated_kwh": allocated_wh / WH_PER_KWH,
        "unattributed_kwh": (allocated_wh - attributed_wh) / WH_PER_KWH,
    }
    return JSONResponse(body)


@router.get("/keys", response_model=shapes.Keys)
def keys(community: Community, connection: Connection) -> dict[str, Any]:
    """Every rule by which the community ever shared, also those that are declared no longer."""
    return {
        "community": community.id,
        "keys": [
            {
                "key_no": row.no,
                "rule": row.rule,
                "validities": [
                    {
                        "valid_from": None if since == FOREVER_AGO else rfc3339(since),
                        "valid_to": None if until == FOREVER else rfc3339(until),
                    }
                    for since, until in row.validities
                ],
            }
            for row in read_key_versions(connection, community.no)
        ],
    }
