"""The live feed over real HTTP: power and changed days as they happen, to every viewer, until the hub stops."""

import json
import queue
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from api.live import Announcement, read_announcement
from energy.model import Message
from energy.time import rfc3339
from hub.services import Server
from hub.settings import read_settings
from store.connect import connect
from tests.filled_hub import serving
from tests.metering import wait_until
from tests.valley import declare, fill, hear, late_messages, next_message

DEADLINE_S: Final = 15.0
PROMPTLY_S: Final = 3.0


class Viewer(threading.Thread):
    """Follows the feed of a community, and keeps what it says."""

    def __init__(self, address: httpx.URL, community: str) -> None:
        super().__init__(name=f"viewer of {community}", daemon=True)
        self.events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._address = address.join(f"/v1/communities/{community}/live")

    def run(self) -> None:
        with httpx.stream("GET", self._address, timeout=httpx.Timeout(5, read=DEADLINE_S)) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            kind = ""
            for line in answer.iter_lines():
                field, _, value = line.partition(": ")
                if field == "event":
                    kind = value
                elif field == "data":
                    self.events.put((kind, json.loads(value)))

    def next(self, kind: str) -> Any:
        """The next event, which must be of this kind."""
        heard, content = self.events.get(timeout=DEADLINE_S)
        assert heard == kind, content
        return content

    def ends_within(self, seconds: float) -> bool:
        self.join(seconds)
        return not self.is_alive()


@contextmanager
def watching(hub: httpx.Client, *communities: str) -> Iterator[list[Viewer]]:
    """Viewers that have had their first event."""
    viewers = [Viewer(hub.base_url, community) for community in communities]
    for viewer in viewers:
        viewer.start()
    for viewer, community in zip(viewers, communities, strict=True):
        assert viewer.next("now")["community"] == community
    yield viewers


def names_of_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("hub-", "AnyIO"))}


def settled(hub: httpx.Client, community: str, day: str) -> bool:
    """Whether all is known of every step of a day that anything is known of."""
    rows = hub.get(f"/v1/communities/{community}/balance", params={"start": day}).json()["rows"]
    return all(row["present"] == row["expected"] for row in rows)


def test_a_late_reading_is_announced_with_the_day_it_changed(migrated_url: str) -> None:
    fill(migrated_url)
    with serving(migrated_url) as hub, watching(hub, "quarterly", "quarterly", "hourly") as viewers:
        first, second, elsewhere = viewers
        assert not settled(hub, "quarterly", "2026-03-30")
        hear(migrated_url, late_messages("quarterly"))
        for viewer in (first, second):
            assert viewer.next("balance") == {"community": "quarterly", "days": ["2026-03-30"]}
        assert settled(hub, "quarterly", "2026-03-30")
        hear(migrated_url, [next_message("hourly")])
        assert elsewhere.next("balance") == {"community": "hourly", "days": ["2026-10-26"]}, "and nothing before"


def test_power_is_shown_when_it_changes(migrated_url: str) -> None:
    with connect(migrated_url) as connection:
        declare(connection)
    with serving(migrated_url) as hub, watching(hub, "quarterly") as (viewer,):
        at = datetime.now(UTC).replace(microsecond=0)
        registers = [
            {"at": rfc3339(at - timedelta(minutes=10)), "import_wh": 900},
            {"at": rfc3339(at), "import_wh": 1000},
        ]
        hear(migrated_url, [Message("hub/v1/quarterly-home-meter", json.dumps(registers).encode())])
        expected = {
            "community": "quarterly",
            "at": rfc3339(at),
            "consumption_w": 600,
            "production_w": None,
            "points": 1,
            "expected": 2,
        }
        assert viewer.next("now") == expected, "too little for a quarter of an hour, so no balance changed"
        assert hub.get("/v1/communities/quarterly/now").json() == expected


def test_streams_end_with_the_hub_and_leave_no_thread(migrated_url: str) -> None:
    with connect(migrated_url) as connection:
        declare(connection)
    before = names_of_threads()
    with serving(migrated_url) as hub, watching(hub, "quarterly", "hourly") as viewers:
        began = time.monotonic()
    assert all(viewer.ends_within(PROMPTLY_S) for viewer in viewers)
    assert time.monotonic() - began < PROMPTLY_S
    wait_until(lambda: names_of_threads() == before)


def test_viewers_who_leave_are_forgotten(migrated_url: str) -> None:
    with connect(migrated_url) as connection:
        declare(connection)
    server = Server(read_settings(database_url=migrated_url, api_port=0))
    server.start()
    try:
        for _ in range(3):
            with httpx.stream("GET", f"{server.address}v1/communities/quarterly/live") as answer:
                lines = answer.iter_lines()  # forgotten, it would close the stream
                assert next(lines) == "event: now"
                assert server.app.state.services.feed.viewers >= 1
        wait_until(lambda: server.app.state.services.feed.viewers == 0)
    finally:
        server.stop()


def test_an_interrupted_feed_ends_its_streams_and_hears_again(migrated_url: str) -> None:
    with connect(migrated_url) as connection:
        declare(connection)
        with serving(migrated_url) as hub:
            with watching(hub, "quarterly") as (viewer,):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                assert viewer.ends_within(PROMPTLY_S), "it has missed changes: the viewer must read anew"
            path = "/v1/communities/quarterly/live"
            wait_until(lambda: is_followed(hub, path))


def is_followed(hub: httpx.Client, path: str) -> bool:
    with hub.stream("GET", path) as answer:
        if answer.status_code == 503:
            assert answer.headers["content-type"] == "application/problem+json"
            return False
        return next(answer.iter_lines()) == "event: now"


def test_what_is_no_announcement_changes_nothing(migrated_url: str) -> None:
    fill(migrated_url)
    with connect(migrated_url) as connection, serving(migrated_url) as hub, watching(hub, "quarterly") as (viewer,):
        forged = '{"community_no": 2147483647, "days": ["2026-03-30"]}'
        for rubbish in ("", "rubbish", "null", "[]", "{}", '{"community_no": 1, "days": ["x"]}', "[" * 5000, forged):
            connection.execute("SELECT pg_notify('live', %s), pg_notify('stale', %s)", [rubbish, rubbish])
        hear(migrated_url, late_messages("quarterly"))
        assert viewer.next("balance")["days"] == ["2026-03-30"]


def test_what_is_announced_names_nobody(migrated_url: str) -> None:
    """Every login of the database can listen."""
    with connect(migrated_url) as listener:
        listener.execute("LISTEN live")
        fill(migrated_url)
        told = {notice.payload for notice in listener.notifies(timeout=DEADLINE_S, stop_after=3)}
    assert {re.sub(r"\d{4}-\d\d-\d\d", "DAY", payload).replace('"DAY", ', "") for payload in told} == {
        '{"community_no": 1, "days": ["DAY"]}',
        '{"community_no": 2, "days": ["DAY"]}',
        '{"community_no": 3, "days": ["DAY"]}',
    }


DAY: Final = date(2026, 3, 30)


@pytest.mark.parametrize(
    ("why", "text", "announcement"),
    [
        ("one", '{"community_no": 1, "days": ["2026-03-30"]}', Announcement(1, (DAY,))),
        ("of no day", '{"community_no": 1, "days": []}', Announcement(1, ())),
        ("a day that is a number", '{"community_no": 1, "days": [1]}', None),
        ("a day that there is not", '{"community_no": 1, "days": ["2026-02-30"]}', None),
        ("days that are text", '{"community_no": 1, "days": "2026-03-30"}', None),
        ("a name instead of a number", '{"community_no": "a", "days": []}', None),
        ("no community", '{"days": []}', None),
        ("more days than anybody computes at once", json.dumps({"community_no": 1, "days": [str(DAY)] * 400}), None),
        ("depth", "[" * 100_000, None),
        ("a number without end", '{"community_no": 1e999, "days": []}', None),
        ("digits without end", '{"community_no": %s, "days": []}' % ("9" * 5000), None),
    ],
)
def test_announcements_are_told_from_other_notices(why: str, text: str, announcement: Announcement | None) -> None:
    assert read_announcement(text) == announcement, why
