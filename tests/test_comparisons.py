"""Comparisons asked for by the interface: computed by the worker, taken over when it ends, bounded, and forgotten."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Self

import httpx
import jsonschema
import psycopg
import pytest
from psycopg.errors import SerializationFailure
from psycopg.rows import TupleRow
from starlette.types import Message, Receive, Scope, Send

from api.app import create_app
from api.bounded import MOST_BYTES, BoundedBody
from api.comparisons import comparison
from processing.comparisons import Comparer
from store import comparisons
from store.communities import read_community
from store.connect import connect
from store.queries import statement
from tests.conftest import AskForTemplate
from tests.filled_hub import refusal, serving
from tests.hub_command import call_hub
from tests.metering import wait_until
from tests.servers import Postgres
from tests.settled import Valley, month_template, whole_month

BASE: Final = "/v1/communities/valley/comparisons"
ASKED: Final[dict[str, Any]] = {
    "from": "2026-01",
    "to": "2026-01",
    "key": [
        {"name": "prorata", "type": "prorata", "title": "In proportion", "title_fr": "Au prorata"},
        {"name": "fixed", "type": "static", "shares_percent": {"home": 80, "flat": 20}},
    ],
}
QUARTER: Final = {"name": "q", "type": "custom", "step": [{"at": "2026-01-15T12:15"}]}
JSON: Final = {"content-type": "application/json"}
REPLAYS: Final = 3
"""Of one month, under today's key and two that are proposed."""
REFUSED: Final = [
    ({}, 400, "key: it is missing, and the request needs it"),
    (ASKED | {"key": []}, 400, "key: give 1 or more of them"),
    (ASKED | {"key": [QUARTER]}, 400, "key q: step 2026-01-15T11:15:00Z is not the start of a step of 60 minutes"),
    (ASKED | {"from": "2026-13"}, 400, "from '2026-13' is not a month"),
    (ASKED | {"from": "0001-01", "to": "0001-01"}, 400, "from '0001-01' is not a month"),
    (ASKED | {"to": "2025-12"}, 400, "is before the first"),
    (ASKED | {"key": [{"name": "a", "type": "static", "shares_percent": {"x": 1}}]}, 400, "never a member there"),
    (ASKED | {"key": ASKED["key"][:1] * 2}, 400, "two keys have this name"),
    (ASKED | {"key": [{"name": "\ud800", "type": "prorata"}]}, 400, "key.0.name"),
    (ASKED | {"key": {"name": "a"}}, 400, "key: write it as a list, [ ... ] (got {'name': 'a'})"),
    (ASKED | {"key": ["a"]}, 400, "key.0: write it as an object, { ... } (got 'a')"),
    (ASKED | {"key": [{"name": "é", "type": "prorata"}]}, 400, "key.0.name: only a-z, A-Z, 0-9, dot, dash"),
    (ASKED | {"key": [{"name": "a", "type": "x"}]}, 400, "key.0.type: write 'prorata', 'static', "),
    (ASKED | {"key": [{"name": "a", "type": "prorata"}] * 11}, 400, "key: give 10 or fewer of them, not 11"),
    (ASKED | {"from": "January"}, 400, "from: write a month as 2026-01 (got 'January')"),
    (ASKED | {"names": "yes"}, 400, "names: write true or false, without quotes (got 'yes')"),
    (ASKED | {"more": 1}, 400, "more: no such entry is known here; check its spelling (got 1)"),
    (ASKED | {"key": [{"name": "a", "type": "prorata", "title": "x" * MOST_BYTES}]}, 413, "more than 1,000,000 bytes"),
]
NO_JSON: Final = [
    (b"{", "the request is not JSON: Expecting property name enclosed in double quotes, at character 1"),
    (b"", "the request is no JSON object"),
    (b"[1]", "the request is no JSON object"),
    (b"[" * 100_000, "the request is not JSON that can be read"),
    (b"1" * 5000, "the request is not JSON that can be read"),
]


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with whole_month(database_server, template) as valley:
        yield valley


@pytest.fixture
def hub(valley: Valley) -> Iterator[httpx.Client]:
    with serving(valley[0]) as client:
        yield client


def steps(url: str, connection: psycopg.Connection) -> int:
    """Let a worker compare until nothing waits; return in how many steps."""
    comparer = Comparer(url, connection)
    try:
        return 1 + sum(1 for _ in iter(comparer.step, False))
    finally:
        comparer.close()


def test_from_the_question_to_the_report(valley: Valley, hub: httpx.Client) -> None:
    url, connection, _ = valley
    answer = hub.post(BASE, json=ASKED)
    assert (answer.status_code, answer.headers["location"]) == (202, f"{BASE}/1")
    waiting = answer.json()
    assert (waiting["status"], waiting["progress"], waiting["keys"]) == ("waiting", 0.0, ["prorata", "fixed"])
    assert "it is waiting" in refusal(hub.get(f"{BASE}/1/report"), 409)
    assert "it is waiting" in refusal(hub.get(f"{BASE}/1/members.csv"), 409)
    assert steps(url, connection) == REPLAYS + 1
    done = hub.get(f"{BASE}/1").json()
    assert (done["status"], done["progress"], done["error"]) == ("done", 1.0, None)
    described = create_app("postgresql://nowhere").openapi()
    shape = {"$ref": "#/components/schemas/Comparison", "components": described["components"]}
    jsonschema.Draft202012Validator(shape).validate(done)
    assert {row["member"] for row in done["result"]["members"]} == {"M1", "M2", "M3"}
    for language, title in (("fr", "Au prorata"), ("en", "In proportion")):
        report = hub.get(f"{BASE}/1/report", params={"lang": language})
        assert report.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in report.headers["content-security-policy"]
        assert title in report.text
    lines = hub.get(f"{BASE}/1/keys.csv").text.splitlines()
    assert [line.split(",")[0] for line in lines] == ["key", "today", "prorata", "fixed"]
    assert [row["status"] for row in hub.get(BASE).json()["comparisons"]] == ["done"]


@pytest.mark.parametrize(("asked", "status", "why"), REFUSED)
def test_what_cannot_be_compared_is_refused_at_once(
    hub: httpx.Client, asked: dict[str, Any], status: int, why: str
) -> None:
    assert why in refusal(hub.post(BASE, content=json.dumps(asked), headers=JSON), status)
    assert hub.get(BASE).json()["comparisons"] == []


@pytest.mark.parametrize(("content", "why"), NO_JSON, ids=[why for _, why in NO_JSON])
def test_what_is_no_json_is_told_so(hub: httpx.Client, content: bytes, why: str) -> None:
    assert why in refusal(hub.post(BASE, content=content, headers=JSON), 400)


def test_one_that_ends_while_it_is_read_has_its_result_with_its_end(valley: Valley, hub: httpx.Client) -> None:
    url, connection, _ = valley
    hub.post(BASE, json=ASKED)
    community = read_community(connection, "valley")

    class Late(psycopg.Cursor[TupleRow]):
        """What it finds is handed on when all comparisons have ended."""

        def execute(self, *words: Any, **options: Any) -> Self:
            found = super().execute(*words, **options)
            steps(url, connection)
            return found

    with connect(url) as late:
        late.cursor_factory = Late
        shown = json.loads(bytes(comparison(community, late, 1).body))
        assert (shown["status"], shown["result"]) == ("waiting", None)
        shown = json.loads(bytes(comparison(community, late, 1).body))
        assert (shown["status"], shown["result"]["first_month"]) == ("done", "2026-01")


def test_few_may_wait(valley: Valley, hub: httpx.Client) -> None:
    url, connection, _ = valley
    for _ in range(comparisons.MOST_WAITING):
        assert hub.post(BASE, json=ASKED).status_code == 202
    assert "3 comparisons of valley wait or run already" in refusal(hub.post(BASE, json=ASKED), 429)
    steps(url, connection)
    assert hub.post(BASE, json=ASKED).status_code == 202
    assert "no longer kept" in refusal(hub.get(f"{BASE}/99"), 404)


def test_a_request_in_very_many_pieces() -> None:
    """What came before is not counted again with each of them: that would hold up everybody else for minutes."""
    left = iter(range(100_000, -1, -1))
    held: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b" ", "more_body": next(left) > 0}

    async def keep(_scope: Scope, receive: Receive, _send: Send) -> None:
        held.append(await receive())

    async def nowhere(_message: Message) -> None:
        pytest.fail("nothing is refused")

    began_s = time.process_time()
    asyncio.run(BoundedBody(keep)({"type": "http", "method": "POST"}, receive, nowhere))
    assert time.process_time() - began_s < 10
    assert [len(message["body"]) for message in held] == [100_001]


def test_a_worker_that_ends_in_the_middle(valley: Valley, hub: httpx.Client) -> None:
    """Who comes next begins anew; meanwhile nobody else compares. What ends several workers is given up."""
    url, connection, _ = valley
    hub.post(BASE, json=ASKED)
    for attempt in range(comparisons.MOST_ATTEMPTS):
        with connect(url) as lost:
            first = Comparer(url, lost)
            wait_until(first.step)  # the server may still hold the lock of the one before
            shown = hub.get(f"{BASE}/1").json()
            assert (shown["status"], shown["progress"]) == ("running", round(1 / REPLAYS, 3)), attempt
            second = Comparer(url, connection)
            assert not second.step(), "one process at a time"
            second.close()
            lost.close()
            first.close()
        if attempt == 0:
            hub.post(BASE, json=ASKED)
    wait_until(lambda: steps(url, connection) > 1)
    given_up, other = (hub.get(f"{BASE}/{no}").json() for no in (1, 2))
    assert (given_up["status"], given_up["error"]) == ("failed", comparisons.GIVEN_UP)
    assert other["status"] == "done"
    assert "it failed: it was begun several times" in refusal(hub.get(f"{BASE}/1/report"), 409)


def test_what_fails_is_told(valley: Valley, hub: httpx.Client) -> None:
    """A key may name somebody who is no member any more when its turn comes; nothing else is held up by it."""
    url, connection, _ = valley
    hub.post(BASE, json=ASKED | {"from": "2024-01", "to": "2024-02", "key": ASKED["key"][:1]})
    hub.post(BASE, json=ASKED)
    hub.post(BASE, json=ASKED | {"key": ASKED["key"][:1]})
    connection.execute("DELETE FROM membership WHERE point_no = (SELECT no FROM point WHERE id = 'flat')")
    steps(url, connection)
    nothing, gone, fine = (hub.get(f"{BASE}/{no}").json() for no in (1, 2, 3))
    assert nothing["error"].startswith("nothing is known of the energy of valley from 2024-01 to 2024-02")
    assert gone["error"] == "key fixed: shares_percent names 'flat', which is never a member there"
    assert (gone["status"], gone["result"], fine["status"]) == ("failed", None, "done")


def test_old_ones_go(valley: Valley) -> None:
    url, connection, _ = valley
    with connect(url) as other:
        for _ in range(comparisons.MOST_KEPT + 2):
            comparisons.add(other, 1, ASKED)
            claimed = comparisons.claim(other)
            assert claimed is not None
            comparisons.fail(other, claimed.no, "a reason")
    assert comparisons.trim(connection) == 2
    connection.execute("UPDATE comparison SET ended_at = ended_at - '91 days'::interval WHERE no <= 4")
    assert comparisons.trim(connection) == 2
    assert len(comparisons.read_comparisons(connection, 1)) == comparisons.MOST_KEPT - 2


def test_those_who_ask_at_once_are_counted_one_after_the_other(valley: Valley) -> None:
    """Whoever ends first has the place; the other, who has counted as many, is told to count again."""
    url, connection, _ = valley
    for _ in range(comparisons.MOST_WAITING - 1):
        comparisons.add(connection, 1, ASKED)
    asked = {"community_no": 1, "request": json.dumps(ASKED), "most": comparisons.MOST_WAITING}
    with connect(url) as other:
        other.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        with pytest.raises(SerializationFailure), other.transaction():  # noqa: PT012 - its end is what fails
            assert other.execute(statement("comparison_add"), asked).fetchone() is not None
            assert comparisons.add(connection, 1, ASKED) is not None
    assert len(comparisons.read_comparisons(connection, 1)) == comparisons.MOST_WAITING


def test_many_who_ask_at_once(valley: Valley) -> None:
    url, connection, _ = valley
    start = threading.Barrier(8)

    def ask(_: int) -> int | None:
        with connect(url) as own:
            start.wait()
            return comparisons.add(own, 1, ASKED)

    with ThreadPoolExecutor(8) as pool:
        added = [no for no in pool.map(ask, range(8)) if no is not None]
    assert len(added) == len(comparisons.read_comparisons(connection, 1)) == comparisons.MOST_WAITING


@pytest.mark.parametrize("is_member", [True, False])
def test_who_is_forgotten_is_in_none(valley: Valley, hub: httpx.Client, is_member: bool) -> None:
    """A comparison that runs right then writes nothing either."""
    url, connection, _ = valley
    hub.post(BASE, json=ASKED)
    comparer = Comparer(url, connection)
    assert comparer.step()
    if not is_member:
        connection.execute("DELETE FROM membership WHERE point_no = (SELECT no FROM point WHERE id = 'home')")
    code, _, stderr = call_hub("forget", "dupont", "--yes", "--now", settings={"HUB_DATABASE_URL": url})
    assert code == 0, stderr
    assert not comparer.step()
    comparer.close()
    assert connection.execute("SELECT count(*) FROM comparison").fetchone() == (0,)


def test_who_is_forgotten_is_not_named_in_one_that_ended_while_they_were_a_member(
    valley: Valley, hub: httpx.Client
) -> None:
    url, connection, _ = valley
    for more in ({"names": True}, {}):
        hub.post(BASE, json=ASKED | {"key": ASKED["key"][:1], **more})
    steps(url, connection)
    assert "Home" in hub.get(f"{BASE}/1/members.csv").text
    connection.execute("DELETE FROM membership WHERE point_no = (SELECT no FROM point WHERE id = 'home')")
    code, _, stderr = call_hub("forget", "dupont", "--yes", "--now", settings={"HUB_DATABASE_URL": url})
    assert code == 0, stderr
    assert connection.execute("SELECT no FROM comparison").fetchall() == [(2,)], "by pseudonym it tells nobody"
