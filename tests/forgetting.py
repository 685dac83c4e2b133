"""A valley with somebody who wants to be forgotten: two meters of theirs, one that went to a neighbour at noon."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from energy.model import Message, Quantity, Reading
from store.kept import write_kept
from store.rejected import RejectedMessage, RejectedReading, add_messages, add_readings
from tests.metering import append, apply, process, register

TODAY: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
PAST: Final = TODAY - timedelta(days=3)
NOON: Final = PAST + timedelta(hours=12)
HOLDER: Final = "dupont-4217"
POINT: Final = "14500000004217"
METER: Final = "shellypro3em-c0ffee4217"
CELLAR: Final = "maison-4217/em24-778899"
SWAPPED: Final = "swapped-meter"
NEEDLES: Final = (HOLDER, POINT, METER, CELLAR, "em24-778899", "maison-4217")
"""What must be nowhere afterwards."""
LIKE: Final = (f"{HOLDER}0", f"{POINT}0", f"{METER}0", f"x{METER}", f"{CELLAR}-b", f"{METER}/em1", "maison-42179")
"""What others are called: names that contain theirs."""
QUARTERS: Final = 4 * 24
PERSON: Final = f"""
[[holder]]
id = "{HOLDER}"
[[point]]
id = "{POINT}"
holder = "{HOLDER}"
name = "Maison Dupont"
category = "home"
community = "valley"
device = [
    {{ id = "{METER}", channel = "a" }},
    {{ id = "{CELLAR}" }},
    {{ id = "{SWAPPED}", to = {NOON:%Y-%m-%dT%H:%M:%SZ} }},
]
[[site]]
prefix = "home/4217/maison-4217"
name = "maison-4217"
zone = "Europe/Vienna"
"""
OTHERS: Final = f"""
[[community]]
id = "valley"
name = "Valley"
place = "Here"
step_min = 60
[[community.key]]
type = "static"
shares_percent = {{ SHARES }}
[[holder]]
id = "neighbour"
[[point]]
id = "flat"
holder = "neighbour"
name = "Flat"
category = "home"
community = "valley"
device = [
    {{ id = "flat-meter" }},
    {{ id = "{METER}/em1" }},
    {{ id = "{METER}0" }},
    {{ id = "{SWAPPED}", from = {NOON:%Y-%m-%dT%H:%M:%SZ} }},
]
[[point]]
id = "roof"
holder = "neighbour"
name = "Roof"
role = "producer"
category = "roof"
community = "valley"
device = [{{ id = "roof-meter", measures = "production" }}]
[[site]]
prefix = "barn"
name = "barn"
zone = "Europe/Vienna"
[[site]]
prefix = "yard/{METER}0"
zone = "Europe/Vienna"
[[site]]
prefix = "home/4217/maison-42179"
name = "maison-42179"
zone = "Europe/Vienna"
"""
TERRITORY: Final = OTHERS.replace("SHARES", f'"{POINT}" = 40, flat = 60') + PERSON
WITHOUT: Final = OTHERS.replace("SHARES", "flat = 60")


def day_of(device: str, step_wh: int, start: datetime = PAST, **how: Any) -> list[Reading]:
    """A day of a register."""
    return register(device, range(1_000, 1_000 + step_wh * QUARTERS + 1, step_wh), start, **how)


def fill(url: str, connection: psycopg.Connection) -> None:
    """The valley with two days, what was refused, what was kept, and a release; all computed."""
    apply(connection, TERRITORY)
    for day in (PAST, TODAY - timedelta(days=1)):
        append(connection, [_on_channel(reading) for reading in day_of(METER, 60, day)])
        append(connection, day_of(CELLAR, 20, day))
        append(connection, day_of(SWAPPED, 10, day))
        append(connection, day_of("flat-meter", 50, day))
        append(connection, day_of("roof-meter", 90, day, quantity=Quantity.PV_ENERGY))
    append(connection, register(CELLAR, [1_001], PAST))  # a revision
    late = Reading(CELLAR, Quantity.IMPORT_ENERGY, 1e30, PAST, dialect="test")
    add_readings(connection, [RejectedReading(late, "too much", PAST), _set_aside("flat-meter")])
    add_messages(connection, [RejectedMessage(Message(*message), "cannot be read", PAST) for message in REFUSED])
    write_kept(connection, dict(REFUSED))
    process(url)
    connection.execute(
        "INSERT INTO release (dataset, version, released_at, digest) VALUES ('d', 1, now(), 'digest');"
        "INSERT INTO release_file VALUES (1, 'd.csv', 'text/csv', 'month,kwh', 'sha')"
    )


def _on_channel(reading: Reading) -> Reading:
    return Reading(reading.device, reading.quantity, reading.value, reading.at, channel="a", dialect="test")


def _set_aside(device: str) -> RejectedReading:
    return RejectedReading(Reading(device, Quantity.IMPORT_ENERGY, 1e30, PAST, dialect="test"), "too much", PAST)


ABOUT_THEM: Final = [
    (f"{METER}/events/rpc", b"{"),
    ("gateway/all", b'{"src": "%s"' % METER.upper().encode()),
    ("gateway/bytes", b"\x00\xff" + METER.encode() + b"\x00"),
    ("home/4217/maison-4217/anything", b"?"),
    ("serial/em24-778899", b"?"),
    (f"meters/{SWAPPED}/state", b"{"),
    ("linky/all", b'{"prm": %s}' % POINT.encode()),
    (f"contracts/{HOLDER.upper()}", b"?"),
]
ABOUT_OTHERS: Final = [
    ("flat-meter/events/rpc", b"{"),
    ("home/4217/maison-42", b"?"),
    ("barn/x", b"\x00"),
    *((f"like/{name}/state", b"?") for name in LIKE),
    *((f"gateway/{place}", b'{"src": "%s"}' % name.encode()) for place, name in enumerate(LIKE)),
]
REFUSED: Final = ABOUT_THEM + ABOUT_OTHERS


def found_in(connection: psycopg.Connection, needles: tuple[str, ...] = NEEDLES) -> list[tuple[str, str, str]]:
    """Where words stand in any text, JSON or bytes of any table, chunks too: (table, column, word).

    Not in the names of others that contain them.
    """
    columns = connection.execute(
        """
        SELECT n.nspname, c.relname, a.attname, a.atttypid = 'bytea'::regtype
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
            AND a.atttypid IN ('bytea'::regtype, 'text'::regtype, 'jsonb'::regtype, 'json'::regtype, 'name'::regtype)
        """
    ).fetchall()
    assert len(columns) > 40
    asked = """
        SELECT n FROM unnest(%s::text[]) AS n
        WHERE EXISTS (SELECT FROM {} WHERE regexp_replace({}, %s, '', 'gi') ILIKE '%%' || n || '%%')
    """
    found = []
    for schema, table, column, is_bytes in columns:
        text = SQL("encode({}, 'escape')" if is_bytes else "{}::text").format(Identifier(column))
        query = SQL(asked).format(Identifier(schema, table), text)
        for (word,) in connection.execute(query, [list(needles), "|".join(LIKE)]):
            found.append((table, column, word))
    return sorted(found)
