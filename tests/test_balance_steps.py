"""Balances summed to steps, local days and months: equal to a slow twin that walks through the calendar."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
import pytest

from energy.time import PARIS, Span, floor_to_step, local_date, local_day, local_midnight, local_month
from store.balances import STEPS, read_balance
from store.connect import FrameReader, connect

SUMS: Final = ("consumption_wh", "production_wh", "allocated_wh", "residual_wh", "surplus_wh", "present", "expected")
LAST: Final = "(SELECT max(no) FROM community)"
FIXED: Final = {"15min": timedelta(minutes=15), "30min": timedelta(minutes=30), "hour": timedelta(hours=1)}


@dataclass(frozen=True)
class Case:
    """A community's zone and settlement step, and local days to sum."""

    why: str
    zone: str
    step_min: int
    first: date
    days: int

    @property
    def span(self) -> Span:
        zone = ZoneInfo(self.zone)
        return Span(local_midnight(self.first, zone), local_midnight(self.first + timedelta(days=self.days), zone))


CASES: Final = [
    Case("a day of 23 hours", "Europe/Paris", 15, date(2026, 3, 28), 3),
    Case("a day of 25 hours, settled by the half-hour", "Europe/Paris", 30, date(2026, 10, 24), 3),
    Case("the month of 743 hours", "Europe/Paris", 60, date(2026, 3, 1), 31),
    Case("the month of 745 hours, and a day of each neighbour", "Europe/Paris", 60, date(2026, 9, 30), 33),
    Case("half a month is not a month", "Europe/Paris", 30, date(2026, 1, 16), 20),
    Case("no clock change, far from UTC", "Indian/Reunion", 30, date(2026, 3, 28), 3),
    Case("west of Greenwich", "America/Miquelon", 15, date(2026, 3, 7), 3),
    Case("midnight comes twice", "Atlantic/Azores", 15, date(2026, 10, 24), 3),
    Case("midnight is skipped", "Atlantic/Azores", 15, date(2026, 3, 28), 3),
    Case("a zone of half an hour", "Asia/Kolkata", 15, date(2026, 3, 28), 2),
]


@pytest.fixture
def summing(any_migrated_url: str) -> Iterator[tuple[psycopg.Connection, FrameReader]]:
    reader = FrameReader(any_migrated_url)
    with connect(any_migrated_url) as connection:
        yield connection, reader
    reader.close()


def fill(connection: psycopg.Connection, case: Case) -> list[dict[str, Any]]:
    """Balances at every step of the span, but one of the second day; the last step is provisional."""
    chance = random.Random(case.why)  # noqa: S311 - figures, not a secret
    step = timedelta(minutes=case.step_min)
    lacking = local_midnight(case.first + timedelta(days=1), ZoneInfo(case.zone)) + 5 * step
    starts = [case.span.start + i * step for i in range((case.span.end - case.span.start) // step)]
    rows = [
        {"start": start, **{name: chance.randrange(10_000) for name in SUMS}, "quality": chance.choice([0, 0, 0, 9])}
        for start in starts
        if start != floor_to_step(lacking, step)
    ]
    for row in rows:
        row["settled"] = row is not rows[-1]
    connection.execute(
        """
        INSERT INTO community (id, name, place, zone, step_min) VALUES (%(why)s, %(why)s, %(why)s, %(zone)s, %(step)s)
        """,
        {"why": case.why, "zone": case.zone, "step": case.step_min},
    )
    with connection.cursor() as cursor:
        columns = ", ".join(rows[0])
        with cursor.copy(f"COPY staged ({columns}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(tuple(row.values()))
        insert = f"INSERT INTO balance (community_no, {columns}) SELECT {LAST}, {columns} FROM staged"
        cursor.execute(insert.encode())
        cursor.execute("TRUNCATE staged")
    return rows


def bucket(at: datetime, step: str, zone: ZoneInfo) -> Span:
    """The step that an instant falls into, by the calendar of the zone where that matters."""
    if step in FIXED:
        start = floor_to_step(at, FIXED[step])
        return Span(start, start + FIXED[step])
    return local_day(local_date(at, zone), zone) if step == "day" else local_month(local_date(at, zone), zone)


def summed(rows: list[dict[str, Any]], case: Case, step: str) -> list[dict[str, Any]]:
    """What the query should give, computed row by row."""
    buckets: dict[Span, list[dict[str, Any]]] = {}
    for row in rows:
        buckets.setdefault(bucket(row["start"], step, ZoneInfo(case.zone)), []).append(row)
    spans = [*((span.start, span, held) for span, held in sorted(buckets.items(), key=lambda item: item[0].start))]
    expected = []
    for start, span, held in [*spans, (None, case.span, rows)]:
        whole = len(held) * timedelta(minutes=case.step_min) >= span.end - span.start
        sums = {name: sum(row[name] for row in held) for name in SUMS}
        expected.append(
            {
                "start": start,
                **sums,
                "quality": max(row["quality"] for row in held),
                "status": "settled" if whole and all(row["settled"] for row in held) else "provisional",
                "self_consumption_rate": ratio(sums["allocated_wh"], sums["production_wh"]),
                "self_sufficiency_rate": ratio(sums["allocated_wh"], sums["consumption_wh"]),
                "coverage_rate": ratio(sums["production_wh"], sums["consumption_wh"]),
            }
        )
    return expected


def ratio(part_wh: int, whole_wh: int) -> float | None:
    return float((Decimal(part_wh) / whole_wh).quantize(Decimal("1e-6"), ROUND_HALF_UP)) if whole_wh else None


def test_sums_are_those_of_a_walk_through_the_calendar(summing: tuple[psycopg.Connection, FrameReader]) -> None:
    connection, reader = summing
    connection.execute("CREATE TEMPORARY TABLE staged (LIKE balance)")
    connection.execute("ALTER TABLE staged DROP COLUMN community_no")
    statuses = []
    for number, case in enumerate(CASES, start=1):
        rows = fill(connection, case)
        for step in STEPS:
            found = read_balance(reader, connection, number, case.span, step, case.zone).rows(named=True)
            expected = summed(rows, case, step)
            for row, wanted in zip(found, expected, strict=True):
                assert {name: row[name] for name in wanted} == wanted, f"{case.why}, {step}"
            statuses += [(step, row["status"]) for row in expected if row["start"] is not None]
    assert {("day", "settled"), ("day", "provisional"), ("month", "provisional")} <= set(statuses)


def test_a_whole_month_is_settled_and_one_without_its_last_step_is_not(
    summing: tuple[psycopg.Connection, FrameReader],
) -> None:
    connection, reader = summing
    october = local_month(date(2026, 10, 1), PARIS)
    connection.execute(
        "INSERT INTO community (id, name, place, zone, step_min) VALUES ('c', 'C', 'C', 'Europe/Paris', 60)"
    )
    connection.execute(
        """
        INSERT INTO balance
        SELECT 1, at, 3, 2, 1, 2, 1, 2, 2, 0, true
        FROM generate_series(%s::timestamptz, %s::timestamptz - '1 hour'::interval, '1 hour') AS g (at)
        """,
        [october.start, october.end],
    )
    found = read_balance(reader, connection, 1, october, "month", "Europe/Paris")
    assert found["consumption_wh"].to_list() == [3 * 745, 3 * 745]
    assert found["status"].to_list() == ["settled", "settled"]
    connection.execute("DELETE FROM balance WHERE start = %s", [october.end - timedelta(hours=1)])
    assert read_balance(reader, connection, 1, october, "month", "Europe/Paris")["status"].to_list() == [
        "provisional",
        "provisional",
    ]


def test_nothing_gives_a_row_of_nothing_and_refusals_are_not_absences(
    summing: tuple[psycopg.Connection, FrameReader],
) -> None:
    connection, reader = summing
    nothing = read_balance(reader, connection, 1, CASES[0].span, "day", "Europe/Paris")
    assert nothing.select("start", "consumption_wh", "self_sufficiency_rate").rows() == [(None, None, None)]
    connection.execute("INSERT INTO community (id, name, place, zone, step_min) VALUES ('c', 'C', 'C', 'UTC', 60)")
    connection.execute("INSERT INTO balance VALUES (1, %s, 3, 0, 0, 3, 0, 2, 2, 0, true)", [CASES[0].span.start])
    with pytest.raises(pl.exceptions.ComputeError, match="Nowhere"):
        read_balance(reader, connection, 1, CASES[0].span, "day", "Nowhere")
    assert read_balance(reader, connection, 1, CASES[0].span, "day", "UTC")["coverage_rate"].to_list() == [0, 0]
