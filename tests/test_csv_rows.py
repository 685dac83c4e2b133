"""Texts in CSV: none is a formula for a spreadsheet, and numbers stay numbers, whichever of the two writes them."""

from typing import Final

import polars as pl
import pytest

from energy.csv_rows import csv_of, plain_text

TEXTS: Final = [
    ("a name", "School", "School"),
    ("a formula", "=1+1", "'=1+1"),
    ("one more", "@SUM(A1)", "'@SUM(A1)"),
    ("a name that begins like one", "+33 homes", "'+33 homes"),
    ("a dash before a word", "-cmd", "'-cmd"),
    ("EUR that were lost", "-4.20", "-4.20"),
    ("a tabulator before it", "\t=1", "'\t=1"),
    ("an accent", "École", "École"),
]


@pytest.mark.parametrize(("why", "text", "written"), TEXTS, ids=[row[0] for row in TEXTS])
def test_a_text(why: str, text: str, written: str) -> None:
    frame = pl.DataFrame({"a": [text, None], "b": [1, 2]})
    assert plain_text(frame).write_csv() == f"a,b\n{written},1\n,2\n", why
    assert csv_of(frame.to_dicts()) == f"a,b\n{written},1\n,2\n"
