"""`hub retention` as people run it, the settings behind it, what `hub apply` warns of, and housekeeping."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
import pytest

from energy.model import LONGEST_STILLNESS, Message, Quantity
from processing import run
from processing.housekeeping import BUSY_EVERY_S, EVERY_S, Housekeeper
from store import retention
from store.connect import connect
from store.rejected import RejectedMessage, add_messages
from store.retention import Keeping
from tests.hub_command import call_hub, sentence_of
from tests.metering import append, apply, process, register, wait_until
from tests.test_frozen import TERRITORY

TODAY: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
LONG_AGO: Final = TODAY - timedelta(days=400)
RECENTLY: Final = TODAY - timedelta(days=20)
DAYS: Final = {"HUB_KEEP_READINGS_DAYS": "100", "HUB_KEEP_INTERVALS_DAYS": "200"}
KEEPING: Final = Keeping(100, 200, 0, 90, 10**8, LONGEST_STILLNESS)


@pytest.fixture
def filled(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """A day long ago and one of late, computed; and a message refused long ago."""
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        for day in (LONG_AGO, RECENTLY):
            append(connection, register("h", range(100, 9_700, 100), day))
            append(connection, register("r", range(40, 3_880, 40), day, quantity=Quantity.PV_ENERGY))
        add_messages(connection, [RejectedMessage(Message("a/b", b"?"), "unknown", LONG_AGO)])
        process(both_migrated_url)
        yield both_migrated_url, connection


def count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return row[0]


def counts(connection: psycopg.Connection) -> dict[str, int]:
    return {table: count(connection, table) for table in ("reading", "interval", "balance", "rejected_message")}


def test_it_is_shown_first_and_done_with_yes(filled: tuple[str, psycopg.Connection]) -> None:
    url, connection = filled
    settings = {"HUB_DATABASE_URL": url, **DAYS}
    connection.execute("ANALYZE")
    before = counts(connection)
    code, shown, _ = call_hub("retention", settings=settings)
    assert code == 0
    lines = {line.split()[0]: line for line in shown.splitlines()}
    chunk = "1 chunk, about " if "1 chunk" in shown else ""
    assert f"{chunk}192 rows, about" in lines["readings"]
    assert f"{TODAY - timedelta(days=100):%Y-%m-%d}" in lines["readings"]
    assert f"{LONG_AGO:%Y-%m-%d}" in lines["readings"]
    assert f"{chunk}190 rows" in lines["intervals"]
    assert lines["balances"].split() == ["balances", "for", "ever", f"{LONG_AGO:%Y-%m-%d}", "-", "nothing"]
    assert "1 row," in lines["rejected"]
    assert "Nothing was changed" in shown
    assert counts(connection) == before

    code, done, progress = call_hub("retention", "--yes", settings=settings)
    assert code == 0
    assert counts(connection) == {
        "reading": 192, "interval": 190, "balance": before["balance"], "rejected_message": 0
    }  # fmt: skip
    readings = "1 chunk of readings" if chunk else "192 readings"
    intervals = "1 chunk of intervals" if chunk else "190 intervals"
    assert done.splitlines() == [
        "1 rejected message or reading removed", f"{readings} removed", f"{intervals} removed"
    ]  # fmt: skip
    assert "removed so far" in progress
    assert call_hub("retention", "--yes", settings=settings)[1] == "nothing is older than it is kept\n"


def test_it_is_refused_while_another_does_it(filled: tuple[str, psycopg.Connection]) -> None:
    url, connection = filled
    with retention.alone(connection, "retention"):
        sentence = sentence_of("retention", call_hub("retention", "--yes", settings={"HUB_DATABASE_URL": url, **DAYS}))
    assert sentence == "another process, perhaps `hub process`, is removing what is old; let it finish"
    assert count(connection, "reading") == 384


def test_by_default_everything_is_kept(filled: tuple[str, psycopg.Connection]) -> None:
    url, connection = filled
    before = counts(connection)
    code, shown, _ = call_hub("retention", settings={"HUB_DATABASE_URL": url})
    assert (code, shown.count("for ever")) == (0, 3)
    assert call_hub("retention", "--yes", settings={"HUB_DATABASE_URL": url})[:2] == (
        0,
        "1 rejected message or reading removed\n",
    )
    assert counts(connection) == {**before, "rejected_message": 0}
    assert connection.execute("SELECT count(*) FROM point WHERE frozen_before IS NOT NULL").fetchone() == (0,)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"HUB_KEEP_READINGS_DAYS": "96"}, "HUB_KEEP_READINGS_DAYS: readings must be kept for 97 days or more"),
        ({"HUB_OLDEST_DAYS": "100", "HUB_KEEP_READINGS_DAYS": "161"}, "HUB_KEEP_READINGS_DAYS: readings must be kept"),
        ({"HUB_KEEP_INTERVALS_DAYS": "400"}, "HUB_KEEP_INTERVALS_DAYS: intervals must be kept at least as"),
        (
            {"HUB_KEEP_READINGS_DAYS": "200", "HUB_KEEP_INTERVALS_DAYS": "199"},
            "HUB_KEEP_INTERVALS_DAYS: intervals must be kept at least as long as the readings that they are made"
            " of, which HUB_KEEP_READINGS_DAYS keeps for 200 days",
        ),
        (
            {"HUB_KEEP_READINGS_DAYS": "200", "HUB_KEEP_BALANCES_DAYS": "300"},
            "HUB_KEEP_BALANCES_DAYS: balances must be kept at least as long as the intervals that they are made"
            " of, which HUB_KEEP_INTERVALS_DAYS keeps for ever; 0 is for ever",
        ),
        (
            {**DAYS, "HUB_KEEP_BALANCES_DAYS": "199"},
            "HUB_KEEP_BALANCES_DAYS: balances must be kept at least as long as the intervals that they are made"
            " of, which HUB_KEEP_INTERVALS_DAYS keeps for 200 days",
        ),
    ],
)
def test_settings_that_contradict_one_another(settings: dict[str, str], sentence: str) -> None:
    assert sentence_of("retention", call_hub("retention", settings=settings)).startswith(sentence)


def test_settings_at_the_limit(both_migrated_url: str) -> None:
    days = dict.fromkeys(("HUB_KEEP_READINGS_DAYS", "HUB_KEEP_INTERVALS_DAYS", "HUB_KEEP_BALANCES_DAYS"), "97")
    assert call_hub("retention", settings={"HUB_DATABASE_URL": both_migrated_url, **days})[0] == 0


def test_a_change_of_what_is_frozen_is_warned_of(filled: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = filled
    file = tmp_path / "territory.toml"
    file.write_text(
        TERRITORY.replace('name = "Home"', 'name = "Home"\nlimit_kva = 9').replace("_min = 60", "_min = 30")
    )
    settings = {"HUB_DATABASE_URL": url, **DAYS}
    assert "stay" not in call_hub("apply", "--dry-run", str(file), settings=settings)[1]
    retention.freeze(connection, KEEPING.cutoffs(TODAY))
    points = f"{TODAY - timedelta(days=69):%Y-%m-%d}T00:00:00Z"
    communities = f"{TODAY - timedelta(days=200):%Y-%m-%d}T00:00:00Z"
    warned = [line for line in call_hub("apply", str(file), settings=settings)[1].splitlines() if line.startswith("! ")]
    assert warned == [
        f"! intervals of home before {points} stay as computed: what they were made of was removed",
        f"! the balances of community valley before {communities} stay as computed: what they were made of was removed",
    ]


def test_housekeeping_is_done_at_once_and_every_hour_in_short_steps(filled: tuple[str, psycopg.Connection]) -> None:
    _, connection = filled
    now_s = 5.0
    housekeeper = Housekeeper(connection, KEEPING, lambda: now_s)
    steps = 0
    while housekeeper.step():
        steps += 1
    assert steps >= 3, "the quarantine, the freeze, and each removal are steps"
    assert (count(connection, "reading"), count(connection, "rejected_message")) == (192, 0)
    append(connection, register("h", [1], LONG_AGO))
    now_s += EVERY_S - 1
    assert not housekeeper.step()
    now_s += 1
    connection.execute("TRUNCATE stale")
    assert housekeeper.step()
    assert not housekeeper.step(is_busy=True), "what must be recomputed comes first"
    now_s += BUSY_EVERY_S
    assert housekeeper.step(is_busy=True), "and not for ever"
    while housekeeper.step():
        pass
    assert count(connection, "reading") == 192


def test_its_failure_is_a_warning_and_work_goes_on(
    filled: tuple[str, psycopg.Connection], caplog: pytest.LogCaptureFixture
) -> None:
    _, connection = filled
    connection.execute("ALTER TABLE community ADD CONSTRAINT never CHECK (frozen_before IS NULL)")
    now_s = 0.0
    housekeeper = Housekeeper(connection, KEEPING, lambda: now_s)
    with caplog.at_level(logging.WARNING):
        while housekeeper.step():
            pass
    assert [record.message.partition(" (")[0] for record in caplog.records] == ["what is old could not all be removed"]
    assert count(connection, "reading") == 384
    with retention.alone(connection, "retention") as is_free:
        assert is_free, "the lock was given back"
    connection.execute("ALTER TABLE community DROP CONSTRAINT never")
    assert not housekeeper.step()
    now_s += EVERY_S
    while housekeeper.step():
        pass
    assert count(connection, "reading") == 192


def test_hub_process_keeps_house(filled: tuple[str, psycopg.Connection]) -> None:
    url, connection = filled
    append(connection, register("h", [10_000], RECENTLY + timedelta(days=1)))
    stop = threading.Event()
    worker = threading.Thread(target=run.work, args=(url, stop, KEEPING))
    worker.start()
    try:
        wait_until(lambda: count(connection, "reading") == 193)
        wait_until(lambda: count(connection, "stale") == 0)
    finally:
        stop.set()
        worker.join(20)
    assert not worker.is_alive()
