"""What the login of each part may do on a deployed database: what its grants say, and no more."""

from collections.abc import Iterator
from typing import Final, LiteralString

import pytest
from psycopg.errors import InsufficientPrivilege

from energy.errors import Unavailable
from store import viewers
from store.connect import connect
from store.migrate import migrate
from tests.conftest import AskForServer
from tests.deployed_database import PARTS, as_role, deployed_database, login
from tests.granted import CALLED, GRANTED
from tests.metering import apply
from tests.servers import BOTH_KINDS, Postgres
from tests.valley import TERRITORY

PRIVILEGES: Final = """
    SELECT
        n.nspname || '.' || c.relname, a.grantee::regrole::text,
        a.privilege_type || coalesce('(' || a.attname || ')', '')
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN LATERAL (
        SELECT t.grantee, t.privilege_type, NULL AS attname FROM aclexplode(c.relacl) AS t
        UNION ALL
        SELECT x.grantee, x.privilege_type, b.attname
        FROM pg_attribute AS b CROSS JOIN aclexplode(b.attacl) AS x WHERE b.attrelid = c.oid
    ) AS a ON a.grantee <> c.relowner
    WHERE n.nspname IN ('public', 'shown') AND c.relkind = ANY (%s)
"""
TIMESCALE_USERS: Final = """
    SELECT role, count(*) FROM (
        SELECT coalesce(r.rolname, 'public') AS role
        FROM pg_depend AS d
        JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'timescaledb'
        LEFT JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        LEFT JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND d.objsubid = 0
        CROSS JOIN LATERAL aclexplode(
            CASE WHEN p.oid IS NULL THEN c.relacl ELSE coalesce(p.proacl, acldefault('f', p.proowner)) END
        ) AS a
        LEFT JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE d.deptype = 'e' AND d.classid = %s::regclass AND a.privilege_type = %s
    ) AS _ WHERE role = ANY (%s) GROUP BY role
"""
REFUSED: Final[list[tuple[str, str, LiteralString]]] = [
    ("ingestion computes nothing", "hub_ingest", "SELECT * FROM balance"),
    ("and does not know people", "hub_ingest", "SELECT * FROM holder"),
    ("nor forgets what was heard", "hub_ingest", "DELETE FROM reading"),
    ("nor changes a mark's day", "hub_ingest", "UPDATE stale SET day = '2000-01-01'"),
    ("computing invents no reading", "hub_process", "INSERT INTO reading VALUES (1, now(), 1)"),
    ("and changes none", "hub_process", "UPDATE reading SET value = 0"),
    ("nor who takes part", "hub_process", "DELETE FROM membership"),
    ("nor what a settled month was", "hub_process", "UPDATE balance_revision SET consumption_wh = 0"),
    ("nor what energy costs", "hub_process", "UPDATE tariff SET rule = '{}'"),
    ("nor what was released", "hub_process", "UPDATE release SET digest = ''"),
    ("nor takes it back", "hub_process", "DELETE FROM release_file"),
    ("nor shows it to anybody", "hub_process", "INSERT INTO viewer VALUES ('hub_open', 1)"),
    ("the API sees no reading", "hub_api", "SELECT * FROM reading"),
    ("no interval", "hub_api", "SELECT * FROM interval"),
    ("no holder", "hub_api", "SELECT * FROM holder"),
    ("no message that was refused", "hub_api", "SELECT payload FROM rejected_message"),
    ("and changes nothing", "hub_api", "UPDATE balance SET consumption_wh = 0"),
    ("not even for a moment", "hub_api", "CREATE TEMPORARY TABLE t (no int)"),
    ("open data is what was released", "hub_open", "SELECT * FROM balance"),
    ("and no more", "hub_open", "SELECT id FROM community"),
    ("and is not written to", "hub_open", "DELETE FROM release"),
    *[("nobody becomes the owner", part, "SET ROLE hub_owner") for part in PARTS],
    *[("nor the operator", part, "SET ROLE hub") for part in PARTS],
    *[("nor makes a table", part, "CREATE TABLE public.t (no int)") for part in PARTS],
    *[("nor a schema", part, "CREATE SCHEMA s") for part in PARTS],
    *[("nor drops one", part, "DROP SCHEMA shown CASCADE") for part in PARTS],
    *[("nor makes a login", part, "CREATE ROLE somebody") for part in PARTS],
    *[("nor writes large objects", part, "SELECT lo_create(0)") for part in PARTS],
    ("the operator makes no superuser", "hub", "SET ROLE NONE; CREATE ROLE somebody SUPERUSER"),
    ("does not change a part's password", "hub", "SET ROLE NONE; ALTER ROLE hub_open PASSWORD 'x'"),
    ("nor a superuser", "hub", "SET ROLE NONE; ALTER ROLE postgres PASSWORD 'x'"),
    ("takes no more rights", "hub", "SET ROLE NONE; GRANT pg_read_server_files TO hub"),
    ("not even a part's", "hub", "SET ROLE NONE; GRANT hub_ingest TO hub"),
    ("the owner makes no login", "hub", "CREATE ROLE somebody"),
]


@pytest.fixture(scope="module", params=BOTH_KINDS)
def server(ask_for_server: AskForServer, request: pytest.FixtureRequest) -> Postgres:
    """A running PostgreSQL, plain and then with TimescaleDB."""
    return ask_for_server(request.param)


@pytest.fixture(scope="module")
def url(server: Postgres) -> Iterator[str]:
    """A deployed database; the tests leave it as it is."""
    with deployed_database(server) as url:
        yield url


def privileges(url: str) -> dict[str, dict[str, str]]:
    """Who may do what on tables and views, besides their owner."""
    found: dict[str, dict[str, set[str]]] = {}
    with connect(url) as superuser:
        for relation, role, privilege in superuser.execute(PRIVILEGES, [["r", "p", "v", "m"]]):
            rights = found.setdefault(relation, {})
            if role is not None:
                rights.setdefault(role, set()).add(privilege)
    return {
        relation: {role: " ".join(sorted(some)) for role, some in rights.items()} for relation, rights in found.items()
    }


def test_every_table_and_view_is_granted_as_it_is_written_here(url: str) -> None:
    wanted = {
        relation: {role: " ".join(sorted(some.split())) for role, some in rights.items()}
        for relation, rights in GRANTED.items()
    }
    found = privileges(url)
    assert sorted(found) == sorted(wanted), "say in store/sql/grants.sql and here who may do what with a new one"
    assert found == wanted


def test_nobody_may_use_a_sequence(url: str) -> None:
    with connect(url) as superuser:
        assert {role for _, role, _ in superuser.execute(PRIVILEGES, [["S"]])} == {None}


def test_every_function_is_called_by_those_who_are_named_here(url: str) -> None:
    with connect(url) as superuser:
        rows = superuser.execute(
            """
            SELECT p.proname, r.rolname, has_function_privilege(r.oid, p.oid, 'EXECUTE')
            FROM pg_proc AS p CROSS JOIN pg_roles AS r
            WHERE p.pronamespace IN ('public'::regnamespace, 'shown'::regnamespace)
                AND p.proowner = 'hub_owner'::regrole AND r.rolname = ANY (%s)
            """,
            [[*PARTS]],
        ).fetchall()
    assert {name for name, _, _ in rows} == set(CALLED), "say in store/sql/grants.sql and here who may call a new one"
    assert {name: {role for of, role, may in rows if of == name and may} for name in CALLED} == CALLED


def test_nobody_but_the_owner_may_use_what_timescaledb_brings(url: str, server: Postgres) -> None:
    """Neither the hub's parts, which read and write hypertables all the same, nor whoever else has a login."""
    with connect(url) as superuser:
        callers = superuser.execute(TIMESCALE_USERS, ["pg_proc", "EXECUTE", [*PARTS, "hub_owner", "public"]]).fetchall()
        readers = superuser.execute(TIMESCALE_USERS, ["pg_class", "SELECT", [*PARTS, "hub_owner", "public"]]).fetchall()
    assert {role for role, _ in callers + readers} == ({"hub_owner"} if server.kind == "timescale-17" else set())
    assert all(many > 50 for _, many in callers + readers)


def test_everything_belongs_to_the_owner(url: str) -> None:
    with connect(url) as superuser:
        others = superuser.execute(
            """
            SELECT c.oid::regclass, pg_get_userbyid(c.relowner)
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE (n.nspname IN ('public', 'shown') OR c.relname LIKE '%_chunk')
                AND c.relowner <> 'hub_owner'::regrole AND c.relkind IN ('r', 'p', 'v', 'S')
            """
        ).fetchall()
        assert others == []
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert superuser.execute(owner).fetchone() == ("hub_owner",)


@pytest.mark.parametrize(("why", "role", "statement"), REFUSED, ids=[f"{role}: {why}" for why, role, _ in REFUSED])
def test_what_a_login_is_refused(url: str, why: str, role: str, statement: LiteralString) -> None:
    with login(url, role) as connection:
        try:
            connection.execute(statement)
        except InsufficientPrivilege:
            return
    pytest.fail(f"{why}, yet it was done")


def test_grants_are_put_right_by_the_next_migration(url: str) -> None:
    with connect(url) as superuser:
        superuser.execute("GRANT ALL ON reading, holder TO hub_open, hub_api")
        superuser.execute("GRANT UPDATE (value) ON reading TO PUBLIC")
        superuser.execute("REVOKE ALL ON balance FROM hub_process")
        superuser.execute("GRANT EXECUTE ON FUNCTION describe(regclass, text, text) TO PUBLIC")
        superuser.execute("GRANT USAGE ON SCHEMA shown TO hub_api")
    with login(url, "hub") as hub:
        assert migrate(hub) == []
        assert hub.execute("SELECT has_schema_privilege('hub_api', 'shown', 'USAGE')").fetchone() == (False,)
    test_every_table_and_view_is_granted_as_it_is_written_here(url)
    test_every_function_is_called_by_those_who_are_named_here(url)


def test_what_a_superuser_migrates_belongs_to_the_owner_too(ask_for_server: AskForServer) -> None:
    with deployed_database(ask_for_server("wheel-16"), migrated=False) as url:
        with connect(url) as superuser:
            assert migrate(superuser)
            assert superuser.execute("SELECT current_user").fetchone() == ("postgres",)
        test_everything_belongs_to_the_owner(url)
        test_every_table_and_view_is_granted_as_it_is_written_here(url)


def test_where_roles_did_not_run_one_login_does_everything(both_migrated_url: str) -> None:
    found = privileges(both_migrated_url)
    assert set(found) == set(GRANTED)
    assert [rights for rights in found.values() if rights] == []


def test_a_view_that_comes_later_is_shown_to_the_viewers_there_are(url: str) -> None:
    with login(url, "hub") as hub:
        apply(hub, TERRITORY)
        viewer = viewers.add(hub, ["hourly"])
        hub.execute("CREATE VIEW shown.later AS SELECT 1 AS no")
        try:
            migrate(hub)
            with login(url, viewer.role) as own:
                assert own.execute("SELECT no FROM shown.later").fetchall() == [(1,)]
        finally:
            hub.execute("DROP VIEW shown.later")
            viewers.remove(hub, viewer.role)


def test_before_postgresql_16_a_superuser_makes_viewers(ask_for_server: AskForServer) -> None:
    with deployed_database(ask_for_server("debian-15")) as url, login(url, "hub") as hub, connect(url) as superuser:
        apply(hub, TERRITORY)
        with pytest.raises(Unavailable, match="run the command as a superuser of PostgreSQL"):
            viewers.add(hub, ["hourly"])
        assert viewers.viewers(hub) == {}
        viewer = viewers.add(superuser, ["hourly"])
        with connect(as_role(url, viewer.role)) as own:
            assert own.execute("SELECT id FROM shown.community").fetchall() == [("hourly",)]
        with pytest.raises(Unavailable, match="run the command as a superuser of PostgreSQL"):
            viewers.remove(hub, viewer.role)
        assert viewers.viewers(hub) == {viewer.role: ["hourly"]}
        viewers.remove(superuser, viewer.role)
        assert viewers.viewers(hub) == {}
