"""Whether the hub is well: the database, who listens, what was heard last, what waits and what was rejected."""

from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter

from api import shapes
from api.reading import Connection
from energy.time import rfc3339
from store.communities import read_health
from store.listeners import ToldState, read_listeners

router = APIRouter(prefix="/v1", tags=["health"])

SILENT_AFTER_S: Final = 10.0
"""Five times what lies between two tellings: one long batch is no silence, and nobody waits long to hear of one."""


@router.get("/health", response_model=shapes.Health)
def health(connection: Connection) -> dict[str, Any]:
    """`degraded` when somebody has to act (see `status`); 503 when the database does not answer."""
    row = read_health(connection)
    listeners = [_shown(told) for told in read_listeners(connection)]
    is_computed = not row["failing_spans"] and not row["communities_without_key"]
    is_well = is_computed and all(listener["status"] == "listening" for listener in listeners)
    last = row.pop("last_reading_at")
    return {
        "status": "ok" if is_well else "degraded",
        "version": version("enercommons"),
        "database": {"postgresql": row.pop("server_version"), "timescaledb": row.pop("timescaledb")},
        "last_reading_at": last and rfc3339(last),
        "listeners": listeners,
        **row,
    }


def listening(told: ToldState) -> shapes.Listening:
    """How a listener is: one that tells nothing may have been killed, or waits for the database."""
    if told.silent_s > SILENT_AFTER_S:
        return "silent"
    return "listening" if told.state.is_connected else "no broker"


def _shown(told: ToldState) -> dict[str, Any]:
    state = told.state._asdict()
    del state["started_at"], state["is_connected"]
    return {"status": listening(told), "told_at": rfc3339(told.told_at), "silent_s": told.silent_s, **state}
