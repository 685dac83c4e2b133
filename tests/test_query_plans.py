"""The queries that meet big tables look things up in indexes: no table is gone through, whatever its size."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from store import intervals
from store.balances import STEPS
from store.connect import connect
from store.queries import statement

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
BIG: Final = re.compile(r'Seq Scan on "?(reading|interval|curve|operator_index|allocation|balance|stale|_hyper_\w+)\b')
SERIES: Final = list(range(1, 11))
# Ten meters for four weeks, every twenty minutes and every quarter of an hour; chunks of a hypertable among them.
FILLING: Final = """
    INSERT INTO community (id, name, place, zone, step_min) VALUES ('c', 'C', 'C', 'Europe/Paris', 15);
    INSERT INTO holder (id, kind) SELECT 'h' || g, 'natural' FROM generate_series(1, 10) AS g;
    INSERT INTO point (id, holder_no, name, role, category)
    SELECT 'p' || g, g, 'P', 'consumer', 'home' FROM generate_series(1, 10) AS g;
    INSERT INTO membership SELECT 1, g, '0001-01-02 UTC', '9999-12-30 UTC' FROM generate_series(1, 10) AS g;
    INSERT INTO device (id, dialect, first_seen_at, last_seen_at)
    SELECT 'd' || g, 'test', now(), now() FROM generate_series(1, 10) AS g;
    INSERT INTO device_mapping
    SELECT g, 'd' || g, '', 'grid', '0001-01-02 UTC', '9999-12-30 UTC' FROM generate_series(1, 10) AS g;
    INSERT INTO series (device_no, quantity, first_positive_at)
    SELECT g, 'import_energy', '2026-01-01 UTC' FROM generate_series(1, 10) AS g;
    INSERT INTO reading
    SELECT g, at, extract(epoch FROM at) FROM generate_series(1, 10) AS g,
        generate_series('2026-01-01 UTC'::timestamptz, '2026-01-28 UTC', '20 min') AS at;
    INSERT INTO interval
    SELECT g, 'import', 'device', at, 100, 0, 'register' FROM generate_series(1, 10) AS g,
        generate_series('2026-01-01 UTC'::timestamptz, '2026-01-28 UTC', '15 min') AS at;
    INSERT INTO curve_file (digest, name, kind, points, kept, problems) VALUES ('', 'f', 'test', '{}', 1, 0);
    INSERT INTO curve
    SELECT g, 'import', at, 30, 0, 100, 14, 1 FROM generate_series(1, 10) AS g,
        generate_series('2026-01-01 UTC'::timestamptz, '2026-01-28 UTC', '30 min') AS at;
    INSERT INTO operator_index
    SELECT g, 'import', '', at, 0, extract(epoch FROM at), 14, 1 FROM generate_series(1, 10) AS g,
        generate_series('2016-01-01 UTC'::timestamptz, '2026-01-28 UTC', '1 day') AS at;
    INSERT INTO allocation
    SELECT 1, g, at, 100, NULL, 10, 10, 90, NULL FROM generate_series(1, 10) AS g,
        generate_series('2026-01-01 UTC'::timestamptz, '2026-01-28 UTC', '15 min') AS at;
    INSERT INTO balance
    SELECT 1, at, 1000, 100, 100, 900, 0, 10, 10, 0, true
    FROM generate_series('2025-01-01 UTC'::timestamptz, '2026-01-28 UTC', '15 min') AS at;
    INSERT INTO stale (kind, ref_no, day)
    SELECT 'series', 1 + g % 10, '2026-01-01'::date + g / 10 FROM generate_series(1, 100000) AS g;
    INSERT INTO stale (kind, ref_no, day)
    SELECT 'community', 1, '2026-01-01'::date + g FROM generate_series(1, 20) AS g;
    ANALYZE
"""
DAY: Final[dict[str, Any]] = {"community_no": 1, "start": START, "end": START + timedelta(days=1)}
SPANS: Final[dict[str, Any]] = {"points": SERIES, "starts": [START] * 10, "ends": [START + timedelta(days=1)] * 10}
CASES: Final[list[tuple[str, dict[str, Any]]]] = [
    ("windows", {"series": SERIES, "days": [date(2026, 1, 9)] * 10}),
    ("readings_within", {"series": SERIES, "starts": [START] * 10, "ends": [START + timedelta(days=1)] * 10}),
    ("readings_beside", {"series": SERIES, "starts": [START] * 10, "ends": [START + timedelta(days=1)] * 10}),
    ("readings_between", {"series": SERIES, "start": START, "end": START + timedelta(days=1)}),
    ("series_days_of_points", {"points": ["p1", "p2"], "quantities": ["import_energy"]}),
    ("reference_intervals", SPANS),
    ("swap_registers", {"point": "p1", "flow": "import", "at": START + timedelta(days=3)}),
    ("stale_claim", {"kind": "series", "limit": 500}),
    ("stale_claim", {"kind": "community", "limit": 500}),
    ("stale_mark", {"kind": "series", "refs": SERIES, "days": [date(2026, 1, 9)] * 10}),
    ("balance_by_step", {**DAY, "zone": "Europe/Paris", **STEPS["15min"]}),
    ("allocation_by_point", DAY),
    ("pairs_by_step", {**DAY, "zone": "Europe/Paris", "most": 10, **STEPS["month"]}),
    ("pairs_known", DAY),
    ("intervals_of_members", DAY),
    ("intervals_replace", {**SPANS, "source": "device"}),
    ("intervals_replace", {**SPANS, "source": "operator"}),
    ("curves_of_spans", SPANS),
    ("residuals", DAY),
    ("residuals_by_index", DAY),
    ("indexes_remove", {"before": datetime(2016, 2, 1, tzinfo=UTC), "most": 1000}),
    ("curves_remove", {"before": START + timedelta(days=1), "most": 1000}),
    ("allocations_replace", DAY),
    ("balances_replace", DAY),
    ("settlement_close", {"community_no": 1, "before": START + timedelta(days=50)}),
    ("settlement_revise", DAY),
    ("settlements", {"community_no": 1}),
    ("settlement_balance", {**DAY, "version": 1}),
    ("settlement_points", {**DAY, "version": 1}),
    ("settlement_pairs", {**DAY, "version": 1}),
    ("result_residuals", {"community_no": 1, "month_start": START}),
    ("communities", {"id": None}),
]


@pytest.fixture
def filled(any_migrated_url: str) -> Iterator[psycopg.Connection]:
    with connect(any_migrated_url) as connection:
        connection.execute(FILLING)
        intervals.prepare(connection)
        yield connection


def test_no_big_table_is_gone_through(filled: psycopg.Connection) -> None:
    seen = filled.execute("EXPLAIN SELECT * FROM reading WHERE value = 1").fetchall()
    assert any(BIG.search(line) for (line,) in seen), "a plan that goes through a table is recognised"
    for name, parameters in CASES:
        query = psycopg.ClientCursor(filled).mogrify(statement(name), parameters)
        plan = [line for (line,) in filled.execute(b"EXPLAIN " + query.encode())]
        assert [line for line in plan if BIG.search(line)] == [], name


def test_months_are_looked_up_one_by_one(filled: psycopg.Connection) -> None:
    """EXPLAIN ANALYZE: a part that is done again for each row of another would show in the number of its loops."""
    plan = [line for (line,) in filled.execute(b"EXPLAIN (ANALYZE, TIMING OFF) " + statement("member_months"))]
    scans = [line for line in plan if re.search(r" on \"?(interval|allocation|_hyper_\w+)\b", line)]
    loops = [int(count) for line in scans for count in re.findall(r"loops=(\d+)", line)]
    assert loops
    assert max(loops) <= 14 * 10, "months by holders"
