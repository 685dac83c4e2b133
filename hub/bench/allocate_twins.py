"""The work of `hub bench allocate` in plain NumPy and in pandas: sharing in whole watt-hours, by largest remainder.

Both know only pro rata and fixed shares, and no flow that is not known. NumPy works on dense matrices, steps by
points; pandas on the same long rows as the hub, by groupby, transform and rank: no function of Python is called for a
step, which would take several times as long. Products must stay within 64 bits.
"""

from typing import Any


def in_numpy(np: Any, need: Any, made: Any, shares_ppm: Any | None) -> tuple[Any, Any]:
    """Allocated and surplus, steps by points; shares_ppm of points, or None for pro rata. [Wh]"""
    whole = made.sum(axis=1, keepdims=True)
    if shares_ppm is None:
        needed = need.sum(axis=1, keepdims=True)
        share = _split_numpy(np, np.where(needed > 0, whole, 0), need, needed, whole)
    else:
        total = whole * shares_ppm.sum() // 1_000_000
        share = _split_numpy(np, total, np.broadcast_to(shares_ppm, need.shape), np.full_like(whole, 1_000_000), whole)
    allocated = np.minimum(need, share)
    used = allocated.sum(axis=1, keepdims=True)
    makers = made.any(axis=0)
    surplus = made.copy()
    surplus[:, makers] -= _split_numpy(np, used, made[:, makers], whole, used)
    return allocated, surplus


def _split_numpy(np: Any, total: Any, weight: Any, whole: Any, base: Any) -> Any:
    divisor = np.maximum(whole, 1)
    parts, rest = np.divmod(weight * base, divisor)
    left = total - parts.sum(axis=1, keepdims=True)
    order = np.argsort(-rest, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(order.shape[1]), order.shape), axis=1)
    return parts + (places < left)


def in_pandas(pd: Any, frame: Any, shares_ppm: Any | None) -> tuple[Any, Any]:
    """Allocated and surplus of a frame with step, point, need, made, in its order; shares_ppm by point. [Wh]"""
    by_step = frame.groupby("step", sort=False)
    whole = by_step["made"].transform("sum")
    if shares_ppm is None:
        needed = by_step["need"].transform("sum")
        share = _split_pandas(pd, frame["step"], whole.where(needed > 0, 0), frame["need"], needed, whole)
    else:
        weight = frame["point"].map(shares_ppm)
        total = whole * int(shares_ppm.sum()) // 1_000_000
        share = _split_pandas(pd, frame["step"], total, weight, 0 * whole + 1_000_000, whole)
    allocated = frame["need"].where(frame["need"] < share, share)
    used = allocated.groupby(frame["step"], sort=False).transform("sum")
    makers = frame.loc[frame["made"] > 0, ["step", "made"]]
    whole, used = whole.loc[makers.index], used.loc[makers.index]
    gone = _split_pandas(pd, makers["step"], used, makers["made"], whole, used)
    return allocated, frame["made"].sub(gone, fill_value=0).astype("int64")


def _split_pandas(pd: Any, step: Any, total: Any, weight: Any, whole: Any, base: Any) -> Any:
    product, divisor = weight * base, whole.clip(lower=1)
    parts = product // divisor
    rows = pd.DataFrame({"step": step, "rest": product - parts * divisor})
    left = total - parts.groupby(step, sort=False).transform("sum")
    places = rows.groupby("step", sort=False)["rest"].rank(method="first", ascending=False)
    return parts + (places <= left)
