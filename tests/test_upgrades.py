"""Upgrades on real servers: from every earlier state, with rows, to what an empty database becomes, without a loss."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from store.connect import connect
from store.migrate import MIGRATIONS, migrate
from store.queries import statement
from tests.conftest import AskForServer
from tests.databases import new_database
from tests.schema import hypertables, schema
from tests.servers import BOTH_KINDS, Postgres, dump_schema
from tests.test_migrations import NAMES

STATES: Final = NAMES[2:]
"""Where a version of the hub ended; the first three came in one, and a version's migrations run all or not at all."""
HYPERTABLES: Final = [("interval", "start", 90), ("reading", "at", 7)]
FILL: Final = Path(__file__).parent / "data" / "upgrades"
"""What each state may hold: <migration>.sql fills what that migration made."""
COLUMNS: Final = """
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migration'
GROUP BY c.relname
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A server, and what an empty database on it becomes."""

    server: Postgres
    schema: dict[str, set[tuple[object, ...]]]
    dump: str


@pytest.fixture(scope="module", params=BOTH_KINDS)
def reference(ask_for_server: AskForServer, request: pytest.FixtureRequest) -> Iterator[Reference]:
    server = ask_for_server(request.param)
    with new_database(server) as url, connect(url) as connection:
        migrate(connection)
        yield Reference(server, schema(connection), dump_schema(server, connection.info.dbname))


def release(connection: psycopg.Connection, names: Sequence[str], *, timescale: bool = True) -> None:
    """Bring a database to an earlier state, as the version of the hub that ended with these migrations did."""
    with connection.transaction():
        if timescale and connection.execute(statement("timescale_can_be_added")).fetchone() == (True,):
            connection.execute(statement("timescale_add"))
        connection.execute(statement("migration_table"))
        for name in names:
            connection.execute(MIGRATIONS.joinpath(name).read_bytes())
            digest = hashlib.sha256(MIGRATIONS.joinpath(name).read_bytes()).hexdigest()
            connection.execute(statement("migration_record"), {"name": name, "digest": digest})
        for name in names:
            file = FILL / name
            if file.exists():
                connection.execute(file.read_bytes())


def rows(connection: psycopg.Connection, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Every row of these columns as text, in order."""
    found: dict[str, list[str]] = {}
    for table, names in columns.items():
        query = SQL("SELECT row({})::text FROM public.{} ORDER BY 1").format(
            SQL(", ").join(map(Identifier, names)), Identifier(table)
        )
        found[table] = [text for (text,) in connection.execute(query)]
    return found


def columns(connection: psycopg.Connection) -> dict[str, list[str]]:
    """The columns of each table, `migration` excepted."""
    return dict(connection.execute(COLUMNS).fetchall())


def assert_kept(before: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    """Every row is as it was; what is computed may wait to be computed anew."""
    assert {**after, "stale": []} == {**before, "stale": []}
    assert set(before["stale"]) <= set(after["stale"])


def has_timescale(server: Postgres) -> bool:
    return server.kind == "timescale-17"


def assert_same(connection: psycopg.Connection, reference: Reference) -> None:
    """The database is what an empty one becomes, by the catalog and by pg_dump."""
    for name, expected in reference.schema.items():
        assert schema(connection)[name] ^ expected == set(), name
    assert dump_schema(reference.server, connection.info.dbname) == reference.dump
    assert hypertables(connection) == (HYPERTABLES if has_timescale(reference.server) else [])


def test_there_is_something_to_compare(reference: Reference) -> None:
    assert {name for name, found in reference.schema.items() if not found} <= {"triggers", "privileges"}
    for said in (
        "CREATE TABLE public.reading (",
        "CREATE VIEW shown.balance ",
        "COMMENT ON COLUMN shown.balance.start",
    ):
        assert said in reference.dump
    assert ("ts_insert_blocker" in reference.dump) == has_timescale(reference.server)


@pytest.mark.parametrize("last", STATES)
def test_every_earlier_state_becomes_what_an_empty_database_becomes(last: str, reference: Reference) -> None:
    until = NAMES.index(last) + 1
    with new_database(reference.server) as url, connect(url) as connection:
        release(connection, NAMES[:until])
        known = columns(connection)
        before = rows(connection, known)
        assert [table for table, kept in before.items() if not kept] == [], "nothing is lost of what is not there"
        assert migrate(connection) == NAMES[until:]
        assert_kept(before, rows(connection, known))
        assert_same(connection, reference)
        assert migrate(connection) == []
        assert_same(connection, reference)


@pytest.mark.parametrize("last", [STATES[0], NAMES[3], NAMES[-1]])
@pytest.mark.parametrize("by_hand", [False, True], ids=["by the hub", "by an administrator"])
def test_a_plain_database_whose_server_gets_timescale(last: str, by_hand: bool, ask_for_server: AskForServer) -> None:
    """The extension comes after the rows: `migrate` creates it, or finds it, as after a restore from elsewhere."""
    server = ask_for_server("timescale-17")
    until = NAMES.index(last) + 1
    with new_database(server) as url, connect(url) as connection:
        release(connection, NAMES[:until], timescale=False)
        if by_hand:
            connection.execute("CREATE EXTENSION timescaledb")
        assert hypertables(connection) == []
        known = columns(connection)
        before = rows(connection, known)
        assert len(before["reading"]) > 800
        migrate(connection)
        assert_kept(before, rows(connection, known))
        with new_database(server) as other, connect(other) as empty:
            migrate(empty)
            assert_same(connection, Reference(server, schema(empty), dump_schema(server, empty.info.dbname)))
        chunks = connection.execute("SELECT hypertable_name, num_chunks FROM timescaledb_information.hypertables")
        assert dict(chunks.fetchall()) == {"reading": 8, "interval": 3}
        assert connection.execute("SELECT count(*) FROM ONLY reading").fetchone() == (0,)
        connection.execute("INSERT INTO reading VALUES (1, '2026-01-01Z', 5) ON CONFLICT (series_no, at) DO NOTHING")
        assert len(rows(connection, known)["reading"]) == len(before["reading"])


def test_what_was_settled_before_its_quality_was_kept_is_settled_anew(ask_for_server: AskForServer) -> None:
    """But what is frozen, of which nothing can be computed."""
    with new_database(ask_for_server("wheel-16")) as url, connect(url) as connection:
        release(connection, NAMES[: NAMES.index("0011_completeness.sql")])
        connection.execute(
            "INSERT INTO community (id, name, place, zone, step_min) VALUES ('hill', '', '', 'UTC', 15);"
            " INSERT INTO balance SELECT c.no, at, 1, 1, 1, 0, 0, 1, 1, 0, true FROM community AS c,"
            " unnest('{2026-01-01 22:00Z, 2026-01-01 23:45Z, 2026-01-03 00:00Z}'::timestamptz[]) AS at"
        )
        later = NAMES[NAMES.index("0011_completeness.sql") :]
        release(connection, later[: later.index("0016_participation_and_pairs.sql")])
        marked = connection.execute(
            "SELECT c.id, s.day::text, s.first_start FROM stale AS s JOIN community AS c ON c.no = s.ref_no"
            " WHERE s.kind = 'community' ORDER BY 1, 2"
        ).fetchall()
    assert marked == [
        ("hill", "2026-01-01", None),
        ("hill", "2026-01-03", None),
        ("valley", "2026-01-03", None),
        ("valley", "2026-01-05", None),
    ]


def test_a_conversion_that_fails_leaves_the_database_as_it_was(ask_for_server: AskForServer) -> None:
    """An index of the operator's own that no hypertable can have: not even the extension stays."""
    server = ask_for_server("timescale-17")
    with new_database(server) as url, connect(url) as connection:
        release(connection, NAMES[:4], timescale=False)
        connection.execute("CREATE UNIQUE INDEX mine ON reading (series_no, value)")
        known = columns(connection)
        before = rows(connection, known), schema(connection), dump_schema(server, connection.info.dbname)
        with pytest.raises(psycopg.Error, match="cannot create a unique index without the column"):
            migrate(connection)
        assert connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is None
        assert (rows(connection, known), schema(connection), dump_schema(server, connection.info.dbname)) == before
    with new_database(server) as url, connect(url) as connection:
        release(connection, NAMES[:4], timescale=False)
        assert migrate(connection) == NAMES[4:], "without that index it goes"
