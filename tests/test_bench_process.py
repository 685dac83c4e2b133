"""`hub bench process`: the figures it gives, that its yardsticks do the same work, and what it refuses."""

import json
import subprocess
import sys
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
import polars as pl
import pytest

from energy.errors import InvalidInput, Unavailable
from hub.bench import process_data as data
from hub.bench.process import LABELS, table
from hub.bench.process_late import APART, missing_readings, most_tries
from hub.bench.process_registers import check_equal, make_scene, measure_registers
from hub.bench.process_twins import STEP_US, in_numpy, in_pandas
from processing.intervals import intervals_from_registers
from tests.hub_command import call_hub, refused

BENCH: Final = ("bench", "process")
SMALL: Final = (
    *BENCH, "--readings", "20000", "--points", "8", "--rounds", "1", "--late-points", "20", "--late-days", "1",
    "--tries", "3", "--rebuild-days", "3", "--json",
)  # fmt: skip
KEYS: Final = [
    "readings_per_s", "cpu_ns", "numpy_per_s", "numpy_ratio", "numpy_cpu_ns", "pandas_per_s", "pandas_ratio",
    "late_p50_ms", "late_p95_ms", "late_p50_ms_10x", "late_p95_ms_10x",
    "rebuild_s", "rebuild_cpu_s", "peak_mb", "rebuild_linear", "rebuild_linear_half",
]  # fmt: skip
FEW: Final = "the bench needs at least one round, 8 points and 100 readings of each"
FEW_DAYS: Final = "the bench needs at least two days, 8 points and one late reading, at most 30 for the days before it"


@pytest.mark.slow
def test_the_figures_are_those_documented_and_can_be_true() -> None:
    code, stdout, stderr = call_hub(*SMALL)
    assert code == 0, stderr
    figures = json.loads(stdout)
    assert list(figures) == KEYS
    assert all(value > 0 for value in figures.values()), figures
    assert figures["numpy_ratio"] == pytest.approx(figures["readings_per_s"] / figures["numpy_per_s"], abs=0.001)
    assert figures["late_p50_ms"] <= figures["late_p95_ms"]
    assert 50 < figures["peak_mb"] < 2000, "of a process of its own, which has Polars and little else"
    assert len(table(figures).splitlines()) == len(LABELS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rounds", "0"), FEW),
        (("--points", "7"), FEW),
        (("--readings", "19999"), FEW),
        (("--readings", "-5"), FEW),
        (("--rebuild-days", "1"), FEW_DAYS.replace("30", "94")),
        (("--late-days", "1", "--tries", "31"), FEW_DAYS),
        (("--late-days", "1", "--tries", "0"), FEW_DAYS),
        (("--late-days", "0"), FEW_DAYS),
        (("--late-points", "7"), FEW_DAYS.replace("30", "94")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_too_little_to_measure_anything(words: tuple[str, ...], said: str) -> None:
    assert refused(*BENCH, *words) == said


# (why, series, seconds after an edge of the grid, register [Wh], energy of the two quarter-hours after it)
BY_HAND: Final = [
    ("on the edges", [(0, 0, 100), (0, 900, 150), (0, 1800, 350)], [[50, 200]]),
    ("between the edges, rounded down", [(0, -10, 100), (0, 890, 199), (0, 1790, 201), (0, 1850, 207)], [[98, 3]]),
    ("two that come by turns", [(0, 0, 10), (1, 0, 1), (0, 1800, 30), (1, 1800, 5)], [[10, 10], [2, 2]]),
    ("late", [(0, 0, 100), (0, 1800, 350), (0, 900, 150)], [[50, 200]]),
    ("a drop that comes back", [(0, 0, 90_000), (0, 800, 7), (0, 900, 90_050), (0, 1800, 90_250)], [[50, 200]]),
    ("a jump that comes back", [(0, 0, 100), (0, 800, 900_000), (0, 900, 150), (0, 1800, 350)], [[50, 200]]),
]


@pytest.mark.parametrize(("said", "expected"), [row[1:] for row in BY_HAND], ids=[row[0] for row in BY_HAND])
def test_the_yardsticks_make_intervals(said: list[tuple[int, int, int]], expected: list[list[int]]) -> None:
    columns = zip(*((series, 10 * STEP_US + second * 1_000_000, wh) for series, second, wh in said), strict=True)
    arrays = {name: np.array(column) for name, column in zip(("series", "at_us", "wh"), columns, strict=True)}
    edges = np.arange(10, 13)
    assert in_numpy(np, **arrays, points=len(expected), edges=edges).tolist() == expected
    assert in_pandas(pd, pd.DataFrame(arrays), len(expected), edges).to_numpy().tolist() == expected


def test_the_yardsticks_stop_where_they_have_no_rule() -> None:
    reset = {"series": np.array([0] * 4), "at_us": np.arange(4) * STEP_US, "wh": np.array([100, 200, 0, 10])}
    for count in (lambda: in_numpy(np, **reset, points=1, edges=np.arange(3)),
                  lambda: in_pandas(pd, pd.DataFrame(reset), 1, np.arange(3))):  # fmt: skip
        with pytest.raises(InvalidInput, match="no rule for"):
            count()


def test_the_scene_is_what_meters_say_in_order_of_arrival() -> None:
    scene = make_scene(10, 30_000)
    assert scene.readings.height == 30_000
    assert scene.readings["at"].is_sorted()
    assert not scene.readings.select("series_no", "at").is_duplicated().any()
    assert scene.readings.filter(pl.col("value") == 7).height == 3, "one in 10,000 is a glitch"
    first = scene.readings.group_by("series_no").agg(pl.col("at").min())["at"].dt.timestamp("us").max()
    last = scene.readings.group_by("series_no").agg(pl.col("at").max())["at"].dt.timestamp("us").min()
    assert isinstance(first, int)
    assert isinstance(last, int)
    assert first <= scene.first_edge * STEP_US, "all points enclose the edges"
    assert scene.last_edge * STEP_US <= last


def test_figures_of_different_results_are_not_given() -> None:
    scene = make_scene(10, 5000)
    ours = intervals_from_registers(scene.readings, scene.routes)
    shape = (10, scene.last_edge - scene.first_edge)
    wrong = np.zeros(shape, dtype=np.int64)
    with pytest.raises(Unavailable, match="different intervals"):
        check_equal(scene, ours, wrong, wrong)
    with pytest.raises(Unavailable, match="220 intervals of 320"):
        check_equal(scene, ours.head(-100), wrong, wrong)
    assert measure_registers(10, 5000, 1)["numpy_ratio"] > 0


def test_without_numpy_it_says_what_is_missing() -> None:
    blocked = "import sys; sys.modules['pandas'] = None; from hub.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", blocked, *SMALL], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the bench needs NumPy and pandas" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("tries", [1, 7, most_tries(1)])
def test_late_readings_are_missing_one_by_one(tries: int) -> None:
    missing = missing_readings(100, range(2, 3), tries)
    steps = [step for _, step in missing]
    assert len(missing) == tries
    assert not any(data.is_producer(number) for number, _ in missing)
    assert all(later - earlier >= APART for earlier, later in pairwise(steps))
    assert min(steps) > 2 * 96
    assert max(steps) < 3 * 96
