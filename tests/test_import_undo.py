"""Taking an import back: what it had said goes, what it had replaced counts again, whatever came in between."""

import hashlib
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.hub_command import refused
from tests.metering import process, stored
from tests.test_import import PRM, hub, kept, valley, waiting, written
from tests.test_import_index import day, index_file, registers

__all__ = ["valley"]
HOURS: Final = [f"2026-01-05T{hour:02}:{minute:02}:00+01:00" for hour in (10, 11) for minute in (0, 30)]


def file_of(folder: Path, name: str, *watts: int) -> Path:
    return written(folder, name, [f"{time};{value}" for time, value in zip(HOURS, watts, strict=False)])


# what is imported one after the other, what is undone of it, and the watts that are left
UNDONE: Final[list[tuple[str, list[tuple[int, ...]], list[int], list[int]]]] = [
    ("nothing was there before", [(1, 2)], [0], []),
    ("what was replaced comes back, what was new goes", [(1, 2), (5, 6, 7)], [1], [1, 2]),
    ("an old one goes from below a newer", [(1, 2, 3), (5, 6)], [0], [5, 6]),
    ("and never comes back", [(1, 2), (5, 6), (8, 9)], [1, 2], [1, 2]),
    ("in the other order", [(1, 2), (5, 6), (8, 9)], [2, 1], [1, 2]),
    ("all of them", [(1, 2), (5, 6), (8, 9)], [0, 2, 1], []),
    ("a file that came twice", [(1, 2), (5, 6), (1, 2)], [0], [5, 6]),
]


@pytest.mark.parametrize(("files", "undone", "left"), [pytest.param(*rest, id=why) for why, *rest in UNDONE])
def test_what_is_left_after_files_are_taken_back(
    valley: tuple[str, psycopg.Connection],
    tmp_path: Path,
    files: list[tuple[int, ...]],
    undone: list[int],
    left: list[int],
) -> None:
    url, connection = valley
    paths = [file_of(tmp_path, f"{n}.csv", *watts) for n, watts in enumerate(files)]
    for path in paths:
        hub(url, "import", "enedis", path)
    for n in undone:
        hub(url, "import", "undo", paths[n])
    assert [row[-1] for row in kept(connection)] == left


def test_the_days_are_computed_anew_and_the_file_is_known_no_more(
    valley: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, connection = valley
    first, second = file_of(tmp_path, "first.csv", 400, 400), file_of(tmp_path, "second.csv", 800, 800)
    hub(url, "import", "enedis", first)
    process(url)
    before = stored(connection)["interval"]
    hub(url, "import", "enedis", second)
    process(url)
    listed = [line.split() for line in hub(url, "import", "list")[0].splitlines()]
    assert [(row[0], *row[3:]) for row in listed[1:]] == [
        ("1", "enedis_load_curve", "2", PRM, "first.csv"),
        ("2", "enedis_load_curve", "2", PRM, "second.csv"),
    ]
    stdout, _ = hub(url, "import", "undo", "2")
    assert stdout == "undone: second.csv; 2 values went, 2 that they had replaced came back\n"
    assert waiting(connection) == [(PRM, "2026-01-05")]
    process(url)
    assert stored(connection)["interval"] == before
    digests = connection.execute("SELECT digest FROM curve_file").fetchall()
    assert digests == [(hashlib.sha256(first.read_bytes()).digest(),)]
    for what, sentence in (("2", "there is no imported file 2"), (str(second), "second.csv was not imported as it is")):
        assert refused("import", "undo", what, HUB_DATABASE_URL=url).startswith(sentence)
    assert "2 changed" in hub(url, "import", "enedis", second)[0], "it can be imported again"


def test_registers_come_back_too(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    hub(url, "import", "enedis", index_file(tmp_path, "EAS T", [(day(0), "1000")]))
    wrong = index_file(tmp_path, "EAS T", [(day(0), "7000"), (day(1), "8000")])
    hub(url, "import", "enedis", wrong)
    stdout, _ = hub(url, "import", "undo", wrong)
    assert stdout == "undone: index.csv; 2 values went, 1 that they had replaced came back\n"
    assert registers(connection) == [("", day(0), 0, 1000)]


def test_a_flow_that_the_file_contradicts_is_refused(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    file = file_of(tmp_path, "home.csv", 400, 400)
    sentence = refused("import", "enedis", "--flow", "export", str(file), HUB_DATABASE_URL=url)
    assert sentence == "home.csv says itself that it holds import: leave --flow away"
    assert kept(connection) == []
    assert "2 new" in hub(url, "import", "enedis", "--flow", "import", file)[0]


def test_no_text_of_a_file_moves_the_terminal(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"time,value,point\n2026-01-05T10:00Z,1,\x1b[2J{'p' * 3000}\n2026-01-05T10:00Z,2,{PRM}\n")
    words = ("--unit", "W", "--stamp", "start", "--step-min", "30", "--flow", "import")
    stdout, stderr = hub(valley[0], "import", "csv", file, *words)
    assert f"point \\x1b[2J{'p' * 53}... is not declared" in stdout + stderr
    assert "\x1b" not in stdout + stderr
