"""Points that go, or are called otherwise, after what they were made of went for its age: what was settled stays."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from energy.model import Quantity
from energy.time import Span
from processing.run import Worker
from store.balances import read_allocations
from store.connect import FrameReader
from tests.hub_command import call_hub
from tests.metering import append, apply, exhaust, register, stored, worker_on
from tests.test_frozen import HOME, TERRITORY

TODAY: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
LONG_AGO: Final = TODAY - timedelta(days=400)
CUT_OFF: Final = TODAY - timedelta(days=69)
"""Readings go that are older than 100 days, and an interval reaches over 31."""
QUARTERS: Final = 4 * 24


@pytest.fixture
def kept(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, Worker]]:
    """A day long ago and one of late, computed; the readings of the first are gone for their age."""
    with worker_on(both_migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        for day in (LONG_AGO, TODAY - timedelta(days=5)):
            append(connection, register("h", range(0, 100 * QUARTERS + 1, 100), day))
            append(connection, register("r", range(0, 40 * QUARTERS + 1, 40), day, quantity=Quantity.PV_ENERGY))
        exhaust(worker)
        assert hub(both_migrated_url, "retention", "--yes")
        yield both_migrated_url, connection, worker


def hub(url: str, *words: str) -> str:
    code, stdout, stderr = call_hub(*words, settings={"HUB_DATABASE_URL": url, "HUB_KEEP_READINGS_DAYS": "100"})
    assert code == 0, stderr
    return stdout


def old(connection: psycopg.Connection, table: str) -> list[tuple[Any, ...]]:
    at = {"balance": 1, "allocation": 2}[table]
    return [row for row in stored(connection)[table] if row[at] < CUT_OFF]


@pytest.mark.parametrize(
    ("why", "territory", "gone", "new"),
    [
        ("a point is called otherwise", TERRITORY.replace('id = "home"', 'id = "home-1"'), "home", "home-1"),
        ("a point goes", HOME, "roof", None),
    ],
)
def test_what_was_settled_outlives_a_point(
    kept: tuple[str, psycopg.Connection, Worker], tmp_path: Path, why: str, territory: str, gone: str, new: str | None
) -> None:
    url, connection, worker = kept
    before = {table: old(connection, table) for table in ("balance", "allocation")}
    assert (len(before["balance"]), len(before["allocation"])) == (24, 48)
    file = tmp_path / "territory.toml"
    file.write_text(territory)
    said = [line for line in hub(url, "apply", str(file)).splitlines() if gone in line and line.startswith("! ")]
    until = f"{CUT_OFF:%Y-%m-%d}T00:00:00Z"
    assert said == [
        f"! intervals of {gone} before {until} go with the point, and cannot be computed again: what they were made of"
        " was removed; the balances of community valley before that stay as computed"
    ], why
    exhaust(worker)
    assert old(connection, "balance") == before["balance"]
    # Nothing names the point; what it had still adds up.
    kept_rows = [(row[0], *row[2:]) for row in old(connection, "allocation")]
    assert sorted(kept_rows, key=repr) == sorted(((row[0], *row[2:]) for row in before["allocation"]), key=repr)
    assert connection.execute("SELECT frozen_before FROM community").fetchone() == (CUT_OFF,)
    with closing(FrameReader(url)) as reader:
        frame = read_allocations(reader, connection, 1, Span(LONG_AGO, CUT_OFF))
    shown = {row["point"]: row for row in frame.to_dicts()}
    (removed,) = (name for name in shown if name.startswith("removed-"))
    assert (shown[removed]["category"], shown[removed]["role"]) == (
        "removed",
        "consumer" if gone == "home" else "producer",
    )
    assert sum(row["allocated_wh"] or 0 for row in shown.values()) == sum(row[4] for row in before["balance"])
    frozen = dict(connection.execute("SELECT id, frozen_before FROM point").fetchall())
    assert new is None or frozen[new] == CUT_OFF, "what cannot be computed is not begun with"


def test_going_back_changes_nothing_of_what_was_settled(
    kept: tuple[str, psycopg.Connection, Worker], tmp_path: Path
) -> None:
    url, connection, worker = kept
    before = old(connection, "balance"), old(connection, "allocation")
    late = [row for row in stored(connection)["balance"] if row[1] >= CUT_OFF]
    file = tmp_path / "territory.toml"
    for territory in (TERRITORY.replace('id = "home"', 'id = "home-1"'), TERRITORY):
        file.write_text(territory)
        hub(url, "apply", str(file))
        exhaust(worker)
    assert old(connection, "balance") == before[0]
    assert sum(row[6] for row in old(connection, "allocation")) == sum(row[6] for row in before[1])
    assert [row for row in stored(connection)["balance"] if row[1] >= CUT_OFF] == late
