"""Laws of the list of file adapters: each has examples, each example has one reader, nothing else is read."""

from dataclasses import astuple
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ingest.files
from energy.errors import InvalidInput
from energy.frames import require
from energy.model import REGISTERS, Quantity
from ingest.files import ADAPTERS, FILE_READINGS, FileOptions, read_file
from ingest.files.text import open_text
from tests.file_examples import EXAMPLES, FOLDER, NAMES, options_of

HELPERS = {
    "content",
    "customer_space",
    "json_values",
    "labels",
    "local_time",
    "order",
    "packed",
    "registers",
    "sieve",
    "steps",
}
HELPERS |= {"text", "words", "__init__"}
HELPERS |= {"results", "results_curve", "results_json", "settlement"}  # what the operator settled by: no readings
LAST = ("point", "quantity", "tariff", "value")
RUBBISH = [
    ("nothing", b""),
    ("only a BOM", b"\xef\xbb\xbf"),
    ("blank lines", b"\n\n \n;;;\n"),
    ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    ("a spreadsheet, which is a zip", b"PK\x03\x04\x14\x00\x06\x00"),
    ("JSON of something else", b'{"state": "on"}'),
    ("a list", b"[1, 2, 3]"),
    ("XML of another flow", b"<?xml version='1.0'?><R151><PRM/></R151>"),
    ("the R64 flow as CSV, whose lines have no step", b"Identifiant PRM;Horodate;Valeur;Cadran\n1;2026-01-05;5;D1\n"),
    ("a sharing key", b"Horodate;00000000000001\n05/01/2026 12:15;33,3\n"),
    ("text", "Bonjour, voici mes relevés.".encode()),
]


def test_every_module_is_a_listed_adapter_or_a_helper() -> None:
    modules = {path.stem for path in Path(ingest.files.__file__).parent.glob("*.py")}
    assert modules - HELPERS == {adapter.name for adapter in ADAPTERS}
    assert len({adapter.name for adapter in ADAPTERS}) == len(ADAPTERS)


def test_every_adapter_has_examples_and_every_folder_an_adapter() -> None:
    assert {path.parent.name for path in EXAMPLES} == {adapter.name for adapter in ADAPTERS}


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_is_claimed_by_its_adapter_alone(path: Path) -> None:
    opened = open_text(path.read_bytes(), "a name that says nothing")
    assert [adapter.name for adapter in ADAPTERS if adapter.recognises(opened)] == [path.parent.name]


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_gives_readings_in_the_schema_and_every_value_is_counted(path: Path) -> None:
    content = read_file(path.read_bytes(), path.name, options_of(path))
    readings, counts = content.readings, content.counts
    assert content.kind == path.parent.name
    assert readings.height == counts.kept > 0
    require(readings, FILE_READINGS)
    assert counts.seen == sum(astuple(counts)[1:])
    assert set(readings["quantity"]) <= set(Quantity)
    assert readings.equals(readings.sort("point", "quantity", "tariff", "at"))
    assert not readings.select("point", "quantity", "tariff", "at").is_duplicated().any()
    register = readings["quantity"].is_in([str(quantity) for quantity in REGISTERS])
    assert ((readings["step_min"] == 0) == register).all()
    assert readings.null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize("content", [pytest.param(content, id=why) for why, content in RUBBISH])
def test_rubbish_is_refused_by_all_in_one_sentence(content: bytes) -> None:
    opened = open_text(content, "file.bin")
    assert not [adapter.name for adapter in ADAPTERS if adapter.recognises(opened)]
    with pytest.raises(InvalidInput) as caught:
        read_file(content, "file.bin")
    message = str(caught.value)
    assert message.startswith("file.bin ")
    assert "\n" not in message
    assert all(adapter.describes in message for adapter in ADAPTERS)


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_a_file_cut_anywhere_is_read_or_refused_and_never_fails_otherwise(path: Path) -> None:
    content, options = path.read_bytes(), options_of(path)
    end = pl.col("at") + pl.duration(
        minutes="step_min"
    )  # a start moves where neighbours that tell the step are cut off
    whole = read_file(content, path.name, options).readings.select(*LAST, end)
    most = 0
    for length in range(len(content)):
        try:
            cut = read_file(content[:length], path.name, options)
        except InvalidInput:
            continue
        most = max(most, cut.counts.kept)
        unclear = [problem.place for problem in cut.problems if "ends without a line break" in problem.reason]
        certain = cut.readings.filter(~pl.col("line").is_in(unclear)).select(*LAST, end)
        assert certain.join(whole, on=whole.columns, how="anti").is_empty(), length
    assert most >= whole.height  # at the latest where only the last line's end is cut off


@given(
    st.sampled_from(EXAMPLES),
    st.integers(0, 2000),
    st.binary(max_size=6),
    st.sampled_from([FileOptions(), FileOptions(flow="export", unit="W", stamp="end", zone="Europe/Paris", point="1")]),
)
@settings(max_examples=80, deadline=None)
def test_a_file_with_damage_is_read_or_refused_and_never_fails_otherwise(
    path: Path, place: int, damage: bytes, options: FileOptions
) -> None:
    content = path.read_bytes()
    place %= len(content)
    damaged = content[:place] + damage + content[place + len(damage) :]
    try:
        read = read_file(damaged, path.name, options)
    except InvalidInput:
        return
    require(read.readings, FILE_READINGS)
    assert read.readings.filter(~pl.col("value").is_finite() | (pl.col("value") < 0)).is_empty()
    counts = read.counts
    assert counts.seen == sum(astuple(counts)[1:])


def test_the_folder_of_examples_says_nothing_by_its_names() -> None:
    path = FOLDER / "enedis_r63" / "cp1252_descending.csv"
    assert read_file(path.read_bytes(), "courbe.json").kind == "enedis_r63"
