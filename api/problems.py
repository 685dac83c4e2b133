"""One shape for every error: problem+json (RFC 9457), with the culprit and what to do in `detail`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from starlette.exceptions import HTTPException

from energy.errors import HubError, InvalidInput, NotFound, Unavailable

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = {"Retry-After": "5"}
STATUS: Final[dict[type[HubError], HTTPStatus]] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "the status in words"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "one sentence: the culprit, and what to do"},
    },
    "required": ["type", "title", "status", "detail"],
}
ANSWERED: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    int(status): {
        "description": status.phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in ANSWERED
}
"""What any route may answer besides its own, for OpenAPI; `describe` adds the schema they refer to."""


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Write one problem."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Make every error of an app a problem."""

    @app.exception_handler(HubError)
    def refuse(_request: Request, error: HubError) -> JSONResponse:
        status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
        return problem(status, str(error), RETRY_AFTER if status is HTTPStatus.SERVICE_UNAVAILABLE else None)

    @app.exception_handler(OperationalError)
    def wait(_request: Request, _error: Exception) -> JSONResponse:
        detail = "the database does not answer; try again in a few seconds"
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, RETRY_AFTER)

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "request"
        return problem(HTTPStatus.BAD_REQUEST, f"{where}: {first['msg']} (got {first.get('input')!r:.80})")

    @app.exception_handler(HTTPException)
    def other(request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, f"{request.method} {request.url.path}: {error.detail}", error.headers)

    @app.exception_handler(Exception)
    def fail(_request: Request, _error: Exception) -> JSONResponse:
        detail = "the hub failed to answer; its log says why"
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """Make an OpenAPI description tell the truth about errors: problems instead of the framework's own 422."""
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = SCHEMA
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    return schema
