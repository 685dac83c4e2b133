"""Batches that are copied straight to their place: when they are, and that nothing else tells them from others."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from energy.model import Quantity, Reading
from store.connect import connect
from tests.writers import NOON, Writer, told

AN_EDGE: Final = (datetime(2026, 3, 19, tzinfo=UTC) - NOON) / timedelta(minutes=1)
"""When a chunk of a hypertable ends: a Thursday. [min]"""
STORED: Final = """
    SELECT d.id, r.at, r.xmin::text FROM reading AS r
    JOIN series AS s ON s.no = r.series_no JOIN device AS d ON d.no = s.device_no ORDER BY 1, 2
"""


@pytest.fixture
def writer(any_migrated_url: str) -> Iterator[Writer]:
    with connect(any_migrated_url) as connection:
        yield Writer(connection)


STEPS: Final[list[tuple[str, list[Reading], set[str], set[str]]]] = [
    ("a series not seen before is staged", [told(0)], set(), {"a"}),
    ("what is later is copied", [told(1), told(2)], {"a"}, set()),
    ("another series not seen before", [told(3), told(3, device="b")], {"a"}, {"b"}),
    ("both are known now", [told(4), told(4, device="b")], {"a", "b"}, set()),
    ("a repetition sends nobody else the long way", [told(5), told(4, device="b")], {"a"}, set()),
    ("nor does it the batch after", [told(6), told(5, device="b")], {"a", "b"}, set()),
    ("a late one, new nevertheless", [told(7), told(4.5, device="b")], {"a"}, {"b"}),
    ("it does not make the latest forgotten", [told(8), told(4.8, device="b")], {"a"}, {"b"}),
    ("late and later in one series", [told(9), told(7.5), told(6, device="b")], {"b"}, {"a"}),
    ("the series that reaches over the end of a week", [told(AN_EDGE - 1), told(AN_EDGE), told(AN_EDGE, device="b")],
     {"b"}, {"a"}),
    ("the series that stays behind in the week before", [told(AN_EDGE + 1), told(8, device="c")], {"a"}, {"c"}),
    ("and on", [told(AN_EDGE + 2), told(AN_EDGE + 1, device="b")], {"a", "b"}, set()),
]  # fmt: skip


def test_what_comes_later_is_copied_and_the_rest_is_staged(writer: Writer) -> None:
    """Copied rows are of a transaction within the batch's own, so that the batch can go on if one was there already."""
    seen: set[tuple[Any, ...]] = set()
    for why, batch, copied, staged in STEPS:
        writer.append(*batch)
        rows = writer.connection.execute(STORED).fetchall()
        ways = {(device, writer.transaction == xmin) for device, at, xmin in rows if (device, at) not in seen}
        seen = {(device, at) for device, at, _ in rows}
        assert ways == {(d, False) for d in copied} | {(d, True) for d in staged}, why


def test_who_was_not_alone_copies_nothing_until_it_is(writer: Writer, any_migrated_url: str) -> None:
    writer.append(told(0))
    with connect(any_migrated_url) as connection:
        Writer(connection).append(told(1))
    assert not writer.append(told(1), told(2)).was_new, "the copy was taken back"
    assert writer.append(told(3)).was_new
    rows = writer.connection.execute(STORED).fetchall()
    assert [xmin == writer.transaction for *_, xmin in rows] == [False, False, False, True], "the last was staged"


def test_another_writer_may_have_been_first(writer: Writer, any_migrated_url: str) -> None:
    writer.append(told(0, 0))
    with connect(any_migrated_url) as connection:
        Writer(connection).append(told(2, 5), told(1, 4))
    appended = writer.append(told(1, 4), told(2, 7), told(3, 8))
    assert (appended.stored, appended.repeated, appended.was_new) == (2, 1, False)
    found = writer.everything()
    assert [row[2:] for row in found["reading"]] == [
        (NOON + timedelta(minutes=minute), value) for minute, value in enumerate([0, 4, 7, 8])
    ]
    assert found["revision"] == [("a", NOON + timedelta(minutes=2), 5)]
    assert found["series"] == [("a", "import_energy", NOON + timedelta(minutes=1))]


def test_writers_of_the_same_neither_lose_nor_wait_for_ever(any_migrated_url: str) -> None:
    batches = [[told(step, step, f"meter-{n}") for n in range(20)] for step in range(60)]
    failures: list[BaseException] = []

    def write(seed: int) -> None:
        shuffled = random.Random(seed)  # noqa: S311
        try:
            with connect(any_migrated_url) as connection:
                writer = Writer(connection)
                for batch in batches:
                    writer.append(*shuffled.sample(batch, len(batch)))
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=[seed]) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with connect(any_migrated_url) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT at) FROM reading").fetchone() == (1200, 60)
        assert connection.execute("SELECT count(*) FROM reading_revision").fetchone() == (0,)


@pytest.mark.parametrize("seed", range(3))
def test_who_stages_everything_stores_the_same(migrated_url: str, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    quantities = (Quantity.IMPORT_ENERGY, Quantity.EXPORT_ENERGY, Quantity.ACTIVE_POWER)
    batches: list[list[Reading]] = []
    for step in range(40):
        late = 0 if dice.random() < 0.7 else dice.randrange(40)
        batches.append(
            [
                told((step - late) * 97 + dice.randrange(3) / 7, dice.choice([0, 0, 1, 2, -1]), device, quantity)
                for device in ("a", "b", "c")
                for quantity in quantities
                for _ in range(dice.randrange(3))
            ]
        )
    found = []
    with connect(migrated_url) as connection:
        for is_careful in (False, True):
            connection.execute("TRUNCATE reading, reading_revision, series, device, stale RESTART IDENTITY")
            writer = Writer(connection, is_careful=is_careful)
            totals = [(done.stored, done.repeated) for done in (writer.append(*batch) for batch in batches)]
            found.append((totals, writer.everything()))
    assert found[0] == found[1]
    assert found[0][1]["revision"], "some came again with another value"
