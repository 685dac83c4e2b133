"""Energy counters of simulated points, exact and cheap at any instant.

The trick: a day's energy is decided first, by one cheap formula; a curve of five-minute cells then only shares it out
over the hours. So the whole past costs one number per day instead of 288 powers, a counter never depends on where one
began to read it, and power is the slope of the counter by construction.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from energy.time import local_date, local_day

ORIGIN: Final = date(2025, 1, 1)
"""First local day that is simulated; all counters begin there."""
CELL: Final = timedelta(minutes=5)
CELLS_PER_HOUR: Final = 12
_DAYS_KEPT: Final = 12

DayEnergy: TypeAlias = Callable[[date], float]
"""Energy of a local day [Wh], not negative, cheap."""
DayCurve: TypeAlias = Callable[[date], Sequence[float]]
"""Weight of each cell of a local day, not negative, not all zero; only proportions matter."""


@lru_cache(maxsize=64)
def cell_middles(zone: ZoneInfo, day: date) -> tuple[datetime, ...]:
    """Middle of each cell of a local day, in UTC: 276, 288 or 300 of them."""
    span = local_day(day, zone)
    return tuple(span.start + CELL * (i + 0.5) for i in range((span.end - span.start) // CELL))


@lru_cache(maxsize=64)
def cell_hours(zone: ZoneInfo, day: date) -> tuple[float, ...]:
    """Hour on the wall clock in the middle of each cell of a local day."""
    walls = [middle.astimezone(zone) for middle in cell_middles(zone, day)]
    return tuple(wall.hour + wall.minute / 60 + wall.second / 3600 for wall in walls)


class Counter:
    """What one register has counted since ORIGIN; remembers the past, and the curves of the days last asked for."""

    def __init__(self, zone: ZoneInfo, day_wh: DayEnergy, curve: DayCurve) -> None:
        self.zone = zone
        self._curve = curve
        self.day_wh = day_wh
        self._before_wh = [0.0]
        self._days: dict[date, tuple[datetime, list[float]]] = {}

    def energy_wh(self, at: datetime) -> float:
        """Energy counted from ORIGIN to an instant; never falls.

        Raises:
            ValueError: before ORIGIN.
        """
        day = local_date(at, self.zone)
        start, done = self._shared_out(day)
        cells, rest = divmod(at - start, CELL)
        share = done[cells]
        # The rounding of a product must not lift the last moment of a cell above the next cell.
        share = min(share + (done[cells + 1] - share) * (rest / CELL), done[cells + 1])
        return self._before(day) + self.day_wh(day) * share

    def power_w(self, at: datetime) -> float:
        """Mean power of the cell that holds an instant."""
        day = local_date(at, self.zone)
        start, done = self._shared_out(day)
        cell = (at - start) // CELL
        return self.day_wh(day) * (done[cell + 1] - done[cell]) * CELLS_PER_HOUR

    def cells_w(self, day: date) -> list[float]:
        """Mean power of each cell of a local day."""
        _, done = self._shared_out(day)
        hourly_wh = self.day_wh(day) * CELLS_PER_HOUR
        return [hourly_wh * (after - before) for before, after in pairwise(done)]

    def _before(self, day: date) -> float:
        """Energy of all days before one."""
        wanted = (day - ORIGIN).days
        if wanted < 0:
            raise ValueError(f"the simulation begins on {ORIGIN}, {day} is before")
        while len(self._before_wh) <= wanted:
            last = ORIGIN + timedelta(days=len(self._before_wh) - 1)
            self._before_wh.append(self._before_wh[-1] + self.day_wh(last))
        return self._before_wh[wanted]

    def _shared_out(self, day: date) -> tuple[datetime, list[float]]:
        """Start of a local day, and the share of its energy counted at each edge of its cells, from 0 to exactly 1."""
        kept = self._days.get(day)
        if kept is None:
            weights = self._curve(day)
            total = sum(weights)
            edges = [0.0, *(min(done / total, 1.0) for done in accumulate(weights))]
            edges[-1] = 1.0
            kept = local_day(day, self.zone).start.astimezone(UTC), edges
            if len(self._days) >= _DAYS_KEPT:
                del self._days[next(iter(self._days))]
            self._days[day] = kept
        return kept
