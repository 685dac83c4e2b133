"""The settled months of a community: every version of each, and what it had."""

from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response

from api import shapes_settled as shapes
from api.downloads import CSV, as_file
from api.reading import LARGEST, Community, Connection, Reader, in_kwh, json_rows
from energy.faults import MONTH
from energy.time import Span, rfc3339
from energy.units import WH_PER_KWH
from store.communities import CommunityRow
from store.settlements import (
    find_span,
    read_settled_balance,
    read_settled_pairs,
    read_settled_points,
    read_settlements,
)

router = APIRouter(prefix="/v1/communities/{community}/settlements", tags=["settlements"])

Month = Annotated[str, Path(description="local month, YYYY-MM", pattern=MONTH)]
Version = Annotated[int, Path(description="1 is what the month had when it was closed", ge=1, le=LARGEST)]
Format = Annotated[Literal["json", "csv"], Query(description="csv holds the rows alone")]


@router.get("", responses={200: {"model": shapes.Settlements, "content": CSV}})
def settlements(
    community: Community,
    connection: Connection,
    reader: Reader,
    format: Format = "json",  # noqa: A002 - the name of the parameter in the address
) -> Response:
    """Every version of every settled month, the newest first: why it was made, how many steps it changed, its sums."""
    rows = in_kwh(read_settlements(reader, connection, community.no))
    return _answer({"community": community.id}, "settlements", rows, format)


@router.get("/{month}/{version}/balance", responses={200: {"model": shapes.SettledBalance, "content": CSV}})
def settled_balance(
    community: Community,
    connection: Connection,
    reader: Reader,
    month: Month,
    version: Version,
    format: Format = "json",  # noqa: A002
) -> Response:
    """The balance of a settled month as a version had it, at the step at which the community settles."""
    span = find_span(connection, community.id, community.no, month, version)
    rows = in_kwh(read_settled_balance(reader, connection, community.no, span, version))
    columns = [name for name in shapes.SettledStep.model_fields if name in rows.columns]
    return _answer(_head(community, month, version, span), "rows", rows.select(columns), format)


@router.get("/{month}/{version}/points", responses={200: {"model": shapes.SettledPoints, "content": CSV}})
def settled_points(
    community: Community,
    connection: Connection,
    reader: Reader,
    month: Month,
    version: Version,
    format: Format = "json",  # noqa: A002
) -> Response:
    """What each member consumed, injected and was allocated in a settled month, as a version had it."""
    span = find_span(connection, community.id, community.no, month, version)
    rows = in_kwh(read_settled_points(reader, connection, community.no, span, version))
    columns = [name for name in shapes.SettledPointRow.model_fields if name in rows.columns]
    return _answer(_head(community, month, version, span), "points", rows.select(columns), format)


@router.get("/{month}/{version}/producers", responses={200: {"model": shapes.SettledProducers, "content": CSV}})
def settled_producers(
    community: Community,
    connection: Connection,
    reader: Reader,
    month: Month,
    version: Version,
    format: Format = "json",  # noqa: A002
) -> Response:
    """What each member had of each producer in a settled month, as a version had it."""
    span = find_span(connection, community.id, community.no, month, version)
    rows = read_settled_pairs(reader, connection, community.no, span, version)
    head = _head(community, month, version, span)
    if format == "json":
        steps = read_settled_balance(reader, connection, community.no, span, version)
        allocated_wh = int(steps["allocated_wh"].sum())
        unattributed_wh = allocated_wh - int(rows["allocated_wh"].sum())
        head |= {"allocated_kwh": allocated_wh / WH_PER_KWH, "unattributed_kwh": unattributed_wh / WH_PER_KWH}
    return _answer(head, "producers", in_kwh(rows), format)


def _head(community: CommunityRow, month: str, version: int, span: Span) -> dict[str, Any]:
    """What every answer about a version begins with."""
    head = {"community": community.id, "month": month, "version": version}
    return {**head, "start": rfc3339(span.start), "end": rfc3339(span.end)}


def _answer(head: dict[str, Any], name: str, rows: pl.DataFrame, shown_as: str) -> Response:
    if shown_as == "json":
        return JSONResponse({**head, name: json_rows(rows)})
    what = "settlements" if name == "settlements" else f"{head['month']}-v{head['version']}-{name}"
    return as_file(rows, f"{head['community']}-{what}", "csv")
