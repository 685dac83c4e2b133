"""Two inverters of a roof, of which one is first heard before, while or after the other is: nothing is left behind."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import psycopg
import pytest

from energy.model import Quantity, Reading
from processing.run import Worker
from store import spans
from tests.metering import DAY, HOUR, append, apply, compute_at_once, exhaust, register, worker_on

TWO_ON_A_ROOF: Final = """
[[community]]
id = "valley"
name = "Valley"
place = "Somewhere"
[[holder]]
id = "someone"
[[point]]
id = "roof"
holder = "someone"
name = "Roof"
role = "producer"
category = "solar"
community = "valley"
device = [{ id = "first", measures = "production" }, { id = "second", measures = "production" }]
"""
NOON: Final = DAY + 12 * HOUR


@pytest.fixture
def roof(migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, Worker]]:
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, TWO_ON_A_ROOF)
        yield migrated_url, connection, worker


def an_hour(device: str, start: datetime) -> list[Reading]:
    """100 Wh in each quarter of an hour, of a register that has gone on since the first day."""
    since = (start - NOON) // timedelta(minutes=15)
    values_wh = [1000 + 100 * (since + place) for place in range(5)]
    return register(device, values_wh, start, quantity=Quantity.PV_ENERGY)


def noon(day: int) -> datetime:
    return NOON + timedelta(days=day)


HEARD: Final[list[tuple[str, list[list[Reading]], dict[int, int | None]]]] = [
    ("one alone is all of it, until the other begins",
        [an_hour("first", noon(0)), an_hour("first", noon(1)),
         [*an_hour("first", noon(2)), *an_hour("second", noon(2))]],
        {0: 400, 1: 400, 2: 800}),
    ("who was heard once is awaited ever after", [an_hour("second", noon(0)), an_hour("first", noon(1))],
        {0: 400, 1: None}),
    ("also where that is learned late",
        [an_hour("first", noon(1)), an_hour("first", noon(2)), an_hour("second", noon(0))],
        {0: 400, 1: None, 2: None}),
    ("both, whichever is told first",
        [an_hour("first", noon(0)), an_hour("first", noon(1)), an_hour("second", noon(0)), an_hour("second", noon(1))],
        {0: 800, 1: 800}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "batches", "energies"), HEARD, ids=[row[0] for row in HEARD])
def test_what_was_computed_follows_who_is_awaited(
    roof: tuple[str, psycopg.Connection, Worker],
    why: str,
    batches: list[list[Reading]],
    energies: dict[int, int | None],
) -> None:
    url, connection, worker = roof
    for batch in batches:
        append(connection, batch)
        exhaust(worker)
    assert spans.count(connection) == (0, 0)
    rows = connection.execute("SELECT start, energy_wh FROM interval").fetchall()
    found = {
        day: [wh for start, wh in rows if wh is not None and noon(day) <= start < noon(day) + HOUR] for day in energies
    }
    assert {day: sum(known) if known else None for day, known in found.items()} == energies, why
    at_once = compute_at_once(url, connection)
    stored = connection.execute("SELECT count(*) FROM interval").fetchone()
    assert stored == (len(at_once),)
