"""A database that is busy, slow or frozen: every request is answered soon, with 503 if need be, and none hangs."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Composed, Identifier

from api import reading
from api.app import POOL_SIZE
from store import connect as connecting
from store.connect import connect
from tests.conftest import AskForServer, AskForTemplate
from tests.databases import new_database
from tests.filled_hub import refusal, serving
from tests.frozen import frozen
from tests.metering import wait_until
from tests.servers import Postgres, PostgresKind
from tests.valley import declare

KINDS: Final[list[PostgresKind]] = ["wheel-16", "timescale-17"]
WAIT_S: Final = 1.0
LONGEST_S: Final = 1.5
SLACK_S: Final = 0.5
MARGIN_S: Final = 3.0
"""What a busy machine may add to a wait; CHECK_S is part of it."""
MANY: Final = 60
LIST: Final = "/v1/communities"
"""Read through the pool."""
BALANCE: Final = "/v1/communities/quarterly/balance?start=2026-03-29"
"""Read as an Arrow stream."""


@dataclass(frozen=True, slots=True)
class Answer:
    response: httpx.Response
    took_s: float


@dataclass(frozen=True, slots=True)
class Served:
    """A hub over a database, and many who ask it."""

    server: Postgres
    url: str
    client: httpx.Client
    threads: ThreadPoolExecutor

    def ask(self, path: str) -> Answer:
        began = time.monotonic()
        response = self.client.get(path)
        return Answer(response, time.monotonic() - began)

    def begin(self, paths: Sequence[str]) -> list[Future[Answer]]:
        return [self.threads.submit(self.ask, path) for path in paths]

    def ask_all(self, paths: Sequence[str]) -> list[Answer]:
        return [answer.result() for answer in self.begin(paths)]


@pytest.fixture
def longest_s() -> float:
    """How long a query of a request may take."""
    return LONGEST_S


@pytest.fixture(params=KINDS)
def hub(
    ask_for_server: AskForServer,
    ask_for_template: AskForTemplate,
    longest_s: float,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Served]:
    """A hub that has served before, with shorter patience, to save time here."""
    monkeypatch.setattr(reading, "WAIT_S", WAIT_S)
    monkeypatch.setattr(reading, "LONGEST_QUERY_S", longest_s)
    monkeypatch.setattr(connecting, "LONGEST_QUERY_S", longest_s)
    monkeypatch.setattr(connecting, "SLACK_S", SLACK_S)
    server = ask_for_server(request.param)
    with new_database(server, ask_for_template(server)) as url:
        with connect(url) as connection:
            declare(connection)
        with serving(url) as client, ThreadPoolExecutor(MANY) as threads:
            served = Served(server, url, client, threads)
            assert_all_are_served(served)
            yield served


@contextmanager
def locked(url: str, table: str) -> Iterator[Callable[[], int]]:
    """Let whoever reads a table wait; yields a function that counts those who do."""
    waiting = SQL("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = {}::regclass").format(table)
    with connect(url) as connection, connect(url) as observer:
        connection.execute("BEGIN")
        connection.execute(SQL("LOCK TABLE {}").format(Identifier(table)))
        yield lambda: _number(observer, waiting)


def _number(connection: psycopg.Connection, query: Composed) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def serving_threads() -> int:
    """How many threads serve requests right now, or wait for one to serve."""
    return sum(thread.name.startswith("AnyIO worker thread") for thread in threading.enumerate())


def assert_soon(answers: Sequence[Answer], within_s: float) -> None:
    """See that all were sent away in time and told when to come again."""
    for answer in answers:
        assert refusal(answer.response, 503)
        assert answer.response.headers["retry-after"] == "5"
        assert answer.took_s < within_s


def assert_all_are_served(hub: Served) -> None:
    paths = [LIST, BALANCE, "/v1/health", "/open/v1"] * 5
    wait_until(lambda: {answer.response.status_code for answer in hub.ask_all(paths)} == {200})


@pytest.mark.parametrize("longest_s", [20.0])
def test_requests_beyond_the_pool_are_sent_away_soon_and_take_no_thread(hub: Served) -> None:
    with locked(hub.url, "community") as waiting:
        held = hub.begin([LIST] * POOL_SIZE)
        wait_until(lambda: waiting() == POOL_SIZE)
        before = serving_threads()
        others = hub.begin(["/v1/health", LIST, BALANCE] * 10)
        assert {answer.response.status_code for answer in hub.ask_all(["/open/v1"] * 5)} == {200}
        assert_soon([answer.result() for answer in others], WAIT_S + MARGIN_S)
        assert serving_threads() < before + len(others) // 2, "who waits for a connection has no thread"
    assert {answer.result().response.status_code for answer in held} == {200}
    assert_all_are_served(hub)


@pytest.mark.parametrize(("path", "table"), [(LIST, "community"), (BALANCE, "balance")], ids=["rows", "stream"])
def test_a_query_that_takes_too_long_is_cancelled(hub: Served, path: str, table: str) -> None:
    with locked(hub.url, table) as waiting:
        (answer,) = hub.ask_all([path])
        assert_soon([answer], LONGEST_S + MARGIN_S)
        assert "ask for less at a time" in refusal(answer.response, 503)
        wait_until(lambda: waiting() == 0)  # the server has given up too
    assert_all_are_served(hub)


@pytest.mark.parametrize("longest_s", [5.0])
def test_a_frozen_database_holds_nobody(hub: Served, longest_s: float) -> None:
    """It is frozen while requests wait for it in the middle of a query, of both kinds, and others come."""
    with ExitStack() as stack:
        waiting = stack.enter_context(locked(hub.url, "balance"))
        caught = hub.begin([BALANCE] * 2)
        wait_until(lambda: waiting() == 2)
        waiting = stack.enter_context(locked(hub.url, "community"))
        caught += hub.begin([LIST] * 2)
        wait_until(lambda: waiting() == 2)
        with frozen(hub.server):
            assert_soon(hub.ask_all(["/v1/health", LIST, BALANCE, "/open/v1"] * 10), WAIT_S + MARGIN_S)
            assert "hub_database_up 0.0" in hub.ask("/metrics").response.text
            assert_soon([answer.result() for answer in caught], longest_s + SLACK_S + MARGIN_S)
    assert_all_are_served(hub)
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "hub-reader"])
