"""The generic CSV file: what its options must say, and the shapes of tables that it reads."""

from dataclasses import replace
from typing import Any

import pytest

from energy.errors import InvalidInput
from ingest.files import FileOptions
from tests.file_examples import FOLDER, OPTIONS, read_text, reasons, told

MEANS = FileOptions(unit="W", stamp="end", zone="Europe/Paris", point="school", flow="import")
FIVE = [f"2026-01-05 0{minutes // 60}:{minutes % 60:02}" for minutes in range(15, 90, 15)]


def test_the_example_has_decimal_commas_in_quotes_and_both_flows() -> None:
    text = (FOLDER / "generic" / "quarter_hours.csv").read_text()
    content = read_text(text, OPTIONS["generic"])
    assert told(content, "point", "quantity", "at", "step_min", "value") == [
        ("roof", "export_energy_interval", "01-05 00:00", 15, 0.0),
        ("roof", "export_energy_interval", "01-05 00:15", 15, 500.0),
        ("school", "import_energy_interval", "01-05 00:00", 15, 1500.0),
        ("school", "import_energy_interval", "01-05 00:15", 15, 2250.0),
    ]


NAMED = {"time_column": "le debut", "value_column": "Combien"}

SHAPES = [
    ("semicolons and decimal commas", "time;value\n2026-01-05 01:00;1,5\n", {}, ("01-04 23:30", 1.5)),
    ("tabs and decimal points", "time\tvalue\n2026-01-05T01:00:00\t1.5\n", {}, ("01-04 23:30", 1.5)),
    ("day first", "time;value\n05/01/2026 01:00:00;1\n", {}, ("01-04 23:30", 1.0)),
    ("German", "time;value\n05.01.2026 01:00;1\n", {}, ("01-04 23:30", 1.0)),
    ("midnight as 24:00", "time;value\n2026-01-04 24:00;1\n", {}, ("01-04 22:30", 1.0)),
    ("an offset is believed before the zone", "time;value\n2026-01-05T01:00:00+04:00;1\n", {}, ("01-04 20:30", 1.0)),
    ("milliseconds and Z, as programs write", "time;value\n2026-01-05T01:00:00.000Z;1\n", {}, ("01-05 00:30", 1.0)),
    ("stamps of starts", "time;value\n2026-01-05 01:00;1\n", {"stamp": "start"}, ("01-05 00:00", 1.0)),
    ("kilowatts to whole watts", "time;value\n2026-01-05 01:00;1.001\n", {"unit": "kW"}, ("01-04 23:30", 1001.0)),
    ("thousands apart", "time;value\n2026-01-05 01:00;1 234,5\n", {}, ("01-04 23:30", 1234.5)),
    ("by a hard space", "time;value\n2026-01-05 01:00;12\u00a0234\n", {}, ("01-04 23:30", 12234.0)),
    ("in quotes, narrow", 'time,value\n2026-01-05 01:00,"1\u202f234,5"\n', {}, ("01-04 23:30", 1234.5)),
    ("other names", "Le Début;Combien\n2026-01-05 01:00;1\n", NAMED, ("01-04 23:30", 1.0)),
]


@pytest.mark.parametrize(("text", "more", "expected"), [pytest.param(*rest, id=why) for why, *rest in SHAPES])
def test_shapes_of_tables(text: str, more: dict[str, Any], expected: tuple[str, float]) -> None:
    content = read_text(text, replace(MEANS, step_min=30, **more))
    assert (told(content, "at", "value"), reasons(content)) == ([expected], [])


@pytest.mark.parametrize(("stamp", "first"), [("end", "01-04 23:00"), ("start", "01-04 23:15")])
def test_the_step_is_told_by_the_neighbours_of_either_stamp(stamp: Any, first: str) -> None:
    lines = [f"{time};{n}\n" for n, time in enumerate(FIVE)]
    content = read_text("time;value\n" + "".join(lines[:2] + lines[3:]), replace(MEANS, stamp=stamp))
    assert told(content, "at", "step_min")[0] == (first, 15)
    assert content.readings["step_min"].to_list() == [15] * 4


BOTH = "start;end;value\n2026-01-05 01:00;2026-01-05 01:30;1\n"
STAMPS = [
    ("ends are read of ends", BOTH, "end", {}),
    ("starts are read of starts", BOTH, "start", {}),
    ("an end beside a time", BOTH.replace("start", "time"), "end", {}),
    ("a start beside a time", BOTH.replace("end", "time"), "start", {}),
    ("who names a column knows", "end;value\n2026-01-05 01:00;1\n", "start", {"time_column": "end"}),
]


@pytest.mark.parametrize(("text", "stamp", "more"), [pytest.param(*rest, id=why) for why, *rest in STAMPS])
def test_a_column_of_ends_is_never_read_as_starts(text: str, stamp: Any, more: dict[str, Any]) -> None:
    content = read_text(text, replace(MEANS, step_min=30, stamp=stamp, **more))
    assert told(content, "at") == [("01-05 00:00",)]


@pytest.mark.parametrize(("stamp", "other"), [("end", "start"), ("start", "end")])
def test_times_that_are_called_the_opposite_are_refused(stamp: Any, other: str) -> None:
    with pytest.raises(InvalidInput, match=f"its times are called '{other}', and --stamp says {stamp}: say --stamp "):
        read_text(f"{other};value\n2026-01-05 01:00;1\n", replace(MEANS, stamp=stamp))


HALVES = [f"2026-01-05 {time}" for time in ("00:00", "00:30", "01:00", "01:30", "02:00")]
STEPS = [
    ("as it is said", HALVES, 30, 5, []),
    ("a hole is no longer step", [*HALVES, "2026-01-05 04:00"], 30, 6, []),
    ("values of other days are no wider step", [HALVES[0], "2026-01-09 00:00"], 30, 2, []),
    ("one instant twice is not near", [*HALVES, HALVES[0]], 30, 5, []),
    ("quarter-hours are no hours", FIVE, 60, 0, [(2, "the times are 15 min apart, and --step-min says 60 (5 lines)")]),
    (
        "one that is near takes its neighbour along",
        [*HALVES, "2026-01-05 02:10", "2026-01-05 02:40"],
        30,
        5,
        [(6, "the times are 10 min apart, and --step-min says 30 (2 lines)")],
    ),
    (
        "half-hours are no quarter-hours",
        HALVES,
        15,
        5,
        [(2, "the times are mostly 30 min apart, and --step-min says 15: what lies between is missing")],
    ),
]


@pytest.mark.parametrize(
    ("times", "step_min", "kept", "problems"), [pytest.param(*rest, id=why) for why, *rest in STEPS]
)
@pytest.mark.parametrize("stamp", ["start", "end"])
def test_a_step_that_is_said_is_compared_with_the_times(
    times: list[str], step_min: int, kept: int, problems: list[Any], stamp: Any
) -> None:
    lines = [f"{time};1\n" for time in times]
    content = read_text("time;value\n" + "".join(lines), replace(MEANS, stamp=stamp, step_min=step_min))
    assert (content.counts.kept, reasons(content)) == (kept, problems)


def test_an_empty_line_within_a_step_is_not_near() -> None:
    lines = [f"2026-01-05 0{n // 4}:{n % 4 * 15:02};{'' if n % 4 else 1}\n" for n in range(12)]
    content = read_text("time;value\n" + "".join(lines), replace(MEANS, step_min=60))
    assert (content.counts.kept, content.counts.empty, reasons(content)) == (3, 9, [])


def test_registers_have_no_step_and_need_no_stamp() -> None:
    options = FileOptions(unit="kWh", kind="register", flow="export", point="roof")
    content = read_text("time;value\n2026-01-05T00:00:00Z;12345,678\n", options)
    assert told(content, "quantity", "at", "step_min", "value") == [("export_energy", "01-05 00:00", 0, 12345678.0)]


UNSAID = [
    ("unit", {"unit": ""}, "say the unit of its values"),
    ("a unit that is none", {"unit": "MW"}, "say the unit of its values"),
    ("energy may be a register", {"unit": "kWh"}, "say with --kind what its kWh are"),
    ("watts are no register", {"kind": "register"}, "W is no unit of the kind register"),
    ("stamp", {"stamp": ""}, "the start or the end of their step"),
    ("zone", {"zone": ""}, "has stamps without offset: say their zone with --zone"),
    ("a zone that is none", {"zone": "Europe/Lyon"}, "'Europe/Lyon' is no time zone"),
    ("a zone that is a path", {"zone": "../etc"}, "'../etc' is no time zone"),
    ("point", {"point": ""}, "no column is called 'point', its first line holds 'time', 'value': name it"),
    ("flow", {"flow": ""}, "name it with --flow-column, or the value of all lines"),
    ("a column that is not there", {"value_column": "kW"}, "no column is called 'kw', its first line holds 'time'"),
    ("a step of days", {"step_min": 1440}, "a step of 1440 minutes is not between 1 and 60"),
]


@pytest.mark.parametrize(("change", "sentence"), [pytest.param(*rest, id=why) for why, *rest in UNSAID])
def test_what_is_not_said_is_asked_for_and_never_guessed(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_text("time;value\n2026-01-05 01:00;1\n", replace(MEANS, **change))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("a test's file")


LINES = [
    ("two decimal marks", "2026-01-05 01:00;1,234.5;a;import", "the value '1,234.5' is not a number"),
    ("thousands by a point", "2026-01-05 01:00;1.234,5;a;import", "the value '1.234,5' is not a number"),
    ("two numbers are not one", "2026-01-05 01:00;1 23;a;import", "the value '1 23' is not a number"),
    (
        "digits that a spreadsheet took away",
        "2026-01-05 01:00;2,45E+07;a;import",
        "a spreadsheet has taken digits away from the value '2,45E+07': export the file again",
    ),
    (
        "a spreadsheet's point without decimals",
        "2026-01-05 01:00;1;3E+13;import",
        "the point '3E+13' is missing or damaged by a spreadsheet",
    ),
    (
        "a spreadsheet's",
        "2026-01-05 01:00;1;3,00E+13;import",
        "the point '3,00E+13' is missing or damaged by a spreadsheet",
    ),
    ("no point", "2026-01-05 01:00;1;;import", "the point '' is missing or damaged by a spreadsheet"),
    ("no flow", "2026-01-05 01:00;1;a;both", "the flow 'both' is neither import nor export (1 line)"),
    ("no time", "yesterday;1;a;import", "the stamp 'yesterday' is no time"),
]


@pytest.mark.parametrize(("line", "reason"), [pytest.param(*rest, id=why) for why, *rest in LINES])
def test_a_bad_line_is_told_and_the_rest_is_read(line: str, reason: str) -> None:
    text = f"time;value;point;flow\n2026-01-05 00:30;5;a;import\n{line}\n2026-01-05 01:30;6;a;production\n"
    content = read_text(text, FileOptions(unit="W", stamp="end", zone="Europe/Paris", step_min=30))
    assert reasons(content) == [(3, reason)]
    assert told(content, "quantity", "value") == [("export_power_avg", 6.0), ("import_power_avg", 5.0)]


def test_a_column_of_a_hundred_thousand_bad_words_is_read_in_time() -> None:
    text = "time;value;flow\n" + "".join(f"2026-01-05 00:30;5;flow{n}\n" for n in range(100_000))
    content = read_text(text, replace(MEANS, step_min=30))
    assert content.counts.refused == 100_000
    assert len(content.problems) == 1001


COMMAS = [
    ("a decimal comma in quotes", '2026-01-05 01:00,"12,5"', 12.5, ""),
    ("a comma in quotes elsewhere", '"2026-01-05 01:00","0,125"', 0.125, ""),
    ("English thousands", '2026-01-05 01:00,"1,234.5"', None, "the value '1,234.5' is not a number"),
    (
        "a thousand, or one and a bit",
        '2026-01-05 01:00,"1,234"',
        None,
        "the value '1,234' may be a decimal or thousands",
    ),
    (
        "a decimal comma without quotes",
        "2026-01-05 01:00,1,5",
        None,
        "there are more cells than the first line names, ",
    ),
    ("an empty cell at the end", "2026-01-05 01:00,1,", 1.0, ""),
]


@pytest.mark.parametrize(("line", "value", "reason"), [pytest.param(*rest, id=why) for why, *rest in COMMAS])
def test_where_commas_are_between_the_cells_no_value_is_cut(line: str, value: float | None, reason: str) -> None:
    content = read_text(f"time,value\n{line}\n", replace(MEANS, step_min=30))
    assert told(content, "value") == ([] if value is None else [(value,)])
    assert [why[: len(reason)] for _, why in reasons(content)] == ([reason] if reason else [])


def test_a_header_in_quotes_may_hold_the_separator() -> None:
    content = read_text('"time","kind, or none","value"\n2026-01-05 01:00,"a, b",7\n', replace(MEANS, step_min=30))
    assert (told(content, "value"), reasons(content)) == ([(7.0,)], [])


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidInput, match="2 columns are called 'value': rename the others"):
        read_text("time;value;value\n2026-01-05 01:00;1;2\n", MEANS)


def test_unlike_values_of_one_instant_are_told() -> None:
    lines = [f"2026-01-05T01:00:00Z;{value}\n" for value in (1, 2, 2)]
    content = read_text("time;value\n" + "".join(lines), replace(MEANS, step_min=30))
    assert told(content, "value") == [(2.0,)]
    assert reasons(content) == [(2, "the value differs from that of the same instant in line 4, which counts")]
