"""A real month from `hub replay` through a real broker, ingestion, store and processing to the balance, to the Wh.

October 2022 of one home's Linky, with the clock change, and July 2016 of a real roof moved to the same days. A second
home lives as the first did a week before. The expected balance is computed here, slowly and obviously.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import psycopg
import pytest

from energy.territory import parse_territory
from hub import services
from hub.settings import read_settings
from store import registry
from store.connect import connect
from tests.servers import Mosquitto

DATA = Path(__file__).parent / "data"
HALF_HOUR = timedelta(minutes=30)
START = datetime(2022, 9, 30, 22, tzinfo=UTC)  # 1 October, 00:00 in Paris
HALF_HOURS = (31 * 24 + 1) * 2  # the month with its 25-hour day
WEEK = 7 * 48
DEADLINE_S = 90

TERRITORY = """
[[community]]
id = "month"
name = "A real month"
place = "Somewhere"
step_min = 30
[[holder]]
id = "someone"
[[point]]
id = "linky-home"
holder = "someone"
name = "Home with a Linky"
category = "home"
community = "month"
device = [{ id = "000000000001" }]
[[point]]
id = "other-home"
holder = "someone"
name = "Home a week behind"
category = "home"
community = "month"
device = [{ id = "other" }]
[[point]]
id = "roof"
holder = "someone"
name = "Roof"
role = "producer"
category = "solar"
community = "month"
device = [{ id = "116100000001", measures = "production" }]
"""


def read_load_w() -> list[Fraction]:
    """Mean power of each half-hour of the month."""
    with (DATA / "linky" / "2022-10.csv").open() as file:
        rows = [(datetime.fromisoformat(row["Horodate"]), row["Valeur"]) for row in csv.DictReader(file, delimiter=";")]
    assert [at for at, _ in rows] == [START + (i + 1) * HALF_HOUR for i in range(HALF_HOURS)], "stamps are ends"
    return [Fraction(value) for _, value in rows]


def read_production_w() -> list[Fraction]:
    """Power of each quarter of an hour; what the inverter draws at night is no production."""
    with (DATA / "solar" / "2016-07.csv").open() as file:
        power = [max(Fraction(row["ac_power"]), Fraction(0)) for row in csv.DictReader(file)]
    return power[: 2 * HALF_HOURS]


def registers(power_w: list[Fraction], hours: Fraction, first_wh: int) -> list[int]:
    """What a counter of whole Wh shows at the beginning and after each step: it counts no Wh before it is whole."""
    shown, total = [first_wh], Fraction(first_wh)
    for step_w in power_w:
        total += step_w * hours
        shown.append(int(total))
    return shown


def recording(linky: list[int], other: list[int], roof: list[int]) -> Iterator[dict[str, str]]:
    """The month as the devices say it: a Linky through Tasmota, the hub's own format, an OpenDTU without a clock."""
    for i, wh in enumerate(linky):
        at = START + i * HALF_HOUR
        summer = at < datetime(2022, 10, 30, 1, tzinfo=UTC)
        local = at + timedelta(hours=2 if summer else 1)
        frame = {"ADSC": "000000000001", "DATE": f"{'E' if summer else 'H'}{local:%y%m%d%H%M%S}", "EAST": f"{wh:09d}"}
        payload = {"Time": f"{local:%Y-%m-%dT%H:%M:%S}", "TIC": frame}
        yield {"at": at.isoformat(), "topic": "tele/linky/SENSOR", "payload": json.dumps(payload)}
    for i, wh in enumerate(other):
        at = START + i * HALF_HOUR
        payload = {"at": at.isoformat(), "import_wh": wh}
        yield {"at": at.isoformat(), "topic": "hub/v1/other", "payload": json.dumps(payload)}
    for i, wh in enumerate(roof):
        at = START + i * HALF_HOUR / 2
        topic = "solar/116100000001/0/yieldtotal"
        yield {"at": at.isoformat(), "topic": topic, "payload": f"{wh // 1000}.{wh % 1000:03d}"}


def expected_balance(consumed: list[tuple[int, int]], produced: list[int]) -> list[tuple[int, int, int, int, int]]:
    """Consumption, production, both homes' allocation, surplus of each half-hour, pro rata, by largest remainder."""
    rows = []
    for (first, second), produced_wh in zip(consumed, produced, strict=True):
        need = first + second
        if need <= produced_wh:
            allocated = [first, second]
        else:
            exact = [Fraction(produced_wh * c, need) for c in (first, second)]
            allocated = [int(part) for part in exact]
            if sum(allocated) < produced_wh:  # one Wh is left: to the larger remainder, to linky-home on a tie
                winner = 0 if exact[0] - allocated[0] >= exact[1] - allocated[1] else 1
                allocated[winner] += 1
        rows.append((need, produced_wh, *allocated, produced_wh - sum(allocated)))
    return rows


def wait_for_balance(connection: psycopg.Connection, steps: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    query = """SELECT (SELECT count(*) FROM balance WHERE settled) = %s AND NOT EXISTS (SELECT FROM stale)"""
    while connection.execute(query, (steps,)).fetchone() != (True,):
        assert time.monotonic() < deadline, connection.execute("SELECT count(*) FROM balance").fetchone()
        time.sleep(0.1)


@pytest.mark.slow
def test_a_real_month_is_balanced_to_the_watt_hour(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    load_w = read_load_w()
    linky = registers(load_w, Fraction(1, 2), 27_416_815)
    other = registers(load_w[-WEEK:] + load_w[:-WEEK], Fraction(1, 2), 1_000)
    roof = registers(read_production_w(), Fraction(1, 4), 5_000_000)
    file = tmp_path / "month.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in recording(linky, other, roof)))

    settings = read_settings(database_url=migrated_url, mqtt_url=f"mqtt://127.0.0.1:{mosquitto.port}")
    with connect(migrated_url) as connection:
        territory = parse_territory(TERRITORY)
        registry.apply_changes(connection, registry.difference(registry.read_territory(connection), territory))
        with services.running(settings, ("ingest", "process")):
            replayed = subprocess.run(
                [sys.executable, "-m", "hub", "replay", str(file)],
                env={**os.environ, "HUB_MQTT_URL": settings.mqtt_url},
                capture_output=True,
                text=True,
                check=True,
                timeout=DEADLINE_S,
            )
            wait_for_balance(connection, HALF_HOURS)
        stored = connection.execute(
            """
            SELECT b.consumption_wh, b.production_wh, l.allocated_wh, o.allocated_wh, b.surplus_wh
            FROM balance AS b
            JOIN allocation AS l ON l.start = b.start AND l.point_no = (SELECT no FROM point WHERE id = 'linky-home')
            JOIN allocation AS o ON o.start = b.start AND o.point_no = (SELECT no FROM point WHERE id = 'other-home')
            ORDER BY b.start
            """
        ).fetchall()
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM reading), (SELECT count(*) FROM rejected_message),"
            " (SELECT count(*) FROM rejected_reading), (SELECT count(*) FROM reading_revision)"
        ).fetchone()

    assert replayed.stdout.startswith(f"{len(linky) + len(other) + len(roof):,} messages published to ")
    assert counts == (len(linky) + len(other) + len(roof), 0, 0, 0)
    consumed = [
        (b - a, d - c) for a, b, c, d in zip(linky, linky[1:], other, other[1:], strict=False)
    ]  # fmt: skip
    produced = [b - a for a, b in zip(roof[::2], roof[2::2], strict=False)]
    assert stored == expected_balance(consumed, produced)
    assert sum(row[2] + row[3] + row[4] for row in stored) == roof[-1] - roof[0], "every Wh produced is accounted for"
