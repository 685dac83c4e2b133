"""The same file imported again with other options: nothing counts twice, and nothing is lost without a word."""

from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.hub_command import refused
from tests.test_import import hub, kept, valley

__all__ = ["valley"]
TABLE: Final = "time;value;sold\n" + "".join(f"2026-01-05T{10 + n // 2}:{n % 2 * 30:02}:00Z;1;{n}\n" for n in range(8))
WORDS: Final = ("import", "csv", "--unit", "kWh")
HALVES: Final = ("--stamp", "start", "--point", "school", "--flow", "import")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "halves.csv"
    file.write_text(TABLE)
    return file


# the options of the first import, those of the second, and how many values of the first would stay
OTHERWISE: Final = [
    ("a shorter step", (*HALVES, "--step-min", "15"), HALVES, "8 values"),
    ("ends for starts", ("--stamp", "end", *HALVES[2:]), HALVES, "1 value"),
]


@pytest.mark.parametrize(("first", "then", "left"), [pytest.param(*rest, id=why) for why, *rest in OTHERWISE])
def test_a_file_that_is_read_otherwise_is_taken_back_first(
    valley: tuple[str, psycopg.Connection], table: Path, first: tuple[str, ...], then: tuple[str, ...], left: str
) -> None:
    url, connection = valley
    hub(url, *WORDS, *first, table)
    before = kept(connection)
    sentence = refused(*WORDS, *then, str(table), HUB_DATABASE_URL=url)
    assert sentence.startswith("halves.csv: the same file was imported on 20")
    assert f"read otherwise: {left} from then would count beside those of now; take that back with" in sentence
    assert kept(connection) == before
    number = sentence.partition("`hub import undo ")[2].partition("`")[0]
    hub(url, "import", "undo", number)
    stdout, _ = hub(url, *WORDS, *then, table)
    assert "8 values: 8 new" in stdout
    assert [(step_min, mean_w) for *_, step_min, _, mean_w in kept(connection)] == [(30, 2000)] * 8


def test_a_unit_is_corrected_by_importing_again(valley: tuple[str, psycopg.Connection], table: Path) -> None:
    url, connection = valley
    hub(url, "import", "csv", "--unit", "Wh", *HALVES, table)
    stdout, stderr = hub(url, *WORDS, *HALVES, table)
    assert ("8 values: 8 changed" in stdout, stderr) == (True, "")
    assert {mean_w for *_, mean_w in kept(connection)} == {2000}


def test_another_column_is_the_other_flow_and_what_counts_as_well_is_told(
    valley: tuple[str, psycopg.Connection], table: Path
) -> None:
    url, connection = valley
    hub(url, *WORDS, *HALVES, table)
    sold = ("--stamp", "start", "--point", "school", "--flow", "export", "--value-column", "sold")
    stdout, _ = hub(url, *WORDS, *sold, table)
    assert "8 values: 8 new" in stdout
    told = "! 8 values of point school, import, which this file gave before, count as well; if they are wrong, `hub"
    assert told in stdout
    assert len(kept(connection)) == 16


def test_what_is_yet_to_come_is_refused(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    future = TABLE.partition("\n")[2].replace("2026", "2098")
    file = tmp_path / "plan.csv"
    file.write_text(TABLE + future)
    stdout, _ = hub(url, *WORDS, *HALVES, file)
    assert "8 values: 8 new" in stdout
    assert stdout.splitlines()[1:] == ["  line 10: 2098-01-05 11:00 is yet to come (8 values)"]
    assert len(kept(connection)) == 8
    file.write_text("time;value;sold\n" + future)
    assert refused(*WORDS, *HALVES, str(file), HUB_DATABASE_URL=url) == (
        "plan.csv: nothing of it can be imported, first line 2: 2098-01-05 11:00 is yet to come (8 values)"
    )
