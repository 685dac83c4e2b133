"""Comparisons of sharing keys before a vote: asked for here, computed by `hub process`, and served as they are."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import polars as pl
from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from api import shapes_comparisons as shapes
from api.downloads import CSV, TEXT
from api.problems import RESPONSES
from api.reading import LARGEST, Community, Connection
from energy.csv_rows import csv_of
from energy.proposals import ComparisonRequest, proposals_from, require_months
from energy.time import rfc3339
from store.comparisons import (
    MOST_WAITING,
    ComparisonRow,
    add,
    read_comparison,
    read_comparisons,
    read_report,
    read_result,
    read_roles,
)

router = APIRouter(prefix="/v1/communities/{community}/comparisons", tags=["comparisons"])

No = Annotated[int, Path(description="number of the comparison", ge=1, le=LARGEST)]
Language = Annotated[Literal["en", "fr"], Query(description="English or French")]
Table = Annotated[Literal["keys", "members", "months", "equity"], Path(description="which table of the result")]
SAFE: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
"""A report needs nothing but its own style, whatever people wrote in it."""


def _refused(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    content = RESPONSES[int(HTTPStatus.BAD_REQUEST)]["content"]
    return {int(status): {"description": status.phrase, "content": content} for status in statuses}


@router.post(
    "",
    status_code=HTTPStatus.ACCEPTED,
    response_model=shapes.Comparison,
    responses=_refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.TOO_MANY_REQUESTS),
)
def compare(community: Community, connection: Connection, request: ComparisonRequest, response: Response) -> Any:
    """Ask for a comparison: keys as keys.toml writes them, and the local months that they are replayed on.

    A worker computes it within seconds or minutes; the answer says under which number.
    """
    require_months(request.first, request.last)
    roles = read_roles(connection, community.no)
    proposals_from(request.key, ZoneInfo(community.zone), timedelta(minutes=community.step_min), roles)
    asked = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    no = add(connection, community.no, asked)
    if no is None:
        detail = f"{MOST_WAITING} comparisons of {community.id} wait or run already; ask again when one is done"
        raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": "10"})
    response.headers["Location"] = f"/v1/communities/{community.id}/comparisons/{no}"
    return {**_asked(read_comparison(connection, community.no, no)), "community": community.id, "result": None}


@router.get("", response_model=shapes.Comparisons)
def comparisons(community: Community, connection: Connection) -> dict[str, Any]:
    """The comparisons of a community that are kept, the newest first."""
    rows = read_comparisons(connection, community.no)
    return {"community": community.id, "comparisons": [_asked(row) for row in rows]}


@router.get("/{no}", responses={200: {"model": shapes.Comparison}})
def comparison(community: Community, connection: Connection, no: No) -> Response:
    """How far a comparison is, and once it is done what each key would have given the members."""
    row = read_comparison(connection, community.no, no)
    # It may end between the two: one that is told to run has no result yet.
    result = read_result(connection, community.no, no) if row.status == "done" else None
    return JSONResponse({**_asked(row), "community": community.id, "result": result})


@router.get(
    "/{no}/report",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": TEXT}}, **_refused(HTTPStatus.CONFLICT)},
)
def report(community: Community, connection: Connection, no: No, lang: Language = "en") -> Response:
    """The report of a comparison for a general assembly: one page of HTML that needs nothing else."""
    row = read_comparison(connection, community.no, no)
    html = read_report(connection, community.no, no, lang)
    if html is None:
        raise _not_done(row)
    return HTMLResponse(html, headers={**SAFE, "Content-Language": lang})


@router.get(
    "/{no}/{table}.csv",
    response_class=Response,
    responses={200: {"content": CSV}, **_refused(HTTPStatus.CONFLICT)},
)
def table_as_csv(community: Community, connection: Connection, no: No, table: Table) -> Response:
    """One table of the result as CSV."""
    row = read_comparison(connection, community.no, no)
    result = read_result(connection, community.no, no)
    if result is None:
        raise _not_done(row)
    headers = {"Content-Disposition": f'attachment; filename="{community.id}-comparison-{no}-{table}.csv"'}
    rows = pl.DataFrame(result[table], infer_schema_length=None)
    return Response(csv_of(rows), media_type="text/csv", headers=headers)


def _asked(row: ComparisonRow) -> dict[str, Any]:
    done = row.status == "done"
    return {
        "no": row.no,
        "asked_at": rfc3339(row.asked_at),
        "ended_at": row.ended_at and rfc3339(row.ended_at),
        "status": row.status,
        "progress": 1.0 if done else round(row.steps_done / row.steps, 3) if row.steps else 0.0,
        "error": row.error,
        "first_month": row.first,
        "last_month": row.last,
        "keys": row.keys,
    }


def _not_done(row: ComparisonRow) -> HTTPException:
    why = f"it failed: {row.error}" if row.status == "failed" else f"it is {row.status}; ask again in a few seconds"
    return HTTPException(HTTPStatus.CONFLICT, f"comparison {row.no} has nothing to show: {why}")
