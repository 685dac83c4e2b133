"""What the HTTP interface refuses: in one sentence, as a problem, and never with a hang."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx
import psycopg
import pytest

from api.app import POOL_SIZE, create_app
from store.connect import connect
from store.migrate import migrate
from tests.conftest import AskForTemplate
from tests.databases import new_database
from tests.filled_hub import filled_hub, refusal, serving
from tests.metering import wait_until
from tests.servers import Postgres, running_postgres
from tests.valley import COMMUNITIES, declare

PATIENCE_S: Final = 1.0
PATHS: Final = [
    "/v1/communities",
    "/v1/communities/quarterly",
    "/v1/communities/quarterly/balance?start=2026-03-29",
    "/v1/communities/quarterly/points?start=2026-03-29",
    "/v1/communities/quarterly/now",
    "/v1/communities/quarterly/live",
    "/v1/health",
    "/open/v1",
    "/open/v1/x/y",
]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests wait for a connection for a moment only, to save time here."""
    monkeypatch.setattr("api.reading.WAIT_S", PATIENCE_S)


@pytest.fixture(scope="module")
def hub(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[httpx.Client]:
    with filled_hub(database_server, ask_for_template(database_server)) as client:
        yield client


@pytest.mark.parametrize("path", ["", "/balance", "/points", "/now", "/live"])
@pytest.mark.parametrize("name", ["nowhere", "Quarterly", "quarterly%20", "%00", "quarterly%00", "é", "'; --"])
def test_an_unknown_community_is_not_found(hub: httpx.Client, path: str, name: str) -> None:
    assert "there is no community" in refusal(hub.get(f"/v1/communities/{name}{path}"), 404)


@pytest.mark.parametrize(
    ("parameters", "culprit"),
    [
        ({"start": "yesterday"}, "start: 'yesterday' is neither a date"),
        ({"start": "2026-02-30"}, "start: '2026-02-30'"),
        ({"start": ""}, "start: ''"),
        ({"end": "2026-13-01"}, "end: '2026-13-01'"),
        ({"start": "2026-03-29", "end": "2026-03-29"}, "must be later than start"),
        ({"start": "2026-03-30", "end": "2026-03-29"}, "must be later than start"),
        ({"start": "2010-01-01", "end": "2026-01-01"}, "ten years"),
        ({"start": "0001-01-01"}, "start: '0001-01-01'"),
        ({"start": "9999-12-31"}, "start"),
        ({"start": "9999-12-31T23:59:59-12:00"}, "start"),
        ({"end": "9999-12-31"}, "ten years"),
        ({"start": "2026-03-29", "step": "30 minutes"}, "step: "),
        ({"start": "2026-03-29", "format": "xlsx"}, "format: "),
        ({"start": "2026-03-29\0"}, "start: "),
        ({"from": "2026-03-29"}, "does not know 'from'; it takes start, end, step, format"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(
    hub: httpx.Client, parameters: dict[str, str], culprit: str
) -> None:
    assert culprit in refusal(hub.get("/v1/communities/quarterly/balance", params=parameters), 400)
    if parameters.keys() <= {"start", "end"}:
        assert culprit in refusal(hub.get("/v1/communities/quarterly/points", params=parameters), 400)


@pytest.mark.parametrize(("community", "step"), [("halfhourly", "15min"), ("hourly", "15min"), ("hourly", "30min")])
def test_a_step_finer_than_the_settlement_is_refused(hub: httpx.Client, community: str, step: str) -> None:
    sentence = refusal(hub.get(f"/v1/communities/{community}/balance", params={"step": step}), 400)
    assert sentence == (
        f"step: {community} settles every {COMMUNITIES[community][1]} minutes, {step} is finer than that"
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/page/nothing.js", 404),
        ("GET", "/page/%2e%2e/panels.py", 404),
        ("POST", "/v1/communities", 405),
        ("GET", "/open/v1/nothing/at-all.csv", 404),
        ("GET", "/open/v1/%00/x", 404),
        ("GET", "/open/v1/x/y?version=0", 400),
        ("GET", "/open/v1/x/y?version=99999999999", 400),
    ],
)
def test_every_error_is_a_problem(hub: httpx.Client, method: str, path: str, status: int) -> None:
    refusal(hub.request(method, path), status)


async def test_a_failure_of_our_own_is_a_problem_too() -> None:
    app = create_app("postgresql://nowhere")

    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        assert refusal(await client.get("/broken"), 500) == "the hub failed to answer; its log says why"


def ask_all(hub: httpx.Client, paths: Sequence[str]) -> list[httpx.Response]:
    """Ask at the same time, as many viewers would."""
    with ThreadPoolExecutor(len(paths)) as threads:
        return list(threads.map(hub.get, paths))


def test_a_database_that_stops_is_said_so_and_comes_back(impatient: None) -> None:
    with running_postgres("wheel-16") as server:
        with connect(server.url()) as connection:
            migrate(connection)
            declare(connection)
        with serving(server.url()) as hub:
            read = [path for path in PATHS if not path.endswith(("/live", "/y"))]
            assert {answer.status_code for answer in ask_all(hub, read)} == {200}
            server.process.stop()
            began = time.monotonic()
            for answer in ask_all(hub, PATHS):
                assert "the database does not answer" in refusal(answer, 503)
                assert answer.headers["retry-after"] == "5"
            assert time.monotonic() - began < 5 * PATIENCE_S, "nobody waits for long"
            server.process.start()
            wait_until(lambda: {answer.status_code for answer in ask_all(hub, read)} == {200})


def test_a_busy_database_is_said_so_and_nobody_else_is_harmed(
    impatient: None, database_server: Postgres, ask_for_template: AskForTemplate
) -> None:
    with new_database(database_server, ask_for_template(database_server)) as url, serving(url) as hub:
        with connect(url) as connection, ThreadPoolExecutor(POOL_SIZE) as threads:
            with connection.transaction():
                connection.execute("LOCK TABLE community")
                waiting = [threads.submit(hub.get, "/v1/communities") for _ in range(POOL_SIZE)]
                wait_until(lambda: blocked(connection) == POOL_SIZE)
                one_too_many = hub.get("/v1/health")
            assert "busy" in refusal(one_too_many, 503)
            assert {answer.result().status_code for answer in waiting} == {200}
        assert hub.get("/v1/health").status_code == 200


def blocked(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'community'::regclass")
    return row.fetchall()[0][0]
