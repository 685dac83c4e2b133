"""What was computed from something that is gone stays as it is, whatever is changed, heard or declared afterwards."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from energy.model import Quantity
from processing.run import Worker
from tests.metering import DAY, HOUR, append, apply, exhaust, register, stored, worker_on

HOME = """
[[community]]
id = "valley"
name = "Valley"
place = "Here"
step_min = 60

[[holder]]
id = "someone"

[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "valley"
device = [{ id = "h" }]
"""
TERRITORY = f"""{HOME}
[[point]]
id = "roof"
holder = "someone"
name = "Roof"
category = "roof"
role = "producer"
community = "valley"
device = [{{ id = "r", measures = "production" }}]
"""
NOON = DAY + 12 * HOUR
QUARTERS = 4 * 24


@pytest.fixture
def settled(any_migrated_url: str) -> Iterator[tuple[psycopg.Connection, Worker]]:
    """A day of two points, computed."""
    with worker_on(any_migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        append(connection, register("h", range(0, 100 * QUARTERS + 1, 100)))
        append(connection, register("r", range(0, 40 * QUARTERS + 1, 40), quantity=Quantity.PV_ENERGY))
        exhaust(worker)
        yield connection, worker


def test_intervals_before_the_freeze_outlive_their_readings(settled: tuple[psycopg.Connection, Worker]) -> None:
    connection, worker = settled
    before = stored(connection)["interval"]
    connection.execute("UPDATE point SET frozen_before = %s", [NOON])
    connection.execute("DELETE FROM reading WHERE at < %s", [NOON - HOUR])
    # A late reading, a corrected one and a changed limit each mark the whole day.
    append(connection, register("h", [7], DAY + timedelta(minutes=1)))
    append(connection, register("h", [5000 + 1], NOON + HOUR))
    apply(connection, TERRITORY.replace('name = "Home"', 'name = "Home"\nlimit_kva = 9'))
    exhaust(worker)
    after = stored(connection)["interval"]
    assert [row for row in after if row[3] < NOON] == [row for row in before if row[3] < NOON]
    assert [row for row in after if row[3] >= NOON] != [row for row in before if row[3] >= NOON]
    assert len(after) == len(before) == 2 * QUARTERS


def test_balances_before_the_freeze_outlive_a_member(settled: tuple[psycopg.Connection, Worker]) -> None:
    connection, worker = settled
    before = stored(connection)
    connection.execute("UPDATE community SET frozen_before = %s", [NOON])
    apply(connection, HOME)
    exhaust(worker)
    after = stored(connection)
    assert [row for row in after["balance"] if row[1] < NOON] == [row for row in before["balance"] if row[1] < NOON]
    assert {row[3] for row in after["balance"] if row[1] >= NOON} == {0}, "the production is gone from then on"
    home = [[row for row in when["allocation"] if row[1] == "home" and row[2] < NOON] for when in (after, before)]
    assert home[0] == home[1]


def test_a_freeze_is_on_a_whole_hour(settled: tuple[psycopg.Connection, Worker]) -> None:
    connection, _ = settled
    for table in ("point", "community"):
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(f"UPDATE {table} SET frozen_before = '2026-01-01 00:15:00+00'".encode())
