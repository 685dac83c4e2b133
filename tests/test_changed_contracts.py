"""A contract that changes under one meter: its registers come and go, and neither past nor future is lost."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from energy.model import Quantity, Reading
from energy.territory import parse_territory
from processing.run import Worker
from store import readings as store
from store import registry
from store.connect import connect

DAY = datetime(2026, 3, 10, tzinfo=UTC)
NEXT = DAY + timedelta(days=1, minutes=5)
QUARTER = timedelta(minutes=15)
TERRITORY = """
[[community]]
id = "here"
name = "Here"
place = "Here"
[[holder]]
id = "someone"
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "here"
limit_kva = 6
device = [{ id = "meter" }]
"""


def frames(start: datetime, tariffs: tuple[str, ...], first_wh: int, quarters: int = 96) -> list[Reading]:
    """A frame every quarter-hour with all registers of a contract; only the first one counts, 100 Wh each time."""
    return [
        Reading("meter", Quantity.IMPORT_ENERGY, first_wh + (100 * i if tariff == tariffs[0] else 0), at, tariff=tariff)
        for i in range(quarters + 1)
        for at in [start + i * QUARTER]
        for tariff in tariffs
    ]


def intervals_by_day(url: str, batches: list[list[Reading]]) -> list[tuple[int, ...]]:
    """Store and process batches one after the other; the number, least and most energy of the two days' intervals."""
    with connect(url) as connection:
        territory = parse_territory(TERRITORY)
        registry.apply_changes(connection, registry.difference(registry.read_territory(connection), territory))
        store.prepare(connection)
        worker = Worker(url, connection)
        try:
            for batch in batches:
                with connection.transaction():
                    store.append(connection, store.SeriesBook(), batch)
                while worker.work_once():
                    pass
        finally:
            worker.close()
        days = connection.execute(
            "SELECT (SELECT count(*) FROM interval WHERE start::date = day),"
            " (SELECT min(energy_wh) FROM interval WHERE start::date = day),"
            " (SELECT max(energy_wh) FROM interval WHERE start::date = day)"
            " FROM unnest(%s::date[]) AS d (day) ORDER BY day",
            ([DAY.date(), NEXT.date()],),
        )
        return days.fetchall()


CHANGES = [
    ("off-peak hours, then one price", frames(DAY, ("HP", "HC"), 50_000), frames(NEXT, ("",), 900_000)),
    ("one price, then off-peak hours", frames(DAY, ("",), 50_000), frames(NEXT, ("HP", "HC"), 900_000)),
    ("off-peak hours, then six prices", frames(DAY, ("HP", "HC"), 50_000), frames(NEXT, ("BB", "BW", "BR"), 900_000)),
]


@pytest.mark.parametrize(("why", "before", "after"), CHANGES, ids=[row[0] for row in CHANGES])
@pytest.mark.parametrize("order", list(permutations([0, 1])), ids=["in order", "the past later"])
def test_a_changed_contract_keeps_past_and_future(
    migrated_url: str, why: str, before: list[Reading], after: list[Reading], order: tuple[int, int]
) -> None:
    first, second = intervals_by_day(migrated_url, [[before, after][i] for i in order])
    assert first == (96, 100, 100), why
    # The day of the change begins with the registers of the old contract, awaited for two hours, then given up.
    assert second[0] >= 96 - 2 * 4 - 1, why
    assert second[1:] == (100, 100), why


def test_a_register_beside_the_others_that_falls_silent_is_awaited_two_hours(migrated_url: str) -> None:
    spoken = frames(DAY, ("HP", "HC"), 50_000)
    silent = [r for r in spoken if not (r.tariff == "HC" and r.at is not None and r.at > DAY + timedelta(hours=10))]
    first, _ = intervals_by_day(migrated_url, [silent])
    assert first == (96 - 8, 100, 100)


INJECTION = [
    ("what a home injects is not limited by what it subscribed to", Quantity.EXPORT_ENERGY, 96),
    ("what it withdraws is", Quantity.IMPORT_ENERGY, 0),
]


@pytest.mark.parametrize(("why", "quantity", "expected"), INJECTION, ids=[row[0] for row in INJECTION])
def test_the_subscribed_power_limits_withdrawals_only(
    migrated_url: str, why: str, quantity: Quantity, expected: int
) -> None:
    eight_kw = [Reading("meter", quantity, 50_000 + 2000 * i, DAY + i * QUARTER) for i in range(97)]
    first, _ = intervals_by_day(migrated_url, [eight_kw])
    assert first[0] == expected, why


def test_a_first_positive_reading_corrected_to_nothing_leaves_plain_zeros(migrated_url: str) -> None:
    values = [5.0, *[0.0] * 8, 4.0]
    told = [Reading("meter", Quantity.IMPORT_ENERGY, wh, DAY + i * QUARTER) for i, wh in enumerate(values)]
    first, _ = intervals_by_day(migrated_url, [told, [Reading("meter", Quantity.IMPORT_ENERGY, 0.0, DAY)]])
    assert first == (9, 0, 4)
