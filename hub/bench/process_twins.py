"""The work of `hub bench process` in plain NumPy and in pandas: registers to interval energy, and nothing else.

Both do this much of processing/intervals.py: bring the readings of each point into order; leave out a reading between
two others that fit where a step at it falls or passes the ceiling; take the register at each edge of the grid by linear
interpolation, rounded down; and its differences. Both stop at anything else that is strange, as they have no rules for
it. They know nothing of routes, tariffs, swaps, gaps, estimates and quality.
"""

from typing import Any, Final

from energy.errors import InvalidInput, Unavailable
from energy.time import STEP_S

STEP_US: Final = STEP_S * 1_000_000
CEILING_WH: Final = 50_000
"""Of a step between two readings less than a quarter of an hour apart."""
NO_TWINS: Final = "the bench needs NumPy and pandas beside it: .venv/bin/pip install numpy pandas (or make setup)"
STRANGE: Final = "the readings of the bench have something in them that its yardsticks have no rule for"


def numpy_and_pandas() -> tuple[Any, Any]:
    """Both modules, which only developers have.

    Raises:
        Unavailable: one is missing.
    """
    try:
        import numpy  # noqa: PLC0415 - not among what the hub needs to run
        import pandas  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise Unavailable(NO_TWINS) from error
    return numpy, pandas


def in_numpy(np: Any, series: Any, at_us: Any, wh: Any, points: int, edges: Any) -> Any:
    """Interval energy as a dense matrix, points by intervals. [Wh]

    Args:
        series: numbers from 0 on, of fewer than 32,768 points.
        at_us: instants since 1970, `wh` the registers, both in the order of arrival.
        edges: the grid, indexes since 1970, between the first and the last reading of every point.
    """
    order = np.argsort(at_us, kind="stable")
    order = order[np.argsort(series[order].astype(np.int16), kind="stable")]  # of 16 bits: a radix sort
    series, at_us, wh = series[order].astype(np.int64), at_us[order], wh[order]

    def strange(series: Any, wh: Any) -> Any:
        rise = np.diff(wh)
        return ((rise < 0) | (rise > CEILING_WH)) & (series[1:] == series[:-1])

    steps = strange(series, wh)
    if steps.any():
        kept = np.ones(len(wh), dtype=bool)
        at = np.flatnonzero(steps[1:] & steps[:-1]) + 1
        kept[at] = False
        series, at_us, wh = series[kept], at_us[kept], wh[kept]
        if strange(series, wh).any():
            raise InvalidInput(STRANGE)
    # One line of time, on which the points follow one another, so that one search finds all edges of all points.
    begin, end = at_us.min(), at_us.max() + 1
    line = series * (end - begin) + (at_us - begin)
    wanted = np.arange(points)[:, None] * (end - begin) + (edges[None, :] * STEP_US - begin)
    after = np.searchsorted(line, wanted, side="right")
    before = after - 1
    at_end = np.minimum(after, len(line) - 1)
    since, gap = wanted - line[before], line[at_end] - line[before]
    rise = wh[at_end] - wh[before]
    at_edges = wh[before] + np.where(since == 0, 0, rise * since // np.maximum(gap, 1))
    return np.diff(at_edges, axis=1)


def in_pandas(pd: Any, frame: Any, points: int, edges: Any) -> Any:
    """The same in pandas, from a frame with series, at_us and wh in the order of arrival."""
    sorted_ = frame.sort_values(["series", "at_us"], ignore_index=True)

    def strange(wh: Any, series: Any) -> Any:
        rise = wh.groupby(series).diff()
        return (rise < 0) | (rise > CEILING_WH)

    steps = strange(sorted_.wh, sorted_.series)
    if steps.any():
        glitch = steps & steps.groupby(sorted_.series).shift(-1, fill_value=False)
        sorted_ = sorted_[~glitch].reset_index(drop=True)
        if strange(sorted_.wh, sorted_.series).any():
            raise InvalidInput(STRANGE)
    by_time = sorted_.sort_values("at_us", kind="stable")
    grid = pd.MultiIndex.from_product([edges * STEP_US, range(points)], names=["edge_us", "series"])
    wanted = grid.to_frame(index=False)
    wanted["series"] = wanted.series.astype(frame.series.dtype)
    asked = {"left_on": "edge_us", "right_on": "at_us", "by": "series"}
    found = pd.merge_asof(wanted, by_time, **asked, direction="backward")
    ahead = pd.merge_asof(wanted, by_time, **asked, direction="forward")
    gap = (ahead.at_us - found.at_us).clip(lower=1)
    found["edge_wh"] = found.wh + (ahead.wh - found.wh) * (found.edge_us - found.at_us) // gap
    return found.pivot(index="series", columns="edge_us", values="edge_wh").diff(axis=1).iloc[:, 1:]
