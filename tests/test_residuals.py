"""Residuals where the operator says nothing: an empty answer at once; and over spans that are too long: a refusal."""

import re
from datetime import timedelta

import psycopg
import pytest

from store.connect import connect
from store.queries import statement
from tests.filled_hub import refusal, serving
from tests.metering import DAY, append, apply, process, register
from tests.test_operator_rank import PRM, TERRITORY

SPAN = {"community_no": 1, "start": DAY, "end": DAY + timedelta(days=1)}


@pytest.fixture
def devices_only(any_migrated_url: str) -> str:
    with connect(any_migrated_url) as connection:
        apply(connection, TERRITORY)
        append(connection, register("wrong", range(0, 9700, 100)))
        process(any_migrated_url)
    return any_migrated_url


def energies_read(connection: psycopg.Connection) -> int:
    """Intervals whose energy was read to tell the residuals; looks into the index alone are not counted."""
    query = b"EXPLAIN (ANALYZE, VERBOSE, TIMING OFF) " + statement("residuals")
    plan = "\n".join(line for (line,) in connection.execute(query, SPAN))
    scans = re.findall(
        r"Scan[^\n]* on [^\n]*interval[^\n]*\(actual rows=([\d.]+) loops=(\d+)\)\n\s+Output: ([^\n]*)", plan
    )
    return sum(round(float(rows)) * int(loops) for rows, loops, output in scans if "energy_wh" in output)


def test_without_the_operator_no_energy_is_read(devices_only: str) -> None:
    with connect(devices_only) as connection:
        assert connection.execute(statement("residuals"), SPAN).fetchall() == []
        assert energies_read(connection) == 0
        connection.execute(
            "INSERT INTO interval SELECT point_no, flow, 'operator', start, 90, 0, 'curve' FROM interval LIMIT 1"
        )
        ((point, *_, compared, _, device_only),) = connection.execute(statement("residuals"), SPAN).fetchall()
        assert (point, compared, device_only) == (PRM, 1, 95)
        assert energies_read(connection) == 97, "where there is an operator, all is"


def test_a_year_at_most_is_compared(devices_only: str) -> None:
    with serving(devices_only) as client:
        address = "/v1/communities/valley/residuals"
        year = client.get(address, params={"start": "2024-01-01", "end": "2025-01-01"})
        assert (year.status_code, year.json()["residuals"]) == (200, [])
        assert "a year" in refusal(client.get(address, params={"start": "2024-01-01", "end": "2025-01-04"}), 400)
