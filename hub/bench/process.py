"""`hub bench process`: how fast readings become balances, beside the same work in plain NumPy and in pandas.

Three things are measured: registers to intervals, without a database; one late reading to its balance served by the
API; and a rebuild of points over a year, each step a process of its own.
"""

from dataclasses import dataclass
from typing import Any, Final

from energy.errors import InvalidInput
from hub.bench.process_late import TIMES, measure_late, most_tries
from hub.bench.process_rebuild import SMALLEST, measure_rebuild
from hub.bench.process_registers import FEWEST, measure_registers
from hub.settings import Settings

LABELS: Final = {
    "readings_per_s": "readings/s from registers to intervals",
    "cpu_ns": "CPU of all cores per reading [ns]",
    "numpy_per_s": "readings/s by plain NumPy on a dense matrix, without routes, gaps and quality",
    "numpy_ratio": "of ours to it",
    "numpy_cpu_ns": "CPU of NumPy per reading [ns]",
    "pandas_per_s": "readings/s by pandas, the same",
    "pandas_ratio": "of ours to it",
    "late_p50_ms": "one late reading to its balance served, median [ms]",
    "late_p95_ms": "the same, 95 of 100 [ms]",
    "late_p50_ms_10x": f"with {TIMES} times the history, median [ms]",
    "late_p95_ms_10x": "the same, 95 of 100 [ms]",
    "rebuild_s": "to rebuild all points from their readings and compare them with what is stored [s]",
    "rebuild_cpu_s": "CPU of it, without that of PostgreSQL [s]",
    "peak_mb": "most memory of it [MB]",
    "rebuild_linear": "time per point of all points to that of a quarter of them: 1 is linear",
    "rebuild_linear_half": "the same to half of them",
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: readings of how many points; late readings of a community; a rebuild."""

    readings: int
    points: int
    late_points: int
    late_days: int
    tries: int
    rebuild_days: int


def measure(settings: Settings, sizes: Sizes, rounds: int) -> dict[str, Any]:
    """Run the bench; the figures of registers are medians over the rounds.

    Returns:
        The figures of LABELS.

    Raises:
        InvalidInput: too little to measure anything.
        Unavailable: NumPy or pandas is missing, or what was measured was not done.
    """
    if rounds < 1 or sizes.points < SMALLEST or sizes.readings < FEWEST * sizes.points:
        raise InvalidInput(f"the bench needs at least one round, {SMALLEST} points and {FEWEST} readings of each")
    if sizes.rebuild_days < 2 or sizes.late_points < SMALLEST or not 0 < sizes.tries <= most_tries(sizes.late_days):
        raise InvalidInput(
            f"the bench needs at least two days, {SMALLEST} points and one late reading, at most"
            f" {most_tries(max(sizes.late_days, 1))} for the days before it"
        )
    figures = measure_registers(sizes.points, sizes.readings, rounds)
    for name, delays_s in zip(
        ("", "_10x"), measure_late(settings, sizes.late_points, sizes.late_days, sizes.tries), strict=True
    ):
        for share in (50, 95):
            figures[f"late_p{share}_ms{name}"] = 1000 * delays_s[min(len(delays_s) * share // 100, len(delays_s) - 1)]
    figures |= measure_rebuild(sizes.points, sizes.rebuild_days)
    return {name: _rounded(name, figures[name]) for name in LABELS}


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{figures[key]:>10}  {label}" for key, label in LABELS.items())


def _rounded(name: str, figure: float) -> float:
    if name.endswith(("_per_s", "_mb", "_ns")):
        return round(figure)
    return round(figure, 1 if name.startswith("late") else 3)
