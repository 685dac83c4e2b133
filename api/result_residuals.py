"""The operator's own results of a month beside the hub's, and which points explain what is between them."""

from typing import Annotated
from zoneinfo import ZoneInfo

import polars as pl
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api import shapes_settled as shapes
from api.downloads import FILES, Format, as_file
from api.reading import Community, Connection, Reader, in_kwh, json_rows
from energy.faults import MONTH
from energy.time import EPOCH, local_date, local_month, month_named
from store.operator_results import read_result_months, read_result_residuals

router = APIRouter(prefix="/v1/communities/{community}/settlements", tags=["settlements"])


@router.get("/operator", responses={200: {"model": shapes.ResultResiduals, "content": FILES}})
def operator_results(
    community: Community,
    connection: Connection,
    reader: Reader,
    month: Annotated[
        str | None,
        Query(description="local month, YYYY-MM; the newest that the operator settled", pattern=MONTH),
    ] = None,
    format: Format = "json",  # noqa: A002 - the name of the parameter in the address
) -> Response:
    """The hub's own figures of a month, the operator's results and the residual, per point, and what explains it."""
    zone = ZoneInfo(community.zone)
    months = [f"{local_date(start, zone):%Y-%m}" for start in read_result_months(connection, community.no)]
    shown = month or next(iter(months), None)
    start = EPOCH if shown is None else local_month(month_named(shown, "month"), zone).start
    table = in_kwh(read_result_residuals(reader, connection, community.no, start))
    rows = table.with_columns(month=pl.lit(shown, pl.String)).select(shapes.ResultResidualRow.model_fields.keys())
    if format != "json":
        name = f"{community.id}-operator" if shown is None else f"{community.id}-{shown}-operator"
        return as_file(rows, name, format)
    return JSONResponse({"community": community.id, "month": shown, "months": months, "rows": json_rows(rows)})
