"""Provisioning against a real HTTP server that answers as Grafana's API does, and against what is not Grafana."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final, cast

import httpx
import jsonschema
import pytest

from dashboards.grafana import UID, community_dashboard
from dashboards.panels import DATASOURCE_UID
from dashboards.provision import DataSource, Provisioned, provision, source_body
from energy.errors import InvalidInput, Unavailable

SPECIFICATION: Final = Path(__file__).parent.parent.parent / "shared" / "grafana" / "grafana-api-2025-04.openapi3.json"
AUTHORIZATION: Final = "Bearer glsa_example"
SOURCE: Final = DataSource("db.example:5432", "hub", "grafana", "s3cret", "disable")
SOURCES, FOLDERS = "/api/datasources", "/api/folders"


class Grafana(HTTPServer):
    """The three corners of Grafana's API that provisioning uses, with what was asked of them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), GrafanaHandler)
        self.held: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.sent: dict[tuple[str, str], Any] = {}
        self.answers: dict[tuple[str, str], tuple[int, bytes]] = {}
        """Answers that replace the usual one."""

    @property
    def url(self) -> str:
        """Address of this server."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer as Grafana does, and keep what it would keep."""
        if method == "GET":
            return (200, self.held[path]) if path in self.held else (404, {"message": "not found"})
        if path == "/api/dashboards/db":
            version = self.held.get("dashboard", {"version": 0})["version"] + 1
            self.held["dashboard"] = body["dashboard"] | {"version": version}
            uid = body["dashboard"]["uid"]
            return 200, {"id": 3, "uid": uid, "url": f"/d/{uid}/x", "status": "success", "version": version}
        if path == FOLDERS:
            self.held[f"{FOLDERS}/{body['uid']}"] = body
            return 200, {"id": 2, "uid": body["uid"], "title": body["title"]}
        self.held[f"{SOURCES}/uid/{body['uid']}"] = body | {"readOnly": False}
        return 200, {"id": 1, "name": body["name"], "message": "Datasource added", "datasource": body}


class GrafanaHandler(BaseHTTPRequestHandler):
    """Reads a request, lets Grafana answer, and refuses every other token."""

    def reply(self) -> None:
        """Answer any method."""
        grafana = cast(Grafana, self.server)
        asked = (self.command, self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        grafana.asked.append(asked)
        grafana.sent[asked] = body
        if asked in grafana.answers:
            status, content = grafana.answers[asked]
        elif self.headers["Authorization"] != AUTHORIZATION:
            status, content = 401, b'{"message": "Invalid API key"}'
        else:
            status, answer = grafana.answer(*asked, body)
            content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = reply  # noqa: N815 (http.server calls them by these names)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is that of the base class)
        """Keep the output of the tests clean."""


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    """A Grafana that holds nothing."""
    with Grafana() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(url: str, authorization: str = AUTHORIZATION) -> Provisioned:
    with httpx.Client(base_url=url, headers={"Authorization": authorization}, timeout=5) as client:
        return provision(client, SOURCE, community_dashboard())


def test_an_empty_grafana_gets_source_folder_and_dashboard(grafana: Grafana) -> None:
    assert run(grafana.url) == Provisioned(f"/d/{UID}/x", 1)
    assert [asked for asked in grafana.asked if asked[0] != "GET"] == [
        ("POST", SOURCES),
        ("POST", FOLDERS),
        ("POST", "/api/dashboards/db"),
    ]
    saved = grafana.sent["POST", "/api/dashboards/db"]
    assert saved["dashboard"] == community_dashboard()
    assert (saved["folderUid"], saved["overwrite"]) == (grafana.sent["POST", FOLDERS]["uid"], True)
    # The dashboard asks the data source that was just made.
    assert {panel["datasource"]["uid"] for panel in saved["dashboard"]["panels"]} == {DATASOURCE_UID}
    assert grafana.sent["POST", SOURCES]["uid"] == DATASOURCE_UID


def test_the_password_travels_only_where_grafana_encrypts_it(grafana: Grafana) -> None:
    run(grafana.url)
    body = grafana.sent["POST", SOURCES]
    assert body.pop("secureJsonData") == {"password": "s3cret"}
    assert "s3cret" not in json.dumps(body)
    assert "s3cret" not in repr(SOURCE)


def test_a_second_run_brings_everything_up_to_date(grafana: Grafana) -> None:
    run(grafana.url)
    grafana.asked.clear()
    grafana.held[f"{SOURCES}/uid/{DATASOURCE_UID}"]["user"] = "somebody"
    assert run(grafana.url).version == 2
    assert [asked for asked in grafana.asked if asked[0] != "GET"] == [
        ("PUT", f"{SOURCES}/uid/{DATASOURCE_UID}"),
        ("POST", "/api/dashboards/db"),
    ]
    assert grafana.held[f"{SOURCES}/uid/{DATASOURCE_UID}"]["user"] == "grafana"


@pytest.mark.parametrize(
    ("definition", "asked"),
    [
        ("AddDataSourceCommand", ("POST", SOURCES)),
        ("CreateFolderCommand", ("POST", FOLDERS)),
        ("SaveDashboardCommand", ("POST", "/api/dashboards/db")),
    ],
)
def test_bodies_are_those_of_grafanas_specification(grafana: Grafana, definition: str, asked: tuple[str, str]) -> None:
    if not SPECIFICATION.exists():
        pytest.skip(f"Grafana's API specification is not at {SPECIFICATION}, so bodies are not compared with it.")
    specification = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    run(grafana.url)
    schema = specification["components"]["schemas"][definition]
    assert set(grafana.sent[asked]) <= set(schema["properties"])
    jsonschema.validate(grafana.sent[asked], specification | schema)


def test_a_refused_token_is_the_callers_to_mend(grafana: Grafana) -> None:
    with pytest.raises(InvalidInput, match=r"refuses the token .*401, Invalid API key.*role Admin"):
        run(grafana.url, "Bearer glsa_other")
    assert grafana.held == {}


def test_a_source_from_a_file_is_left_alone(grafana: Grafana) -> None:
    grafana.held[f"{SOURCES}/uid/{DATASOURCE_UID}"] = source_body(SOURCE) | {"readOnly": True}
    with pytest.raises(InvalidInput, match="provisioning file"):
        run(grafana.url)
    assert all(method == "GET" for method, _ in grafana.asked)


@pytest.mark.parametrize(
    ("why", "status", "content", "error", "sentence"),
    [
        ("the dashboard came from a file", 400, b'{"message": "Cannot save"}', InvalidInput, "400, Cannot save"),
        (
            "the token may not write",
            403,
            b'{"message": "no rights"}',
            InvalidInput,
            "refuses the token .*403, no rights",
        ),
        ("grafana is starting", 503, b"", Unavailable, "503, Service Unavailable"),
        ("a proxy answers with a page", 200, b"<html>", Unavailable, "does not answer as Grafana does"),
        ("a proxy sends elsewhere", 302, b"", Unavailable, "does not answer as Grafana does"),
        ("another server answers", 200, b'{"status": "ok"}', Unavailable, "does not answer as Grafana does"),
    ],
)
def test_what_grafana_refuses_is_one_sentence(
    grafana: Grafana, *, why: str, status: int, content: bytes, error: type[Exception], sentence: str
) -> None:
    grafana.answers["POST", "/api/dashboards/db"] = (status, content)
    with pytest.raises(error, match=sentence) as raised:
        run(grafana.url)
    assert grafana.url in str(raised.value), why
    assert "\n" not in str(raised.value)


def test_a_grafana_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port} does not answer.*check that it runs"):
        run(f"http://127.0.0.1:{port}")
