"""The balance of a community over time, as JSON, CSV or Parquet, and its power right now."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import polars as pl
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api import shapes
from api.downloads import FILES, Format, as_file
from api.reading import Community, Connection, Reader, in_kwh, json_rows, requested_span
from energy.errors import InvalidInput
from energy.time import rfc3339
from store.balances import read_balance, read_power
from store.communities import CommunityRow

router = APIRouter(prefix="/v1/communities/{community}", tags=["balance"])

HEARD_RECENTLY = timedelta(minutes=40)
OWN_STEP = {15: "15min", 30: "30min", 60: "hour"}
FINER = {name: minutes for minutes, name in OWN_STEP.items()}
Start = Annotated[str | None, Query(description="local date or RFC 3339 instant; today by default")]
End = Annotated[
    str | None, Query(description="local date or RFC 3339 instant, exclusive; the end of the first day by default")
]
Step = Literal["15min", "30min", "hour", "day", "month", "year"]


@router.get("/balance", responses={200: {"model": shapes.Balance, "content": FILES}})
def balance(
    community: Community,
    connection: Connection,
    reader: Reader,
    start: Start = None,
    end: End = None,
    step: Annotated[
        Step | None, Query(description="the community's own by default; sums follow the local calendar")
    ] = None,
    format: Format = "json",  # noqa: A002 - the name of the parameter in the address
) -> Response:
    """Consumption, production and what was shared, step by step; steps without any reading are absent, never zero."""
    span = requested_span(start, end, ZoneInfo(community.zone))
    chosen: str = step or OWN_STEP[community.step_min]
    require_step(community, chosen)
    table = _shown(read_balance(reader, connection, community.no, span, chosen, community.zone))
    rows, totals = table.filter(pl.col("start").is_not_null()), table.filter(pl.col("start").is_null()).drop("start")
    if format != "json":
        return as_file(rows, f"{community.id}-{chosen}", format)
    body = {
        "community": community.id,
        "zone": community.zone,
        "start": rfc3339(span.start),
        "end": rfc3339(span.end),
        "step": chosen,
        "unit": "kWh",
        "rows": json_rows(rows),
        "totals": totals.to_dicts()[0] if rows.height else None,
    }
    return JSONResponse(body)


@router.get("/now", response_model=shapes.Power)
def now(community: Community, connection: Connection) -> dict[str, Any]:
    """Power over the last minutes of the members heard recently. [W]"""
    power = read_power(connection, community.no, datetime.now(UTC) - HEARD_RECENTLY)
    return {"community": community.id, **power, "at": power["at"] and rfc3339(power["at"])}


def require_step(community: CommunityRow, step: str | None) -> None:
    """Refuse a step that is finer than that of the community.

    Raises:
        InvalidInput: it is.
    """
    if step in FINER and FINER[step] < community.step_min:
        raise InvalidInput(
            f"step: {community.id} settles every {community.step_min} minutes, {step} is finer than that"
        )


def _shown(sums: pl.DataFrame) -> pl.DataFrame:
    return in_kwh(sums).select(
        "start", "consumption_kwh", "production_kwh", "allocated_kwh", "residual_kwh", "surplus_kwh",
        "self_consumption_rate", "self_sufficiency_rate", "coverage_rate", "present", "expected", "completeness",
        "quality", "status",
    )  # fmt: skip
