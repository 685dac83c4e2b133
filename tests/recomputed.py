"""What the tests of recomputation need: two communities whose figures are stored, and the check of them."""

import json
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import psycopg

from energy.model import Quantity
from processing.recompute import Findings, Scope, check_piece, read_pieces
from store import spans
from store.connect import connect
from tests.hub_command import call_hub
from tests.metering import DAY, HOUR, append, apply, process, register

TERRITORY: Final = """
community = [
    { id = "valley", name = "Valley", place = "Here", key = [{ type = "prorata" }] },
    { id = "hill", name = "Hill", place = "There", step_min = 60, key = [{ type = "prorata" }] },
]
holder = [{ id = "someone" }, { id = "school" }]

[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "valley"
device = [{ id = "home" }]

[[point]]
id = "roof"
holder = "school"
name = "Roof"
role = "producer"
category = "roof"
community = "valley"
device = [{ id = "roof", measures = "production" }]

[[point]]
id = "hut"
holder = "someone"
name = "Hut"
category = "home"
community = "hill"
device = [{ id = "hut" }]

[[point]]
id = "bare"
holder = "someone"
name = "Without a device"
category = "home"
community = "hill"
"""
CURVE: Final = """
    WITH file AS (
        INSERT INTO curve_file (digest, name, kind, points, kept, problems)
        VALUES ('', 'curve.csv', 'enedis_load_curve', '{}', 48, 0) RETURNING no
    )
    INSERT INTO curve (point_no, flow, start, step_min, nature, mean_w, quality, file_no)
    SELECT p.no, 'import', at, 30, 0, 400, 14, f.no
    FROM file AS f, point AS p, generate_series(%(first)s::timestamptz, %(last)s, '30 min') AS at
    WHERE p.id = %(point)s
"""
"""A day of the operator's values for the home, which consumes a tenth less by them."""
DAYS: Final = 3
QUARTERS: Final = 96
SECOND: Final = DAY + timedelta(days=1)


def fill(url: str, connection: psycopg.Connection) -> None:
    apply(connection, TERRITORY)
    until = DAYS * QUARTERS + 1
    append(connection, register("home", range(0, 110 * until, 110)))
    append(connection, register("roof", range(0, 40 * until, 40), quantity=Quantity.PV_ENERGY))
    append(connection, register("hut", range(0, 30 * until, 30)))
    with connection.transaction():
        connection.execute(CURVE, {"first": DAY + 6 * HOUR, "last": DAY + 29.5 * HOUR, "point": "home"})
        point_nos = [no for (no,) in connection.execute("SELECT no FROM point WHERE id = %s", ["home"])]
        spans.mark(connection, "curve", [(no, day.date()) for no in point_nos for day in (DAY, SECOND)])
    process(url)


def tamper(connection: psycopg.Connection, change: LiteralString, at: datetime = DAY + 12 * HOUR) -> None:
    assert connection.execute(change, {"at": at}).rowcount > 0


def recompute(url: str, *words: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit code and what it found."""
    code, stdout, stderr = call_hub("recompute", "--json", *words, settings={"HUB_DATABASE_URL": url})
    assert (code == 0) == (stderr == ""), stderr
    assert stdout, stderr
    return code, json.loads(stdout)


def check(url: str, scope: Scope) -> Findings:
    """Check all that is in scope."""
    found = Findings()
    with connect(url) as connection:
        for piece in read_pieces(url, connection, scope):
            for _ in check_piece(url, connection, scope, piece, found):
                pass
    return found


def counts(found: dict[str, Any]) -> tuple[int, ...]:
    return tuple(found["differing"][kind] for kind in ("interval", "allocation", "balance"))


def checks(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT ended_at IS NOT NULL, compared, differing, waiting FROM recomputation ORDER BY no"
    ).fetchall()
