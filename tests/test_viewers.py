"""What a login that looks at Grafana may see: its own communities through the views of `shown`, and nothing else."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from energy.errors import NotFound, Unavailable
from store import viewers
from store.connect import connect
from tests.conftest import AskForServer, AskForTemplate
from tests.databases import new_database
from tests.deployed_database import EACH_VERSION
from tests.metering import append, apply, process, register
from tests.servers import Postgres

TERRITORY = """
community = [
    { id = "mine", name = "Mine", place = "Here" },
    { id = "also-mine", name = "Also mine", place = "Here" },
    { id = "theirs", name = "Theirs", place = "There" },
]
holder = [{ id = "someone" }]
point = [
    { id = "home", holder = "someone", name = "Home", category = "home", community = "mine", device = [{ id = "m" }] },
    { id = "far", holder = "someone", name = "Far", category = "home", community = "theirs", device = [{ id = "t" }] },
]
"""
ATTEMPTS: Final[tuple[LiteralString, ...]] = (
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "INSERT INTO viewer SELECT current_user, 3",
    "UPDATE shown.balance SET consumption_kwh = 0",
    "DELETE FROM shown.community",
    "CREATE TABLE public.mine (no int)",
    "CREATE VIEW shown.mine AS SELECT * FROM public.balance",
    "COPY (SELECT 1) TO '/tmp/enercommons-test'",
    "TRUNCATE reading",
)
# A view over several tables cannot be written to, whoever asks.
REFUSED: Final = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)


@dataclass(frozen=True)
class Login:
    """A viewer of a community, its own connection, and the owner's."""

    role: str
    owner: psycopg.Connection
    own: psycopg.Connection

    def sees(self, query: LiteralString) -> list[tuple[object, ...]]:
        return self.own.execute(query).fetchall()


@contextmanager
def viewing(url: str, *communities: str) -> Iterator[Login]:
    """A viewer of communities; it is gone when the context ends."""
    with connect(url) as owner:
        viewer = viewers.add(owner, communities)
        try:
            with connect(make_conninfo(url, user=viewer.role, password=viewer.password)) as own:
                own.execute("SET default_transaction_read_only = off")
                yield Login(viewer.role, owner, own)
        finally:
            if viewer.role in viewers.viewers(owner):
                viewers.remove(owner, viewer.role)


@pytest.fixture(scope="module", params=EACH_VERSION)
def server(ask_for_server: AskForServer, request: pytest.FixtureRequest) -> Postgres:
    """A running PostgreSQL of each version in turn."""
    return ask_for_server(request.param)


@pytest.fixture(scope="module")
def filled_url(server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    """A database where two communities have a balance; the tests leave it as it is."""
    with new_database(server, ask_for_template(server)) as url:
        with connect(url) as owner:
            apply(owner, TERRITORY)
            append(owner, register("m", [0, 100, 250]) + register("t", [0, 40, 90]))
            process(url)
        yield url


@pytest.fixture
def login(filled_url: str) -> Iterator[Login]:
    """A viewer of the community `mine`."""
    with viewing(filled_url, "mine") as login:
        yield login


def test_a_viewer_sees_its_communities_and_no_other(filled_url: str) -> None:
    with viewing(filled_url, "mine") as one, viewing(filled_url, "mine", "also-mine", "mine") as other:
        assert one.sees("SELECT id FROM shown.community") == [("mine",)]
        assert one.sees("SELECT DISTINCT community FROM shown.balance") == [("mine",)]
        assert one.sees("SELECT sum(consumption_kwh)::float8 FROM shown.balance") == [(0.25,)]
        assert other.sees("SELECT id FROM shown.community ORDER BY id") == [("also-mine",), ("mine",)]
        assert viewers.viewers(one.owner) == {one.role: ["mine"], other.role: ["also-mine", "mine"]}


def test_a_login_that_nobody_made_a_viewer_sees_nothing(login: Login) -> None:
    role = sql.Identifier(f"{login.role}_not")
    login.owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    try:
        with connect(make_conninfo(login.owner.info.dsn, user=f"{login.role}_not")) as other:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                other.execute("SELECT * FROM shown.balance")
            login.owner.execute(sql.SQL("GRANT USAGE ON SCHEMA shown TO {}").format(role))
            login.owner.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA shown TO {}").format(role))
            assert other.execute("SELECT * FROM shown.balance").fetchall() == []
            assert other.execute("SELECT * FROM shown.community").fetchall() == []
            assert viewers.viewers(login.owner)[f"{login.role}_not"] == []
    finally:
        login.owner.execute(sql.SQL("DROP OWNED BY {}").format(role))
        login.owner.execute(sql.SQL("DROP ROLE {}").format(role))


def test_a_viewer_reads_nothing_beneath_the_views(login: Login) -> None:
    """Every relation of the database is tried, chunks of hypertables too."""
    relations = login.owner.execute(
        """
        SELECT n.nspname, c.relname
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname !~ '^pg_|^information_schema$'
            AND (n.nspname IN ('public', 'shown') OR c.relname ~ '_chunk$')
        """
    ).fetchall()
    assert len(relations) > 20
    for schema, name in relations:
        query = sql.SQL("SELECT FROM {} LIMIT 1").format(sql.Identifier(schema, name))
        if schema == "shown":
            login.own.execute(query)
            continue
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.own.execute(query)


def test_a_viewer_cannot_become_more(login: Login) -> None:
    for statement in ATTEMPTS:
        with pytest.raises(REFUSED):
            login.own.execute(statement)


def test_a_viewer_cannot_see_what_a_leaky_function_is_shown(login: Login) -> None:
    """A cheap function in the WHERE clause is not called with the rows of others."""
    heard: list[str] = []
    login.own.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    login.own.execute(
        """
        CREATE FUNCTION pg_temp.leak(value text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
        AS $$ BEGIN RAISE NOTICE '%', value; RETURN true; END $$
        """
    )
    login.own.execute("SELECT * FROM shown.balance WHERE pg_temp.leak(community)")
    login.own.execute("DROP FUNCTION pg_temp.leak(text)")  # a role that owns something cannot go
    assert set(heard) == {"mine"}


def test_a_removed_community_is_seen_by_nobody(filled_url: str) -> None:
    with viewing(filled_url, "also-mine") as login:
        apply(login.owner, TERRITORY.replace('    { id = "also-mine", name = "Also mine", place = "Here" },\n', ""))
        try:
            assert login.sees("SELECT * FROM shown.community") == []
            assert viewers.viewers(login.owner) == {login.role: []}, "the login is there still, and can be removed"
        finally:
            apply(login.owner, TERRITORY)


def test_a_removed_viewer_can_log_in_no_more_and_what_it_has_open_tells_nothing(login: Login) -> None:
    assert login.sees("SELECT id FROM shown.community") == [("mine",)]
    viewers.remove(login.owner, login.role)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login.sees("SELECT * FROM shown.community")
    with pytest.raises(Unavailable, match="does not exist"):
        connect(make_conninfo(login.owner.info.dsn, user=login.role))
    assert viewers.viewers(login.owner) == {}
    assert login.owner.execute("SELECT count(*) FROM viewer").fetchone() == (0,)


def test_names_and_passwords_are_new_each_time_and_tell_nothing(filled_url: str) -> None:
    with connect(filled_url) as owner:
        made = [viewers.add(owner, ["mine"]) for _ in range(3)]
        try:
            assert all(re.fullmatch(r"graf_[0-9a-f]{12}", viewer.role) for viewer in made)
            assert len({viewer.role for viewer in made} | {viewer.password for viewer in made}) == 6
            kept = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"
            verifiers = [owner.execute(kept, [viewer.role]).fetchall()[0][0] for viewer in made]
            assert all(verifier.startswith("SCRAM-SHA-256$") for verifier in verifiers)
            for viewer, verifier in zip(made, verifiers, strict=True):
                assert is_verifier_of(verifier, viewer.password)
        finally:
            for viewer in made:
                viewers.remove(owner, viewer.role)


def is_verifier_of(verifier: str, password: str) -> bool:
    """Whether a server would let a password in: SCRAM-SHA-256$iterations:salt$stored:server, RFC 5802."""
    _, parameters, keys = verifier.split("$")
    iterations, salt = parameters.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    client = hmac.digest(salted, b"Client Key", "sha256")
    return base64.b64encode(hashlib.sha256(client).digest()).decode() == keys.split(":")[0]


def test_the_server_is_never_told_a_password(filled_url: str, server: Postgres) -> None:
    """Its log repeats every statement, here and on servers that log changes of roles."""
    with connect(filled_url) as owner:
        owner.execute("SET log_statement = 'all'")
        viewer = viewers.add(owner, ["mine"])
        viewers.remove(owner, viewer.role)
    log = server.process.log.read_text(errors="replace")
    assert viewer.role in log
    assert viewer.password not in log


def test_unknown_communities_and_viewers_are_named_and_nothing_is_changed(filled_url: str) -> None:
    with connect(filled_url) as owner:
        with pytest.raises(NotFound, match="no community 'elsewhere'"):
            viewers.add(owner, ["mine", "elsewhere"])
        assert viewers.viewers(owner) == {}
        assert owner.execute("SELECT count(*) FROM viewer").fetchone() == (0,)
        for role in ("postgres", "nobody here", ""):
            with pytest.raises(NotFound, match=f"no viewer '{role}'; `hub viewer list`"):
                viewers.remove(owner, role)


def test_a_login_of_the_hub_is_no_viewer_whatever_it_was_granted(filled_url: str) -> None:
    with connect(filled_url) as owner, owner.transaction(force_rollback=True):
        for role in ("hub_api", "hub"):
            owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            owner.execute(sql.SQL("GRANT USAGE ON SCHEMA shown TO {}").format(sql.Identifier(role)))
            assert viewers.viewers(owner) == {}
            with pytest.raises(NotFound, match=f"no viewer '{role}'"):
                viewers.remove(owner, role)
        assert owner.execute("SELECT count(*) FROM pg_roles WHERE rolname ~ '^hub'").fetchone() == (2,)


def test_a_viewer_with_rights_in_another_database_is_ended_there(
    filled_url: str, server: Postgres, ask_for_template: AskForTemplate
) -> None:
    with (
        new_database(server, ask_for_template(server)) as other_url,
        connect(other_url) as there,
        viewing(filled_url, "mine") as login,
    ):
        there.execute(sql.SQL("GRANT USAGE ON SCHEMA shown TO {}").format(sql.Identifier(login.role)))
        with pytest.raises(Unavailable, match=f"it has rights in {there.info.dbname}: run `hub viewer remove"):
            viewers.remove(login.owner, login.role)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.sees("SELECT * FROM shown.community")
        assert viewers.viewers(login.owner) == {}
        assert viewers.viewers(there) == {login.role: []}
        viewers.remove(there, login.role)
        assert there.execute("SELECT FROM pg_roles WHERE rolname = %s", [login.role]).fetchall() == []
