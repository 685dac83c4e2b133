"""The operator's curve outranks the device, where there is one; what lies between both is shown; and it goes with its
point, in time, and with whom it is about.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from energy.model import LONGEST_STILLNESS, Quantity, Reading
from ingest.files import read_file
from store import retention, spans
from store.connect import connect
from store.retention import Cutoffs
from tests.filled_hub import serving
from tests.hub_command import refused
from tests.metering import DAY, HOUR, append, apply, exhaust, process, register, stored, wait_until, worker_on
from tests.test_import import CURVE, PRM, hub, kept
from tests.test_worker_faults import PROJECT, WORKS_UNTIL_KILLED, somebody_waits

TERRITORY: Final = f"""
community = [{{ id = "valley", name = "Valley", place = "Here", key = [{{ type = "prorata" }}] }}]
holder = [{{ id = "someone" }}, {{ id = "school" }}]

[[point]]
id = "{PRM}"
holder = "someone"
name = "Home"
category = "home"
community = "valley"
device = [{{ id = "wrong" }}]

[[point]]
id = "roof"
holder = "school"
name = "Roof"
role = "producer"
category = "roof"
community = "valley"
device = [{{ id = "roof", measures = "production" }}]
"""
QUARTERS: Final = 4 * 24
NEXT: Final = DAY + timedelta(days=1)
MONTH: Final = Path(__file__).parent / "data" / "linky" / "2022-10.csv"
YEAR: Final = Path(__file__).parents[2] / "shared" / "data" / "linky" / "consoexemple.csv"


@pytest.fixture
def valley(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """Two days of a home whose device counts a tenth too much, and of a roof."""
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        append(connection, register("wrong", range(0, 110 * 2 * QUARTERS + 1, 110)))
        append(connection, register("roof", range(0, 40 * 2 * QUARTERS + 1, 40), quantity=Quantity.PV_ENERGY))
        process(both_migrated_url)
        yield both_migrated_url, connection


def curve_of(first: datetime, steps: int, folder: Path, mean_w: int = 400) -> Path:
    """A file of the operator with half-hours from an instant on."""
    ends = (first + (i + 1) * HOUR / 2 for i in range(steps))
    file = folder / f"{first:%d-%H}.csv"
    file.write_text(CURVE + "".join(f"{end.isoformat()};{mean_w}\n" for end in ends), encoding="utf-8")
    return file


def consumed(connection: psycopg.Connection) -> list[tuple[datetime, int]]:
    return [(row[1], row[2]) for row in stored(connection)["balance"]]


def test_the_balance_follows_the_operator_where_it_has_a_curve(
    valley: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, connection = valley
    before = consumed(connection)
    assert before == [(DAY + i * HOUR / 4, 110) for i in range(2 * QUARTERS)]
    hub(url, "import", "enedis", curve_of(DAY + 6 * HOUR, 24, tmp_path))
    process(url)
    settled = {DAY + 6 * HOUR + i * HOUR / 4 for i in range(48)}
    assert consumed(connection) == [(at, 100 if at in settled else 110) for at, _ in before]
    allocated = {row[2]: row[6] for row in stored(connection)["allocation"] if row[1] == PRM}
    assert set(allocated.values()) == {40}
    devices = [row for row in stored(connection)["interval"] if row[2] == "device" and row[0] == PRM]
    assert len(devices) == 2 * QUARTERS, "both are kept"
    connection.execute("DELETE FROM curve")
    with connection.transaction():
        (point_no,) = connection.execute("SELECT no FROM point WHERE id = %s", [PRM]).fetchone() or (0,)
        spans.mark(connection, "curve", [(point_no, DAY.date())])
    process(url)
    assert consumed(connection) == before, "without a curve the device counts again"


def test_a_late_reading_does_not_outrank_the_operator(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    hub(url, "import", "enedis", curve_of(DAY, 48, tmp_path))
    process(url)
    before = consumed(connection)
    append(connection, register("wrong", [5], DAY + timedelta(minutes=2)))
    apply(connection, TERRITORY.replace('name = "Home"', 'name = "Home"\nlimit_kva = 9'))
    process(url)
    assert consumed(connection) == before


def test_the_residual_finds_the_wrong_meter(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, _ = valley
    table, _ = hub(url, "residuals", "valley", "--month", "2026-01")
    assert table.startswith("the operator says nothing of the members of valley in 2026-01")
    hub(url, "import", "enedis", curve_of(DAY - HOUR, 26, tmp_path))
    roof = tmp_path / "roof.csv"
    roof.write_text("time,value\n2026-01-05T10:00Z,0.05\n2026-01-05T10:15Z,0.04\n2026-01-05T10:30Z,0.04\n")
    words = ["--unit", "kWh", "--stamp", "start", "--point", "roof", "--flow", "export"]
    hub(url, "import", "csv", roof, *words)
    process(url)
    with serving(url) as client:
        span = {"start": "2026-01-01", "end": "2026-02-01"}
        answer = client.get("/v1/communities/valley/residuals", params=span)
    assert answer.status_code == 200, answer.text
    worst = {
        "point": PRM, "flow": "import", "operator_kwh": 4.8, "device_kwh": 5.28, "device_residual_kwh": 0.48,
        "device_residual_rate": 0.1, "compared": 48, "operator_only": 4, "device_only": 2 * QUARTERS - 48,
    }  # fmt: skip
    good = {
        "point": "roof", "flow": "export", "operator_kwh": 0.13, "device_kwh": 0.12, "device_residual_kwh": -0.01,
        "device_residual_rate": -0.076923, "compared": 3, "operator_only": 0, "device_only": 2 * QUARTERS - 3,
    }  # fmt: skip
    assert answer.json()["residuals"] == [worst, good]
    table, _ = hub(url, "residuals", "valley", "--month", "2026-01")
    lines = [line.split() for line in table.splitlines()]
    assert lines[2] == [PRM, "import", "4.800", "5.280", "+0.480", "+10.0%", "48", "4", "/", "144"]
    assert lines[3] == ["roof", "export", "0.130", "0.120", "-0.010", "-7.7%", "3", "0", "/", "189"]
    shown = json.loads(hub(url, "residuals", "valley", "--month", "2026-01", "--json")[0])
    assert (shown["community"], shown["month"], shown["by_index"]) == ("valley", "2026-01", [])
    assert [(row["point"], row["device_residual_wh"]) for row in shown["rows"]] == [(PRM, 480), ("roof", -10)]
    nothing, _ = hub(url, "residuals", "valley")
    assert nothing.startswith("the operator says nothing of the members of valley in 20")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["valley", "--month", "June"], "--month 'June' is not a month: write it as 2026-01"),
        (["valley", "--month", "2026-1"], "--month '2026-1' is not a month"),
        (["valley", "--month", "1726-01"], "--month '1726-01' is not a month"),
        (["valley", "--settlement", "--month", "3500-01"], "--month '3500-01' is not a month"),
        (["nowhere"], "there is no community 'nowhere'"),
    ],
)
def test_residuals_that_cannot_be_asked_for(migrated_url: str, words: list[str], sentence: str) -> None:
    with connect(migrated_url) as connection:
        apply(connection, TERRITORY)
    assert sentence in refused("residuals", *words, HUB_DATABASE_URL=migrated_url)


@pytest.mark.slow
@pytest.mark.parametrize("file", [MONTH, YEAR], ids=["a month", "the year"])
def test_the_real_linky_as_a_file_and_as_registers(migrated_url: str, tmp_path: Path, file: Path) -> None:
    """The same Wh in every half-hour of both sources, and 46, 48 or 50 half-hours in every day."""
    if not file.exists():
        pytest.skip(f"{file} is not here")
    load = read_file(as_handed_out(file).encode(), file.name).readings
    point = load.item(0, "point")
    told = tmp_path / file.name
    told.write_text(as_handed_out(file), encoding="utf-8")
    starts, means = load.get_column("at").to_list(), load.get_column("value").to_list()
    readings, wh = [], 1_000_000
    for start, mean_w in zip(starts, means, strict=True):
        readings.append(Reading("linky", Quantity.IMPORT_ENERGY, wh, start, dialect="test"))
        wh += round(mean_w / 2)
    readings.append(Reading("linky", Quantity.IMPORT_ENERGY, wh, starts[-1] + HOUR / 2, dialect="test"))
    with connect(migrated_url) as connection:
        apply(connection, TERRITORY.replace(PRM, point).replace('"wrong"', '"linky"'))
        append(connection, readings)
        hub(migrated_url, "import", "enedis", told)
        process(migrated_url)
        halves: dict[str, list[tuple[Any, ...]]] = {}
        for source in ("device", "operator"):
            halves[source] = connection.execute(
                """
                SELECT date_bin('30 minutes', start, '1970-01-01Z'), sum(energy_wh)::int FROM interval
                WHERE source = %s::source AND flow = 'import' GROUP BY 1 ORDER BY 1
                """,
                [source],
            ).fetchall()
        days = connection.execute(
            """
            SELECT (start AT TIME ZONE 'Europe/Paris')::date::text, count(*) FROM interval WHERE source = 'operator'
            GROUP BY 1 ORDER BY 1
            """
        ).fetchall()
    assert halves["operator"] == [(start, round(mean_w / 2)) for start, mean_w in zip(starts, means, strict=True)]
    assert halves["device"] == halves["operator"]
    assert {day: quarters for day, quarters in days if quarters != 96} == {
        day: quarters
        for day, quarters in (("2022-10-30", 100), ("2023-03-26", 92))
        if file == YEAR or day.startswith("2022-10")
    }


def as_handed_out(file: Path) -> str:
    """The file; the month in the tests' data has lost the lines about its values."""
    text = file.read_text(encoding="utf-8-sig")
    rows = [line.replace(",", ";") for line in text.splitlines() if line[:2] == "20"]
    return text if text.startswith("Identifiant") else CURVE + "\n".join(rows) + "\n"


def test_a_killed_worker_leaves_its_curve_to_another(both_migrated_url: str, tmp_path: Path) -> None:
    url = both_migrated_url
    with connect(url) as connection, connect(url) as gate:
        apply(connection, TERRITORY)
        hub(url, "import", "enedis", curve_of(DAY, 48, tmp_path))
        gate.execute("BEGIN")
        gate.execute("LOCK TABLE interval IN EXCLUSIVE MODE")
        worker = subprocess.Popen([sys.executable, "-c", WORKS_UNTIL_KILLED, url], cwd=PROJECT)
        try:
            wait_until(somebody_waits(connection, "relation"))
            with connection.transaction():
                assert spans.claim(connection, "curve", 10) == [], "it has the span"
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
        gate.execute("ROLLBACK")
        wait_until(lambda: process(url) >= 0 and spans.count(connection) == (0, 0))
        assert len(stored(connection)["interval"]) == QUARTERS


def test_curves_go_in_their_time_and_what_was_made_of_them_stays(
    valley: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, connection = valley
    hub(url, "import", "enedis", curve_of(DAY, 48, tmp_path), curve_of(NEXT + timedelta(days=200), 2, tmp_path))
    hub(url, "import", "enedis", curve_of(DAY, 4, tmp_path, mean_w=440))
    process(url)
    before = stored(connection)
    cutoffs = Cutoffs(DAY + timedelta(days=120), None, None, LONGEST_STILLNESS)
    old = retention.read_old(connection, "readings", cutoffs.readings)
    assert old.rows >= 48 + 4
    retention.freeze(connection, cutoffs)
    rows: dict[str, int] = {}
    for removed in retention.remove(connection, cutoffs, most=20):
        rows[removed.kind] = rows.get(removed.kind, 0) + removed.rows
    assert (rows["curves"], rows["revisions"]) == (48, 4)
    assert len(kept(connection)) == 2
    with connection.transaction():
        numbers = [no for (no,) in connection.execute("SELECT no FROM point")]
        spans.mark(connection, "curve", [(no, DAY.date()) for no in numbers])
    process(url)
    assert stored(connection) == before


def test_nothing_of_the_files_tells_of_who_is_forgotten(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    both = tmp_path / f"export-{PRM}.csv"
    both.write_text(f"time,point,value,flow\n2026-01-05T10:00Z,{PRM},1,import\n2026-01-05T10:00Z,roof,1,export\n")
    hub(url, "import", "enedis", curve_of(DAY, 48, tmp_path))
    hub(url, "import", "csv", both, "--unit", "kWh", "--stamp", "start", "--step-min", "15")
    process(url)
    shown, _ = hub(url, "forget", "someone")
    assert "337 intervals" in shown, "192 of the device, 96 of the operator, and the 49 values that these are made of"
    hub(url, "forget", "someone", "--yes")
    assert [row[0] for row in kept(connection)] == ["roof"]
    assert connection.execute("SELECT name, cardinality(points) FROM curve_file").fetchall() == [("", 1)]
    assert connection.execute("SELECT count(*) FROM stale WHERE kind = 'curve'").fetchone() == (0,)


def test_a_point_that_goes_takes_its_curve_along(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    hub(url, "import", "enedis", curve_of(DAY, 48, tmp_path))
    apply(connection, TERRITORY.partition("[[point]]")[0] + "[[point]]" + TERRITORY.rpartition("[[point]]")[2])
    assert kept(connection) == []
    assert connection.execute("SELECT count(*) FROM curve_file").fetchone() == (0,)
    process(url)
    assert {row[2] for row in stored(connection)["interval"]} == {"device"}


def test_two_workers_come_to_the_same(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    """A second worker takes what the first has not, and neither waits for the other."""
    url, connection = valley
    hub(url, "import", "enedis", curve_of(DAY, 96, tmp_path))
    with worker_on(url) as (_, first), worker_on(url) as (_, second):
        assert first.work_once() + second.work_once() >= 2
        exhaust(first)
    assert {energy_wh for _, energy_wh in consumed(connection)} == {100}
