"""Indicators of equity against numbers worked out by hand."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.frames import EUR
from processing.equity import equity_of, periods_of
from processing.indicators import equity, gini, jain, min_max, p90_p10, parity, season, share_against_need

VALUES: list[tuple[Callable[..., float | None], list[float | None], float | None]] = [
    (jain, [1, 1, 1, 1], 1), (jain, [1, 2, 3, 4], 100 / 120), (jain, [0, 0, 0, 1], 1 / 4), (jain, [0, 0], None),
    (jain, [], None), (jain, [5], 1), (jain, [1, None, 3], 16 / 20),
    (gini, [1, 1, 1, 1], 0), (gini, [1, 2, 3, 4], 0.25), (gini, [4, 1, 3, 2], 0.25), (gini, [0, 0, 0, 1], 0.75),
    (gini, [0, 0], None), (gini, [], None), (gini, [5], 0), (gini, [1, None, 3], 0.25),
    (min_max, [2, 4, 8], 0.25), (min_max, [0, 8], 0), (min_max, [0, 0], None), (min_max, [], None),
    (p90_p10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 8), (p90_p10, [0, 1], 0.8), (p90_p10, [0.3], 0),
    (p90_p10, [None], None),
]  # fmt: skip


@pytest.mark.parametrize(("indicator", "values", "expected"), VALUES)
def test_by_hand(indicator: Callable[..., float | None], values: list[float | None], expected: float | None) -> None:
    assert indicator(values) == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_share_against_need() -> None:
    assert share_against_need([1, 2], [10, 20]) == 1
    assert share_against_need([1, 0], [0, 1]) == 0
    assert share_against_need([3, 1], [1, 1]) == pytest.approx(0.75)
    assert share_against_need([3, None, 1], [1, 5, 1]) == pytest.approx(0.75)
    assert share_against_need([0, 0], [1, 1]) is None
    assert share_against_need([1, 1], [0, 0]) is None


def test_parity() -> None:
    assert parity([1, 3], [2, 2], [True, False]) == 0.5, "a quarter of the energy for half of the consumption"
    assert parity([1, 3], [2, 2], [True, True]) == 1
    assert parity([1, 3], [2, 2], [False, False]) is None, "nobody"
    assert parity([0, 0], [2, 2], [True, False]) is None, "nothing shared"
    assert parity([1, 3], [0, 2], [True, False]) is None, "a group that consumes nothing"


@given(st.lists(st.integers(0, 10**6), max_size=8))
def test_the_gini_of_sorted_values_is_that_of_all_pairs(values: list[int]) -> None:
    total, n = sum(values), len(values)
    expected = sum(abs(x - y) for x, y in product(values, values)) / (2 * n * total) if total else None
    assert gini(values) == (None if expected is None else pytest.approx(expected, abs=1e-12))
    found = jain(values)
    assert found is None or 1 / n - 1e-12 <= found <= 1 + 1e-12


MEMBERS = pl.DataFrame(
    [
        ("a", "home", "2026-01", 10, 100),
        ("a", "home", "2026-02", 10, 100),
        ("b", "home", "2026-01", 60, 100),
        ("s", "school", "2026-01", 20, 100),
        ("s", "school", "2026-07", 90, 100),
    ],
    schema={
        "point": pl.String, "category": pl.String, "month": pl.String, "allocated_wh": pl.Int64,
        "consumption_wh": pl.Int64,
    },
    orient="row",
)  # fmt: skip


def test_equity_of_all() -> None:
    (row,) = equity(MEMBERS).rows(named=True)
    assert (row["members"], row["allocated_wh"], row["consumption_wh"]) == (3, 190, 500)
    assert row["jain"] == pytest.approx(190**2 / (3 * (20**2 + 60**2 + 110**2)))
    assert row["min_max"] == pytest.approx(20 / 110)
    assert row["autoproduction_p90_p10"] == pytest.approx((0.55 + 0.05 * 0.8) - (0.1 + 0.45 * 0.2))
    assert row["parity"] == 1


def test_of_whom_nothing_is_known_is_left_out() -> None:
    """Null is not zero: a silent member would make everything look more uneven than it is."""
    silent = pl.DataFrame([("z", "home", "2026-01", None, None)], schema=MEMBERS.schema, orient="row")
    assert equity(pl.concat([MEMBERS, silent])).equals(equity(MEMBERS))


def test_who_consumes_nothing_is_not_asked_what_it_has() -> None:
    """An empty flat would have the least of all; in the months in which somebody lives there it counts."""
    empty = pl.DataFrame([("z", "home", "2026-01", 0, 0)], schema=MEMBERS.schema, orient="row")
    assert equity(pl.concat([MEMBERS, empty])).equals(equity(MEMBERS))
    lived_in = empty.with_columns(month=pl.lit("2026-07"), consumption_wh=pl.lit(50, pl.Int64))
    by_season = equity(pl.concat([MEMBERS, empty, lived_in]).with_columns(season()), by=["season"])
    assert dict(by_season.select("season", "members").rows()) == {"summer": 2, "winter": 3}


def test_the_statement_of_who_consumes_nothing_is_in_no_sum() -> None:
    rows = [(date(2026, 1, 1), "a", 100, 40, Decimal(5)), (date(2026, 1, 1), "z", 0, 0, Decimal(-2))]
    schema = {"month": pl.Date, "point": pl.String, "import_wh": pl.Int64, "allocated_wh": pl.Int64, "saving_eur": EUR}
    groups = pl.DataFrame(
        [("a", "home", ["tenants"]), ("z", "home", ["tenants"])],
        schema={"point": pl.String, "category": pl.String, "groups": pl.List(pl.String)}, orient="row",
    )  # fmt: skip
    (month, *_) = periods_of(date(2026, 1, 1))
    found = equity_of(month, pl.DataFrame(rows, schema=schema, orient="row"), groups)
    assert found.select("group_kind", "group_name", "members", "saving_eur", "min_max").rows() == [
        ("all", "", 1, Decimal(5), 1), ("category", "home", 1, Decimal(5), 1), ("group", "tenants", 1, Decimal(5), 1),
    ]  # fmt: skip


def test_equity_by_season_and_category() -> None:
    got = equity(MEMBERS.with_columns(season()), by=["season", "category"]).rows(named=True)
    assert [(r["season"], r["category"], r["members"], r["allocated_wh"]) for r in got] == [
        ("summer", "school", 1, 90),
        ("winter", "home", 2, 80),
        ("winter", "school", 1, 20),
    ]
    assert [row["parity"] for row in got] == pytest.approx([1, (80 / 100) / (300 / 400), (20 / 100) / (100 / 400)])
    assert equity(MEMBERS.clear(), by=["category"]).is_empty()
    assert equity(MEMBERS.clear()).rows(named=True)[0]["members"] == 0


def test_seasons_are_whole_months() -> None:
    months = pl.DataFrame({"month": [f"2026-{month:02}" for month in range(1, 13)]})
    counts = months.select(season()).group_by("season").len()
    assert dict(counts.iter_rows()) == dict.fromkeys(("winter", "spring", "summer", "autumn"), 3)
