"""The data dictionary: complete in both languages, and every column that is served is in it."""

import csv
from pathlib import Path

import polars as pl
import pytest
from pydantic import BaseModel

from api import balances, shapes
from energy.columns import Column, column, columns
from processing.datapackage import FIELD_TYPES
from processing.datasets import BALANCE_BY_MONTH

FILE = Path(__file__).parents[1] / "energy" / "columns.csv"
UNITS = {"", "kWh", "EUR", "UTC", "min", "1"}
ALL = list(columns().values())


def test_the_file_is_plain_csv_without_repeats() -> None:
    rows = list(csv.reader(FILE.read_text(encoding="utf-8").splitlines()))
    names = [row[0] for row in rows[1:]]
    assert len(names) == len(set(names)) == len(columns())
    assert {len(row) for row in rows} == {6}
    assert b"\r" not in FILE.read_bytes()


@pytest.mark.parametrize("known", ALL, ids=[known.name for known in ALL])
def test_each_column_is_complete(known: Column) -> None:
    cells = (known.name, known.type, known.unit, known.meaning, known.meaning_fr, known.provenance)
    assert [cell for cell in cells if cell != cell.strip() or "  " in cell] == []
    assert all((known.name, known.meaning, known.meaning_fr, known.provenance)), (
        "both languages, and where it comes from"
    )
    assert known.meaning != known.meaning_fr
    assert known.type in FIELD_TYPES
    assert known.unit in UNITS
    assert (known.unit == "kWh") == known.name.endswith("_kwh")
    assert (known.unit == "EUR") == known.name.endswith("_eur")
    assert (known.unit == "UTC") == (known.type == "datetime")
    assert known.unit == "1" or not known.name.endswith("_rate")


def test_a_column_that_is_not_in_the_dictionary_may_not_be_published() -> None:
    assert column("surplus_kwh").unit == "kWh"
    with pytest.raises(KeyError):
        column("secret_kwh")


TYPES = {"string": pl.String, "number": pl.Float64}


def test_the_dataset_has_the_types_of_the_dictionary() -> None:
    for name, dtype in BALANCE_BY_MONTH.items():
        assert dtype == TYPES[column(name).type], name


EXPLAINED_IN_PLACE = {"role", "keys", "last_start"}
"""Of the list of members: words of the territory file and of the interface, which no data file holds."""


SHAPES = [shapes.BalanceRow, shapes.PointRow, shapes.ResidualRow]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_the_interface_answers_in_columns_of_the_dictionary(shape: type[BaseModel]) -> None:
    assert shape.model_fields.keys() - EXPLAINED_IN_PLACE <= columns().keys()
    for name in shape.model_fields.keys() - EXPLAINED_IN_PLACE:
        described = shape.model_json_schema()["properties"][name]
        assert (described["description"], described.get("x-unit", "")) == (column(name).meaning, column(name).unit)


def test_balance_files_hold_what_the_interface_answers() -> None:
    names = [name.replace("_kwh", "_wh") for name in shapes.BalanceRow.model_fields]
    shown = balances._shown(pl.DataFrame(schema=dict.fromkeys(names, pl.Int64)))
    assert set(shown.columns) == shapes.BalanceRow.model_fields.keys()
