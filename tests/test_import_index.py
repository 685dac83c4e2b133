"""The operator's index on real servers: imported once, corrected, compared, gone with its point."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from energy.time import Span
from store import retention
from store.connect import FrameReader, connect
from store.indexes import read_residuals_by_index
from tests.filled_hub import serving
from tests.metering import DAY, append, apply, process, register
from tests.test_import import PRM, hub
from tests.test_import import TERRITORY as POINTS
from tests.test_operator_rank import QUARTERS, TERRITORY, curve_of

HEADER: Final = (
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite\n"
    f"{PRM};Index;01/01/2026;31/01/2026;Energie active;Consommation;{{stage}};Wh\nHorodate;Type de releve;{{names}}\n"
)
MONTH: Final = Span(DAY - timedelta(days=4), DAY + timedelta(days=27))


def index_file(folder: Path, names: str, rows: list[tuple[datetime, str]], stage: str = "Comptage Brut") -> Path:
    file = folder / "index.csv"
    lines = "".join(f"{at.isoformat()};Arrete quotidien;{cells}\n" for at, cells in rows)
    file.write_text(HEADER.format(names=names, stage=stage) + lines, encoding="utf-8")
    return file


def day(n: int, hour: int = 0, minute: int = 0) -> datetime:
    return DAY + timedelta(days=n, hours=hour, minutes=minute)


def registers(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT tariff, at, nature, register_wh FROM operator_index ORDER BY 1, 2, 3").fetchall()


# the columns, the registers by day, and the stretches that come of them: energy and number; None where there are none
STRETCHES: Final[list[tuple[str, str, list[tuple[datetime, str]], tuple[int, int] | None]]] = [
    ("the total", "EAS T", [(day(0), "1000"), (day(1), "10600"), (day(2), "20300")], (19300, 2)),
    ("tariffs beside the total count once", "EAS D1;EAS D2;EAS T", [(day(0), "1;2;3"), (day(1), "5;9;14")], (11, 1)),
    ("tariffs without it add up", "EAS D1;EAS D2", [(day(0), "1;2"), (day(1), "5;9")], (11, 1)),
    ("where one is absent once, the others are no total", "EAS D1;EAS D2", [(day(0), "1;2"), (day(1), "5;")], None),
    ("it may be there again later", "EAS F1;EAS F2", [(day(0), "1;2"), (day(1), "5;"), (day(2), "6;9")], (12, 1)),
    ("a number between them may be unused", "EAS F1;EAS F2;EAS F3", [(day(0), "1;;2"), (day(1), "5;;9")], (11, 1)),
    ("a second register without a first is no total", "EAS D2", [(day(0), "1"), (day(1), "5")], None),
    ("a register that goes down is another meter", "EAS T", [(day(0), "900"), (day(1), "7"), (day(2), "9")], (2, 1)),
    ("read by hand within a quarter-hour", "EAS T", [(day(0), "1"), (day(1, 9, 7), "5"), (day(2), "9")], (8, 1)),
    ("a stretch counts where it ends", "EAS T", [(day(-30), "1"), (day(1), "5"), (day(40), "9")], (4, 1)),
    ("one index alone is no energy", "EAS T", [(day(1), "5")], None),
]


@pytest.mark.parametrize(("names", "rows", "expected"), [pytest.param(*rest, id=why) for why, *rest in STRETCHES])
def test_energy_between_indexes(
    migrated_url: str, tmp_path: Path, names: str, rows: list[tuple[datetime, str]], expected: tuple[int, int] | None
) -> None:
    with connect(migrated_url) as connection:
        apply(connection, POINTS)
        hub(migrated_url, "import", "enedis", index_file(tmp_path, names, rows))
        reader = FrameReader(migrated_url)
        found = read_residuals_by_index(reader, connection, 1, MONTH)
        reader.close()
    told = found.select("index_wh", "stretches", "index_curve_stretches", "index_device_stretches").rows()
    assert told == ([] if expected is None else [(*expected, 0, 0)])


def test_indexes_that_cannot_be_compared_are_not_silence(both_migrated_url: str, tmp_path: Path) -> None:
    with connect(both_migrated_url) as connection:
        apply(connection, POINTS)
    month = ("residuals", "valley", "--month", "2026-01")
    silence = "the operator says nothing of the members of valley in 2026-01 (`hub import`)\n"
    assert hub(both_migrated_url, *month)[0] == silence
    hub(both_migrated_url, "import", "enedis", index_file(tmp_path, "EAS T", [(day(1), "5")]))
    stdout, _ = hub(both_migrated_url, *month)
    assert "indexes are there, but no two complete ones follow each other" in stdout
    assert hub(both_migrated_url, *month[:-1], "2025-12")[0] == silence.replace("2026-01", "2025-12")


def test_an_index_is_imported_once_and_corrected_later(both_migrated_url: str, tmp_path: Path) -> None:
    rows = [(day(0), "1000"), (day(1), "2000")]
    with connect(both_migrated_url) as connection:
        apply(connection, POINTS)
        stdout, _ = hub(both_migrated_url, "import", "enedis", index_file(tmp_path, "EAS T", rows))
        assert (
            "Enedis customer space, index export, 1 point, 2026-01-05 01:00 to 2026-01-06 01:00; 2 values: 2" in stdout
        )
        stdout, _ = hub(both_migrated_url, "import", "enedis", index_file(tmp_path, "EAS T", rows))
        assert "2 known already; nothing changes, the file was imported on 20" in stdout
        rows[1] = (day(1), "2500")
        stdout, _ = hub(both_migrated_url, "import", "enedis", index_file(tmp_path, "EAS T", rows))
        assert "2 values: 1 changed, 1 known already" in stdout
        assert connection.execute("SELECT old_register_wh FROM operator_index_revision").fetchall() == [(2000,)]
        hub(
            both_migrated_url, "import", "enedis", index_file(tmp_path, "EAS T", [(day(1), "3000")], "Comptage Corrige")
        )
        assert registers(connection) == [("", day(0), 0, 1000), ("", day(1), 0, 2500), ("", day(1), 2, 3000)]
        reader = FrameReader(both_migrated_url)
        found = read_residuals_by_index(reader, connection, 1, MONTH)
        reader.close()
        assert found["index_wh"].to_list() == [2000], "the corrected one counts"


@pytest.fixture
def compared(both_migrated_url: str, tmp_path: Path) -> Iterator[tuple[str, psycopg.Connection]]:
    """Two days of a home: index and curve agree on the first, the device counts a tenth too much on both."""
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        append(connection, register("wrong", range(0, 110 * 2 * QUARTERS + 1, 110)))
        rows = [(day(n), str(10_000 + 9_600 * n)) for n in (0, 1, 2, 3)]
        hub(both_migrated_url, "import", "enedis", curve_of(DAY, 48 + 47, tmp_path))
        hub(both_migrated_url, "import", "enedis", index_file(tmp_path, "EAS T", rows))
        process(both_migrated_url)
        yield both_migrated_url, connection


def test_curve_and_device_are_compared_over_the_stretches_that_they_know_whole(
    compared: tuple[str, psycopg.Connection],
) -> None:
    url, _ = compared
    with serving(url) as client:
        answer = client.get("/v1/communities/valley/residuals", params={"start": "2026-01-01", "end": "2026-02-01"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["by_index"] == [
        {
            "point": PRM, "flow": "import", "index_start": "2026-01-05T00:00:00Z", "index_end": "2026-01-08T00:00:00Z",
            "index_kwh": 28.8, "stretches": 3, "index_curve_kwh": 9.6, "index_curve_residual_kwh": 0.0,
            "index_curve_stretches": 1, "index_device_kwh": 21.12, "index_device_residual_kwh": 1.92,
            "index_device_stretches": 2,
        }
    ]  # fmt: skip
    table, _ = hub(url, "residuals", "valley", "--month", "2026-01")
    line = table.partition("by the operator's index")[2].splitlines()[2]
    assert line.split() == [PRM, "import", "28.800", "3", "+0.000", "+0.0%", "1", "+1.920", "+10.0%", "2"]


def test_an_index_goes_in_its_time_with_its_point_and_with_who_is_forgotten(
    compared: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, connection = compared
    hub(url, "import", "enedis", index_file(tmp_path, "EAS T", [(day(0), "1"), (day(3), "2")]))
    cutoffs = retention.Cutoffs(day(2), None, None, timedelta(days=1))
    removed = list(retention.remove(connection, cutoffs, most=1))
    assert sum(step.rows for step in removed if step.kind == "revisions") == 1
    assert [at for _, at, *_ in registers(connection)] == [day(2), day(3)]
    hub(url, "forget", "someone", "--yes", "--now")
    assert registers(connection) == []
    for table in ("operator_index_revision", "curve_file"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # pyright: ignore[reportArgumentType, reportCallIssue] - a table of ours
