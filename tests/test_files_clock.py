"""Local clocks in files: the hour that comes twice, the one that does not come, midnight as 24:00; a real year."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from energy.time import PARIS, local_day
from ingest.files import FileContent, FileOptions, read_file
from tests.file_examples import AT_POINT, read_text, reasons

AUTUMN, SPRING = date(2026, 10, 25), date(2026, 3, 29)
R63 = "Identifiant PRM;Grandeur physique;Grandeur métier;Etape métier;Unité;Horodate;Valeur;Nature;Pas\n"
UNCLEAR = "the order of the lines does not tell which of the two equal hours '2026-10-25 02:{}:00' is"
YEAR = Path(__file__).parents[2] / "shared" / "data" / "linky" / "consoexemple.csv"


def r63(times: Sequence[str], day: str = "2026-10-25", step: str = "PT30M", stage: str = "BRUT", prm: int = 1) -> str:
    """Lines of a file with the given clock times as ends, and their ordinals from 0 as values."""
    return "".join(f"{prm};PA;CONS;{stage};W;{day} {time}:00;{n};B;{step}\n" for n, time in enumerate(times))


def in_order(content: FileContent) -> list[int]:
    """Ordinals of the values in the order of their instants in UTC."""
    return [int(value) for value in content.readings.sort("at")["value"]]


# the ends that a file holds in its order; which of them come first to last in truth; which half-hours are unclear
DOUBLED = [
    ("forward", ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"], [0, 1, 2, 3, 4, 5], []),
    ("backward", ["03:00", "02:30", "02:00", "02:30", "02:00", "01:30"], [5, 4, 3, 2, 1, 0], []),
    ("sorted by the clock", ["01:30", "02:00", "02:00", "02:30", "02:30", "03:00"], [0, 1, 3, 2, 4, 5], []),
    ("a line of the second hour is absent", ["01:30", "02:00", "02:30", "02:30", "03:00"], [0, 1, 2, 3, 4], []),
    ("a line of the first hour is absent", ["01:30", "02:30", "02:00", "02:30", "03:00"], [0, 1, 2, 3, 4], []),
    ("one hour is absent: nothing tells which", ["01:30", "02:00", "02:30", "03:00"], [0, 3], ["00", "30"]),
    ("three times", ["01:30", "02:00", "02:00", "02:00", "03:00"], [0, 4], ["00"] * 3),
    (
        "in no order",
        ["03:00", "02:00", "01:30", "02:30", "01:00", "02:30", "02:00"],
        [4, 2, 0],
        ["00", "30", "30", "00"],
    ),
]


@pytest.mark.parametrize(("ends", "expected", "unclear"), [pytest.param(*rest, id=why) for why, *rest in DOUBLED])
def test_the_hour_that_comes_twice_is_told_by_the_order_of_lines(
    ends: list[str], expected: list[int], unclear: list[str]
) -> None:
    content = read_text(R63 + r63(ends))
    assert in_order(content) == expected
    assert [reason for _, reason in reasons(content)] == [UNCLEAR.format(minutes) for minutes in unclear]


def test_each_point_and_stage_has_an_order_of_its_own() -> None:
    forward, backward = ["02:00", "02:30", "02:00", "02:30"], ["02:30", "02:00", "02:30", "02:00"]
    lines = [r63(forward), r63(backward, prm=2), r63(forward, stage="CORRIGE", prm=3), r63(forward, prm=3)]
    one_by_one = "".join(
        line for four in zip(*(text.splitlines(keepends=True) for text in lines), strict=True) for line in four
    )
    for text in ("".join(lines), one_by_one):
        content = read_text(R63 + text)
        per_point = content.readings.sort("point", "at").group_by("point", maintain_order=True).agg("value", "nature")
        assert per_point["value"].to_list() == [[0, 1, 2, 3], [3, 2, 1, 0], [0, 1, 2, 3]]
        assert per_point["nature"].to_list() == [["brut"] * 4, ["brut"] * 4, ["corrige"] * 4]


def test_values_that_are_refused_still_tell_the_hours_apart() -> None:
    clock = [
        "01:45",
        *(f"02:{minutes:02}" for minutes in (0, 15, 30, 45)),
        *(f"02:{minutes:02}" for minutes in (0, 15, 30, 45)),
    ]
    qualities = ["L1", "L3", "L3", "L3", "L3", "L1", "L2", "L1", "L1"]
    rows = (f"{AT_POINT};25.10.2026 {time};{n};{q};x" for n, (time, q) in enumerate(zip(clock, qualities, strict=True)))
    text = "Metering point;Timestamp;kWh;Quality;Flow\n" + "\n".join(rows)
    content = read_text(text, FileOptions(flow="import"))
    assert [at.strftime("%H:%M") for at in content.readings["at"]] == ["23:45", "01:00", "01:15", "01:30", "01:45"]
    assert content.counts.refused == 4


def test_the_same_export_twice_in_a_file_is_read_once() -> None:
    ends = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    content = read_text(R63 + r63(ends) * 2)
    assert in_order(content) == [0, 1, 2, 3, 4, 5]
    assert content.counts.repeated == 6


def test_the_hour_that_does_not_come_is_refused() -> None:
    content = read_text(R63 + r63(["01:30", "02:00", "02:30", "03:00", "03:30"], day="2026-03-29"))
    assert reasons(content) == [
        (line, f"the clocks of Europe/Paris skip '2026-03-29 02:{minutes}:00': that time does not exist")
        for line, minutes in ((3, "00"), (4, "30"))
    ]
    # The half-hour that ends at 03:00 summer time follows the one that ends at 01:30 winter time, but for one.
    assert [at.strftime("%H:%M") for at in content.readings["at"]] == ["00:00", "00:30", "01:00"]


def local_ends(day: date, step_min: int, zone: ZoneInfo) -> list[datetime]:
    """Clock times at which the steps of a local day end."""
    span, step = local_day(day, zone), timedelta(minutes=step_min)
    steps = (span.end - span.start) // step
    return [(span.start + step * n).astimezone(zone) for n in range(1, steps + 1)]


@pytest.mark.parametrize(("day", "hours"), [(AUTUMN, 25), (SPRING, 23), (date(2026, 6, 1), 24)])
@pytest.mark.parametrize("step_min", [10, 30, 60])
def test_days_of_clock_changes_have_the_right_number_of_steps(day: date, hours: int, step_min: int) -> None:
    ends = local_ends(day, step_min, PARIS)
    rows = "".join(f"7;PA;CONS;BRUT;W;{end:%Y-%m-%d %H:%M:%S};1;B;PT{step_min}M\n" for end in ends)
    content = read_text(R63 + rows)
    assert reasons(content) == []
    span = local_day(day, PARIS)
    assert content.readings["at"].to_list() == [span.start + timedelta(minutes=step_min * n) for n in range(len(ends))]
    assert len(ends) == hours * 60 // step_min


@pytest.mark.parametrize(("day", "quarters"), [(AUTUMN, 100), (SPRING, 92)])
def test_days_of_clock_changes_in_vienna_have_100_and_92_quarter_hours_by_their_starts(
    day: date, quarters: int
) -> None:
    vienna = ZoneInfo("Europe/Vienna")
    begins = local_day(day, vienna).start
    starts = [(begins + timedelta(minutes=15 * n)).astimezone(vienna) for n in range(quarters)]
    rows = "".join(f"{AT_POINT};{start:%d.%m.%Y %H:%M};0,1;L1;GENERATION\n" for start in starts)
    content = read_text(f"Metering point;Timestamp;kWh;Quality;Energy direction\n{rows}")
    assert reasons(content) == []
    assert content.readings["at"].to_list() == [start.astimezone(UTC) for start in starts]


def test_midnight_may_be_24_00_of_the_day_that_ends() -> None:
    header = "Date de la mesure;Heure de la mesure;Valeur;Statut de la mesure;PRM;Type de données;Grandeur métier;"
    header += "Grandeur physique;Statut demandé;Unité;Pas en minutes\n"
    about = "R;00000000000002;Courbe de charge;Production;Energie active;Brut;kW;10\n"
    content = read_text(
        header + "".join(f"{end};1,25;{about}" for end in ("31/12/2026;24:00:00", "01/01/2027;00:10:00"))
    )
    assert content.readings["at"].to_list() == [
        datetime(2026, 12, 31, 22, 50, tzinfo=UTC) + timedelta(minutes=10 * n) for n in (0, 1)
    ]
    assert content.readings["value"].to_list() == [1250.0, 1250.0]


@pytest.mark.skipif(not YEAR.exists(), reason="the real Linky year of the shared folder is not here")
def test_the_real_linky_year_is_read_whole() -> None:
    content = read_file(YEAR.read_bytes(), YEAR.name)
    readings = content.readings
    assert content.problems == ()
    assert (content.counts.seen, readings.height) == (17520, 17520)
    assert readings["step_min"].unique().to_list() == [30]
    assert readings["at"].diff().drop_nulls().unique().to_list() == [timedelta(minutes=30)]
    local = readings["at"].dt.convert_time_zone("Europe/Paris").dt.date()
    days = readings.group_by(local.alias("day")).agg(pl.len(), wh=pl.col("value").sum() / 2)
    of_day = {day: count for day, count, _ in days.rows()}
    assert (of_day[date(2022, 10, 30)], of_day[date(2023, 3, 26)], of_day[date(2023, 1, 1)]) == (50, 46, 48)
    assert days["wh"].sum() == _sum_of_column(YEAR) / 2 == 7_302_599.0


def _sum_of_column(path: Path) -> int:
    """Sum of the watts as a plain reader of the text finds them."""
    return sum(int(line.split(";")[1]) for line in path.read_text("utf-8-sig").splitlines()[3:])


def test_a_naive_generic_file_in_another_zone_has_its_own_clock_changes() -> None:
    options = FileOptions(zone="Atlantic/Azores", stamp="start", unit="W", point="farm", flow="export", step_min=30)
    times = ["00:00", "00:30", "00:00", "00:30", "01:00"]
    text = "time,value\n" + "".join(f"2026-10-25 {time},{n}\n" for n, time in enumerate(times))
    content = read_text(text, options)
    assert content.readings["at"].to_list() == [
        datetime(2026, 10, 25, 0, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(5)
    ]
    assert in_order(content) == [0, 1, 2, 3, 4]


MONTHS = [
    ("the first above 12 is a day", ["05/01/2026", "13/01/2026"], 2, []),
    (
        "the second above 12 makes all of them unclear",
        ["01/11/2026", "01/12/2026", "2026-01-12", "01/13/2026"],
        1,
        [
            (
                2,
                "the month comes first here, as '01/13/2026 01:00' shows: write the days as 2026-01-31 (3 lines)",
            )
        ],
    ),
    ("neither is a month", ["13/13/2026", "05/01/2026"], 1, [(2, "the stamp '13/13/2026 01:00' is no time")]),
]


@pytest.mark.parametrize(("days", "kept", "problems"), [pytest.param(*rest, id=why) for why, *rest in MONTHS])
def test_where_a_month_comes_first_no_day_is_guessed(days: list[str], kept: int, problems: list[Any]) -> None:
    options = FileOptions(unit="W", stamp="end", zone="Europe/Paris", point="a", flow="import", step_min=30)
    content = read_text("time;value\n" + "".join(f"{day} 01:00;1\n" for day in days), options)
    assert (content.counts.kept, reasons(content)) == (kept, problems)
