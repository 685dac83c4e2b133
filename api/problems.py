"""One shape for every error: problem+json (RFC 9457), with the culprit and what to do in `detail`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from energy.errors import HubError, InvalidInput, NotFound, Unavailable
from energy.faults import expected

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = {"Retry-After": "5"}
STATUS: Final[dict[type[HubError], HTTPStatus]] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
OBJECT: Final = "write it as an object, {{ ... }}"
IN_REQUESTS: Final = {
    "dict_type": OBJECT,
    "list_type": "write it as a list, [ ... ]",
    "missing": "it is missing, and the request needs it",
    "model_attributes_type": OBJECT,
    "model_type": OBJECT,
}
"""What is said of a request instead of what is said of a file of TOML, by pydantic's type of error."""
NO_OBJECT: Final = "the request is no JSON object: send one, with `Content-Type: application/json`"
UNREAD: Final = "the request is not JSON that can be read: it has lists within lists without end, or an endless number"
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
        return problem(HTTPStatus.BAD_REQUEST, fault_of(error.errors()[0]))

    @app.exception_handler(HTTPException)
    def other(request: Request, error: HTTPException) -> JSONResponse:
        is_unread = isinstance(error.__cause__, ValueError | RecursionError)  # what FastAPI says of it names nothing
        why = UNREAD if is_unread else error.detail
        return problem(error.status_code, f"{request.method} {request.url.path}: {why}", error.headers)

    @app.exception_handler(Exception)
    def fail(_request: Request, _error: Exception) -> JSONResponse:
        detail = "the hub failed to answer; its log says why"
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def fault_of(fault: ErrorDetails) -> str:
    """One sentence for an error of pydantic in a request: where it is, what should be there, and what is."""
    where = ".".join(str(part) for part in fault["loc"][1:] if part != "[key]")
    if fault["type"] == "json_invalid":
        return f"the request is not JSON: {fault.get('ctx', {}).get('error')}, at character {where}"
    if not where:
        return NO_OBJECT
    got = "" if fault["type"] == "missing" else f" (got {fault['input']!r:.80})"
    return f"{where}: {expected(fault, IN_REQUESTS)}{got}"


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
