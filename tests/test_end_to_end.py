"""From `hub migrate` to the balance over HTTP, with the hub as processes: a day, and a reading that comes late."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg.sql import SQL, Identifier

from tests.hub_process import Hub, addresses, ask, count, running_hub, wait_until
from tests.publishing import Speaker, speaking
from tests.servers import Mosquitto

DAY = datetime.now(UTC).date() - timedelta(days=2)
QUARTERS = 96
STOPPED_WITHIN_S = 8.0

TERRITORY = """
[[community]]
id = "village"
name = "Village"
place = "Somewhere"
zone = "UTC"
[[community]]
id = "valley"
name = "Valley, the neighbours"
place = "Elsewhere"
zone = "UTC"
[[holder]]
id = "someone"
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "village"
device = [{ id = "home-meter" }]
[[point]]
id = "school"
holder = "someone"
name = "School"
category = "school"
community = "village"
device = [{ id = "school-meter" }]
[[point]]
id = "roof"
holder = "someone"
name = "Roof of the school"
role = "producer"
category = "roof"
community = "village"
device = [{ id = "roof-inverter", measures = "production" }]
[[point]]
id = "mill"
holder = "someone"
name = "Mill"
category = "workshop"
community = "valley"
device = [{ id = "mill-meter" }]
"""


@dataclass(frozen=True)
class Meter:
    """A register that is read every quarter of an hour; `energy_wh` is what flows in each of the day's 96."""

    device: str
    key: str
    energy_wh: Sequence[int]

    def publish(self, speaker: Speaker, quarters: Sequence[int]) -> None:
        """Say the register at the beginning of quarters; the 96th is midnight."""
        for quarter in quarters:
            at = datetime.combine(DAY, datetime.min.time(), UTC) + timedelta(minutes=15 * quarter)
            register_wh = 1_000_000 + sum(self.energy_wh[:quarter])
            speaker.publish(f"hub/v1/{self.device}", json.dumps({"at": at.isoformat(), self.key: register_wh}))


# Nothing straight, so that an interpolated register differs from the true one.
HOME = Meter("home-meter", "import_wh", [100 + 37 * (q % 5) for q in range(QUARTERS)])
SCHOOL = Meter("school-meter", "import_wh", [50 + (900 if 32 <= q < 68 else 0) + q % 3 for q in range(QUARTERS)])
ROOF = Meter("roof-inverter", "pv_wh", [max(0, 700 - (q - 48) ** 2) for q in range(QUARTERS)])
MILL = Meter("mill-meter", "import_wh", [333] * QUARTERS)
ALL = range(QUARTERS + 1)
LATE = 41  # a quarter past ten


def balance_by_hand(home_wh: Sequence[int]) -> list[dict[str, float]]:
    """Pro rata: what is produced goes to those who consume, as far as they do."""
    rows = []
    for home, school, produced in zip(home_wh, SCHOOL.energy_wh, ROOF.energy_wh, strict=True):
        consumed = home + school
        shared = min(consumed, produced)
        rows.append(
            {
                "consumption_kwh": consumed / 1000,
                "production_kwh": produced / 1000,
                "allocated_kwh": shared / 1000,
                "residual_kwh": (consumed - shared) / 1000,
                "surplus_kwh": (produced - shared) / 1000,
            }
        )
    return rows


def served_balance(address: str) -> list[dict[str, Any]]:
    """The quarters of the day as the HTTP interface serves them."""
    parameters = {"start": DAY.isoformat(), "step": "15min"}
    answer = httpx.get(f"{address}v1/communities/village/balance", params=parameters, timeout=30)
    rows: list[dict[str, Any]] = answer.raise_for_status().json()["rows"]
    return rows


def energies(rows: list[dict[str, Any]]) -> list[dict[str, float]]:
    return [{key: row[key] for key in balance_by_hand(HOME.energy_wh)[0]} for row in rows]


def wait_until_computed(url: str) -> None:
    wait_until(lambda: count(url, "stale") == 0, "end of the computation", deadline_s=60)


def starts(*quarters: int) -> set[datetime]:
    return {datetime.combine(DAY, datetime.min.time(), UTC) + timedelta(minutes=15 * quarter) for quarter in quarters}


def versions(url: str, table: str) -> set[tuple[Any, ...]]:
    """Every row of a table with the transaction that wrote it and the place where it lies."""
    return set(ask(url, SQL("SELECT xmin::text, ctid::text, t.* FROM {} AS t").format(Identifier(table))))


def run_to_end(*words: str, log: Path, settings: dict[str, object]) -> str:
    with running_hub(*words, log=log, settings=settings, until="") as hub:
        assert hub.wait_for_end() == 0, hub.said
        return hub.said


@pytest.fixture
def village(database_url: str, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[tuple[Hub, str]]:
    """`hub up` on a database that was empty, and the address of its HTTP interface."""
    settings = {**addresses(database_url, mosquitto), "api_port": 0}
    territory = tmp_path / "territory.toml"
    territory.write_text(TERRITORY)
    run_to_end("migrate", log=tmp_path / "migrate.log", settings=settings)
    run_to_end("apply", str(territory), log=tmp_path / "apply.log", settings=settings)
    with running_hub("up", log=tmp_path / "hub.log", settings=settings, until="listening on ") as hub:
        address = re.search(r"listening on (\S+)", hub.said)
        assert address
        yield hub, address[1]


@pytest.mark.slow
def test_a_day_is_balanced_and_a_late_reading_changes_exactly_what_it_touches(
    village: tuple[Hub, str], database_url: str, mosquitto: Mosquitto
) -> None:
    hub, address = village
    with speaking(mosquitto.port) as speaker:
        for meter in (SCHOOL, ROOF, MILL):
            meter.publish(speaker, ALL)
        HOME.publish(speaker, [quarter for quarter in ALL if quarter != LATE])
        speaker.finish()
        wait_until(lambda: count(database_url, "reading") == 4 * len(ALL) - 1, "every reading")
        wait_until_computed(database_url)

        # Without the late reading, the half-hour around it is split evenly.
        half_hour = sum(HOME.energy_wh[LATE - 1 : LATE + 1])
        known = [*HOME.energy_wh[: LATE - 1], half_hour // 2, half_hour - half_hour // 2, *HOME.energy_wh[LATE + 1 :]]
        rows = served_balance(address)
        assert energies(rows) == balance_by_hand(known)
        assert {row["status"] for row in rows} == {"settled"}

        tables = ("interval", "balance", "allocation", "reading")
        before = {table: versions(database_url, table) for table in tables}
        HOME.publish(speaker, [LATE])
        speaker.finish()
        wait_until(lambda: count(database_url, "reading") == 4 * len(ALL), "the late reading")
        wait_until_computed(database_url)
        assert energies(served_balance(address)) == balance_by_hand(HOME.energy_wh)
        after = {table: versions(database_url, table) for table in tables}
        touched = starts(LATE - 1, LATE)
        written = {table: len(after[table] - before[table]) for table in tables}
        assert written == {"interval": 2, "balance": 2, "allocation": 4, "reading": 1}, (
            "two quarters of home, of the village, and of home's and the school's part; the roof gave all as before"
        )
        replaced = {table: len(before[table] - after[table]) for table in tables}
        assert replaced == {**written, "reading": 0}
        for table in ("interval", "balance", "allocation"):
            assert {at for row in after[table] - before[table] for at in row if isinstance(at, datetime)} == touched

        # Said again, it changes nothing at all, and nobody computes anything.
        HOME.publish(speaker, [LATE])
        MILL.publish(speaker, [QUARTERS])
        speaker.publish("unknown/that-is-the-end", b"")
        speaker.finish()
        wait_until(lambda: count(database_url, "rejected_message") == 1, "the last message")
        assert count(database_url, "stale") == 0
        assert {table: versions(database_url, table) for table in tables} == after

    began = time.monotonic()
    assert hub.terminate() == 0
    assert time.monotonic() - began < STOPPED_WITHIN_S
    assert "Traceback" not in hub.said
