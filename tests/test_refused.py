"""`hub rejected`: what was refused is shown, written out, and read again after a fix; on a real database."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from psycopg.abc import QueryNoTemplate

from energy.model import Message
from hub.replay import pack, read_messages
from ingest.append import Appender
from tests.appending import NOON, TODAY, Store, open_store, told
from tests.hub_command import call_hub
from tests.quarantine import (
    BARN,
    CELLAR,
    DTU,
    KEPT,
    LAST,
    LATER,
    MILL,
    READINGS,
    REASONS,
    STORED,
    YIELD,
    apply,
    dtu,
    element,
    envelope,
    hub_rejected,
    sma,
)

TABLES: Final[Sequence[QueryNoTemplate]] = (STORED, KEPT, REASONS, READINGS, "SELECT FROM reading_revision")


@dataclass(frozen=True)
class Case:
    """Messages, a fix, and what a replay makes of them: (device, instant, value), and the reasons of what stays.

    `before` is what was stored of them already.
    """

    why: str
    messages: Sequence[Message]
    stored: Sequence[tuple[str, datetime, float]] = ()
    territory: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    stays: Sequence[str] = ()
    before: Sequence[tuple[str, datetime, float]] = ()


CASES: Final = [
    Case("nothing is in quarantine", []),
    Case("nobody knows the topic", [Message("wine/7", b"1", NOON)], stays=["no dialect knows this topic"]),
    Case("broken JSON", [Message("hub/v1/a", b"{", NOON)], stays=["hub_v1: not valid JSON"]),
    Case("not text", [Message("hub/v1/a", b"\xff\x00\xfe", NOON)], stays=["hub_v1: "]),
    Case(
        "a channel gets its role",
        [Message("vzlogger/chn0/raw", b"1.5", NOON)],
        [("vzlogger", NOON, 1500)],
        BARN,
    ),
    Case("another prefix gets its site", [dtu(NOON)], [(DTU, NOON, 617283)], CELLAR),
    Case(
        "of a message without a clock the first and the last hearing are known",
        [dtu(NOON), dtu(LATER), dtu(LAST)],
        [(DTU, NOON, 617283), (DTU, LAST, 617283)],
        CELLAR,
    ),
    Case(
        "in whatever order they came",
        [dtu(LATER), dtu(LAST), dtu(NOON)],
        [(DTU, NOON, 617283), (DTU, LAST, 617283)],
        CELLAR,
    ),
    Case(
        "a retained one is of unknown age: it goes, as if it had been understood", [dtu(NOON, retain=True)], [], CELLAR
    ),
    Case(
        "a live hearing counts, not the retained one before it",
        [dtu(NOON, retain=True), dtu(LATER)],
        [(DTU, LATER, 617283)],
        CELLAR,
    ),
    Case(
        "nor those after it, at every reconnection",
        [dtu(NOON), dtu(LATER, retain=True), dtu(LAST, retain=True)],
        [(DTU, NOON, 617283)],
        CELLAR,
    ),
    Case(
        "a reading is no longer too old",
        [told("a", NOON - timedelta(days=40), received_at=NOON, import_wh=5)],
        [("a", NOON - timedelta(days=40), 5)],
        settings={"HUB_OLDEST_DAYS": "50"},
    ),
    Case(
        "a reading is too old still, and says for which bound",
        [told("a", NOON - timedelta(days=40), received_at=NOON, import_wh=5)],
        settings={"HUB_OLDEST_DAYS": "39"},
        stays=["more than 39 days before it was heard"],
    ),
    Case(
        "a reading that can never be true, beside a good one",
        [told("a", import_wh=-1, export_wh=7)],
        [("a", NOON, 7)],
        stays=["import_energy is -1.0: it cannot be negative"],
        before=[("a", NOON, 7)],
    ),
    Case(
        "a broken element of an envelope stays, its sisters were stored",
        [envelope(element("a"), {"topic": "hub/v1/b"}, element("c"))],
        [("a", NOON, 7), ("c", NOON, 7)],
        stays=["messages[0] must have received_at, topic and payload"],
        before=[("a", NOON, 7), ("c", NOON, 7)],
    ),
    Case(
        "a topic with a NUL, which no database holds: it must not be taken for another one",
        [Message("hub/v1/a\0b", b'{"import_wh": 1}', NOON)],
        stays=["device 'a\\x00b' is not a name"],
    ),
    Case(
        "two with the same stamp: the later heard is the correction, as it is in ingestion",
        [sma(wh, NOON, NOON + timedelta(seconds=wh)) for wh in (1, 2, 3, 4, 5)],
        [("1901234567", NOON, 5000)],
        MILL,
    ),
]


@pytest.fixture
def store(both_migrated_url: str) -> Iterator[Store]:
    with open_store(both_migrated_url) as opened:
        yield opened


def all_of(store: Store) -> list[list[tuple[Any, ...]]]:
    return [store.rows(query) for query in TABLES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_what_can_be_read_now_is_stored_and_the_rest_stays(
    store: Store, both_migrated_url: str, tmp_path: Path, case: Case
) -> None:
    for message in case.messages:
        store.append(message)
    assert [(device, at, value) for device, _, at, value in store.rows(STORED)] == list(case.before)
    kept, kept_readings = store.rows(KEPT), store.rows(READINGS)
    apply(both_migrated_url, tmp_path, case.territory)
    said = hub_rejected(store, "replay", **case.settings)
    number = len(case.stored) - len(case.before)
    readings = "1 reading" if number == 1 else f"{number} readings"
    assert said.endswith(f" {readings} stored, {len(case.stays)} still refused\n")
    assert [(device, at, value) for device, _, at, value in store.rows(STORED)] == list(case.stored)
    reasons = [reason for (reason,) in store.rows(REASONS)]
    assert len(reasons) == len(case.stays)
    assert all(part in reason for part, reason in zip(case.stays, reasons, strict=True)), reasons
    assert set(store.rows(KEPT)) <= set(kept), "what stays keeps its count and its hearings"
    assert set(store.rows(READINGS)) <= set(kept_readings)
    after = all_of(store)
    said = hub_rejected(store, "replay", **case.settings)
    assert said == f"0 messages read again, 0 readings stored, {len(case.stays)} still refused\n"
    if case.stays:
        assert f"\n\n{len(case.stays)} in quarantine\n" in hub_rejected(store, "list"), "as many as a replay says"
    assert all_of(store) == after, "a second replay changes nothing"


def test_a_replay_marks_what_must_be_computed_again(store: Store, both_migrated_url: str, tmp_path: Path) -> None:
    store.append(dtu(NOON), told("a", NOON - timedelta(days=40), received_at=NOON, import_wh=5))
    assert store.take_marks() == set()
    apply(both_migrated_url, tmp_path, CELLAR)
    hub_rejected(store, "replay", HUB_OLDEST_DAYS="50")
    assert store.take_marks() == {(DTU, TODAY), ("a", TODAY - timedelta(days=40))}


def test_only_topics_and_devices_that_begin_so(store: Store, both_migrated_url: str, tmp_path: Path) -> None:
    old = NOON - timedelta(days=40)
    store.append(dtu(NOON), Message("vzlogger/chn0/raw", b"1.5", NOON), told("b", old, received_at=NOON, import_wh=1))
    apply(both_migrated_url, tmp_path, BARN + CELLAR)
    for topic, device in (("nowhere", None), ("cellar/", DTU), ("vz", "vzlogger"), ("b", "b")):
        before = {row[0] for row in store.rows(STORED)}
        hub_rejected(store, "replay", "--topic", topic, HUB_OLDEST_DAYS="50")
        assert {row[0] for row in store.rows(STORED)} - before == ({device} if device else set())
    assert hub_rejected(store, "list") == "nothing is in quarantine\n"


def test_the_list_names_topic_reason_and_count_the_latest_first(store: Store) -> None:
    store.append(*(Message("hub/v1/a", b"{", NOON + timedelta(hours=h)) for h in range(3)))
    store.append(Message("wine/7\x1b[2J\n", b"1", NOON + timedelta(hours=5)), Message("hub/v1/a", b"{{", NOON))
    store.append(told("mad", import_wh=-1), told("mad", import_wh=-2))
    table, number, advice = hub_rejected(store, "list").split("\n\n")
    title, *lines = table.splitlines()
    assert title.split() == ["kept", "times", "last", "heard", "topic", "or", "device", "why"]
    assert [line.split()[:4] for line in lines] == [
        ["1", "1", "2026-03-14T17:00:00Z", "wine/7\ufffd[2J\ufffd"],
        ["1", "3", "2026-03-14T14:00:00Z", "hub/v1/a"],
        ["1", "1", "2026-03-14T12:00:00Z", "hub/v1/a"],
        ["2", "2", "2026-03-14T12:00:00Z", "mad"],
    ]
    assert "such as: import_energy is -1.0: it cannot be" in lines[3]
    assert number == "5 in quarantine"
    for door in ("[[site]]", "docs/dialects.md", "docs/message-format.md"):
        assert door in advice
    table, number = hub_rejected(store, "list", "--topic", "hub/").split("\n\n")
    assert (len(table.splitlines()), number) == (3, "2 in quarantine\n")


@pytest.mark.parametrize("action", ["list", "replay"])
def test_a_topic_that_nothing_begins_with_is_said(store: Store, action: str) -> None:
    assert hub_rejected(store, "list", "--topic", "cellar/#") == "nothing is in quarantine\n"
    store.append(dtu(NOON))
    said = "nothing in quarantine begins with 'cellar/#'; write the beginning of a topic, without wildcards\n"
    assert hub_rejected(store, action, "--topic", "cellar/#") == said


def test_an_export_can_be_tried_on_a_territory(store: Store, tmp_path: Path) -> None:
    store.append(*(Message(YIELD, b"%d" % n, NOON + timedelta(minutes=n)) for n in (2, 0, 1)))
    file, territory = tmp_path / "refused.jsonl", tmp_path / "territory.toml"
    territory.write_text(CELLAR)
    for topic, number in (("cellar/", 3), ("nowhere", 0)):
        file.write_text(hub_rejected(store, "export", "--topic", topic) or "[]")
        code, stdout, stderr = call_hub("decode", "--file", str(file), "--territory", str(territory))
        assert (code, stderr) == (0, "")
        assert [[reading["value"] for reading in one] for one in json.loads(stdout)] == [[0], [1000], [2000]][:number]


def test_the_export_is_what_hub_replay_reads(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    said = [dtu(NOON), dtu(LATER), Message("bîn/7", "\u2028ü\0".encode(), LATER), Message("wine", b"\xff\0", LAST)]
    store.append(
        *said, Message("hub/v1/a\0b", b'{"import_wh": 1}', NOON), envelope("broken"), Message("a\tb", b"1", NOON)
    )
    with caplog.at_level(logging.WARNING):
        text = hub_rejected(store, "export")
    assert "3 broken envelopes, or messages on topics that cannot be published, are left out" in caplog.text
    lines = [json.loads(line) for line in text.split("\n")[:-1]]
    assert lines[0] == {
        "at": "2026-03-14T12:00:00Z", "topic": YIELD, "payload": "617.283", "times": 2,
        "reason": "no dialect knows this topic", "last_at": "2026-03-14T13:00:00Z",
    }  # fmt: skip
    recorded = read_messages(text, "refused.jsonl")
    assert [(r.at, r.topic, r.payload) for r in recorded] == [
        (m.received_at, m.topic, m.payload) for m in said if m != dtu(LATER)
    ]


def test_what_is_exported_gives_elsewhere_what_a_replay_gives_here(
    store: Store, both_migrated_url: str, tmp_path: Path
) -> None:
    store.append(*(Message(YIELD, b"%d" % n, NOON + timedelta(minutes=n)) for n in range(30)))
    recorded = read_messages(hub_rejected(store, "export"), "refused.jsonl")
    apply(both_migrated_url, tmp_path, CELLAR)
    hub_rejected(store, "replay")
    here = store.rows(STORED)
    assert len(here) == 30
    store.connection.execute("TRUNCATE reading, rejected_message")
    elsewhere = Appender()
    elsewhere.append(store.connection, [Message("hub/v1/replay/relay", pack(recorded), LAST)])
    assert store.rows(STORED) == here
