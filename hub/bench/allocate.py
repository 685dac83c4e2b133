"""How fast energy is shared, beside the same in plain NumPy and in pandas."""

import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

import polars as pl

from energy.errors import InvalidInput, Unavailable
from energy.frames import FLOWS
from energy.keys import IterationsKey, PriorityKey, ProRataKey, Round, SharingKey, StaticKey
from hub.bench.allocate_twins import in_numpy, in_pandas
from hub.bench.process_twins import numpy_and_pandas
from processing.sharing import share_flows

BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
STEP_MIN: Final = 30
PRODUCER_EVERY: Final = 10
MOST_POINTS: Final = 100_000
"""With more of them a fixed part would be less than a millionth."""
PANDAS_PART: Final = 10
"""pandas is given one step in so many, as it takes long; its rate is that of the rows it had, no lower than of all."""
LABELS: Final = {
    "prorata_rows_per_s": "rows shared pro rata [1/s]",
    "static_rows_per_s": "rows shared by fixed parts [1/s]",
    "priority_rows_per_s": "rows shared by priority [1/s]",
    "iterations_rows_per_s": "rows shared in rounds [1/s]",
    "numpy_ratio": "times NumPy (dense, argsort), pro rata",
    "pandas_ratio": "times pandas (groupby, transform, rank), pro rata",
    "static_numpy_ratio": "times NumPy (dense, argsort), fixed parts",
    "static_pandas_ratio": "times pandas (groupby, transform, rank), fixed",
    "peak_mb": "most memory, flows and results included [MB]",
    "compare_s": "a year of 200 members under 6 keys, reports too [s]",
}


def measure(points: int, steps: int, rounds: int) -> dict[str, float]:
    """Rows (of a point in a step) shared in a second, and how many times as fast as NumPy and pandas.

    Every round does everything; the median of the rounds counts. Results of the three are checked to be equal.

    Raises:
        InvalidInput: too little to measure anything.
        Unavailable: NumPy or pandas is missing, or results differ.
    """
    if not PRODUCER_EVERY <= points <= MOST_POINTS or steps < PANDAS_PART or rounds < 1:
        raise InvalidInput(f"the bench needs at least one round, {PRODUCER_EVERY} points and {PANDAS_PART} steps")
    flows, ids = make_flows(points, steps), pl.Series([f"p{number:06}" for number in range(points)])
    keys = make_keys(ids)
    rates: dict[str, list[float]] = {name: [] for name in keys}
    for _ in range(rounds):
        for name, key in keys.items():
            rates[name].append(_rate(flows.height, lambda key=key: share_flows(flows, ids, key))[0])
    # Before NumPy and pandas are there: memory is that of the hub alone.
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    twins = {name: _beside_twins(flows, ids, keys[name], rounds) for name in ("prorata", "static")}
    return {
        **{f"{name}_rows_per_s": round(median(values)) for name, values in rates.items()},
        "numpy_ratio": twins["prorata"][0],
        "pandas_ratio": twins["prorata"][1],
        "static_numpy_ratio": twins["static"][0],
        "static_pandas_ratio": twins["static"][1],
        "peak_mb": round(peak_mb),
    }


def table(figures: dict[str, float]) -> str:
    """The figures, a line each."""
    return "\n".join(f"{LABELS[name]:50} {value:14,.1f}" for name, value in figures.items())


def make_flows(points: int, steps: int) -> pl.DataFrame:
    """FLOWS: every point withdraws something below 1,500 Wh in each step, and one in ten injects up to 12 kWh."""
    row = pl.int_range(points * steps, dtype=pl.Int64)
    made = (row * 15_485_863) % 12_000
    return pl.select(
        start=pl.lit(BEGIN).cast(FLOWS["start"]) + pl.duration(minutes=row // points * STEP_MIN),
        point_no=(row % points).cast(pl.Int32),
        import_wh=(row * 7919 + row // points * 104_729) % 1500,
        export_wh=pl.when(row % points % PRODUCER_EVERY == 0).then(made),
    ).cast(FLOWS)  # pyright: ignore[reportArgumentType] - a schema is a mapping of types


def make_keys(ids: pl.Series) -> dict[str, SharingKey]:
    """A key of each kind that is measured."""
    part = 1_000_000 // len(ids)
    uneven = {point: part - place * 7919 % (part // 2) for place, point in enumerate(ids)}
    first = {point: 1 + place % 7 for place, point in enumerate(ids) if place % 3}
    return {
        "prorata": ProRataKey(),
        "static": StaticKey(uneven),
        "priority": PriorityKey((first, {point: 1 for point in ids if point not in first})),
        "iterations": IterationsKey((Round(600_000, uneven), Round(400_000))),
    }


def _rate(rows: int, work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    done = work()
    return rows / (time.perf_counter() - began), done


def _beside_twins(flows: pl.DataFrame, ids: pl.Series, key: SharingKey, rounds: int) -> tuple[float, float]:
    """How many times as fast as NumPy and pandas, in the same round each."""
    np, pd = numpy_and_pandas()
    points, rows = len(ids), flows.height
    plain = flows.select(
        step=pl.col("start").rle_id(), point="point_no", need="import_wh", made=pl.col("export_wh").fill_null(0)
    )
    need, made = (plain[name].to_numpy().reshape(-1, points) for name in ("need", "made"))
    few = plain.head(rows // points // PANDAS_PART * points)
    frame = pd.DataFrame({name: few[name].to_numpy() for name in few.columns})
    ppm = [key.shares_ppm[point] for point in ids] if isinstance(key, StaticKey) else None
    ratios: list[tuple[float, float]] = []
    for _ in range(rounds):
        ours, shared = _rate(rows, lambda: share_flows(flows, ids, key))
        numpy_rate, in_matrix = _rate(rows, lambda: in_numpy(np, need, made, None if ppm is None else np.array(ppm)))
        pandas_rate, in_rows = _rate(few.height, lambda: in_pandas(pd, frame, None if ppm is None else pd.Series(ppm)))
        check_equal(shared, in_matrix, in_rows, few.height)
        ratios.append((ours / numpy_rate, ours / pandas_rate))
    beside_numpy, beside_pandas = (median(column) for column in zip(*ratios, strict=True))
    return float(f"{beside_numpy:.3g}"), float(f"{beside_pandas:.3g}")


def check_equal(shared: pl.DataFrame, in_matrix: tuple[Any, Any], in_rows: tuple[Any, Any], few: int) -> None:
    """What was measured must be the same work: every Wh of every point in every step.

    Raises:
        Unavailable: it is not.
    """
    ours = (shared["allocated_wh"].to_numpy(), shared["surplus_wh"].fill_null(0).to_numpy())
    for own, numpy, pandas in zip(ours, in_matrix, in_rows, strict=True):
        if (own != numpy.ravel()).any() or (own[:few] != pandas.to_numpy()).any():
            raise Unavailable("the bench shared differently in three ways: its figures would mean nothing")
