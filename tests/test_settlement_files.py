"""Files of the operator's own results: what is read of each form, and what is told of every kind of bad input."""

import json
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import InvalidInput
from energy.time import PARIS
from ingest.files.content import FileOptions
from ingest.files.results import ResultsContent
from ingest.files.settlement import read_results
from tests.test_files_laws import RUBBISH

EXAMPLE: Final = Path(__file__).parent / "data" / "settlement" / "two_points.json"
PRM: Final = "00000000000001"
HOURS: Final = FileOptions(unit="Wh", stamp="start")
MARCH: Final = datetime(2026, 2, 28, 23, tzinfo=UTC)
MARCH_HOURS: Final = 31 * 24 - 1
"""The clocks skip one."""
Kept = list[tuple[str, str, str, str, int, int]]


def read(content: bytes | str, options: FileOptions = HOURS) -> ResultsContent:
    return read_results(content.encode() if isinstance(content, str) else content, "a file", options, PARIS)


def kept(content: ResultsContent) -> Kept:
    """Point, flow, series, month, Wh, and how far rounding can have moved it."""
    rows = content.results.iter_rows()
    return [(point, flow, name, f"{start.astimezone(PARIS):%Y-%m}", *wh) for point, flow, name, start, _, *wh in rows]


def reasons(content: ResultsContent) -> list[tuple[int | str, str]]:
    return [(problem.place, problem.reason) for problem in content.problems]


def result(**more: Any) -> dict[str, Any]:
    """An object of which one series is read."""
    series = more.pop("series", [{"type": "cons", "calendar_type": "DISTRIB", "quantities": classes(300)}])
    about = {"cons_id": PRM, "startDate": "20260101T000000Z", "endDate": "20260201T000000Z", "unit": "kWh"}
    return {name: value for name, value in {**about, **more, "quantities": series}.items() if value is not None}


def classes(*values: Any) -> list[dict[str, Any]]:
    return [{"name": f"C{n}", "value": value} for n, value in enumerate(values)]


def of_cons(*values: Any, calendar: str = "DISTRIB") -> dict[str, Any]:
    return {"type": "cons", "calendar_type": calendar, "quantities": classes(*values)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_example_is_read_in_any_encoding(encoding: str) -> None:
    content = read(EXAMPLE.read_text().encode(encoding))
    assert kept(content) == [
        (PRM, "import", "autocons", "2026-01", 42_000, 2000),
        (PRM, "import", "complement", "2026-01", 258_000, 2000),
        (PRM, "import", "cons", "2026-01", 300_000, 2000),
        ("00000000000002", "export", "autocons", "2026-01", 42_000, 1000),
        ("00000000000002", "export", "prod", "2026-01", 120_500, 100),
        ("00000000000002", "export", "surplus", "2026-01", 78_500, 100),
    ]
    assert (content.kind, reasons(content)) == ("results_json", [])


# why, an object, Wh and rounding of its cons
READ: Final[list[tuple[str, dict[str, Any], tuple[int, int]]]] = [
    ("text with a decimal comma", result(series=[of_cons("210,25", "90")]), (300_250, 20)),
    ("a number that no binary fraction is", result(series=[of_cons(0.1, 0.2)]), (300, 200)),
    ("Wh", result(unit="Wh", series=[of_cons(210, 90)]), (300, 2)),
    ("half a Wh goes to even", result(unit="Wh", series=[of_cons(0.5, 2)]), (2, 0)),
    ("a PRM that lost its zeros", result(cons_id=1), (300_000, 1000)),
    ("an exact instant of local midnight", result(startDate="2025-12-31T23:00:00Z", endDate="2026-01-31T23:00:00Z"),
     (300_000, 1000)),
    ("thousandths of a second", result(startDate="2026-01-01T00:00:00.000Z", endDate="2026-02-01T00:00:00.000Z"),
     (300_000, 1000)),
    ("dates alone", result(startDate="2026-01-01", endDate="2026-02-01"), (300_000, 1000)),
    ("its own calendar counts", result(series=[of_cons(1, calendar="FOURN"), of_cons(300)]), (300_000, 1000)),
]  # fmt: skip


@pytest.mark.parametrize(("about", "expected"), [pytest.param(*rest, id=why) for why, *rest in READ])
def test_what_is_read_of_json(about: dict[str, Any], expected: tuple[int, int]) -> None:
    assert [row[4:] for row in kept(read(json.dumps(about)))] == [expected]


# why, an object beside a good one, the place of the problem, what it says
REFUSED: Final[list[tuple[str, Any, str, str]]] = [
    ("no object", "?", "[1]", "it is no object"),
    ("nobody's", result(cons_id=None), "[1]", "either a cons_id or a prod_id"),
    ("both", result(prod_id=PRM), "[1]", "no more than one"),
    ("a number with an exponent", result(cons_id=1e13), "[1]", "the point '10000000000000.0' is not a number"),
    ("letters", result(cons_id="home"), "[1]", "the point 'home'"),
    ("no unit", result(unit=None), "[1]", "the unit '' is neither Wh nor kWh"),
    ("power", result(unit="kW"), "[1]", "the unit 'kW'"),
    ("half a month", result(endDate="20260116T000000Z"), "[1]", "from 2026-01-01 to 2026-01-16 is no whole month"),
    ("two months", result(endDate="20260301T000000Z"), "[1]", "is no whole month"),
    ("no midnight", result(startDate="20260102T003000Z"), "[1]", "is no midnight of Europe/Paris"),
    ("no date", result(startDate="January"), "[1]", "its startDate 'January' is no date"),
    ("a day that is none", result(startDate="20260199T000000Z"), "[1]", "is no date"),
    ("the end of the calendar", result(startDate="99991201T000000Z", endDate="99991231T000000Z"), "[1]",
     "is not between 2000 and 2100"),
    ("its beginning", result(startDate="00010101T000000Z"), "[1]", "is not between 2000 and 2100"),
    ("nobody's series", result(series=[{**of_cons(1), "type": "gas"}]), "[1].quantities[0]", "'gas' is no series"),
    ("a producer's", result(series=[{**of_cons(1), "type": "prod"}]), "[1].quantities[0]", "'prod' is no series"),
    ("no class", result(series=[of_cons()]), "[1].quantities[0]", "no class with a value"),
    ("an empty class", result(series=[of_cons(1, None)]), "[1].quantities[0]", "the class 'C1' has no value"),
    ("words", result(series=[of_cons("much")]), "[1].quantities[0]", "the value 'much' is not a number"),
    ("a spreadsheet's", result(series=[of_cons("2,4E+07")]), "[1].quantities[0]", "is not a number"),
    ("less than nothing", result(series=[of_cons(-1)]), "[1].quantities[0]", "the value '-1' is negative"),
    ("a yes", result(series=[of_cons(True)]), "[1].quantities[0]", "has no value"),
    ("more than there is", result(series=[of_cons(1e300)]), "[1].quantities[0]", "is no energy of a month"),
    ("much of all together", result(series=[of_cons(9e11)]), "[1].quantities[0]", "more than any point can have"),
    ("a class twice", result(series=[{**of_cons(1), "quantities": classes(1) * 2}]), "[1].quantities[0]", "twice"),
    ("calendars that differ", result(cons_id="3", series=[of_cons(9, calendar="F"), of_cons(2)]), "[1].quantities[0]",
     "by its calendar is another than that of [1].quantities[1], which counts"),
    ("a calendar twice", result(cons_id="3", series=[of_cons(2), of_cons(1)]), "[1].quantities[1]",
     "by the same calendar is another than that of [1].quantities[0], which counts"),
    ("midnight elsewhere", result(startDate="2026-01-01T00:00:00+05:00"), "[1]", "is no midnight of Europe/Paris"),
    ("no series", result(series=None), "[1]", "its quantities are no list of series"),
    ("a series that stands alone", result(series=of_cons(1)), "[1]", "its quantities are no list of series"),
    ("a series that is no object", result(series=["cons"]), "[1].quantities[0]", "the series is no object"),
    ("a class that is none", result(series=[{**of_cons(1), "quantities": [*classes(1), 7]}]), "[1].quantities[0]",
     "one of its classes is no object, and without it there is no sum"),
]  # fmt: skip


@pytest.mark.parametrize(("about", "place", "reason"), [pytest.param(*rest, id=why) for why, *rest in REFUSED])
def test_what_is_told_of_json_and_the_rest_is_read(about: Any, place: str, reason: str) -> None:
    content = read(json.dumps([result(), about]))
    assert kept(content)[0] == (PRM, "import", "cons", "2026-01", 300_000, 1000)
    ((where, why),) = reasons(content)
    assert where == place
    assert reason in why
    assert len(why) < 200


def test_a_number_too_fine_to_compute_with_is_told() -> None:
    content = read(json.dumps([result(), result(series=[of_cons(12345)])]).replace("12345", "1e-9999999"))
    assert reasons(content) == [
        ("[1].quantities[0]", "point 00000000000001: the value '1E-9999999' is no energy of a month")
    ]


def test_of_two_results_of_one_month_the_last_counts() -> None:
    content = read(json.dumps([result(), result(series=[of_cons(280)])]))
    assert [row[4] for row in kept(content)] == [280_000]
    assert reasons(content) == [
        (
            "[0].quantities[0]",
            "the cons of 00000000000001 in 2026-01 differs from that of [1].quantities[0], which counts",
        )
    ]


def curve(*series: str, start: datetime = MARCH, value: str = "7") -> str:
    """The hours of March of some series of a point, with their offsets, as a table."""
    stamps = [(start + timedelta(hours=n)).astimezone(PARIS).isoformat() for n in range(MARCH_HOURS)]
    lines = ["Horodate;point;type;value", *(f"{stamp};home;{name};{value}" for name in series for stamp in stamps)]
    return "\n".join(lines) + "\n"


ENERGY: Final = MARCH_HOURS * 7
MARCH_CONS: Final = ("home", "import", "cons", "2026-03", ENERGY, 371)
ENDS: Final = FileOptions(unit="Wh", stamp="end")
# why, the table, options, the results
CURVES: Final[list[tuple[str, str, FileOptions, Kept]]] = [
    ("the month in which the clocks change", curve("cons"), HOURS, [MARCH_CONS]),
    ("stamps of ends", curve("cons", start=MARCH + timedelta(hours=1)), ENDS, [MARCH_CONS]),
    ("means", curve("cons"), FileOptions(unit="W", stamp="start"), [MARCH_CONS]),
    ("kWh with decimal commas", curve("cons", value="0,007"), FileOptions(unit="kWh", stamp="start"), [MARCH_CONS]),
    ("other names of the columns", curve("cons").replace("Horodate;point;type;value", "at;PRM;series;Valeur"), HOURS,
     [MARCH_CONS]),
    ("capitals", curve("CONS"), HOURS, [MARCH_CONS]),
    ("a BOM", "\ufeff" + curve("cons"), HOURS, [MARCH_CONS]),
    ("autocons of who consumes", curve("autocons", "cons"), HOURS, [(*MARCH_CONS[:2], "autocons", *MARCH_CONS[3:]),
     MARCH_CONS]),
    ("autocons of who produces", curve("autocons", "surplus"), HOURS,
     [("home", "export", "autocons", "2026-03", ENERGY, 371), ("home", "export", "surplus", "2026-03", ENERGY, 371)]),
    ("lines that say whose the autocons are", curve("autocons").replace("\n", ";production\n").replace(
        "value;production", "value;flow"), HOURS, [("home", "export", "autocons", "2026-03", ENERGY, 371)]),
]  # fmt: skip


@pytest.mark.parametrize(("table", "options", "expected"), [pytest.param(*rest, id=why) for why, *rest in CURVES])
def test_curves_add_up_to_months(table: str, options: FileOptions, expected: Kept) -> None:
    content = read(table, options)
    assert (kept(content), reasons(content)) == (expected, [])


def test_stamps_without_offset_are_of_the_community_unless_it_is_said() -> None:
    january = "".join(f"2026-01-{n // 24 + 1:02} {n % 24:02}:00;home;cons;7\n" for n in range(744))
    table = "at;point;type;value\n" + january
    assert kept(read(table)) == [("home", "import", "cons", "2026-01", 744 * 7, 372)]
    assert kept(read(table, FileOptions(unit="Wh", stamp="start", zone="UTC"))) == [], (
        "an hour later, January lacks one"
    )


WHOLE: Final = curve("cons").splitlines(keepends=True)
PART: Final = (
    "the cons of home in 2026-03 is left out: its steps do not cover all of it, and the sum of a part is no month's"
)
# why, the table, the one problem; and whether the whole curve of another point goes in beside it
BAD: Final[list[tuple[str, str, tuple[int, str]]]] = [
    ("an hour is missing", "".join(WHOLE[:100] + WHOLE[101:]), (2, PART)),
    ("an empty value is a hole", "".join([*WHOLE[:100], WHOLE[100].replace(";7", ";"), *WHOLE[101:]]), (2, PART)),
    ("the first is missing", "".join(WHOLE[:1] + WHOLE[2:]), (2, PART)),
    ("the last is missing", "".join(WHOLE[:-1]), (2, PART)),
    ("no series", "".join([*WHOLE, WHOLE[5].replace("cons", "gas")]),
     (745, "'gas' is none of the series autocons, complement, cons, prod, surplus (1 line)")),
    ("no point", "".join([*WHOLE, WHOLE[5].replace("home", "")]),
     (745, "the point '' is missing or damaged by a spreadsheet")),
    ("a damaged PRM", "".join([*WHOLE, WHOLE[5].replace("home", "1,2E+13")]),
     (745, "the point '1,2E+13' is missing or damaged by a spreadsheet")),
    ("no value", "".join([*WHOLE, WHOLE[5].replace(";7", ";x")]), (745, "the value 'x' is not a number")),
    ("two values of an hour", "".join([*WHOLE[:5], WHOLE[5].replace(";7", ";8"), *WHOLE[5:]]),
     (6, "the value differs from that of the same instant in line 7, which counts")),
    ("whose autocons?", "".join([*WHOLE, WHOLE[5].replace("home;cons", "roof;autocons")]),
     (745, "nothing tells whether the autocons of roof were consumed or produced: give a column flow (1 line)")),
]  # fmt: skip


# why, the series, the word for its flow, and what is told of it
FLOWS: Final[list[tuple[str, str, str, str]]] = [
    ("against its series", "prod", "soutirage", "the flow 'soutirage' is not that of the series prod (743 lines)"),
    ("no word for one", "autocons", "out", "the flow 'out' is neither import nor export (743 lines)"),
]


@pytest.mark.parametrize(("series", "word", "reason"), [pytest.param(*rest, id=why) for why, *rest in FLOWS])
def test_a_flow_that_contradicts_is_told_and_not_guessed(series: str, word: str, reason: str) -> None:
    _, *told = curve(series).splitlines()
    lines = [f"{line};import" for line in curve("cons").splitlines()[1:]] + [f"{line};{word}" for line in told]
    content = read("\n".join(["Horodate;point;type;value;flow", *lines, ""]))
    assert (kept(content), reasons(content)) == ([MARCH_CONS], [(745, reason)])


@pytest.mark.parametrize(("table", "problem"), [pytest.param(*rest, id=why) for why, *rest in BAD])
def test_what_is_told_of_curves(table: str, problem: tuple[int, str]) -> None:
    content = read(table)
    assert reasons(content) == [problem]
    assert kept(content) == ([] if problem[1] == PART else [MARCH_CONS])


def test_steps_that_overlap_are_told() -> None:
    hourly = FileOptions(unit="Wh", stamp="start", step_min=60)
    into_april = read("".join(WHOLE).replace(":00:00+", ":30:00+"), hourly)
    assert reasons(into_april) == [(2, "the cons of home in 2026-03 is left out: its steps overlap")]
    half_later = WHOLE[5].replace(":00:00+01:00", ":30:00+01:00")
    near = (6, "the times are 30 min apart, and --step-min says 60 (3 lines)")
    assert reasons(read("".join([*WHOLE, half_later]), hourly)) == [near, (2, PART)]


NOTHING: Final[list[tuple[str, str, FileOptions, str]]] = [
    (
        "no unit",
        curve("cons"),
        FileOptions(stamp="end"),
        "a file is no JSON; if it holds curves, say their unit: --unit",
    ),
    ("no stamp", curve("cons"), FileOptions(unit="Wh"), "--stamp start or end"),
    ("no type", "at;point;value\n", HOURS, "the column 'type' is missing"),
    ("no zone", "at;point;type;value\n", FileOptions(unit="Wh", stamp="end", zone="Mars"), "'Mars' is no time zone"),
    ("half a JSON", '[{"cons_id"', HOURS, "a file breaks off or is no JSON"),
]


@pytest.mark.parametrize(("text", "options", "sentence"), [pytest.param(*rest, id=why) for why, *rest in NOTHING])
def test_what_cannot_be_read_at_all_is_refused(text: str, options: FileOptions, sentence: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read(text, options)
    assert sentence in str(error.value)


@pytest.mark.parametrize("content", [content for _, content in RUBBISH], ids=[why for why, _ in RUBBISH])
def test_rubbish_gives_no_result(content: bytes) -> None:
    try:
        rubbish = read(content)
    except InvalidInput:
        return
    assert kept(rubbish) == []
    assert rubbish.problems


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=9))
def test_a_month_is_the_exact_sum_of_its_steps(some: list[int]) -> None:
    """Of values with three decimals, to the Wh: no sum of binary fractions is."""
    fine = list(islice(cycle(some), MARCH_HOURS))
    lines = (line.strip().replace(";7", f";{n // 1000}.{n % 1000:03}") for n, line in zip(fine, WHOLE[1:], strict=True))
    content = read("\n".join([WHOLE[0].strip(), *lines, ""]))
    assert [row[4] for row in kept(content)] == [(sum(fine) + 500) // 1000]
