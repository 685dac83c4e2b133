"""Rows as CSV: no text is a formula for a spreadsheet, numbers stay numbers, and what is not known is nothing."""

from typing import Final

import polars as pl
import pytest

from energy.csv_rows import csv_of

TEXTS: Final = [
    ("a name", "School", "School"),
    ("a formula", "=1+1", "'=1+1"),
    ("one more", "@SUM(A1)", "'@SUM(A1)"),
    ("a name that begins like one", "+33 homes", "'+33 homes"),
    ("a dash before a word", "-cmd", "'-cmd"),
    ("EUR that were lost", "-4.20", "-4.20"),
    ("a tabulator before it", "\t=1", "'\t=1"),
    ("a number with a line below it", "-4.20\n=1", '"\'-4.20\n=1"'),
    ("an accent", "École", "École"),
]


@pytest.mark.parametrize(("why", "text", "written"), TEXTS, ids=[row[0] for row in TEXTS])
def test_a_text(why: str, text: str, written: str) -> None:
    assert csv_of(pl.DataFrame({"a": [text, None], "b": [1, 2]})) == f"a,b\n{written},1\n,2\n", why


def test_what_is_no_text() -> None:
    rows = pl.DataFrame({"rate": [1e-06, 0.5, None], "is_known": [True, False, None]})
    assert csv_of(rows) == "rate,is_known\n1e-6,true\n0.5,false\n,\n"
    assert csv_of(rows.clear()) == "rate,is_known\n", "where there is no row, its columns have names"
