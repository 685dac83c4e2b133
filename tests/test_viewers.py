"""What a login that looks at Grafana may see: its own communities through the views of `shown`, and nothing else."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from energy.errors import NotFound
from store import viewers
from store.connect import connect
from tests.metering import append, apply, process, register

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
    "SELECT grant_viewer(current_user)",
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
    """A role that may connect, its own connection, and the owner's."""

    role: str
    owner: psycopg.Connection
    own: psycopg.Connection

    def sees(self, query: LiteralString) -> list[tuple[object, ...]]:
        return self.own.execute(query).fetchall()


@pytest.fixture
def login(any_migrated_url: str) -> Iterator[Login]:
    """A new login on a database where two communities have a balance."""
    role = f"viewer {secrets.token_hex(4)}"  # the space: names are quoted, wherever they are used
    name = sql.Identifier(role)
    with connect(any_migrated_url) as owner:
        apply(owner, TERRITORY)
        append(owner, register("m", [0, 100, 250]) + register("t", [0, 40, 90]))
        process(any_migrated_url)
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        try:
            with connect(make_conninfo(any_migrated_url, user=role)) as own:
                yield Login(role, owner, own)
        finally:
            owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
            owner.execute(sql.SQL("DROP ROLE {}").format(name))


def test_a_viewer_sees_its_communities_and_no_other(login: Login) -> None:
    viewers.allow(login.owner, login.role, ["mine"])
    assert login.sees("SELECT id FROM shown.community") == [("mine",)]
    assert login.sees("SELECT DISTINCT community FROM shown.balance") == [("mine",)]
    assert login.sees("SELECT sum(consumption_kwh)::float8 FROM shown.balance") == [(0.25,)]
    viewers.allow(login.owner, login.role, ["mine", "also-mine"])
    assert login.sees("SELECT id FROM shown.community ORDER BY id") == [("also-mine",), ("mine",)]


def test_a_login_that_nobody_allowed_sees_nothing(login: Login) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login.sees("SELECT * FROM shown.balance")
    login.owner.execute("SELECT grant_viewer(%s)", [login.role])
    assert login.sees("SELECT * FROM shown.balance") == []
    assert login.sees("SELECT * FROM shown.community") == []


def test_a_viewer_reads_nothing_beneath_the_views(login: Login) -> None:
    """Every relation of the database is tried, chunks of hypertables too."""
    viewers.allow(login.owner, login.role, ["mine"])
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
    viewers.allow(login.owner, login.role, ["mine"])
    for statement in ATTEMPTS:
        with pytest.raises(REFUSED):
            login.own.execute(statement)


def test_a_viewer_cannot_see_what_a_leaky_function_is_shown(login: Login) -> None:
    """A cheap function in the WHERE clause is not called with the rows of others."""
    viewers.allow(login.owner, login.role, ["mine"])
    heard: list[str] = []
    login.own.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    login.own.execute(
        """
        CREATE FUNCTION pg_temp.leak(value text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
        AS $$ BEGIN RAISE NOTICE '%', value; RETURN true; END $$
        """
    )
    login.own.execute("SELECT * FROM shown.balance WHERE pg_temp.leak(community)")
    assert set(heard) == {"mine"}


def test_a_removed_community_is_seen_by_nobody(login: Login) -> None:
    viewers.allow(login.owner, login.role, ["also-mine"])
    apply(login.owner, TERRITORY.replace('    { id = "also-mine", name = "Also mine", place = "Here" },\n', ""))
    assert login.sees("SELECT * FROM shown.community") == []


def test_an_unknown_role_or_community_is_named_and_nothing_is_allowed(login: Login) -> None:
    with pytest.raises(NotFound, match=r"no database role 'nobody here'.*CREATE ROLE"):
        viewers.allow(login.owner, "nobody here", ["mine"])
    with pytest.raises(NotFound, match="no community 'elsewhere'"):
        viewers.allow(login.owner, login.role, ["mine", "elsewhere"])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login.sees("SELECT * FROM shown.balance")
    assert login.owner.execute("SELECT count(*) FROM viewer").fetchone() == (0,)
