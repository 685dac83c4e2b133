"""Registers as they come, strange ones included, and a slow obvious twin that makes intervals of them in fractions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import TypeAlias

import polars as pl
from hypothesis import strategies as st

from energy.frames import READINGS, ROUTES
from energy.time import STEP, floor_to_step
from processing.intervals import intervals_from_registers

T0 = datetime(2026, 3, 14, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NEVER, FOREVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

Readings: TypeAlias = dict[tuple[int, datetime], float]
Row: TypeAlias = tuple[int, str, datetime, int, int, str]
Kept: TypeAlias = tuple[datetime, int, bool]
"""(at, register [Wh], whether the register is unbroken since the reading kept before)."""


@dataclass(frozen=True)
class Route:
    series: int
    point: int
    flow: str = "import"
    tariff: str = ""
    limit_w: int | None = None
    start: datetime = NEVER
    end: datetime = FOREVER


def compute(readings: Readings | Sequence[tuple[int, datetime, float]], routes: Sequence[Route]) -> list[Row]:
    rows = [(*key, value) for key, value in readings.items()] if isinstance(readings, dict) else readings
    routed = [(r.series, r.point, r.flow, r.tariff, r.limit_w, r.start, r.end, "register") for r in routes]
    frame = pl.DataFrame(rows, schema=READINGS, orient="row")
    return intervals_from_registers(frame, pl.DataFrame(routed, schema=ROUTES, orient="row")).rows()


# The slow twin: one register at a time, one quarter of an hour at a time.


def believe(a: tuple[datetime, int], b: tuple[datetime, int], limit_w: int | None) -> bool:
    hours = max(Fraction((b[0] - a[0]) // MICROSECOND, 3_600_000_000), Fraction(1, 4))
    ceiling_wh = hours * (Fraction(limit_w) * Fraction(11, 10) if limit_w else 200_000)
    return 0 <= b[1] - a[1] <= ceiling_wh


def keep_good(register: list[tuple[datetime, int]], limit_w: int | None) -> list[Kept]:
    suspects: set[int] = set()
    for i in range(1, len(register) - 1):
        before, here, after = register[i - 1 : i + 2]
        falls = here[1] < before[1] or after[1] < here[1]
        neither = not believe(before, here, limit_w) and not believe(here, after, limit_w)
        if believe(before, after, limit_w) and (falls or neither):
            suspects.add(i)
    kept: list[int] = []
    for i in range(len(register)):
        glitch = i in suspects and not {i - 1, i + 1} <= suspects
        is_last = 0 < i == len(register) - 1
        held = is_last and not believe(register[i - 1], register[i], limit_w) and i - 1 not in suspects
        if not glitch and not held:
            kept.append(i)
    good: list[Kept] = []
    for n, i in enumerate(kept):
        before = kept[n - 1] if n else None
        unbroken = before is not None and believe(register[before], register[i], limit_w)
        good.append((*register[i], unbroken and not {before, i} <= suspects))
    return good


def register_at(edge: datetime, kept: Sequence[Kept]) -> tuple[Fraction, int, timedelta] | None:
    """The register at an edge, the number of the reading it hangs on, and how far apart the readings used are."""
    for i, (at, wh, _) in enumerate(kept):
        if at == edge:
            return Fraction(wh), i, timedelta()
        if at < edge and i + 1 < len(kept) and edge < kept[i + 1][0] and kept[i + 1][2]:
            gap, rise = kept[i + 1][0] - at, kept[i + 1][1] - wh
            if rise == 0 and gap <= timedelta(days=31):
                return Fraction(wh), i, timedelta()
            if gap <= timedelta(hours=2):
                return wh + Fraction(rise * ((edge - at) // MICROSECOND), gap // MICROSECOND), i, gap
    return None


def energy_of(start: datetime, kept: Sequence[Kept]) -> tuple[int, timedelta] | None:
    left, right = register_at(start, kept), register_at(start + STEP, kept)
    if left is None or right is None or not all(kept[i][2] for i in range(left[1] + 1, right[1] + 1)):
        return None
    return floor(right[0]) - floor(left[0]), max(left[2], right[2])


def twin(readings: Readings, routes: Sequence[Route]) -> list[Row]:
    kept: dict[Route, list[Kept]] = {}
    for route in routes:
        own = sorted((at, round(value)) for (series, at), value in readings.items() if series == route.series)
        kept[route] = keep_good([r for r in own if route.start <= r[0] <= route.end], route.limit_w)
    rows: list[Row] = []
    for point, flow in sorted({(r.point, r.flow) for r in routes}):
        own = [r for r in routes if (r.point, r.flow) == (point, flow)]
        instants = [at for route in own for at, _, _ in kept[route]]
        start = floor_to_step(min(instants, default=T0))
        while start < max(instants, default=T0):
            awaited = [r for r in own if r.start < start + STEP and r.end > start]
            awaited = [r for r in awaited if not r.tariff] or awaited
            known = [energy for r in awaited if (energy := energy_of(start, kept[r])) is not None]
            if awaited and len(known) == len(awaited):
                gap = max(gap for _, gap in known)
                quality = 0 if gap <= timedelta(minutes=30) else 9
                method = "register" if gap <= STEP else "split" if gap <= timedelta(minutes=30) else "linear"
                rows.append((point, flow, start, sum(wh for wh, _ in known), quality, method))
            start += STEP
    return rows


# What registers do: rise, stand still, jump by about the ceiling, show something else, restart.

SECONDS = [10, 60, 427, 900, 901, 1200, 1800, 1801, 3600, 7199, 7200, 7201, 10_800, 30_000]
gaps = st.sampled_from(SECONDS) | st.integers(1, 4000)
rises = st.one_of(
    st.integers(0, 600), st.just(0), st.integers(49_999, 50_001), st.sampled_from([2474, 2475, 2476, 9899, 9900, 9901])
)
KINDS = ["-", "---", "^", "^-", "v", "~", "|", "!-!", "-!-!-!-!-", "!!", "v-v-v-"]
wrongs = st.sampled_from([0, 1, 40, 5000, 53_700_000]) | st.integers(1, 3000)


@st.composite
def registers(draw: st.DrawFn, series: int, most: int, gaps: st.SearchStrategy[int] = gaps) -> Readings:
    at = T0 + timedelta(seconds=draw(st.integers(0, 1800) | st.sampled_from([0, 900])))
    wh = draw(st.sampled_from([0, 1000, 100_000, 8 * 10**15]))
    readings: Readings = {}
    for kind in "".join(draw(st.lists(st.sampled_from(KINDS), max_size=most)))[: 2 * most]:
        wrong = draw(wrongs) if kind in "^v|~" else 0
        wh = wrong if kind == "|" else wh + draw(rises)  # a restart goes on from its new level
        shown = {"^": wh + wrong, "!": wh + 53_700_000, "v": max(0, wh - wrong), "~": wrong}.get(kind, wh)
        readings[series, at] = float(shown)
        at += timedelta(seconds=draw(gaps))
    return readings


@st.composite
def scenes(draw: st.DrawFn, most: int = 14, gaps: st.SearchStrategy[int] = gaps) -> tuple[Readings, list[Route]]:
    """Up to three registers, and who they measured: one point, two on one roof, tariffs, a swap, a move."""
    limit_w = draw(st.sampled_from([None, None, 9000]))
    swap = T0 + draw(st.integers(0, 400)) * timedelta(minutes=5)
    one, two = Route(1, 1, limit_w=limit_w), Route(2, 1, limit_w=limit_w)
    routes = draw(st.sampled_from([
        [one],
        [one, two],
        [one, Route(2, 1, "export"), Route(3, 2)],
        [Route(1, 1, tariff="HP"), Route(2, 1, tariff="HC")],
        [Route(1, 1, end=swap), Route(2, 1, start=swap)],
        [Route(1, 1, end=swap), Route(1, 2, start=swap), Route(2, 2, end=swap)],
        [Route(1, 1, tariff="HP", end=swap), Route(2, 1, start=swap, limit_w=limit_w), Route(3, 1, tariff="HC")],
    ]))  # fmt: skip
    readings: Readings = {}
    for series in sorted({r.series for r in routes}):
        readings |= draw(registers(series, most, gaps))
    return readings, routes
