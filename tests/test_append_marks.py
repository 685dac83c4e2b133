"""What a batch marks for recomputation, beside workers and other writers at work on the same; real PostgreSQL."""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

import pytest

from energy.model import Message
from ingest.decode import decode
from store import readings, spans
from store.connect import connect
from tests.appending import NOON, TODAY, Store, open_store, told


@pytest.fixture
def store(both_migrated_url: str) -> Iterator[Store]:
    with open_store(both_migrated_url) as opened:
        yield opened


MIDNIGHT = datetime(2026, 3, 15, tzinfo=UTC)
MARKED = [
    ("the last instant of a UTC day", [told("a", MIDNIGHT - timedelta(microseconds=1), import_wh=1)], {("a", TODAY)}),
    ("midnight belongs to the day it begins", [told("a", MIDNIGHT, import_wh=1)], {("a", MIDNIGHT.date())}),
    ("UTC days, not local ones", [told("a", MIDNIGHT - timedelta(minutes=30), import_wh=1)], {("a", TODAY)}),
    ("power may stand in for a register", [told("a", power_w=1)], {("a", TODAY)}),
    ("so may the energy of an interval", [told("a", import_interval_wh=1)], {("a", TODAY)}),
    ("a voltage makes no interval", [told("a", voltage_v=230)], set()),
    ("an implausible reading touches nothing", [told("a", import_wh=-1)], set()),
    (
        "each series its own days",
        [told("a", NOON, import_wh=1), told("a", MIDNIGHT, import_wh=2), told("b", MIDNIGHT, import_wh=2)],
        {("a", TODAY), ("a", MIDNIGHT.date()), ("b", MIDNIGHT.date())},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("why", "batch", "marks"), MARKED, ids=[row[0] for row in MARKED])
def test_exactly_the_touched_days_are_marked(
    both_migrated_url: str, why: str, batch: Sequence[Message], marks: set[tuple[str, date]]
) -> None:
    with open_store(both_migrated_url, keep_technical=True) as store:
        store.append(*batch)
        assert store.take_marks() == marks, why


def test_a_correction_marks_its_day_again_and_a_repetition_does_not(store: Store) -> None:
    store.append(told("a", import_wh=5), told("b", import_wh=5))
    store.take_marks()
    store.append(told("a", import_wh=6), told("b", import_wh=5))
    assert store.take_marks() == {("a", TODAY)}


def test_an_earlier_positive_reading_unveils_the_zeros_after_it(store: Store) -> None:
    """Zeros before the first positive value are a new meter; after it they are outages and must be computed anew."""

    def first_positive() -> object:
        return store.rows("SELECT first_positive_at FROM series")[0][0]

    def day(days: int, wh: float) -> Message:
        return told("a", NOON + timedelta(days=days), received_at=NOON + timedelta(days=9), import_wh=wh)

    def days(*numbers: int) -> set[tuple[str, date]]:
        return {("a", TODAY + timedelta(days=number)) for number in numbers}

    store.append(day(1, 0), day(2, 0), day(3, 0))
    assert (first_positive(), store.take_marks()) == (None, days(1, 2, 3))
    store.append(day(5, 100))
    assert (first_positive(), store.take_marks()) == (NOON + timedelta(days=5), days(5))
    store.append(day(6, 0), day(7, 120))
    assert (first_positive(), store.take_marks()) == (NOON + timedelta(days=5), days(6, 7))
    store.append(told("a", NOON + timedelta(days=1, hours=1), received_at=NOON + timedelta(days=9), import_wh=50))
    assert first_positive() == NOON + timedelta(days=1, hours=1)
    assert store.take_marks() == days(1, 2, 3), "day 1 was touched, days 2 and 3 were unveiled"


def test_a_mark_that_a_worker_has_taken_does_not_count(store: Store, both_migrated_url: str) -> None:
    """The worker may have read before the new reading came, so its mark cannot stand for it. Nobody waits."""
    store.append(told("a", import_wh=1))
    store.connection.execute("SET lock_timeout = '2s'")
    with connect(both_migrated_url, autocommit=False) as worker:
        assert [span.day for span in spans.claim(worker, "series", 10)] == [TODAY]
        store.append(told("a", NOON + timedelta(minutes=1), import_wh=2))
        with connect(both_migrated_url) as other:
            assert [span.day for span in spans.claim(other, "series", 10)] == [], "one worker at a time has a series"
        worker.commit()
    assert store.take_marks() == {("a", TODAY)}, "the mark that came meanwhile is still there"


def test_a_worker_that_dies_leaves_its_mark(store: Store, both_migrated_url: str) -> None:
    store.append(told("a", import_wh=1))
    with connect(both_migrated_url, autocommit=False) as worker:
        spans.claim(worker, "series", 10)
        worker.rollback()
    assert store.take_marks() == {("a", TODAY)}


def test_a_mark_that_serves_again_waits_for_the_reading_that_it_serves(store: Store, both_migrated_url: str) -> None:
    """Else a worker could take the old mark, read before the commit of the new reading, and nobody would look again."""
    store.append(told("a", import_wh=1))
    (late,) = decode(told("a", NOON + timedelta(minutes=1), import_wh=2))
    with connect(both_migrated_url, autocommit=False) as writer, connect(both_migrated_url, autocommit=False) as worker:
        readings.prepare(writer)
        writer.commit()
        readings.append(writer, readings.SeriesBook(), [late])
        worker.execute("SET lock_timeout = '2s'")
        assert spans.claim(worker, "series", 10) == [], "the mark is not free, and the worker does not wait for it"
        worker.commit()
        writer.commit()
        assert [span.day for span in spans.claim(worker, "series", 10)] == [TODAY]
        assert worker.execute("SELECT value FROM reading ORDER BY at").fetchall() == [(1,), (2,)]


def test_the_transaction_that_marks_wakes_the_workers(store: Store, both_migrated_url: str) -> None:
    with connect(both_migrated_url) as ears:
        ears.execute("LISTEN stale")
        store.append(told("a", import_wh=1), told("b", import_wh=1))
        assert [heard.payload for heard in ears.notifies(timeout=5, stop_after=1)] == ["series"]
        store.append(told("a", import_wh=1), told("c", apparent_power_va=1))
        assert list(ears.notifies(timeout=0.2)) == [], "a repetition and an apparent power wake nobody"


WRITERS = 3
ROUNDS = 25


def test_overlapping_batches_over_several_connections(both_migrated_url: str) -> None:
    """Each writer has the same messages in another order and cut elsewhere, good and bad ones, and none may fail."""
    good = [told(f"m{d}", NOON + timedelta(minutes=m), import_wh=100 * d + m) for d in range(20) for m in range(10)]
    bad = [Message(f"hub/v1/m{d}", b"{", NOON) for d in range(40)]
    negative = [told(f"m{d}", NOON, export_wh=-d) for d in range(1, 30)]
    failures: list[BaseException] = []

    def write(store: Store, seed: int) -> None:
        shuffled = random.Random(seed)  # noqa: S311 - the same order at every run
        try:
            for _ in range(ROUNDS):
                messages = [*good, *bad, *negative]
                shuffled.shuffle(messages)
                cut = shuffled.randrange(len(messages))
                store.append(*messages[:cut])
                store.append(*messages[cut:])
                for refused in (bad, negative):  # alone: readings of the same devices would make the writers queue
                    store.append(*shuffled.sample(refused, len(refused)))
        except BaseException as error:  # noqa: BLE001 - the thread's outermost frame: the test looks at it
            failures.append(error)

    with ExitStack() as stack:
        stores = [stack.enter_context(open_store(both_migrated_url)) for _ in range(WRITERS)]
        threads = [threading.Thread(target=write, args=(one, seed)) for seed, one in enumerate(stores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        first = stores[0]
        assert first.rows("SELECT count(*) FROM reading") == [(len(good),)]
        assert first.rows("SELECT FROM reading_revision") == []
        assert first.rows("SELECT count(*), sum(times)::int FROM rejected_message") == [
            (len(bad), len(bad) * WRITERS * ROUNDS * 2)
        ]
        assert first.rows("SELECT count(*), sum(times)::int FROM rejected_reading") == [
            (len(negative), len(negative) * WRITERS * ROUNDS * 2)
        ]
        assert sum(one.appender.counts.stored for one in stores) == len(good), "each reading was new for one of them"
        assert {day for _, day in first.take_marks()} == {TODAY}
