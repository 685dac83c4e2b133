"""member_months.sql and month_ends.sql against a slow twin: local months, clock changes, dates, sources, flows."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg

from energy.time import EPOCH, Span, local_date, local_month
from processing.datasets import MEMBER_MONTHS, MONTH_ENDS
from store import spans
from store.connect import FrameReader, connect
from store.releases import read_member_months
from tests.metering import QUARTER, apply

TERRITORY: Final = """
[[community]]
id = "paris"
name = "Paris"
place = "Here"
[[community]]
id = "reunion"
name = "Réunion"
place = "There"
zone = "Indian/Reunion"

[[holder]]
id = "one"
[[holder]]
id = "several"
kind = "legal"
consent = true
[[holder]]
id = "town"
kind = "public"

[[point]]
id = "home"
holder = "one"
name = "Home"
category = "home"
community = "paris"
[[point]]
id = "shop"
holder = "several"
name = "Shop with panels"
role = "prosumer"
category = "shop"
community = "paris"
[[point]]
id = "roof"
holder = "several"
name = "Roof"
role = "producer"
category = "solar"
membership = [
    { community = "paris", from = 2026-03-01, to = 2026-10-25, participation_percent = 30 },
    { community = "reunion", participation_percent = 70 },
]
[[point]]
id = "hall"
holder = "town"
name = "Town hall"
category = "public"
membership = [
    { community = "paris", to = 2026-03-29 },
    { community = "paris", from = 2026-03-29T12:00:00Z, to = 2026-11-01, participation_percent = 50 },
    { community = "reunion", from = 2026-10-02, participation_percent = 50 },
]
"""
FLOWS: Final = {"consumer": ["import"], "prosumer": ["import", "export"], "producer": ["export"]}
STRETCHES: Final = [
    Span(datetime(2026, 2, 28, 20, tzinfo=UTC), datetime(2026, 3, 1, 4, tzinfo=UTC)),
    Span(datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),
    Span(datetime(2026, 3, 31, 18, tzinfo=UTC), datetime(2026, 4, 1, 2, tzinfo=UTC)),
    Span(datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),
    Span(datetime(2026, 10, 31, 18, tzinfo=UTC), datetime(2026, 11, 1, 2, tzinfo=UTC)),
]
"""Hours around the ends of months and the clock changes; the rest of the year is empty."""


def fill(connection: psycopg.Connection) -> None:
    """Intervals of every point, device's and sometimes operator's, and allocations and balances, at random."""
    chance = random.Random(20260329)  # noqa: S311 - figures, not a secret
    starts = [s.start + i * QUARTER for s in STRETCHES for i in range((s.end - s.start) // QUARTER)]
    points = [no for (no,) in connection.execute("SELECT no FROM point ORDER BY no")]
    intervals, allocations, balances = [], [], []
    for start in starts:
        for point in points:
            for flow in ("import", "export"):
                for source, likely in (("device", 0.95), ("operator", 0.2)):
                    if chance.random() < likely:
                        quality = chance.choice([0, 0, 0, 0, 9])
                        intervals.append((point, flow, source, start, chance.randrange(500), quality, "test"))
            for community in (1, 2):
                amounts = [chance.choice([None, chance.randrange(900)]) for _ in range(2)]
                row = (community, point, start, *amounts, 0, chance.randrange(90), amounts[0], amounts[1], 0, None)
                allocations.append(row)
        balances += [(community, start, 0, 0, 0, 0, 0, 0, 0, 0, True) for community in (1, 2)]
    with connection.cursor() as cursor:
        for table, rows in (("interval", intervals), ("allocation", allocations), ("balance", balances)):
            with cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(row)


def months_of(zone: ZoneInfo) -> list[Span]:
    """The local months from the first to the last balance."""
    last = STRETCHES[-1].end - QUARTER
    found = [local_month(local_date(STRETCHES[0].start, zone), zone)]
    while found[-1].end <= last:
        found.append(local_month(local_date(found[-1].end, zone), zone))
    return found


def walk(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Every row of MEMBER_MONTHS, found by going through all there is, for each month and holder anew."""
    memberships = connection.execute(
        """
        SELECT c.no, c.id, c.zone, p.no, p.role, h.id, h.kind, h.consent, m.valid_from, m.valid_to
        FROM membership AS m JOIN community AS c ON c.no = m.community_no
        JOIN point AS p ON p.no = m.point_no JOIN holder AS h ON h.no = p.holder_no
        """
    ).fetchall()
    holder_of = dict(connection.execute("SELECT p.no, h.id FROM point AS p JOIN holder AS h ON h.no = p.holder_no"))
    best: dict[tuple[int, str, datetime], tuple[str, int]] = {}
    for point, flow, source, start, quality in connection.execute(
        "SELECT point_no, flow::text, source::text, start, quality FROM interval"
    ):
        best[point, flow, start] = max(best.get((point, flow, start), ("", 0)), (source, quality))
    allocations = connection.execute("SELECT * FROM allocation").fetchall()
    rows = []
    for number, community, zone in sorted({row[:3] for row in memberships}):
        for month in months_of(ZoneInfo(zone)):
            taking_part = [r for r in memberships if r[0] == number and r[8] < month.end and r[9] > month.start]
            for holder, kind, consent in sorted({r[5:8] for r in taking_part}):
                own = [r for r in taking_part if r[5] == holder]
                awaited = {(r[3], flow) for r in own for flow in FLOWS[r[4]]}
                quarters = [month.start + i * QUARTER for i in range((month.end - month.start) // QUARTER)]
                measured = [q for q in quarters if all(best.get((*a, q), ("", 9))[1] == 0 for a in awaited)]
                sums: defaultdict[int, int] = defaultdict(int)
                for a in allocations:
                    if a[0] == number and holder_of[a[1]] == holder and a[2] in month:
                        for column in (3, 4, 6, 7, 8):
                            sums[column] += a[column] or 0
                flows = {flow for _, flow in awaited}
                rows.append(
                    {
                        "community": community,
                        "month": local_date(month.start, ZoneInfo(zone)).strftime("%Y-%m"),
                        "holder": holder,
                        "kind": kind,
                        "consent": consent,
                        "present_all_month": all(r[8] <= month.start and r[9] >= month.end for r in own),
                        "measured_share": len(measured) / len(quarters),
                        "consumption_wh": sums[3] if "import" in flows else None,
                        "production_wh": sums[4] if "export" in flows else None,
                        "allocated_wh": sums[6] if "import" in flows else None,
                        "residual_wh": sums[7] if "import" in flows else None,
                        "surplus_wh": sums[8] if "export" in flows else None,
                    }
                )
    return rows


def test_months_are_those_of_a_walk_through_everything(both_migrated_url: str) -> None:
    reader = FrameReader(both_migrated_url)
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        fill(connection)
        months, ends = read_member_months(reader, connection, MEMBER_MONTHS, MONTH_ENDS)
        found, expected = months.rows(named=True), walk(connection)
        for row, wanted in zip(found, expected, strict=True):
            assert {**row, "measured_share": round(row["measured_share"], 9)} == {
                **wanted,
                "measured_share": round(wanted["measured_share"], 9),
            }
        assert {row["present_all_month"] for row in expected} == {True, False}
        assert {row["month"] for row in expected} >= {"2026-02", "2026-03", "2026-10", "2026-11"}
        assert sorted(ends.rows()) == sorted(
            (community, local_date(month.start, zone).strftime("%Y-%m"), month.end)
            for community, zone in (("paris", ZoneInfo("Europe/Paris")), ("reunion", ZoneInfo("Indian/Reunion")))
            for month in months_of(zone)
        )
        check_waiting(reader, connection)
    reader.close()


def check_waiting(reader: FrameReader, connection: psycopg.Connection) -> None:
    """A month in which something waits has no end yet, and no other month is held up by it."""
    connection.execute(
        "INSERT INTO device (id, dialect, first_seen_at, last_seen_at) VALUES ('d', 't', %s, %s)", [EPOCH] * 2
    )
    connection.execute("INSERT INTO series (device_no, quantity) VALUES (1, 'import_energy')")
    numbers = dict(connection.execute("SELECT id, no FROM community").fetchall())

    def held_up() -> set[tuple[str, str]]:
        ends = read_member_months(reader, connection, MEMBER_MONTHS, MONTH_ENDS)[1]
        known = set(ends.select("community", "month").rows())
        connection.execute("TRUNCATE stale")
        return everything - known

    everything: set[tuple[str, str]] = set()
    everything = set(
        read_member_months(reader, connection, MEMBER_MONTHS, MONTH_ENDS)[1].select("community", "month").rows()
    )
    spans.mark(connection, "community", [(numbers["paris"], date(2026, 3, 15))])
    assert held_up() == {("paris", "2026-03")}
    spans.mark(connection, "community", [(numbers["paris"], date(2026, 3, 31))])
    assert held_up() == {("paris", "2026-03"), ("paris", "2026-04")}, (
        "the last hours of that UTC day are April in Paris"
    )
    spans.mark(connection, "series", [(1, date(2026, 3, 15))])
    assert held_up() == set(), "nobody mapped the device"
    apply(
        connection,
        TERRITORY.replace(
            'community = "paris"\n[[point]]\nid = "shop"',
            'community = "paris"\ndevice = [{ id = "d" }]\n[[point]]\nid = "shop"',
        ),
    )
    connection.execute("TRUNCATE stale")
    spans.mark(connection, "series", [(1, date(2026, 5, 15))])
    assert held_up() == {("paris", "2026-05")}
