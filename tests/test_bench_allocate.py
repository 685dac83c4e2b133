"""`hub bench allocate`: the figures it gives, that its yardsticks do the same work, and what it refuses."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from energy.errors import Unavailable
from hub.bench.allocate import LABELS, check_equal, make_flows, make_keys, table
from hub.bench.allocate_twins import in_numpy, in_pandas
from processing.sharing import share_flows
from tests.hub_command import call_hub, refused

COMPARED = ("--members", "10", "--months", "1")
BENCH = ("bench", "allocate", "--rounds", "1")


def test_the_figures_are_those_documented() -> None:
    code, stdout, stderr = call_hub(*BENCH, "--sharing-points", "30", "--steps", "100", *COMPARED, "--json")
    assert code == 0, stderr
    figures = json.loads(stdout)
    assert list(figures) == list(LABELS)
    assert all(value > 0 for value in figures.values()), figures
    assert len(table(figures).splitlines()) == len(LABELS)


@pytest.mark.parametrize("words", [("--sharing-points", "9"), ("--steps", "9"), ("--rounds", "0")])
def test_too_little_to_measure_anything(words: tuple[str, str]) -> None:
    assert refused(*BENCH, *words) == "the bench needs at least one round, 10 points and 10 steps"


def test_the_twins_share_by_largest_remainder() -> None:
    need, made = np.array([[100, 100, 100, 0]]), np.array([[0, 0, 50, 50]])
    frame = pd.DataFrame({"step": 0, "point": range(4), "need": need[0], "made": made[0]})
    for ppm, expected in ((None, [34, 33, 33, 0]), ([500_000, 250_000, 0, 0], [50, 25, 0, 0])):
        matrix = in_numpy(np, need, made, None if ppm is None else np.array(ppm))
        rows = in_pandas(pd, frame, None if ppm is None else pd.Series(ppm))
        assert matrix[0][0].tolist() == rows[0].tolist() == expected
        assert matrix[1][0].tolist() == rows[1].tolist()


def test_a_difference_is_found() -> None:
    flows, ids = make_flows(10, 10), pl.Series([f"p{place:06}" for place in range(10)])
    shared = share_flows(flows, ids, make_keys(ids)["prorata"])
    own = (shared["allocated_wh"].to_numpy(), shared["surplus_wh"].fill_null(0).to_numpy())
    rows = (pd.Series(own[0]), pd.Series(own[1]))
    check_equal(shared, own, rows, shared.height)
    with pytest.raises(Unavailable, match="differently in three ways"):
        check_equal(shared, (own[0] + 1, own[1]), rows, shared.height)
