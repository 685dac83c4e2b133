"""`hub export coefficients`: percent rounded down, never more than the whole, one file for each producer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import KeyNotValid
from energy.frames import INTERVALS
from energy.keys import PPM, CustomKey, HourlyMinKey, KnownKey, MatrixKey, ProRataKey, SharingKey, StaticKey
from energy.time import PARIS
from energy.validity import Validity
from processing.coefficients import (
    COEFFICIENTS,
    PARTS,
    Form,
    coefficients,
    key_file,
    parts_of_allocation,
    parts_of_key,
    presence,
)
from processing.sharing import share
from tests.conftest import AskForTemplate
from tests.hub_command import call_hub, refused
from tests.metering import apply, exhaust
from tests.servers import Postgres
from tests.settled import TERRITORY, Valley, mark_all, month_template, whole_month

CASES: Final = Path(__file__).parent / "data" / "allocation" / "cases"
QUARTER: Final = timedelta(minutes=15)
AT: Final = datetime(2026, 1, 5, 11, tzinfo=UTC)
"""Noon in Paris."""


def case_steps() -> Sequence[Mapping[str, Any]]:
    return json.loads((CASES / "12_fr_coefficient_file_floor_rounding.json").read_text(encoding="utf-8"))["intervals"]


def flows_of(steps: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    rows = [
        (AT + place * QUARTER, point, step["consumption"].get(point), step["production"].get(point))
        for place, step in enumerate(steps)
        for point in step["consumption"] | step["production"]
    ]
    return pl.DataFrame(rows, schema=INTERVALS, orient="row")


def allocated(flows: pl.DataFrame, key: SharingKey) -> pl.DataFrame:
    """As the store reads it back."""
    shared = share(flows, key)
    produced = pl.col("export_wh").sum().over("start").alias("production_wh")
    return shared.select("start", "point", "allocated_wh", produced)


def read_back(text: str, start: datetime) -> CustomKey:
    """The key that a file says, its lines a quarter of an hour each from `start` on; however its times are written."""
    title, *lines = (line.split(";") for line in text.splitlines())
    steps = {
        start + place * QUARTER: {
            point: int(Fraction(cell.replace(",", ".")) * 10_000) for point, cell in zip(title[1:], cells, strict=True)
        }
        for place, (_, *cells) in enumerate(lines)
    }
    return CustomKey(steps)


def test_the_recorded_case_and_its_way_back() -> None:
    """Allocated, exported, read back as a custom key and allocated again: the loss is the one that the case states."""
    steps = case_steps()
    # In thousandths of a Wh, in which the figures of the case are whole.
    flows = flows_of(steps).with_columns(pl.col("import_wh", "export_wh") * 1000)
    exact = allocated(flows, ProRataKey())
    found = coefficients(parts_of_allocation(exact, ProRataKey()))
    starts = flows["start"].unique().sort()
    text = key_file(found, starts, ["A", "B", "C"], Form(), QUARTER, PARIS)
    assert text == "Horodate;A;B;C\n05/01/2026 12:15;33,3;33,3;33,3\n05/01/2026 12:30;10,0;20,0;5,0\n"
    again = share(flows, read_back(text, AT))
    for place, step in enumerate(steps):
        at, expected = pl.col("start") == AT + place * QUARTER, step["expected"]
        points = {p: wh / 1000 for p, wh in again.filter(at).select("point", "allocated_wh").iter_rows()}
        assert {point: points[point] for point in "ABC"} == expected["allocated_with_file"]
        lost = (exact.filter(at)["allocated_wh"].sum() - sum(points.values()) * 1000) / 1000
        assert lost == pytest.approx(expected.get("lost_to_surplus", 0), abs=1e-9)
        surplus = again.filter(at)["surplus_wh"].sum() / 1000
        assert surplus == pytest.approx(expected.get("surplus", 0.1), abs=1e-9)


def parts_of(rows: Sequence[tuple[str, int, int]]) -> pl.DataFrame:
    return pl.DataFrame([(AT, *row) for row in rows], schema=PARTS, orient="row")


ROUNDED: Final[list[tuple[str, int, list[tuple[str, int, int]], list[int]]]] = [
    ("thirds of 100 %", 1, [("a", 1, 3), ("b", 1, 3), ("c", 1, 3)], [333, 333, 333]),
    ("as many decimals as wanted", 4, [("a", 1, 3)], [333_333]),
    ("all of it", 1, [("a", 7, 7), ("b", 0, 7)], [1000, 0]),
    ("nothing was produced", 1, [("a", 0, 0)], [0]),
    ("a thousandth less is a tenth less", 1, [("a", 99_999, 100_000)], [999]),
    ("everyone at the limit", 4, [(f"p{i}", 10**9, 20 * 10**9) for i in range(20)], [50_000] * 20),
    ("products beyond 64 bits", 4, [("a", 9 * 10**18, 9 * 10**18)], [1_000_000]),
]


@pytest.mark.parametrize(("why", "decimals", "rows", "expected"), ROUNDED, ids=[row[0] for row in ROUNDED])
def test_rounded_down(why: str, decimals: int, rows: list[tuple[str, int, int]], expected: list[int]) -> None:
    assert coefficients(parts_of(rows), decimals)["coefficient"].to_list() == expected, why


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("a", 60, 100), ("b", 41, 100)], "the coefficients at 2026-01-05T11:00:00Z add up to 101 %"),
        ([("a", -1, 100)], "one of the coefficients at 2026-01-05T11:00:00Z is -1 %"),
    ],
)
def test_what_cannot_be_handed_out(rows: list[tuple[str, int, int]], sentence: str) -> None:
    with pytest.raises(KeyNotValid, match=sentence):
        coefficients(parts_of(rows))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=30), st.integers(0, 10**12), st.integers(0, 4))
def test_never_more_than_the_whole_nor_a_unit_less_than_the_part(members: list[int], rest: int, decimals: int) -> None:
    whole = sum(members) + rest
    found = coefficients(parts_of([(f"p{i:02}", wh, whole) for i, wh in enumerate(members)]), decimals)
    units = found["coefficient"].to_list()
    assert sum(units) <= 100 * 10**decimals
    for wh, unit in zip(members, units, strict=True):
        exact = Fraction(wh * 100 * 10**decimals, whole) if whole else Fraction()
        assert exact - 1 < unit <= exact


QUARTERS: Final = pl.Series([AT + place * QUARTER for place in range(3)], dtype=pl.Datetime("us", "UTC"))
ALWAYS: Final = presence([("a", Validity()), ("b", Validity(valid_from=AT + QUARTER))], QUARTERS, QUARTER)
KNOWN: Final[list[tuple[str, KnownKey, list[tuple[int, int]]]]] = [
    ("static: nothing before b came", StaticKey({"a": 300_000, "b": 600_000, "gone": 1}),
        [(3000, 0), (3000, 6000), (3000, 6000)]),
    ("custom: a step without parts shares nothing", CustomKey({AT + QUARTER: {"b": 666_666}}),
        [(0, 0), (0, 6666), (0, 0)]),
    ("matrix: of this producer", MatrixKey({"roof": {"a": PPM}, "barn": {"b": PPM}}), [(10_000, 0)] * 3),
    ("matrix: another in a step, and none of this producer", MatrixKey({"roof": {"a": PPM}},
        {AT: {"roof": {"a": 1}}, AT + QUARTER: {"barn": {"a": PPM}}}), [(0, 0), (0, 0), (10_000, 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "key", "expected"), KNOWN, ids=[row[0] for row in KNOWN])
def test_keys_that_are_known_beforehand(why: str, key: KnownKey, expected: list[tuple[int, int]]) -> None:
    found = coefficients(parts_of_key(key, "roof", ALWAYS), 2)
    cells = {(start, point): unit for start, point, unit in found.iter_rows()}
    assert [tuple(cells.get((start, point), 0) for point in "ab") for start in QUARTERS] == expected, why


def test_an_hourly_minimum_is_that_of_the_hour() -> None:
    """Energy of one quarter shared in another has no part of that quarter; of the hour it has."""
    quarters = [({"a": 100}, 0), ({"a": 0}, 80), ({"a": 0}, 0), ({"a": 20}, 0)]
    flows = flows_of([{"consumption": c, "production": {"pv": g}} for c, g in quarters])
    found = coefficients(parts_of_allocation(allocated(flows, HourlyMinKey()), HourlyMinKey()))
    assert found.filter(pl.col("point") == "a")["coefficient"].to_list() == [1000] * 4


def test_of_a_point_that_is_gone_nobody_has_the_part() -> None:
    gone = pl.DataFrame({"start": [AT] * 2, "point": [None, "a"], "allocated_wh": [75, 25], "production_wh": [100] * 2})
    rows = parts_of_allocation(gone.cast({"start": PARTS["start"]}), ProRataKey())
    assert coefficients(rows).select("point", "coefficient").rows() == [("a", 250)]


def lines_of(units: Mapping[str, int], form: Form, starts: Sequence[datetime] = (AT,)) -> list[str]:
    rows = [(start, point, unit) for start in starts for point, unit in units.items()]
    found = pl.DataFrame(rows, schema=COEFFICIENTS, orient="row")
    series = pl.Series(starts, dtype=COEFFICIENTS["start"])
    return key_file(found, series, sorted([*units, "silent"]), form, QUARTER, PARIS).splitlines()


WRITTEN: Final[list[tuple[str, dict[str, int], Form, list[str]]]] = [
    ("as one tool writes it", {"00000000000001": 333}, Form(),
        ["Horodate;00000000000001;silent", "05/01/2026 12:15;33,3;0,0"]),
    ("a tenth keeps its zeros", {"a": 5}, Form(2), ["Horodate;a;silent", "05/01/2026 12:15;0,05;0,00"]),
    ("whole percents", {"a": 100}, Form(0), ["Horodate;a;silent", "05/01/2026 12:15;100;0"]),
    ("otherwise", {"a": 1000}, Form(1, "\t", ".", "start"), ["Horodate\ta\tsilent", "05/01/2026 12:00\t100.0\t0.0"]),
    ("points of any name", {"start": 1, "Horodate": 2}, Form(), ["Horodate;Horodate;silent;start",
        "05/01/2026 12:15;0,2;0,0;0,1"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "units", "form", "expected"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_how_they_are_written(why: str, units: dict[str, int], form: Form, expected: list[str]) -> None:
    assert lines_of(units, form) == expected, why


def test_the_doubled_hour_of_october_is_told_apart_by_order() -> None:
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    lines = lines_of({"a": 1}, Form(), [begin + place * QUARTER for place in range(100)])[1:]
    assert len(lines) == 100
    doubled = [line[11:16] for line in lines[8:17]]
    assert doubled == ["02:15", "02:30", "02:45", "02:00", "02:15", "02:30", "02:45", "03:00", "03:15"]
    assert (lines[0][:16], lines[-1][:16]) == ("25/10/2026 00:15", "26/10/2026 00:00")


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with whole_month(database_server, template) as valley:
        yield valley


STATIC: Final = 'type = "static"\nshares_percent = { home = 50, flat = 50 }'
CHANGED: Final = (
    f'{STATIC}\nto = 2026-01-10T12:00:00Z\n[[community.key]]\ntype = "prorata"\nfrom = 2026-01-10T12:00:00Z'
)


def words(out: Path, first: str = "2026-01-01", last: str = "2026-01-31") -> tuple[str, ...]:
    return ("export", "coefficients", "valley", "--from", first, "--to", last, "--out", str(out))


def with_key(valley: Valley, key: str) -> None:
    _, connection, worker = valley
    apply(connection, TERRITORY.replace(STATIC, key))
    mark_all(connection)
    exhaust(worker)


def test_a_month_is_handed_out(valley: Valley, tmp_path: Path) -> None:
    """Of a static key what it says; of one that follows consumption what was allocated: home 100, flat 60 of 160 Wh."""
    url, out = valley[0], tmp_path / "new" / "folder"
    code, stdout, stderr = call_hub(*words(out), settings={"HUB_DATABASE_URL": url})
    assert (code, stderr) == (0, "")
    assert stdout.splitlines() == [
        "valley from 2026-01-01 to 2026-01-31: coefficients as the key says them",
        "744 steps, times are the end of each in Europe/Paris",
        str(out / "roof.csv"),
    ]
    lines = (out / "roof.csv").read_bytes().decode().split("\n")
    assert (len(lines), lines[1], lines[-2:]) == (746, "01/01/2026 01:00;50,0;50,0", ["01/02/2026 00:00;50,0;50,0", ""])
    with_key(valley, 'type = "prorata"')
    assert "would be overwritten; give another --out, or --force" in refused(*words(out), HUB_DATABASE_URL=url)
    assert (out / "roof.csv").read_bytes().decode().split("\n") == lines
    forced = (*words(out), "--force", "--decimal-point", "--separator", ",", "--decimals", "2", "--stamp", "start")
    assert call_hub(*forced, settings={"HUB_DATABASE_URL": url})[0] == 0
    lines = (out / "roof.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["Horodate,flat,home", "01/01/2026 00:00,37.50,62.50"]
    assert [file.name for file in out.iterdir()] == ["roof.csv"], "nothing unfinished stays"


def test_the_settings_count_where_the_words_say_nothing(valley: Valley, tmp_path: Path) -> None:
    environment = {"HUB_DATABASE_URL": valley[0], "HUB_COEFFICIENT_DECIMALS": "0", "HUB_COEFFICIENT_SEPARATOR": "tab"}
    assert call_hub(*words(tmp_path, "2026-01-05", "2026-01-05T01:00"), settings=environment)[0] == 0
    assert (tmp_path / "roof.csv").read_text(encoding="utf-8") == "Horodate\tflat\thome\n05/01/2026 01:00\t50\t50\n"


def test_what_is_missing_or_may_change_is_told(valley: Valley, tmp_path: Path) -> None:
    with_key(valley, 'type = "prorata"')
    url, connection, _ = valley
    connection.execute("DELETE FROM balance WHERE start < '2026-01-01 02:00Z'")
    connection.execute("UPDATE balance SET settled = false, present = 2 WHERE start = '2026-01-02 02:00Z'")
    code, stdout, _ = call_hub(*words(tmp_path), settings={"HUB_DATABASE_URL": url})
    assert code == 0
    assert "! 3 steps missing: nothing is known of them, and they have no line" in stdout
    assert "! 1 step provisional: export again once all meters are known" in stdout
    assert len((tmp_path / "roof.csv").read_text(encoding="utf-8").splitlines()) == 1 + 744 - 3


def test_what_cannot_be_exported(valley: Valley, tmp_path: Path) -> None:
    url = valley[0]
    for first, last, sentence in (
        ("2026-01-02", "2026-01-01", "--to 2026-01-01 is not after --from 2026-01-02"),
        ("2026-01-01", "soon", "'soon' is neither a day nor a time"),
        ("2026-01-01", "2028-01-01", "is longer than a year"),
    ):
        assert sentence in refused(*words(tmp_path, first, last), HUB_DATABASE_URL=url)
    nobody = refused("export", "coefficients", "hill", *words(tmp_path)[3:], HUB_DATABASE_URL=url)
    assert "there is no community 'hill'" in nobody
    marks = refused(*words(tmp_path), "--separator", ",", HUB_DATABASE_URL=url)
    assert "',' cannot be both the decimal mark and the separator" in marks
    (tmp_path / "file").touch()
    assert "cannot be written" in refused(*words(tmp_path / "file"), HUB_DATABASE_URL=url)
    with_key(valley, 'type = "prorata"')
    empty = refused(*words(tmp_path, "2027-01-01", "2027-01-31"), HUB_DATABASE_URL=url)
    assert "nothing of valley from 2027-01-01 to 2027-01-31 is computed" in empty
    with_key(valley, CHANGED)
    changes = refused(*words(tmp_path), HUB_DATABASE_URL=url)
    assert "changes at 2026-01-10T13:00:00+01:00: export --to that time, and then --from it" in changes
    assert call_hub(*words(tmp_path, last="2026-01-10T13:00:00+01:00"), settings={"HUB_DATABASE_URL": url})[0] == 0
    with_key(valley, f"{STATIC}\nto = 2026-01-10T12:00:00Z")
    none = refused(*words(tmp_path, "2026-01-11", "2026-01-12"), HUB_DATABASE_URL=url)
    assert "no sharing key of valley covers these steps" in none
