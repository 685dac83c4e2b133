"""A small territory with figures known by heart: three communities that settle at different steps, two clock changes.

Registers are read at every edge of the grid, except in two holes; the balances are computed here again, slowly.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from energy.model import Message
from energy.territory import parse_territory
from energy.time import rfc3339
from ingest.append import Appender
from processing.run import Worker
from store import readings, registry
from store.connect import connect

QUARTER: Final = timedelta(minutes=15)
COMMUNITIES: Final = {
    "quarterly": ("Europe/Paris", 15),
    "halfhourly": ("America/St_Johns", 30),
    "hourly": ("Europe/Paris", 60),
}
TERRITORY: Final = """
holder = [{ id = "someone" }, { id = "commune", kind = "public", consent = true }]
""" + "".join(
    f"""
[[community]]
id = "{name}"
name = "Vallée {name}"
place = "Somewhere"
zone = "{zone}"
step_min = {step_min}
simulated = true

[[point]]
id = "{name}-home"
holder = "someone"
name = "Home"
category = "home"
community = "{name}"
device = [{{ id = "{name}-home-meter" }}]

[[point]]
id = "{name}-roof"
holder = "commune"
name = "Roof of the school"
role = "producer"
category = "school"
community = "{name}"
device = [{{ id = "{name}-roof-meter", measures = "production" }}]
"""
    for name, (zone, step_min) in COMMUNITIES.items()
)
STRETCHES: Final = (
    (datetime(2026, 3, 27, 22, tzinfo=UTC), datetime(2026, 4, 1, 23, tzinfo=UTC)),
    (datetime(2026, 10, 23, 20, tzinfo=UTC), datetime(2026, 10, 26, 23, tzinfo=UTC)),
)
"""When the devices were heard: around both clock changes of Paris, and over the end of a month."""
SILENCE: Final = (datetime(2026, 3, 30, 8, tzinfo=UTC), datetime(2026, 3, 30, 14, tzinfo=UTC))
"""When no device was heard."""
ABSENCE: Final = (datetime(2026, 3, 30, 16, tzinfo=UTC), datetime(2026, 3, 30, 19, tzinfo=UTC))
"""When the meters of the homes were not."""


@dataclass(frozen=True)
class Sums:
    """What a step or a span of a community adds up to. [Wh]"""

    consumption: int = 0
    production: int = 0
    allocated: int = 0
    present: int = 0
    expected: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.consumption + other.consumption,
            self.production + other.production,
            self.allocated + other.allocated,
            self.present + other.present,
            self.expected + other.expected,
        )

    def shown(self) -> dict[str, Any]:
        """These sums as the interface shows them: kWh, and rates as ratios of sums."""
        return {
            "consumption_kwh": self.consumption / 1000,
            "production_kwh": self.production / 1000,
            "allocated_kwh": self.allocated / 1000,
            "residual_kwh": (self.consumption - self.allocated) / 1000,
            "surplus_kwh": (self.production - self.allocated) / 1000,
            "self_consumption_rate": ratio(self.allocated, self.production),
            "self_sufficiency_rate": ratio(self.allocated, self.consumption),
            "coverage_rate": ratio(self.production, self.consumption),
            "present": self.present,
            "expected": self.expected,
        }


def ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def energy_wh(point: str, start: datetime) -> int:
    """What a point consumes or produces in a quarter of an hour: nothing at some hours, so that denominators are 0."""
    number = int(start.timestamp()) // 900 + len(point)
    if point.endswith("-roof"):
        return number * 53 % 900 if 5 <= start.hour < 19 else 0
    return 0 if start.hour in (3, 12) else number * 37 % 400


def settled_steps(community: str) -> Iterator[tuple[datetime, Sums]]:
    """Every step of a community that anything is known of, summed by hand."""
    step = timedelta(minutes=COMMUNITIES[community][1])
    for first, last in STRETCHES:
        start = first
        while start < last:
            if not SILENCE[0] <= start < SILENCE[1]:
                yield start, _step(community, start, step)
            start += step


def _step(community: str, start: datetime, step: timedelta) -> Sums:
    quarters = [start + i * QUARTER for i in range(step // QUARTER)]
    production = sum(energy_wh(f"{community}-roof", quarter) for quarter in quarters)
    if ABSENCE[0] <= start < ABSENCE[1]:
        return Sums(0, production, 0, present=1, expected=2)
    consumption = sum(energy_wh(f"{community}-home", quarter) for quarter in quarters)
    return Sums(consumption, production, min(consumption, production), present=2, expected=2)


def messages() -> list[Message]:
    """What the devices of the valley said, a hundred readings in a message."""
    return [
        message
        for community in COMMUNITIES
        for point, holes in ((f"{community}-home", (SILENCE, ABSENCE)), (f"{community}-roof", (SILENCE,)))
        for message in _spoken(point, [said for said in _register(point) if not _inside(said[0], holes)])
    ]


def late_messages(community: str) -> list[Message]:
    """What the meter of a home says, once it is heard again, about the hours of its absence."""
    home = f"{community}-home"
    return _spoken(home, [said for said in _register(home) if _inside(said[0], [ABSENCE])])


def next_message(community: str) -> Message:
    """What the meter of a home says an hour after all that it said before."""
    home = f"{community}-home"
    at, wh = list(_register(home))[-1]
    return _spoken(home, [(at + 4 * QUARTER, wh + 400)])[0]


def _spoken(point: str, said: Sequence[tuple[datetime, int]]) -> list[Message]:
    key = "import_wh" if point.endswith("-home") else "pv_wh"
    batches = [
        [{"at": rfc3339(at), key: wh} for at, wh in said[first : first + 100]] for first in range(0, len(said), 100)
    ]
    return [Message(f"hub/v1/{point}-meter", json.dumps(batch).encode()) for batch in batches]


def _inside(at: datetime, holes: Iterable[tuple[datetime, datetime]]) -> bool:
    return any(start < at < end for start, end in holes)


def _register(point: str) -> Iterator[tuple[datetime, int]]:
    """The register of a point at every edge of the grid. [Wh]"""
    wh = 1000
    for first, last in STRETCHES:
        at = first
        while at <= last:
            yield at, wh
            wh += energy_wh(point, at)
            at += QUARTER
        wh += 1_000_000


def declare(connection: psycopg.Connection, territory: str = TERRITORY) -> None:
    """Make the database equal to a territory."""
    after = parse_territory(territory)
    registry.apply_changes(connection, registry.difference(registry.read_territory(connection), after))


def hear(url: str, heard: Sequence[Message]) -> None:
    """Store messages and compute all that they change, as ingestion and processing do."""
    with connect(url) as connection:
        readings.prepare(connection)
        Appender().append(connection, heard)
        worker = Worker(url, connection)
        try:
            while worker.work_once():
                pass
        finally:
            worker.close()


def fill(url: str) -> None:
    """Put the whole valley into a migrated database."""
    with connect(url) as connection:
        declare(connection)
    hear(url, messages())
