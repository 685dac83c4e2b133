"""Balances summed to steps, local days and months: equal to a slow twin that walks through the calendar."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
import pytest

from energy.time import PARIS, Span, ceil_to_step, floor_to_step, local_date, local_day, local_midnight, local_month
from store.balances import STEPS, read_balance
from store.connect import FrameReader, connect

ENERGY: Final = ("consumption_wh", "production_wh", "allocated_wh", "residual_wh", "surplus_wh")
ALWAYS: Final = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
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

    @property
    def members(self) -> list[tuple[str, datetime, datetime]]:
        """Roles and dates of who takes part: for ever, from within a step, up to within one, too short for any."""
        second, minute = self.span.start + timedelta(days=1), timedelta(minutes=1)
        return [
            ("consumer", *ALWAYS),
            ("prosumer", second - 367 * minute, ALWAYS[1]),
            ("producer", ALWAYS[0], second + 187 * minute),
            ("producer", second + 187 * minute, self.span.end - timedelta(hours=2)),
            ("consumer", second + 301 * minute, second + 302 * minute),
        ]

    def awaited(self, start: datetime) -> int:
        """Flows awaited in the settlement step that starts then, by the memberships."""
        end = start + timedelta(minutes=self.step_min)
        return sum(1 + (role == "prosumer") for role, since, until in self.members if since <= start and end <= until)


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
    rows: list[dict[str, Any]] = [
        {"start": start, **{name: chance.randrange(10_000) for name in ENERGY}, "quality": chance.choice([0, 0, 0, 9])}
        for start in starts
        if start != floor_to_step(lacking, step)
    ]
    for row in rows:
        # One more than the memberships tell: somebody who is forgotten, in balances that are kept.
        row["expected"] = case.awaited(row["start"]) + (row["start"] < lacking)
        row["present"] = row["expected"] - (row is rows[-1])
        row["settled"] = row is not rows[-1]
    connection.execute(
        """
        INSERT INTO community (id, name, place, zone, step_min) VALUES (%(why)s, %(why)s, %(why)s, %(zone)s, %(step)s)
        """,
        {"why": case.why, "zone": case.zone, "step": case.step_min},
    )
    for i, (role, since, until) in enumerate(case.members):
        connection.execute(
            """
            WITH added AS (
                INSERT INTO point (id, holder_no, name, role, category)
                SELECT %(id)s, no, '', %(role)s, 'home' FROM holder RETURNING no
            )
            INSERT INTO membership SELECT (SELECT max(no) FROM community), no, %(since)s, %(until)s FROM added
            """,
            {"id": f"{case.why} {i}", "role": role, "since": since, "until": until},
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
    on = local_date(at, zone)
    if step == "year":
        return Span(local_midnight(date(on.year, 1, 1), zone), local_midnight(date(on.year + 1, 1, 1), zone))
    return local_day(on, zone) if step == "day" else local_month(on, zone)


def summed(rows: list[dict[str, Any]], case: Case, step: str) -> list[dict[str, Any]]:
    """What the query should give, computed row by row."""
    buckets: dict[Span, list[dict[str, Any]]] = {}
    for row in rows:
        buckets.setdefault(bucket(row["start"], step, ZoneInfo(case.zone)), []).append(row)
    spans = [*((span.start, span, held) for span, held in sorted(buckets.items(), key=lambda item: item[0].start))]
    expected = []
    for start, span, held in [*spans, (None, case.span, rows)]:
        sums = {name: sum(row[name] for row in held) for name in (*ENERGY, "present")}
        told = {row["start"]: row["expected"] for row in held}
        awaited = sum(told.get(at, case.awaited(at)) for at in settlement_steps(span, case))
        whole = len(held) * timedelta(minutes=case.step_min) >= span.end - span.start
        expected.append(
            {
                "start": start,
                **sums,
                "expected": awaited,
                "completeness": float((Decimal(sums["present"]) / awaited).quantize(Decimal("1e-6"), ROUND_DOWN)),
                "quality": max(row["quality"] for row in held),
                "status": "settled" if whole and all(row["settled"] for row in held) else "provisional",
                "self_consumption_rate": ratio(sums["allocated_wh"], sums["production_wh"]),
                "self_sufficiency_rate": ratio(sums["allocated_wh"], sums["consumption_wh"]),
                "coverage_rate": ratio(sums["production_wh"], sums["consumption_wh"]),
            }
        )
    return expected


def settlement_steps(span: Span, case: Case) -> Iterator[datetime]:
    """Starts of the settlement steps that begin in a span."""
    step = timedelta(minutes=case.step_min)
    start = ceil_to_step(span.start, step)
    while start < span.end:
        yield start
        start += step


def ratio(part_wh: int, whole_wh: int) -> float | None:
    return float((Decimal(part_wh) / whole_wh).quantize(Decimal("1e-6"), ROUND_HALF_UP)) if whole_wh else None


def test_sums_are_those_of_a_walk_through_the_calendar(summing: tuple[psycopg.Connection, FrameReader]) -> None:
    connection, reader = summing
    connection.execute("CREATE TEMPORARY TABLE staged (LIKE balance)")
    connection.execute("ALTER TABLE staged DROP COLUMN community_no")
    connection.execute("INSERT INTO holder (id, kind) VALUES ('h', 'natural')")
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


def test_half_a_month_is_not_a_month(summing: tuple[psycopg.Connection, FrameReader]) -> None:
    connection, reader = summing
    october = local_month(date(2026, 10, 1), PARIS)
    connection.execute(
        "INSERT INTO community (id, name, place, zone, step_min) VALUES ('c', 'C', 'C', 'Europe/Paris', 60)"
    )
    connection.execute("INSERT INTO holder (id, kind) VALUES ('h', 'natural')")
    connection.execute(
        "INSERT INTO point (id, holder_no, name, role, category) VALUES ('p', 1, 'P', 'prosumer', 'home')"
    )
    connection.execute("INSERT INTO membership VALUES (1, 1, %s, %s)", [october.start, ALWAYS[1]])
    connection.execute(
        """
        INSERT INTO balance
        SELECT 1, at, 3, 2, 1, 2, 1, 2, 2, 0, true
        FROM generate_series(%s::timestamptz, %s::timestamptz - '1 hour'::interval, '1 hour') AS g (at)
        """,
        [october.start, october.end],
    )

    def told(*, end: datetime = october.end) -> set[tuple[Any, ...]]:
        found = read_balance(reader, connection, 1, Span(october.start, end), "month", "Europe/Paris")
        assert found.height == 2
        return set(found.select("consumption_wh", "present", "expected", "completeness", "status").rows())

    assert told() == {(3 * 745, 1490, 1490, 1.0, "settled")}
    last = [october.end - timedelta(hours=1)]
    connection.execute("UPDATE balance SET present = 1, settled = false WHERE start = %s", last)
    assert told() == {(3 * 745, 1489, 1490, 0.999328, "provisional")}, "cut, never rounded up to 1"
    connection.execute("DELETE FROM balance WHERE start = %s", last)
    assert told() == {(3 * 744, 1488, 1490, 0.998657, "provisional")}
    connection.execute("DELETE FROM balance WHERE start >= '2026-10-16 UTC'")
    assert told() == {(3 * 362, 724, 1490, 0.485906, "provisional")}, "what is still to come is awaited too"
    asked = told(end=datetime(2026, 10, 16, tzinfo=UTC))
    assert asked == {
        (3 * 362, 724, 1490, 0.485906, "provisional"),
        (3 * 362, 724, 724, 1.0, "settled"),
    }, "a month is a month however little of it is asked for; the sum is of what was asked for"
    connection.execute("UPDATE membership SET valid_from = '2026-10-16 00:30 UTC'")
    assert told() == {(3 * 362, 724, 724 + 2 * 382, 0.486559, "provisional")}, "from the first whole step on"


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
