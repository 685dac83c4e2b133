"""What sharing was worth to members and producers, and how evenly it was shared, by the statements of local months."""

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import polars as pl
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api import shapes_value as shapes
from api.downloads import FILES, Format, as_file
from api.reading import Community, Connection, Reader, in_kwh, json_rows, requested_span
from energy.frames import EUROS
from energy.time import local_date
from store.communities import CommunityRow
from store.statements import read_equity, read_pending, read_statements, read_sums

router = APIRouter(prefix="/v1/communities/{community}", tags=["value"])

LAST_MONTH: Final = date(9999, 11, 1)
Start = Annotated[str | None, Query(description="local date or RFC 3339 instant in the first month; today by default")]
End = Annotated[str | None, Query(description="local date or RFC 3339 instant, exclusive; months that it cuts count")]


@router.get("/value", responses={200: {"model": shapes.Value, "content": FILES}})
def value(
    community: Community,
    connection: Connection,
    reader: Reader,
    start: Start = None,
    end: End = None,
    format: Format = "json",  # noqa: A002 - the name of the parameter in the address
) -> Response:
    """Savings of members, revenue of producers and local value retained, in EUR, by whole local months.

    They follow what they are made of within minutes; until then `pending_months` says which months are of before.
    """
    first, last, head = _months(community, start, end)
    after = _after(last)
    pending = read_pending(connection, community.no, first, after)  # first: what is made meanwhile is told too often
    rows = in_kwh(read_statements(reader, connection, community.no, first, after))
    shown = rows.select([*shapes.ValueRow.model_fields])
    if format != "json":
        return as_file(shown, f"{community.id}-value", format)
    sums = _texts(in_kwh(read_sums(reader, connection, community.no, first, after)))
    months, totals = sums.filter(pl.col("month").is_not_null()), sums.filter(pl.col("month").is_null()).drop("month")
    body = {
        "pending_months": pending,
        "rows": json_rows(_texts(shown)),
        "months": json_rows(months),
        "totals": totals.to_dicts()[0] if shown.height else None,
    }
    return JSONResponse(head | body)


@router.get("/equity", responses={200: {"model": shapes.Equity, "content": FILES}})
def equity(
    community: Community,
    connection: Connection,
    reader: Reader,
    start: Start = None,
    end: End = None,
    period: Annotated[Literal["month", "season", "year"], Query(description="what is taken together")] = "month",
    format: Format = "json",  # noqa: A002
) -> Response:
    """How evenly members share: over all, by category and by group, in the periods that a span touches."""
    first, last, head = _months(community, start, end)
    pending = read_pending(connection, community.no, date.min, date.max)
    rows = in_kwh(read_equity(reader, connection, community.no, period, first, _after(last)))
    shown = rows.select([*shapes.EquityRow.model_fields])
    if format != "json":
        return as_file(shown, f"{community.id}-equity-{period}", format)
    begin: str = min([head["first_month"], *shown["first_month"]])
    until: str = max([head["last_month"], *shown["last_month"]])
    reached = [month for month in pending if begin <= month <= until]
    return JSONResponse(head | {"pending_months": reached, "period_kind": period, "rows": json_rows(_texts(shown))})


def _months(community: CommunityRow, start: str | None, end: str | None) -> tuple[date, date, dict[str, Any]]:
    """The first days of the first and of the last month that a span touches, and how an answer begins."""
    zone = ZoneInfo(community.zone)
    span = requested_span(start, end, zone)
    first, last = (local_date(at, zone).replace(day=1) for at in (span.start, span.end - timedelta(microseconds=1)))
    head = {"community": community.id, "zone": community.zone}
    return first, last, head | {"first_month": f"{first:%Y-%m}", "last_month": f"{last:%Y-%m}"}


def _after(month: date) -> date:
    """The first day of the next month; there is none after the last of the calendar."""
    return (min(month, LAST_MONTH) + timedelta(days=31)).replace(day=1)


def _texts(rows: pl.DataFrame) -> pl.DataFrame:
    """EUR as text."""
    return rows.with_columns(pl.col(name).cast(pl.String) for name in EUROS if name in rows.columns)
