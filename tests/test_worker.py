"""The worker on real servers: what it computes, what it touches, what it does with what cannot be computed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
import pytest

from energy.model import Quantity
from energy.time import Span
from processing.run import Worker
from store import balances, spans
from store.communities import read_community
from store.connect import FrameReader, connect
from tests.metering import (
    DAY,
    HOUR,
    QUARTER,
    append,
    apply,
    compute_at_once,
    exhaust,
    process,
    register,
    stored,
    worker_on,
)

VALLEY: Final = (Path(__file__).parent / "data" / "territory" / "valley.toml").read_text()
EIGHT: Final = DAY + 8 * HOUR


@pytest.fixture
def valley(any_migrated_url: str) -> Iterator[tuple[psycopg.Connection, Worker]]:
    with worker_on(any_migrated_url) as (connection, worker):
        apply(connection, VALLEY)
        yield connection, worker


def hear_a_morning(connection: psycopg.Connection) -> None:
    """An hour of three points: the home 100 Wh a step, the flat 10 and 20 on two tariffs, the roof 0, 13, 60, 200."""
    append(connection, register("home", [1000, 1100, 1200, 1300, 1400], EIGHT))
    append(connection, register("flat", [0, 10, 20, 30, 40], EIGHT, tariff="HC"))
    append(connection, register("flat", [500, 520, 540, 560, 580], EIGHT, tariff="HP"))
    append(connection, register("roof", [7, 7, 20, 80, 280], EIGHT, quantity=Quantity.PV_ENERGY))


def test_a_morning_computed_by_hand(valley: tuple[psycopg.Connection, Worker]) -> None:
    connection, worker = valley
    hear_a_morning(connection)
    exhaust(worker)
    at = [EIGHT + i * QUARTER for i in range(4)]
    # 13 Wh for 100 and 30: 10 and 3 exactly; 60: 46.15 and 13.85, the larger remainder takes the Wh that is left.
    assert stored(connection)["balance"] == [
        ("valley", at[0], 130, 0, 0, 130, 0, 3, 3, 0, True),
        ("valley", at[1], 130, 13, 13, 117, 0, 3, 3, 0, True),
        ("valley", at[2], 130, 60, 60, 70, 0, 3, 3, 0, True),
        ("valley", at[3], 130, 200, 130, 0, 70, 3, 3, 0, True),
    ]
    third = [row for row in stored(connection)["allocation"] if row[2] == at[2]]
    assert third == [
        ("valley", "flat", at[2], 30, None, 14, 14, 16, None, 0),
        ("valley", "home", at[2], 100, None, 46, 46, 54, None, 0),
        ("valley", "roof", at[2], None, 60, 0, 0, None, 0, 0),
    ]
    assert stored(connection)["power_now"] == [
        ("flat", "import", at[3] + QUARTER, 120),
        ("home", "import", at[3] + QUARTER, 400),
        ("roof", "export", at[3] + QUARTER, 800),
    ]


@pytest.mark.parametrize("step_min", [15, 30])
def test_a_late_reading_shares_the_whole_hour_again_where_the_key_looks_at_hours(
    valley: tuple[psycopg.Connection, Worker], step_min: int
) -> None:
    connection, worker = valley
    by_hour = f'id = "valley"\nstep_min = {step_min}\nkey = [{{ type = "hourly_min" }}]'
    apply(connection, VALLEY.replace('id = "valley"', by_hour, 1))
    append(connection, register("home", [0, 100, 100, 100, 100], EIGHT))
    append(connection, register("roof", [0, 0, 0, 0, 100], EIGHT, quantity=Quantity.PV_ENERGY))
    append(connection, register("flat", [0, 0, 0, 0, 0], EIGHT))
    exhaust(worker)
    append(connection, register("flat", [100], EIGHT + HOUR))  # it withdrew in the last quarter of the hour
    exhaust(worker)
    shared = [row[4] for row in stored(connection)["balance"]]
    assert (sum(shared), shared[0]) == (100, 50), "100 Wh for two with the same need"


def test_allocations_add_up_to_balances_exactly(valley: tuple[psycopg.Connection, Worker]) -> None:
    connection, worker = valley
    hear_a_morning(connection)
    append(connection, register("home", [7_777 + 333 * i for i in range(40)], DAY + 30 * HOUR, timedelta(minutes=11)))
    append(
        connection, register("roof", [9_001 + 77 * i for i in range(60)], DAY + 30 * HOUR, quantity=Quantity.PV_ENERGY)
    )
    exhaust(worker)
    differing = connection.execute(
        """
        SELECT start
        FROM balance AS b
        FULL JOIN (
            SELECT
                community_no, start, sum(import_wh) AS consumption_wh, sum(export_wh) AS production_wh,
                sum(allocated_wh) AS allocated_wh, sum(residual_wh) AS residual_wh, sum(surplus_wh) AS surplus_wh
            FROM allocation GROUP BY community_no, start
        ) AS a USING (community_no, start)
        WHERE (b.consumption_wh, b.production_wh, b.allocated_wh, b.residual_wh, b.surplus_wh) IS DISTINCT FROM
            (coalesce(a.consumption_wh, 0), coalesce(a.production_wh, 0), a.allocated_wh, coalesce(a.residual_wh, 0),
             coalesce(a.surplus_wh, 0))
            OR b.allocated_wh + b.residual_wh <> b.consumption_wh OR b.allocated_wh + b.surplus_wh <> b.production_wh
        """
    ).fetchall()
    assert differing == []
    assert len(stored(connection)["balance"]) > 40


def test_a_late_reading_touches_what_it_changes_and_no_other_row(valley: tuple[psycopg.Connection, Worker]) -> None:
    """Rows that are as they were are not even written again: xmin is the transaction that last wrote a row."""
    connection, worker = valley
    hear_a_morning(connection)
    exhaust(worker)
    before = written(connection)
    append(connection, register("home", [1130], EIGHT + QUARTER + timedelta(minutes=5)))
    exhaust(worker)
    after = written(connection)
    # 1100 at :15, 1130 at :20, 1200 at :30: the edges keep their values. Nothing at all may change.
    assert after == before
    append(connection, register("home", [1120], EIGHT + QUARTER))
    exhaust(worker)
    changed = {key for key, xmin in written(connection).items() if before[key] != xmin}
    first, second = EIGHT, EIGHT + QUARTER
    assert changed == {
        ("interval", "home", first),
        ("interval", "home", second),
        ("allocation", "home", first),
        ("allocation", "home", second),
        ("allocation", "flat", second),
        ("balance", "valley", first),
        ("balance", "valley", second),
    }


def written(connection: psycopg.Connection) -> dict[tuple[object, ...], object]:
    """The transaction that last wrote each row, by table, point or community, and start."""
    rows = connection.execute(
        """
        SELECT 'interval', p.id, i.start, i.xmin::text FROM interval AS i JOIN point AS p ON p.no = i.point_no
        UNION ALL
        SELECT 'allocation', p.id, a.start, a.xmin::text FROM allocation AS a JOIN point AS p ON p.no = a.point_no
        UNION ALL
        SELECT 'balance', c.id, b.start, b.xmin::text FROM balance AS b JOIN community AS c ON c.no = b.community_no
        """
    ).fetchall()
    return {row[:3]: row[3] for row in rows}


def test_what_cannot_be_settled_is_set_aside_with_its_reason_and_blocks_nobody(
    valley: tuple[psycopg.Connection, Worker],
) -> None:
    connection, worker = valley
    connection.execute(  # no territory file may say that two keys apply at once, but a table may hold it
        "INSERT INTO sharing_key"
        " SELECT no, '{\"type\": \"prorata\"}', %s, '2027-01-01Z' FROM community WHERE id = 'hill'",
        [DAY + 11 * HOUR],
    )
    append(connection, register("barn", [20, 30, 40, 50], DAY + 11 * HOUR))
    append(connection, register("barn", [5, 15], EIGHT - 24 * HOUR))
    hear_a_morning(connection)
    exhaust(worker)
    assert {row[0] for row in stored(connection)["balance"]} == {"valley", "hill"}
    assert [row[1] for row in stored(connection)["balance"] if row[0] == "hill"] == [EIGHT - 24 * HOUR]
    assert spans.count(connection) == (1, 1)
    failure = connection.execute("SELECT kind, day, attempts, error FROM stale").fetchone()
    assert failure is not None
    assert failure[:3] == ("community", DAY.date(), 1)
    assert failure[3].startswith("KeyNotValid: several sharing keys cover the step at 2026-01-05T11:00:00Z")

    apply(connection, VALLEY)
    exhaust(worker)
    assert spans.count(connection) == (0, 0), "the failure went with the new mark, long before its next try"
    assert len([row for row in stored(connection)["balance"] if row[0] == "hill"]) == 4


def test_a_register_that_cannot_be_read_blocks_no_other(valley: tuple[psycopg.Connection, Worker]) -> None:
    """No whole number holds 1e300 Wh: such a value comes by no door of the hub, but may be in a table."""
    connection, worker = valley
    hear_a_morning(connection)
    append(connection, register("barn", [0, 10, 20, 30], EIGHT))
    connection.execute(
        "UPDATE reading SET value = 1e300 WHERE at = %s AND series_no = (SELECT max(no) FROM series)", [EIGHT]
    )
    exhaust(worker)
    assert {row[0] for row in stored(connection)["interval"]} == {"home", "flat", "roof"}
    assert spans.count(connection) == (1, 1)

    hear_a_morning(connection)
    append(connection, register("home", [2000, 2100], EIGHT + 3 * HOUR))
    append(connection, register("barn", [40], EIGHT + HOUR))
    exhaust(worker)
    assert ("home", "import", "device", EIGHT + 3 * HOUR, 100, 0, "register") in stored(connection)["interval"]
    assert spans.count(connection) == (1, 1), "failures of a span do not pile up"

    connection.execute("UPDATE reading SET value = 0 WHERE value = 1e300")
    connection.execute("UPDATE stale SET not_before = now()")
    exhaust(worker)
    assert spans.count(connection) == (0, 0)
    assert [row[4] for row in stored(connection)["interval"] if row[0] == "barn"] == [10, 10, 10, 10]


def test_two_tries_of_one_point_in_one_batch(valley: tuple[psycopg.Connection, Worker]) -> None:
    """Spans that failed before are computed one by one, in the transaction of the others of the same point."""
    connection, worker = valley
    for day in range(3):
        append(connection, register("home", [1000 * day, 1000 * day + 100], EIGHT + day * 24 * HOUR))
    connection.execute("UPDATE stale SET attempts = 1, error = 'once' WHERE day <> %s", [DAY.date()])
    exhaust(worker)
    assert spans.count(connection) == (0, 0)
    assert len([row for row in stored(connection)["interval"] if row[4] == 100]) == 3


def test_what_nobody_mapped_or_routes_waits_for_nothing(valley: tuple[psycopg.Connection, Worker]) -> None:
    connection, worker = valley
    append(connection, register("stranger", [1, 2, 3]))
    append(connection, register("home", [1, 2, 3], quantity=Quantity.PV_ENERGY))  # a grid meter has no yield
    append(connection, register("home", [1, 2, 3], quantity=Quantity.CONSUMPTION_ENERGY))
    exhaust(worker)
    assert not any(stored(connection).values())
    assert spans.count(connection) == (0, 0)


def test_the_zone_of_the_server_changes_nothing(migrated_url: str) -> None:
    """A server in New Zealand: the last hours of a UTC day are those of another local day."""
    with connect(migrated_url) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET timezone = 'Pacific/Auckland'".encode())
        apply(connection, VALLEY)
        for hour in (22, 23, 1, 11, 12, 13):
            for _ in range(2):
                append(connection, register("home", [1000 + 100 * hour, 1040 + 100 * hour], DAY + hour * HOUR))
                process(migrated_url)
        assert stored(connection)["interval"] == compute_at_once(migrated_url, connection)
        assert len(stored(connection)["interval"]) > 10
        community = read_community(connection, "valley")
        reader = FrameReader(migrated_url)
        span = Span(datetime(2026, 1, 4, 23, tzinfo=UTC), datetime(2026, 1, 5, 23, tzinfo=UTC))
        rows = balances.read_balance(reader, connection, community.no, span, "day", "Europe/Paris")
        reader.close()
        assert rows["start"].to_list() == [span.start, None]
