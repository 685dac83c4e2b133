"""How fast registers become interval energy, beside the same in plain NumPy and in pandas."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

import polars as pl

from energy.errors import Unavailable
from energy.frames import READINGS, ROUTES
from energy.time import STEP
from energy.validity import FOREVER, FOREVER_AGO
from hub.bench.process_twins import STEP_US, in_numpy, in_pandas, numpy_and_pandas
from processing.intervals import intervals_from_registers

BEGIN: Final = datetime(2026, 1, 6, tzinfo=UTC)
EVERY_S: Final = 60
FEWEST: Final = 100
"""Readings of a point, which enclose some edges of the grid."""
GLITCH_EVERY: Final = 10_000
"""One reading in so many shows something else once."""
FIRST_WH: Final = 1_000_000
"""So far from what a glitch shows that it passes the ceiling."""


@dataclass(frozen=True, slots=True)
class Scene:
    """READINGS of points in the order of arrival, their ROUTES, and the edges that all of them enclose."""

    readings: pl.DataFrame
    routes: pl.DataFrame
    points: int
    first_edge: int
    last_edge: int


def measure_registers(points: int, number: int, rounds: int) -> dict[str, float]:
    """Readings per second from registers to intervals, the CPU they take, and parts of what NumPy and pandas reach.

    Raises:
        Unavailable: NumPy or pandas is missing, or the three results are not equal.
    """
    np, pd = numpy_and_pandas()
    scene = make_scene(points, number)
    columns = scene.readings.select(
        series=pl.col("series_no") - 1, at_us=pl.col("at").to_physical(), wh=pl.col("value").cast(pl.Int64)
    )
    arrays = {name: columns[name].to_numpy() for name in columns.columns}
    frame = pd.DataFrame(arrays)
    edges = np.arange(scene.first_edge, scene.last_edge + 1)
    ways: dict[str, Callable[[], Any]] = {
        "ours": lambda: intervals_from_registers(scene.readings, scene.routes),
        "numpy": lambda: in_numpy(np, **arrays, points=points, edges=edges),
        "pandas": lambda: in_pandas(pd, frame, points, edges),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    cpu_s: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(rounds):
        results: dict[str, Any] = {}
        for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
            began, cpu_began = time.perf_counter(), time.process_time()
            results[name] = ways[name]()
            cpu_s[name].append(time.process_time() - cpu_began)
            rates[name].append(scene.readings.height / (time.perf_counter() - began))
        check_equal(scene, results["ours"], results["numpy"], results["pandas"].to_numpy())

    def ratio(other: str) -> float:
        return median(ours / theirs for ours, theirs in zip(rates["ours"], rates[other], strict=True))

    return {
        "readings_per_s": median(rates["ours"]),
        "cpu_ns": 1e9 * median(cpu_s["ours"]) / scene.readings.height,
        "numpy_cpu_ns": 1e9 * median(cpu_s["numpy"]) / scene.readings.height,
        "numpy_per_s": median(rates["numpy"]),
        "numpy_ratio": ratio("numpy"),
        "pandas_per_s": median(rates["pandas"]),
        "pandas_ratio": ratio("pandas"),
    }


def make_scene(points: int, number: int) -> Scene:
    """So many readings of meters that speak about every minute, all in turn, each at a second of its own choosing."""
    steps = number // points
    place = pl.int_range(steps * points)
    turn, point = place // points, place % points
    rises = (turn * 7919 + point * 104_729) % 23  # [Wh]
    waits_us = ((turn * 15_485_863 + point * 32_452_843) % 59_000) * 1000
    readings = (
        pl.select(series_no=(point + 1).cast(pl.Int32), turn=turn, rise=rises, wait_us=waits_us)
        .with_columns(
            at=BEGIN + pl.duration(seconds=pl.col("turn") * EVERY_S, microseconds=pl.col("wait_us")),
            wh=pl.col("rise").cum_sum().over("series_no") + FIRST_WH,
        )
        .sort("at", "series_no")
    )
    strange = pl.int_range(pl.len()) % GLITCH_EVERY == GLITCH_EVERY // 2
    inside = pl.col("turn").is_between(1, steps - 2)
    readings = readings.with_columns(value=pl.when(strange & inside).then(7).otherwise("wh")).select(
        "series_no", pl.col("at").cast(READINGS["at"]), pl.col("value").cast(pl.Float64)
    )
    return Scene(readings, _routes(points), points, *_edges(steps))


def _edges(steps: int) -> tuple[int, int]:
    """First and last edge of the grid that every point encloses."""
    begin_us = int(BEGIN.timestamp()) * 1_000_000
    minute = EVERY_S * 1_000_000
    return -(-(begin_us + minute) // STEP_US), (begin_us + (steps - 1) * minute) // STEP_US


def _routes(points: int) -> pl.DataFrame:
    """Each series is the import register of a point, for ever."""
    numbers = pl.int_range(1, points + 1, eager=True, dtype=pl.Int32)
    whole: dict[str, Any] = {
        "series_no": numbers, "point_no": numbers, "flow": "import", "tariff": "", "limit_w": None,
        "valid_from": FOREVER_AGO, "valid_to": FOREVER, "kind": "register",
    }  # fmt: skip
    return pl.DataFrame(whole).select(ROUTES.names()).cast(ROUTES)


def check_equal(scene: Scene, ours: pl.DataFrame, numpy: Any, pandas: Any) -> None:
    """What was measured must be the same work: every Wh of every point in every quarter of an hour."""
    first, last = (
        BEGIN.fromtimestamp(edge * STEP.total_seconds(), UTC) for edge in (scene.first_edge, scene.last_edge)
    )
    energy = (
        ours.filter(pl.col("start") >= first, pl.col("start") < last).sort("point_no", "start").get_column("energy_wh")
    )
    shape = (scene.points, scene.last_edge - scene.first_edge)
    matrix = energy.to_numpy()
    if matrix.size != shape[0] * shape[1]:
        raise Unavailable(f"the bench made {matrix.size} intervals of {shape[0] * shape[1]}")
    if (matrix.reshape(shape) != numpy).any() or (numpy != pandas).any():
        raise Unavailable("the bench got different intervals in three ways: its figures would mean nothing")
