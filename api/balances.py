"""The balance of a community over time, as JSON, CSV or Parquet, and its power right now."""

import io
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import polars as pl
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api import shapes
from api.reading import Community, Connection, Reader, in_kwh, json_rows, requested_span
from energy.errors import InvalidInput
from energy.time import rfc3339
from store.balances import read_balance, read_power

router = APIRouter(prefix="/v1/communities/{community}", tags=["balance"])

HEARD_RECENTLY = timedelta(minutes=40)
OWN_STEP = {15: "15min", 30: "30min", 60: "hour"}
FINER = {name: minutes for minutes, name in OWN_STEP.items()}
Start = Annotated[str | None, Query(description="local date or RFC 3339 instant; today by default")]
End = Annotated[
    str | None, Query(description="local date or RFC 3339 instant, exclusive; the end of the first day by default")
]
Step = Literal["15min", "30min", "hour", "day", "month"]
TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}
BYTES: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/balance",
    responses={200: {"model": shapes.Balance, "content": {"text/csv": TEXT, "application/vnd.apache.parquet": BYTES}}},
)
def balance(
    community: Community,
    connection: Connection,
    reader: Reader,
    start: Start = None,
    end: End = None,
    step: Annotated[
        Step | None, Query(description="the community's own by default; sums follow the local calendar")
    ] = None,
    format: Annotated[  # noqa: A002 - the name of the parameter in the address
        Literal["json", "csv", "parquet"], Query(description="csv and parquet hold the rows, without the totals")
    ] = "json",
) -> Response:
    """Consumption, production and what was shared, step by step; steps without any reading are absent, never zero."""
    span = requested_span(start, end, ZoneInfo(community.zone))
    chosen: str = step or OWN_STEP[community.step_min]
    if chosen in FINER and FINER[chosen] < community.step_min:
        raise InvalidInput(
            f"step: {community.id} settles every {community.step_min} minutes, {chosen} is finer than that"
        )
    table = _shown(read_balance(reader, connection, community.no, span, chosen, community.zone))
    rows, totals = table.filter(pl.col("start").is_not_null()), table.filter(pl.col("start").is_null()).drop("start")
    name = f"{community.id}-{chosen}"
    match format:
        case "csv":
            text = rows.with_columns(pl.col("start").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv()
            return Response(text, media_type="text/csv", headers=_download(f"{name}.csv"))
        case "parquet":
            buffer = io.BytesIO()
            rows.write_parquet(buffer)
            media_type = "application/vnd.apache.parquet"
            return Response(buffer.getvalue(), media_type=media_type, headers=_download(f"{name}.parquet"))
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


def _shown(sums: pl.DataFrame) -> pl.DataFrame:
    return in_kwh(sums).select(
        "start", "consumption_kwh", "production_kwh", "allocated_kwh", "residual_kwh", "surplus_kwh",
        "self_consumption_rate", "self_sufficiency_rate", "coverage_rate", "present", "expected", "completeness",
        "quality", "status",
    )  # fmt: skip


def _download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
