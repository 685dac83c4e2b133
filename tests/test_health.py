"""Whether the hub is well, from what its listeners told, what failed, and what lies in quarantine."""

from datetime import UTC, datetime
from typing import Final

import pytest

from api.health import SILENT_AFTER_S
from store.connect import connect
from store.listeners import ListenerState, forget, tell
from tests.filled_hub import serving

STARTED_AT: Final = datetime(2026, 11, 1, tzinfo=UTC)
AGED: Final = "UPDATE listener SET told_at = told_at - make_interval(secs => %s) WHERE id = %s"
FAILED: Final = "INSERT INTO stale (kind, ref_no, day, error) VALUES ('community', 1, '2026-11-01', %s)"
MESSAGES: Final = """
INSERT INTO rejected_message (digest, topic, payload, zone, reason, first_at, last_at)
SELECT sha256(g::text::bytea), 'x', '', 'UTC', 'not JSON', now(), now() FROM generate_series(1, %s) AS g
"""
READINGS: Final = """
INSERT INTO rejected_reading (device, quantity, phase, channel, tariff, at, value, reason)
SELECT 'x', 'import_energy', '', '', '', now(), g, 'jumps' FROM generate_series(1, %s) AS g
"""
# What the row is about, each listener's (is connected, seconds since it told), their status, that of the whole.
STATES: Final[list[tuple[str, list[tuple[bool, float]], list[str], str]]] = [
    ("nobody listens here, as on a machine that only serves", [], [], "ok"),
    ("a listener that told a moment ago", [(True, 0)], ["listening"], "ok"),
    ("it tells that the broker is away", [(False, 0)], ["no broker"], "degraded"),
    ("it missed some tellings, as in a long batch", [(True, SILENT_AFTER_S - 5)], ["listening"], "ok"),
    ("just beyond what a batch takes", [(True, SILENT_AFTER_S + 0.001)], ["silent"], "degraded"),
    ("what it told long ago about the broker says nothing now", [(False, 3600)], ["silent"], "degraded"),
    ("one of several is enough", [(True, 0), (True, 60), (True, 0)], ["listening", "silent", "listening"], "degraded"),
]


@pytest.mark.parametrize(("why", "told", "listening", "status"), STATES, ids=[row[0] for row in STATES])
def test_health_says_how_each_listener_is(
    both_migrated_url: str, why: str, told: list[tuple[bool, float]], listening: list[str], status: str
) -> None:
    with serving(both_migrated_url) as hub, connect(both_migrated_url) as connection:
        for number, (is_connected, silent_s) in enumerate(told):
            tell(connection, ListenerState(f"hub-{number}", STARTED_AT, is_connected))
            connection.execute(AGED, [silent_s, f"hub-{number}"])
        shown = hub.get("/v1/health").json()
    assert [listener["status"] for listener in shown["listeners"]] == listening, why
    assert shown["status"] == status, why


def test_health_shows_what_a_listener_told(both_migrated_url: str) -> None:
    state = ListenerState("hub", STARTED_AT, True, 100, 90, 5, 4, 3, 2, 11, 1.5, 7, 8)
    with connect(both_migrated_url) as connection, serving(both_migrated_url) as hub:
        tell(connection, state)
        ((told_at,),) = connection.execute("SELECT told_at FROM listener").fetchall()
        (shown,) = hub.get("/v1/health").json()["listeners"]
        assert 0 <= shown.pop("silent_s") < SILENT_AFTER_S
        assert datetime.fromisoformat(shown.pop("told_at")) == told_at
        assert shown == {
            "id": "hub",
            "status": "listening",
            "messages": 100,
            "stored": 90,
            "repeated": 5,
            "undated": 4,
            "rejected_messages": 3,
            "rejected_readings": 2,
            "queued": 11,
            "full_s": 1.5,
            "broker_losses": 7,
            "database_losses": 8,
        }
        forget(connection, "hub")
        assert hub.get("/v1/health").json()["listeners"] == [], "who ended in order is no fault"


def test_a_day_that_cannot_be_computed_degrades_and_one_that_waits_does_not(both_migrated_url: str) -> None:
    with connect(both_migrated_url) as connection, serving(both_migrated_url) as hub:
        for error, status, failing in ((None, "ok", 0), ("no key", "degraded", 1)):
            connection.execute("DELETE FROM stale")
            connection.execute(FAILED, [error])
            shown = hub.get("/v1/health").json()
            assert (shown["status"], shown["stale_spans"], shown["failing_spans"]) == (status, 1, failing)


def test_a_community_whose_members_have_no_key_now_degrades(both_migrated_url: str) -> None:
    with connect(both_migrated_url) as connection, serving(both_migrated_url) as hub:

        def told() -> tuple[str, int]:
            shown = hub.get("/v1/health").json()
            return shown["status"], shown["communities_without_key"]

        connection.execute("INSERT INTO community (id, name, place, zone, step_min) VALUES ('c', 'C', 'C', 'UTC', 15)")
        assert told() == ("ok", 0), "nobody is a member"
        connection.execute("INSERT INTO holder (id, kind) VALUES ('h', 'natural')")
        connection.execute(
            "INSERT INTO point (id, holder_no, name, role, category) VALUES ('p', 1, 'P', 'consumer', 'home')"
        )
        connection.execute("INSERT INTO membership VALUES (1, 1, '2026-01-01Z', '9999-12-30Z')")
        rule = "INSERT INTO sharing_key VALUES (1, '{\"type\": \"prorata\"}', '2026-01-01Z', now() + %s::interval)"
        connection.execute(rule.encode(), ["-1 minute"])
        assert told() == ("degraded", 1)
        connection.execute("UPDATE sharing_key SET valid_to = now() + '1 hour'::interval")
        assert told() == ("ok", 0)


@pytest.mark.parametrize(("kept", "counted"), [(0, 0), (9_999, 9_999), (10_000, 10_000), (30_000, 10_000)])
def test_the_quarantine_is_counted_up_to_a_bound(both_migrated_url: str, kept: int, counted: int) -> None:
    with connect(both_migrated_url) as connection, serving(both_migrated_url) as hub:
        connection.execute(MESSAGES, [kept])
        connection.execute(READINGS, [kept])
        shown = hub.get("/v1/health").json()
    assert (shown["rejected_messages"], shown["rejected_readings"], shown["status"]) == (counted, counted, "ok")
