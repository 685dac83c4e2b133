"""A replay of the quarantine when the database refuses, the hub fails, devices go on talking, or much has come."""

import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from energy.model import Message
from hub import refused
from ingest import routes
from ingest.append import Appender
from ingest.dialect import Dialect
from ingest.plausible import OLDEST
from store.rejected import RejectedMessage, add_messages
from tests.appending import NOON, Store, open_store
from tests.quarantine import (
    CELLAR,
    KEPT,
    LAST,
    LATER,
    MILL,
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


@pytest.fixture
def store(both_migrated_url: str) -> Iterator[Store]:
    with open_store(both_migrated_url) as opened:
        yield opened


def test_what_the_database_refuses_keeps_its_count(store: Store, both_migrated_url: str, tmp_path: Path) -> None:
    poison = [Message(YIELD, b"0.666", at) for at in (NOON, LATER, LAST)]
    store.append(*poison, dtu(NOON))
    apply(both_migrated_url, tmp_path, CELLAR)
    store.connection.execute("ALTER TABLE reading ADD CHECK (value <> 666)")
    for stored in ("1 reading", "0 readings"):
        assert hub_rejected(store, "replay").endswith(f" {stored} stored, 1 still refused\n")
        ((_, topic, payload, _, times, first_at, last_at),) = store.rows(KEPT)
        assert (topic, payload, times, first_at, last_at) == (YIELD, b"0.666", 3, NOON, LAST)
        assert "the database refuses it" in store.rows(REASONS)[0][0]
    store.connection.execute("ALTER TABLE reading DROP CONSTRAINT reading_value_check")
    assert hub_rejected(store, "replay") == "1 message read again, 2 readings stored, 0 still refused\n"


def test_a_fault_of_the_hub_on_one_message_does_not_stop_the_replay(
    store: Store, both_migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(Message("faulty/a", b"1", NOON - timedelta(hours=1)), dtu(NOON))

    def fail(_message: Message) -> None:
        raise OSError("a dialect that opens files")

    monkeypatch.setattr(routes, "DIALECTS", (*routes.DIALECTS, Dialect("faulty", ("faulty/+",), fail)))
    monkeypatch.setitem(routes.FILTERS, "faulty/", [(len(routes.DIALECTS) - 1, "faulty/+")])
    apply(both_migrated_url, tmp_path, CELLAR)
    assert hub_rejected(store, "replay") == "1 message read again, 1 reading stored, 1 still refused\n"
    assert store.rows(REASONS) == [("the hub fails on it: OSError('a dialect that opens files')",)]


def test_of_an_envelope_refused_whole_what_can_be_read_is_stored(store: Store) -> None:
    whole = envelope(element("a"), {"topic": "hub/v1/b"}, element("wine", topic="wine/7"))
    kept = RejectedMessage(whole, "the database refuses it", NOON)
    add_messages(store.connection, [kept])
    assert hub_rejected(store, "replay") == "1 message read again, 1 reading stored, 0 still refused\n"
    assert [row[0] for row in store.rows(STORED)] == ["a"]
    assert store.rows("SELECT topic FROM rejected_message ORDER BY 1") == [("hub/v1/gateway/relay",), ("wine/7",)]


def test_what_comes_again_during_a_replay_is_not_lost(store: Store, both_migrated_url: str, tmp_path: Path) -> None:
    """A hearing between the look and the release: the message stays, and the next replay takes it in."""
    store.append(dtu(NOON))
    apply(both_migrated_url, tmp_path, CELLAR)

    class Meanwhile(Appender):
        def append(self, connection: Any, messages: Sequence[Message]) -> None:
            super().append(connection, messages)
            with open_store(both_migrated_url) as other:
                add_messages(other.connection, [RejectedMessage(dtu(LATER), "unknown", LATER)])

    done = refused.replay(store.connection, Meanwhile(), "", OLDEST)
    assert (done.messages, done.readings, done.still_refused) == (0, 1, 1)
    assert hub_rejected(store, "replay") == "1 message read again, 1 reading stored, 0 still refused\n"
    assert [at for _, _, at, _ in store.rows(STORED)] == [NOON, LATER]


@pytest.mark.slow
def test_twenty_thousand_are_read_in_bounded_memory_about_as_fast_as_they_came(
    store: Store, both_migrated_url: str, tmp_path: Path
) -> None:
    said = [sma(n, NOON + timedelta(seconds=n), NOON + timedelta(seconds=n), 1500) for n in range(20_000)]
    began = perf_counter()
    for first in range(0, len(said), 500):
        store.append(*said[first : first + 500])
    refused_in_s = perf_counter() - began
    del said
    tracemalloc.start()
    try:
        done = refused.replay(store.connection, Appender(), "", OLDEST)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (done.messages, done.still_refused) == (0, 20_000)
    assert peak_bytes < 10_000_000, "of 30 MB in quarantine a batch at a time is in memory"
    apply(both_migrated_url, tmp_path, MILL)
    began = perf_counter()
    done = refused.replay(store.connection, Appender(), "mill/", OLDEST)
    assert perf_counter() - began < 5 * refused_in_s + 5
    assert (done.messages, done.readings, done.still_refused) == (20_000, 20_000, 0)
