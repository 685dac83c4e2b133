"""Whether the hub is well: the database, what was heard last, what waits and what was rejected."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter

from api import shapes
from api.reading import Connection
from energy.time import rfc3339
from store.communities import read_health

router = APIRouter(prefix="/v1", tags=["health"])


@router.get("/health", response_model=shapes.Health)
def health(connection: Connection) -> dict[str, Any]:
    """`degraded` when some spans cannot be computed; a database that does not answer gives 503."""
    row = read_health(connection)
    last = row.pop("last_reading_at")
    return {
        "status": "degraded" if row["failing_spans"] else "ok",
        "version": version("enercommons"),
        "database": {"postgresql": row.pop("server_version"), "timescaledb": row.pop("timescaledb")},
        "last_reading_at": last and rfc3339(last),
        **row,
    }
