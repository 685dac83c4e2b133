"""One shape for every error: problem+json (RFC 9457), with the culprit and what to do in `detail`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from energy.errors import HubError, InvalidInput, NotFound, Unavailable

MEDIA_TYPE: Final = "application/problem+json"
STATUS: Final[dict[type[HubError], HTTPStatus]] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    int(status): {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
    for status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
}
"""What any route may answer besides its own, for OpenAPI."""


def problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Write one problem."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return JSONResponse(body, int(status), media_type=MEDIA_TYPE, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Make every error of an app a problem."""

    @app.exception_handler(HubError)
    def refuse(_request: Request, error: HubError) -> JSONResponse:
        status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
        headers = {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
        return problem(status, str(error), headers)

    @app.exception_handler(PoolTimeout)
    @app.exception_handler(OperationalError)
    def wait(_request: Request, _error: Exception) -> JSONResponse:
        detail = "the database does not answer; try again in a few seconds"
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"})

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "request"
        return problem(HTTPStatus.BAD_REQUEST, f"{where}: {first['msg']} (got {first.get('input')!r:.80})")

    @app.exception_handler(HTTPException)
    def other(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(HTTPStatus(error.status_code), str(error.detail), error.headers)
