"""A hub that serves over real HTTP, for the tests of its interface."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from hub.services import Server
from hub.settings import read_settings
from tests.databases import new_database
from tests.servers import Postgres
from tests.valley import fill

TIMEOUT_S = 20.0


@contextmanager
def serving(database_url: str) -> Iterator[httpx.Client]:
    """Serve a database on a free port; yield a client of that address."""
    server = Server(read_settings(database_url=database_url, api_port=0))
    try:
        server.start()
        with httpx.Client(base_url=server.address, timeout=TIMEOUT_S) as client:
            yield client
    finally:
        server.stop()


@contextmanager
def filled_hub(server: Postgres, template: str) -> Iterator[httpx.Client]:
    """Serve a database of its own with the whole valley in it."""
    with new_database(server, template) as url:
        fill(url)
        with serving(url) as client:
            yield client


def refusal(answer: httpx.Response, status: int) -> str:
    """The sentence of a problem, after the check that it is one."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body.keys() == {"type", "title", "status", "detail"}
    assert (answer.status_code, body["status"]) == (status, status)
    assert body["detail"]
    assert "\n" not in body["detail"]
    return body["detail"]
