"""Put the data source, the folder and the dashboard into a running Grafana through its HTTP API.

Safe to repeat: what is there already is brought up to date. Source: Grafana HTTP API, paths /api/datasources,
/api/folders and /api/dashboards/db.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from dashboards.panels import DATASOURCE_TYPE, DATASOURCE_UID
from energy.errors import InvalidInput, Unavailable

FOLDER_UID: Final = "enercommons"
FOLDER_TITLE: Final = "Enercommons"
SMALLEST_INTERVAL: Final = "15m"
"""No panel asks for points closer together than a settlement step."""
POSTGRES_VERSION: Final = 1500
"""Oldest PostgreSQL the hub runs on, in Grafana's notation; Grafana only uses it to offer functions in its editor."""
MAX_CONNECTIONS: Final = 10


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where Grafana finds the database, and the login role of a viewer: never the role of the hub.

    `host_port` is as Grafana sees it; `ssl_mode` is PostgreSQL's: disable, require, verify-ca or verify-full.
    """

    host_port: str
    database: str
    user: str
    password: str = field(repr=False)
    ssl_mode: str = "require"
    name: str = "Enercommons"


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What Grafana now holds: the path of the dashboard below Grafana's address, and its version there."""

    path: str
    version: int


def provision(client: httpx.Client, source: DataSource, dashboard: Mapping[str, Any]) -> Provisioned:
    """Create or update the data source, the folder and the dashboard.

    Args:
        client: its base_url is the address of Grafana, its headers carry the token of a service account that may
            administer data sources and folders (role Admin of the organisation).
        source: the database and the viewer's role.
        dashboard: dashboards.grafana.community_dashboard().

    Raises:
        Unavailable: Grafana does not answer, or fails.
        InvalidInput: Grafana refuses the token, or what it was asked to hold.
    """
    _put_source(client, source)
    if _ask(client, "GET", f"/api/folders/{FOLDER_UID}", missing_is_none=True) is None:
        _ask(client, "POST", "/api/folders", {"uid": FOLDER_UID, "title": FOLDER_TITLE})
    saved = _ask(
        client,
        "POST",
        "/api/dashboards/db",
        {"dashboard": dict(dashboard), "folderUid": FOLDER_UID, "overwrite": True, "message": "enercommons"},
    )
    match saved:
        case {"url": str(path), "version": int(version)}:
            return Provisioned(path, version)
        case _:
            raise Unavailable(f"{client.base_url} does not answer as Grafana does; check the address")


def _put_source(client: httpx.Client, source: DataSource) -> None:
    path = f"/api/datasources/uid/{DATASOURCE_UID}"
    known = _ask(client, "GET", path, missing_is_none=True)
    if known is None:
        _ask(client, "POST", "/api/datasources", source_body(source))
    elif known.get("readOnly"):
        raise InvalidInput(
            f"the data source {DATASOURCE_UID!r} of {client.base_url} comes from a provisioning file of that Grafana; "
            "change the file, or remove it and try again"
        )
    else:
        _ask(client, "PUT", path, source_body(source))


def source_body(source: DataSource) -> dict[str, Any]:
    """The data source as Grafana's API takes it; the password goes where Grafana encrypts it."""
    return {
        "uid": DATASOURCE_UID,
        "name": source.name,
        "type": DATASOURCE_TYPE,
        "access": "proxy",
        "url": source.host_port,
        "user": source.user,
        "jsonData": {
            "database": source.database,
            "sslmode": source.ssl_mode,
            "timeInterval": SMALLEST_INTERVAL,
            "maxOpenConns": MAX_CONNECTIONS,
            "postgresVersion": POSTGRES_VERSION,
            "timescaledb": False,
        },
        "secureJsonData": {"password": source.password},
    }


def _ask(
    client: httpx.Client,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    missing_is_none: bool = False,
) -> Mapping[str, Any] | None:
    try:
        response = client.request(method, path, json=body)
    except httpx.RequestError as error:
        reason = str(error) or type(error).__name__
        raise Unavailable(f"Grafana at {client.base_url} does not answer: {reason}; check that it runs") from error
    if response.status_code == httpx.codes.NOT_FOUND and missing_is_none:
        return None
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise InvalidInput(
            f"Grafana at {client.base_url} refuses the token for {method} {path} ({_message(response)}); "
            "use the token of a service account with the role Admin"
        )
    if response.is_server_error:
        raise Unavailable(f"Grafana at {client.base_url} failed on {method} {path}: {_message(response)}")
    if response.is_client_error:
        raise InvalidInput(f"Grafana at {client.base_url} refuses {method} {path}: {_message(response)}")
    answer = _json_object(response)
    if answer is None or not response.is_success:
        raise Unavailable(f"{client.base_url} does not answer as Grafana does; check the address")
    return answer


def _message(response: httpx.Response) -> str:
    answer = _json_object(response) or {}
    return f"{response.status_code}, {answer.get('message', response.reason_phrase)}"


def _json_object(response: httpx.Response) -> Mapping[str, Any] | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
