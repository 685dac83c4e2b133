"""`hub import` with real files on real servers: what it says, what it stores, what it leaves alone."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from store.connect import connect
from tests.file_examples import AT_POINT, FOLDER
from tests.hub_command import call_hub, refused
from tests.metering import apply, process, stored

PRM: Final = "00000000000001"
POINTS: Final = (PRM, "00000000000002", "00000000000004", AT_POINT, AT_POINT[:-1] + "2", "school", "roof")
TERRITORY: Final = """
community = [{ id = "valley", name = "Valley", place = "Here" }]
holder = [{ id = "someone" }]
""" + "".join(
    f"""
    [[point]]
    id = "{point}"
    holder = "someone"
    name = "P"
    category = "home"
    role = "prosumer"
    community = "valley"
    """
    for point in POINTS
)
CURVE: Final = """Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite;Pas en minutes
00000000000001;Courbe de charge;05/01/2026;06/01/2026;Energie active;Consommation;Comptage Brut;W;30

Horodate;Valeur
"""  # noqa: E501 - a line of a file
LINES: Final = [f"2026-01-05T{h:02}:{m:02}:00+01:00;{100 * h + m}" for h in range(10, 14) for m in (0, 30)]
EXPECTED: Final[list[tuple[str, list[str], int]]] = [
    ("enedis_load_curve/one_morning.csv", ["enedis"], 2),
    ("enedis_load_curve/two_blocks_mixed_steps.csv", ["enedis"], 7),
    ("enedis_r63/clock_change_day.csv", ["enedis"], 2),
    ("enedis_r63/cp1252_descending.csv", ["enedis"], 2),
    ("enedis_columns13/one_value.csv", ["enedis"], 1),
    ("enedis_data_connect/two_values.json", ["enedis", "--flow", "import"], 2),
    ("enedis_r50/two_values.xml", ["enedis", "--flow", "import"], 2),
    ("eda/one_line_per_value.csv", ["eda"], 3),
    ("eda/portal_of_one_point.csv", ["eda", "--point", AT_POINT], 2),
    ("generic/quarter_hours.csv", ["csv", "--unit", "kWh", "--stamp", "start"], 4),
    ("enedis_index/two_days.csv", ["enedis"], 2),
    ("enedis_r64/one_register.json", ["enedis"], 1),
]


@pytest.fixture
def valley(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection]]:
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        yield both_migrated_url, connection


def hub(url: str, *words: str | Path) -> tuple[str, str]:
    """What a command that did what it says wrote to stdout and stderr."""
    code, stdout, stderr = call_hub(*map(str, words), settings={"HUB_DATABASE_URL": url})
    assert code == 0, stderr
    return stdout, stderr


def written(folder: Path, name: str, lines: Sequence[str]) -> Path:
    file = folder / name
    file.write_text(CURVE + "\n".join(lines) + "\n", encoding="utf-8")
    return file


def kept(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    query = """
        SELECT p.id, c.flow, c.start, c.step_min, c.nature, c.mean_w
        FROM curve AS c JOIN point AS p ON p.no = c.point_no
        ORDER BY 1, 2, 3, 4, 5
    """
    return connection.execute(query).fetchall()


def waiting(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    query = """
        SELECT p.id, s.day::text FROM stale AS s JOIN point AS p ON p.no = s.ref_no WHERE s.kind = 'curve' ORDER BY 1, 2
    """
    return connection.execute(query).fetchall()


def test_every_example_file_gives_what_it_holds(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    for file, words, values in EXPECTED:
        connection.execute(
            "TRUNCATE curve, operator_index, curve_file, curve_revision, operator_index_revision, "
            "operator_result, operator_result_revision, stale"
        )
        stdout, _ = hub(url, "import", words[0], FOLDER / file, *words[1:])
        assert f"{values} value" in stdout, stdout
        assert f"{values} new" in stdout, stdout
        if file.startswith(("enedis_index", "enedis_r64")):
            assert connection.execute("SELECT count(*) FROM operator_index").fetchone() == (values,)
            assert (kept(connection), waiting(connection)) == ([], []), "no interval is made of registers"
            assert ("12 left out as their energy is in the registers taken" in stdout) == ("two_days" in file)
        else:
            assert len(kept(connection)) == values
            assert waiting(connection) != []
    assert {path.name for path in FOLDER.iterdir()} == {file.partition("/")[0] for file, *_ in EXPECTED}


def test_the_same_file_again_changes_nothing_and_says_so(
    valley: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, connection = valley
    file = written(tmp_path, "a.csv", LINES)
    stdout, stderr = hub(url, "import", "enedis", file)
    assert stdout == (
        "a.csv: Enedis customer space, load curve, 1 point, 2026-01-05 09:30 to 2026-01-05 13:30; 8 values: 8 new\n"
    )
    assert stderr == ""
    first = kept(connection)
    assert [mean_w for *_, mean_w in first] == [1000, 1030, 1100, 1130, 1200, 1230, 1300, 1330]
    assert waiting(connection) == [(PRM, "2026-01-05")]
    process(url)
    made = stored(connection)
    assert len(made["interval"]) == 16
    stdout, _ = hub(url, "import", "enedis", file)
    assert "8 known already; nothing changes, the file was imported on 20" in stdout
    stdout, _ = hub(url, "import", "enedis", written(tmp_path, "b.csv", [*LINES, ""]))
    assert "8 known already; nothing changes, other files said the same" in stdout
    assert waiting(connection) == []
    assert (kept(connection), stored(connection)) == (first, made)


def test_a_later_file_corrects_and_the_old_value_is_kept(
    valley: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, connection = valley
    hub(url, "import", "enedis", written(tmp_path, "a.csv", LINES))
    process(url)
    stdout, _ = hub(url, "import", "enedis", written(tmp_path, "b.csv", ["2026-01-05T10:30:00+01:00;2000", *LINES[2:]]))
    assert "7 values: 1 changed, 6 known already" in stdout
    assert connection.execute("SELECT old_mean_w FROM curve_revision").fetchall() == [(1030,)]
    process(url)
    changed = [row[4] for row in stored(connection)["interval"] if row[3] in (at(9), at(9, 15))]
    assert changed == [500, 500]


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, 5, hour, minute, tzinfo=UTC)


def test_bad_lines_are_told_and_the_rest_is_imported(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    bad = [f"2026-01-{day:02}T10:00:00+01:00;much" for day in range(6, 31)]
    stdout, _ = hub(url, "import", "enedis", written(tmp_path, "a.csv", [*LINES, *bad, "2026-01-05T14:00:00+01:00;"]))
    lines = stdout.splitlines()
    assert "8 values: 8 new, 1 empty, 25 refused" in lines[0]
    assert lines[1] == "  line 13: the value 'much' is not a number"
    assert len(lines) == 1 + 20 + 1
    assert lines[-1] == "  and 5 problems more"
    assert len(kept(connection)) == 8


def test_the_same_told_as_power_and_as_energy_is_one_value(
    valley: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, connection = valley
    file = tmp_path / "both.csv"
    energies = [f"{line.partition(';')[0]};250" for line in LINES]
    again = CURVE.replace(";W;", ";Wh;")
    file.write_text(CURVE + "\n".join(LINES) + "\n" + again + "\n".join(energies) + "\n", encoding="utf-8")
    stdout, _ = hub(url, "import", "enedis", file)
    assert "8 values: 8 new" in stdout
    assert {mean_w for *_, mean_w in kept(connection)} == {500}, "the later line"


def test_a_point_that_is_not_declared_is_told_and_imported_later(
    valley: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, connection = valley
    other = CURVE.replace(PRM, "00000000000009") + "2026-01-05T10:30:00+01:00;500\n2026-01-05T11:00:00+01:00;500\n"
    file = tmp_path / "two.csv"
    file.write_text(CURVE + "\n".join(LINES) + "\n" + other, encoding="utf-8")
    stdout, _ = hub(url, "import", "enedis", file)
    assert "1 point," in stdout
    assert "! point 00000000000009 is not declared, and its 2 values left out" in stdout
    apply(connection, TERRITORY.replace('"roof"', '"00000000000009"'))
    stdout, _ = hub(url, "import", "enedis", file)
    assert "2 points," in stdout
    assert "2 new, 8 known already" in stdout
    assert "!" not in stdout
    assert connection.execute("SELECT cardinality(points) FROM curve_file").fetchall() == [(2,)]


def test_what_is_refused_in_one_sentence(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    odd = tmp_path / "odd.csv"
    odd.write_text("time,point,value,flow\n2026-01-05T00:00:00Z,school,1,import\n")
    unknown = tmp_path / "letter.txt"
    unknown.write_text("Dear customer")
    undeclared = written(tmp_path, "u.csv", LINES)
    undeclared.write_text(undeclared.read_text().replace(PRM, "00000000000009"))
    table = ["--unit", "kWh", "--stamp", "start"]
    cases: list[tuple[list[str | Path], str]] = [
        (["enedis", tmp_path / "none.csv"], "none.csv cannot be read: No such file or directory"),
        (["enedis", unknown], "letter.txt begins with 'Dear customer', which is none of the formats known"),
        (["enedis", FOLDER / "eda/one_line_per_value.csv"], "import it with `hub import eda`"),
        (["eda", FOLDER / "generic/quarter_hours.csv"], "import it with `hub import csv`"),
        (["enedis", FOLDER / "enedis_data_connect/two_values.json"], "say it with --flow import or --flow export"),
        (["enedis", undeclared], "u.csv: point 00000000000009 is not declared, and its 8 values left out"),
        (["csv", odd, *table, "--step-min", "7"], "a step of 7 minutes does not divide the hour"),
        (["enedis", undeclared, unknown], "; nor could 1 other file be imported"),
    ]
    for words, sentence in cases:
        assert sentence in refused("import", *map(str, words), HUB_DATABASE_URL=url)
    assert kept(connection) == []
    assert connection.execute("SELECT count(*) FROM curve_file").fetchone() == (0,)


def test_a_file_that_cannot_be_does_not_stop_the_others(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    stdout, stderr = hub(
        url,
        "import",
        "enedis",
        tmp_path / "none.csv",
        written(tmp_path, "a.csv", LINES),
        FOLDER / "generic/quarter_hours.csv",
    )
    assert stdout.startswith("a.csv: ")
    assert [line.partition(" ")[0] for line in stderr.splitlines()] == ["!", "!"]
    assert len(kept(connection)) == 8


def test_what_is_kept_as_it_is_changes_no_more(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    connection.execute("UPDATE point SET frozen_before = '2026-01-05T11:00Z'")
    stdout, _ = hub(url, "import", "enedis", written(tmp_path, "a.csv", LINES))
    assert (
        f"! 5 values of point {PRM} from before 2026-01-05 11:00 UTC, when its intervals are kept as they are" in stdout
    )
    process(url)
    assert min(row[3] for row in stored(connection)["interval"]) == at(11)


def test_a_value_beyond_midnight_marks_both_days(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    file = tmp_path / "hourly.csv"
    file.write_text("time,value\n2026-01-05T23:30:00Z,600\n2026-01-06T00:30:00Z,600\n")
    hub(
        url,
        "import",
        "csv",
        file,
        "--unit",
        "W",
        "--stamp",
        "start",
        "--step-min",
        "60",
        "--point",
        PRM,
        "--flow",
        "import",
    )
    assert waiting(connection) == [(PRM, "2026-01-05"), (PRM, "2026-01-06")]
    process(url)
    assert [row[4] for row in stored(connection)["interval"]] == [150] * 8
