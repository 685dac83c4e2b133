"""A community whose January is whole: what the tests of settled months start from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import psycopg

from energy.time import Span
from processing.run import Worker
from store import spans
from store.queries import statement
from store.settlements import close_months
from tests.databases import new_database
from tests.metering import QUARTER, append, apply, exhaust, register, worker_on
from tests.servers import Postgres

TERRITORY: Final = """
holder = [{ id = "dupont" }, { id = "martin" }, { id = "town" }]
[[community]]
id = "valley"
name = "Valley"
place = "Here"
step_min = 60
[[community.key]]
type = "static"
shares_percent = { home = 50, flat = 50 }
[[point]]
id = "home"
holder = "dupont"
name = "Home"
category = "home"
community = "valley"
device = [{ id = "home-meter" }]
[[point]]
id = "flat"
holder = "martin"
name = "Flat"
category = "home"
community = "valley"
device = [{ id = "flat-meter" }]
[[point]]
id = "roof"
holder = "town"
name = "Roof"
role = "producer"
category = "school"
community = "valley"
device = [{ id = "roof-meter", measures = "production" }]
"""
JANUARY: Final = Span(datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 1, 31, 23, tzinfo=UTC))
"""January in Paris."""
LATER: Final = JANUARY.end + timedelta(days=15)
TENTH: Final = datetime(2026, 1, 10, tzinfo=UTC)
STEPS: Final = 31 * 24
MEMBERS: Final = {"home": ("import", 100), "flat": ("import", 60), "roof": ("export", 40)}
"""Flow of each member, and Wh in a quarter of an hour. The home has the readings of which that is made, too."""
FILLING: Final = """
    INSERT INTO interval
    SELECT p.no, %(flow)s::flow, 'device', at, %(energy_wh)s, 0, 'register'
    FROM point AS p, generate_series(%(start)s::timestamptz, %(end)s::timestamptz - '15 min'::interval, '15 min') AS at
    WHERE p.id = %(point)s
    ON CONFLICT DO NOTHING
"""
KEY: Final = "home = 50, flat = 50"
Valley = tuple[str, psycopg.Connection, Worker]
Rows = list[tuple[Any, ...]]


def fill(connection: psycopg.Connection, worker: Worker, span: Span = JANUARY) -> None:
    """Three members, and what they used and produced in a span; computed."""
    apply(connection, TERRITORY)
    quarters = (span.end - span.start) // QUARTER
    append(connection, register("home-meter", range(0, 100 * quarters + 1, 100), span.start))
    for point, (flow, energy_wh) in MEMBERS.items():
        parameters = {"point": point, "flow": flow, "energy_wh": energy_wh, "start": span.start, "end": span.end}
        connection.execute(FILLING, parameters)
    mark_all(connection)
    exhaust(worker)


def mark_all(connection: psycopg.Connection) -> None:
    days = [date(2025, 12, 30) + timedelta(days=i) for i in range(40)]
    with connection.transaction():
        spans.mark(connection, "community", [(number(connection, "community", "valley"), day) for day in days])


def number(connection: psycopg.Connection, table: str, id_: str) -> int:
    row = connection.execute(f"SELECT no FROM {table} WHERE id = %s".encode(), [id_]).fetchone()
    assert row is not None
    return row[0]


@contextmanager
def month_template(server: Postgres, template: str) -> Iterator[str]:
    """The name of a database with the month in it, to copy."""
    with new_database(server, template) as url:
        with worker_on(url) as (connection, worker):
            fill(connection, worker)
            name = connection.info.dbname
        yield name


@contextmanager
def whole_month(server: Postgres, template: str) -> Iterator[Valley]:
    """The community with its month, which is not closed yet."""
    with new_database(server, template) as url, worker_on(url) as (connection, worker):
        yield url, connection, worker


@contextmanager
def closed_month(server: Postgres, template: str) -> Iterator[Valley]:
    """The same, and closed."""
    with whole_month(server, template) as valley:
        assert list(close_months(valley[1], LATER)) == [1]
        yield valley


def versions(connection: psycopg.Connection) -> Rows:
    """Version, reason, and how many steps it changed, the oldest first."""
    rows = connection.execute(statement("settlements"), {"community_no": 1}).fetchall()
    assert {row[0] for row in rows} <= {"2026-01"}
    return [(row[3], row[5], row[6]) for row in reversed(rows)]


def seen(connection: psycopg.Connection, version: int) -> tuple[Rows, Rows]:
    """The steps of a version, and what each member had."""
    parameters = {"community_no": 1, "start": JANUARY.start, "end": JANUARY.end, "version": version}
    steps = connection.execute(statement("settlement_balance"), parameters).fetchall()
    members = connection.execute(statement("settlement_points"), parameters).fetchall()
    return [row[:10] for row in steps], [row[:9] for row in members]


def stored(connection: psycopg.Connection) -> tuple[Rows, Rows]:
    """The same of what is stored now, by other queries."""
    month = [JANUARY.start, JANUARY.end]
    steps = connection.execute(
        "SELECT start, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh, present, expected,"
        " quality, CASE WHEN settled THEN 'settled' ELSE 'provisional' END FROM balance"
        " WHERE start >= %s AND start < %s ORDER BY start",
        month,
    ).fetchall()
    members = connection.execute(
        "SELECT p.id, p.category, sum(import_wh)::bigint, sum(export_wh)::bigint, sum(share_wh)::bigint,"
        " sum(allocated_wh)::bigint, sum(residual_wh)::bigint, sum(surplus_wh)::bigint, max(quality)::int"
        " FROM allocation AS a JOIN point AS p ON p.no = a.point_no WHERE start >= %s AND start < %s"
        " GROUP BY p.id, p.category ORDER BY p.category, p.id",
        month,
    ).fetchall()
    return steps, members


def the_next_day(connection: psycopg.Connection) -> None:
    """What was done so far was done a day ago."""
    connection.execute("UPDATE settlement SET made_at = made_at - '1 day'::interval")


def corrected_reading(_url: str, connection: psycopg.Connection, at: datetime = TENTH, by_wh: int = 40) -> None:
    """What a register shows at an instant becomes more: so much is taken from the hour after it for that before it."""
    parameters = {"at": at}
    row = connection.execute("SELECT value FROM reading WHERE at = %(at)s", parameters).fetchone()
    assert row is not None
    append(connection, register("home-meter", [row[0] + by_wh], at))


def curve(_url: str, connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO curve_file (digest, name, kind, points, kept, problems) VALUES ('', 'f', 'test', '{}', 6, 0);"
        " INSERT INTO curve SELECT p.no, 'import', at, 60, 0, 900, 10, f.no FROM curve_file AS f, point AS p,"
        " generate_series('2026-01-10Z'::timestamptz, '2026-01-10 05:00Z', '1 hour') AS at WHERE p.id = 'home'"
    )
    with connection.transaction():
        spans.mark(connection, "curve", [(number(connection, "point", "home"), TENTH.date())])


def declared(old: str, new: str) -> Callable[[str, psycopg.Connection], None]:
    def declare(_url: str, connection: psycopg.Connection) -> None:
        assert apply(connection, TERRITORY.replace(old, new))

    return declare
