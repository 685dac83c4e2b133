"""The roles of the database as they are deployed: roles.sql from nothing, again, and over what an older one made."""

from pathlib import Path
from typing import Final

import psycopg
import pytest

from store import viewers
from store.connect import connect
from store.migrate import MIGRATIONS, migrate
from tests.conftest import AskForServer
from tests.deployed_database import (
    EACH_VERSION,
    PASSWORDS,
    ROLES,
    as_role,
    bare_database,
    deployed_database,
    login,
    run_roles,
)
from tests.metering import append, apply, process, register
from tests.servers import Postgres, PostgresKind

TERRITORY: Final = """
community = [{ id = "mine", name = "Mine", place = "Here" }, { id = "other", name = "Other", place = "There" }]
holder = [{ id = "someone" }]
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "mine"
device = [{ id = "m" }]
"""
OLDER: Final = (
    "CREATE ROLE hub LOGIN",
    "CREATE ROLE grafana LOGIN CONNECTION LIMIT 20",
    "ALTER ROLE grafana SET statement_timeout = '30s'",
)
OLDER_IN_DATABASE: Final = (
    "ALTER DATABASE {} OWNER TO hub",
    "REVOKE ALL ON DATABASE {} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {} TO grafana",
)
VERIFIERS: Final = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY (%s) ORDER BY rolname"


@pytest.mark.parametrize("kind", EACH_VERSION)
def test_the_parts_are_logins_without_privilege_and_the_owner_is_none(
    kind: PostgresKind, ask_for_server: AskForServer
) -> None:
    with deployed_database(ask_for_server(kind), migrated=False) as url, connect(url) as superuser:
        rows = superuser.execute(
            "SELECT rolname, rolcanlogin, rolcreaterole, rolsuper OR rolcreatedb OR rolreplication OR rolbypassrls"
            " FROM pg_roles WHERE rolname = ANY (%s)",
            [[*ROLES]],
        ).fetchall()
        may_make_roles = kind != "debian-15"  # where the right would reach nearly all others
        assert {name: (can_log_in, makes_roles, more) for name, can_log_in, makes_roles, more in rows} == {
            "hub_owner": (False, False, False),
            "hub": (True, may_make_roles, False),
            "hub_ingest": (True, False, False),
            "hub_process": (True, False, False),
            "hub_api": (True, False, False),
            "hub_open": (True, False, False),
        }
        with login(url, "hub") as hub:
            assert hub.execute("SELECT session_user::text, current_user::text").fetchone() == ("hub", "hub_owner")


def test_passwords_are_set_anew_each_time_and_never_logged(both_database_server: Postgres) -> None:
    with deployed_database(both_database_server, migrated=False) as url, connect(url) as superuser:
        superuser.execute(f"ALTER DATABASE {superuser.info.dbname} SET log_statement = 'all'".encode())
        before = dict(superuser.execute(VERIFIERS, [[*ROLES]]).fetchall())
        assert before.pop("hub_owner") is None
        assert all(verifier.startswith("SCRAM-SHA-256$") for verifier in before.values())
        changed = {name: f"new-{password}" for name, password in PASSWORDS.items()}
        assert run_roles(url, changed).returncode == 0
        after = dict(superuser.execute(VERIFIERS, [[*ROLES]]).fetchall())
        assert all(after[role] != verifier for role, verifier in before.items())
    log = both_database_server.process.log.read_text(errors="replace")
    assert "SET log_statement = 'none'" in log, "until then it logs"
    assert [password for password in [*PASSWORDS.values(), *changed.values()] if password in log] == []


def test_what_timescaledb_brings_is_closed_again_each_time(ask_for_server: AskForServer) -> None:
    """Only what queries of compressed chunks are planned with, from TimescaleDB 2.20 on, is open to the parts."""
    may = "SELECT has_function_privilege(%s, %s::regproc, 'EXECUTE'), has_table_privilege(%s, %s, 'SELECT')"
    bloom, jobs = "_timescaledb_functions.bloom1_contains", "timescaledb_information.jobs"
    with deployed_database(ask_for_server("timescale-17"), migrated=False) as url, connect(url) as superuser:
        superuser.execute("GRANT EXECUTE ON FUNCTION add_job TO PUBLIC, hub_ingest, hub_process")
        superuser.execute(f"GRANT SELECT ON {jobs} TO PUBLIC, hub_process")
        superuser.execute(f"CREATE FUNCTION {bloom}(bytea, int) RETURNS boolean LANGUAGE sql AS 'SELECT true'")
        superuser.execute(f"ALTER EXTENSION timescaledb ADD FUNCTION {bloom}(bytea, int)")
        assert run_roles(url).returncode == 0
        for role, may_look_into_bloom in {"hub_ingest": True, "hub_process": True, "hub_api": False}.items():
            assert superuser.execute(may, [role, "add_job", role, jobs]).fetchone() == (False, False)
            assert superuser.execute(may, [role, bloom, role, jobs]).fetchone() == (may_look_into_bloom, False)


@pytest.mark.parametrize("missing", PASSWORDS)
def test_an_empty_password_is_refused_by_name(database_url: str, missing: str) -> None:
    for passwords in (PASSWORDS | {missing: ""}, {name: value for name, value in PASSWORDS.items() if name != missing}):
        result = run_roles(database_url, passwords)
        assert result.returncode != 0
        assert f"set {missing} in the environment, then run this again" in result.stderr
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT FROM pg_roles WHERE rolname = ANY (%s)", [[*ROLES]]).fetchall()
        assert found == []


def test_a_database_that_the_login_hub_owned_is_handed_over(both_database_server: Postgres, tmp_path: Path) -> None:
    """With its chunks and its viewer, who goes on seeing what it saw."""
    for name in sorted(file.name for file in MIGRATIONS.iterdir() if file.name < "0005"):
        (tmp_path / name).write_bytes(MIGRATIONS.joinpath(name).read_bytes())
    with bare_database(both_database_server) as url:
        with connect(url) as superuser:
            for statement in OLDER:
                superuser.execute(statement)
            for statement in OLDER_IN_DATABASE:
                superuser.execute(statement.format(superuser.info.dbname).encode())
        older = [(tmp_path / name).read_bytes() for name in sorted(path.name for path in tmp_path.iterdir())]
        with connect(as_role(url, "hub")) as hub:
            for text in older:
                hub.execute(text)
            hub.execute("INSERT INTO community (id, name, place, zone, step_min) VALUES ('mine', 'M', 'H', 'UTC', 15)")
            hub.execute("INSERT INTO viewer SELECT 'grafana', no FROM community")
            hub.execute("SELECT grant_viewer('grafana')")
            hub.execute("INSERT INTO reading VALUES (99, '2025-01-05', 1)")
            hub.execute("CREATE TABLE migration (name text PRIMARY KEY, digest text, ran_at timestamptz DEFAULT now())")
            for path in tmp_path.iterdir():
                hub.execute(
                    "INSERT INTO migration (name, digest) VALUES (%s, encode(sha256(%s), 'hex'))",
                    [path.name, path.read_bytes()],
                )
        assert run_roles(url).returncode == 0
        with login(url, "hub") as hub, login(url, "hub_ingest") as ingest, login(url, "grafana") as grafana:
            assert migrate(hub)
            owned = hub.execute("SELECT relname FROM pg_class WHERE relowner = 'hub'::regrole").fetchall()
            assert owned == []
            apply(hub, TERRITORY)
            append(ingest, register("m", [0, 100, 250]))
            process(as_role(url, "hub_process"))
            assert hub.execute("SELECT count(*) FROM reading").fetchone() == (4,)
            assert grafana.execute("SELECT id FROM shown.community").fetchall() == [("mine",)]
            assert viewers.viewers(hub) == {"grafana": ["mine"]}
        with connect(url) as superuser:
            viewers.remove(superuser, "grafana")
