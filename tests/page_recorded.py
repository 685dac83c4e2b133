"""A hub that serves the page and recorded answers of the API, and notes what it is asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

PAGE: Final = Path(__file__).parents[1] / "dashboards" / "page"
DATA: Final = Path(__file__).parent / "data" / "page"
TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def recorded(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


class Hub(ThreadingHTTPServer):
    """Serves the page and recorded answers on a free port, and notes what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []
        self.probe = b""
        self.events = b""
        self.forbidden: set[str] = set()

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, str, bytes]:
        """Status, media type and body."""
        if path == "/" or path.startswith("/page/"):
            return self._file("index.html" if path == "/" else path.removeprefix("/page/"))
        if path == "/probe.js":
            return 200, TYPES[".js"], self.probe
        *_, community, what = path.replace("settlements/", "settlements-").split("/")
        if what == "live":
            events, self.events = self.events, b""
            return (200, "text/event-stream", events) if events else (204, "text/event-stream", b"")
        if what == "balance" and query["start"] < "2026-10-09":
            problem = {"title": "Unknown day", "status": 422, "detail": "The day lies before the first reading."}
            return 422, "application/problem+json", json.dumps(problem).encode()
        if what in self.forbidden:
            return 403, "application/problem+json", b'{"detail": "Members only."}'
        if community == "v1":
            name = what
        else:
            day = "week" if query.get("step") == "day" else "day"
            name = f"{community}-{day if what == 'balance' else what}"
        return 200, "application/json", json.dumps(recorded(name)).encode()

    def _file(self, name: str) -> tuple[int, str, bytes]:
        body = (PAGE / name).read_bytes()
        if name == "index.html" and self.probe:
            body = body.replace(b"</head>", b'<script type="module" src="probe.js"></script></head>')
        return 200, TYPES[Path(name).suffix], body


class Answers(BaseHTTPRequestHandler):
    """Hands each request to the hub it came to."""

    server: Hub  # pyright: ignore[reportIncompatibleVariableOverride]  # the server that this test starts

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.server.asked.append(self.path)
        status, media_type, body = self.server.answer(url.path, dict(parse_qsl(url.query)))
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that http.server gives it
        """Stay quiet."""


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub of its own in a thread."""
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()
