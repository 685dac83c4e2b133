"""Clock changes: 92, 96 or 100 quarter-hours of a local day, from registers through intervals to its balance.

A home and a roof are in four communities, each with its own calendar and step; its days and months are written down
here by hand. The meters are replaced between the months, so that nothing is estimated in the holes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final, TypeAlias

import psycopg
import pytest

from energy.model import Quantity
from energy.time import STEP, Span
from store import spans
from store.balances import read_balance
from store.communities import read_community
from store.connect import FrameReader
from tests.conftest import AskForTemplate
from tests.databases import new_database
from tests.metering import append, apply, exhaust, register, worker_on
from tests.servers import Postgres

COMMUNITIES: Final = {
    "paris": ("Europe/Paris", 15),
    "vienna": ("Europe/Vienna", 30),
    "lisbon": ("Europe/Lisbon", 60),
    "azores": ("Atlantic/Azores", 60),
}
METERS: Final = """
    {{ id = "{0}-march", to = 2026-05-01T00:00:00Z{1} }},
    {{ id = "{0}-june", from = 2026-05-01T00:00:00Z, to = 2026-08-01T00:00:00Z{1} }},
    {{ id = "{0}-october", from = 2026-08-01T00:00:00Z{1} }},
"""
TERRITORY: Final = f"""
community = [
    {
    "".join(
        f'{{ id = "{name}", name = "{name}", place = "There", zone = "{zone}", step_min = {step} }},'
        for name, (zone, step) in COMMUNITIES.items()
    )
}
]
holder = [{{ id = "someone" }}]
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
membership = [{", ".join(f'{{ community = "{name}", participation_percent = 25 }}' for name in COMMUNITIES)}]
device = [{METERS.format("home", "")}]
[[point]]
id = "roof"
holder = "someone"
name = "Roof"
role = "producer"
category = "solar"
membership = [{", ".join(f'{{ community = "{name}", participation_percent = 25 }}' for name in COMMUNITIES)}]
device = [{METERS.format("roof", ', measures = "production"')}]
"""


def instant(text: str) -> datetime:
    """Month, day and hour of 2026 in UTC."""
    return datetime.strptime(f"2026-{text} +0000", "%Y-%m-%d %H %z")


READ: Final = {
    "march": (instant("02-28 21"), instant("04-01 02")),
    "june": (instant("06-15 21"), instant("06-19 02")),
    "october": (instant("09-30 21"), instant("11-01 03")),
}
"""From when to when each of the meters is read: the month in every zone, or some days, and some hours more."""
CHANGES: Final = [
    ("paris", "03-29", 92, "03-28 23", "03-29 22"),
    ("paris", "06-17", 96, "06-16 22", "06-17 22"),
    ("paris", "10-25", 100, "10-24 22", "10-25 23"),
    ("vienna", "03-29", 92, "03-28 23", "03-29 22"),
    ("vienna", "06-17", 96, "06-16 22", "06-17 22"),
    ("vienna", "10-25", 100, "10-24 22", "10-25 23"),
    ("lisbon", "03-29", 92, "03-29 00", "03-29 23"),
    ("lisbon", "06-17", 96, "06-16 23", "06-17 23"),
    ("lisbon", "10-25", 100, "10-24 23", "10-26 00"),
    # The clocks of the Azores change at midnight: in March it is skipped, in October it comes twice.
    ("azores", "03-29", 92, "03-29 01", "03-30 00"),
    ("azores", "06-17", 96, "06-17 00", "06-18 00"),
    ("azores", "10-25", 100, "10-25 00", "10-26 01"),
]
"""Community, local day, its quarter-hours, its beginning and end in UTC."""
MONTH_SPANS: Final = [
    ("paris", 743, "02-28 23", "03-31 22"),
    ("paris", 745, "09-30 22", "10-31 23"),
    ("vienna", 743, "02-28 23", "03-31 22"),
    ("vienna", 745, "09-30 22", "10-31 23"),
    ("lisbon", 743, "03-01 00", "03-31 23"),
    ("lisbon", 745, "09-30 23", "11-01 00"),
    ("azores", 743, "03-01 01", "04-01 00"),
    ("azores", 745, "10-01 00", "11-01 01"),
]
"""Community, hours of its local month, beginning and end in UTC."""


Registers: TypeAlias = dict[tuple[str, datetime], int]
"""What the register of the home, or of the roof, shows at each edge of the grid. [Wh]"""


@dataclass(frozen=True)
class Hub:
    """A database in which all readings have been processed, and what the meters said."""

    connection: psycopg.Connection
    reader: FrameReader
    shown: Registers

    def balance(self, community: str, span: Span, step: str) -> list[tuple[datetime, int, int, str]]:
        """Start, consumption, production and status of each step."""
        found = read_community(self.connection, community)
        rows = read_balance(self.reader, self.connection, found.no, span, step, found.zone).drop_nulls("start")
        return rows.select("start", "consumption_wh", "production_wh", "status").rows()

    def used(self, point: str, span: Span) -> int:
        """By how much a register rose."""
        return self.shown[point, span.end] - self.shown[point, span.start]

    def shared(self, point: str, span: Span) -> int:
        """A quarter of it: each of four communities has so much."""
        return self.used(point, span) // len(COMMUNITIES)


@pytest.fixture(scope="module")
def hub(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[Hub]:
    chance = Random(61480)  # noqa: S311 - figures, not a secret
    shown: Registers = {}
    with (
        new_database(database_server, ask_for_template(database_server)) as url,
        worker_on(url) as (connection, worker),
    ):
        apply(connection, TERRITORY)
        for month, (start, end) in READ.items():
            edges = [start + i * STEP for i in range((end - start) // STEP + 1)]
            for point, quantity, most_wh in (("home", Quantity.IMPORT_ENERGY, 300), ("roof", Quantity.PV_ENERGY, 900)):
                rises = (4 * chance.randint(0, most_wh // 4) for _ in edges[1:])
                values = list(accumulate(rises, initial=chance.randint(1, 10**6)))
                append(connection, register(f"{point}-{month}", values, start, quantity=quantity))
                shown |= {(point, at): wh for at, wh in zip(edges, values, strict=True)}
        exhaust(worker)
        assert spans.count(connection) == (0, 0)
        reader = FrameReader(url)
        yield Hub(connection, reader, shown)
        reader.close()


@pytest.mark.parametrize(
    ("community", "day", "quarters", "start", "end"), CHANGES, ids=[" ".join(c[:2]) for c in CHANGES]
)
def test_a_day_has_its_quarter_hours(hub: Hub, community: str, day: str, quarters: int, start: str, end: str) -> None:
    span = Span(instant(start), instant(end))
    assert (span.end - span.start) // STEP == quarters
    zone, step_min = COMMUNITIES[community]
    found = hub.connection.execute(
        """
        SELECT p.id, array_agg(i.energy_wh ORDER BY i.start), array_agg(DISTINCT i.quality)
        FROM interval AS i JOIN point AS p ON p.no = i.point_no
        WHERE (i.start AT TIME ZONE %s)::date = %s
        GROUP BY 1 ORDER BY 1
        """,
        [zone, date.fromisoformat(f"2026-{day}")],
    ).fetchall()
    edges = [span.start + i * STEP for i in range(quarters)]
    expected = [[hub.used(point, Span(at, at + STEP)) for at in edges] for point in ("home", "roof")]
    assert found == [("home", expected[0], [0]), ("roof", expected[1], [0])]

    asked = Span(span.start - timedelta(days=1), span.end + timedelta(days=1))
    around = [Span(asked.start, span.start), span, Span(span.end, asked.end)]
    assert hub.balance(community, asked, "day") == [
        (s.start, hub.shared("home", s), hub.shared("roof", s), "settled") for s in around
    ]
    steps = hub.balance(community, span, {15: "15min", 30: "30min", 60: "hour"}[step_min])
    assert len(steps) == quarters * 15 // step_min
    assert sum(row[1] for row in steps) == hub.shared("home", span)


@pytest.mark.parametrize(
    ("community", "hours", "start", "end"), MONTH_SPANS, ids=[f"{c[0]} {c[2][:5]}" for c in MONTH_SPANS]
)
def test_a_month_has_its_hours_and_is_the_sum_of_its_days(
    hub: Hub, community: str, hours: int, start: str, end: str
) -> None:
    span = Span(instant(start), instant(end))
    assert span.end - span.start == timedelta(hours=hours)
    month = (span.start, hub.shared("home", span), hub.shared("roof", span), "settled")
    assert hub.balance(community, span, "month") == [month]
    days = hub.balance(community, span, "day")
    assert len(days) == round(hours / 24)
    assert {row[3] for row in days} == {"settled"}
    assert (sum(row[1] for row in days), sum(row[2] for row in days)) == month[1:3]
