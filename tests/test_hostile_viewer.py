"""A viewer who sends any SQL, on a deployed database: what comes back, and that the attempts notice what is missing."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dashboards.panels import read_sql
from energy.time import PARIS, local_day
from store import viewers
from store.connect import connect
from tests.conftest import AskForServer
from tests.deployed_database import as_role, deployed_database, login
from tests.grafana_viewer import Viewer
from tests.hostile_attempts import ALWAYS, MUTATIONS, ON_TIMESCALE, Attempt
from tests.metering import append, apply, process, register
from tests.servers import BOTH_KINDS, Postgres

TERRITORY: Final = """
community = [
    { id = "mine", name = "Mine", place = "Here" },
    { id = "secret-valley", name = "Hidden Valley", place = "Elsewhere-sur-Mer" },
]
holder = [{ id = "someone" }, { id = "madame-secret" }]
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "mine"
device = [{ id = "m" }]

[[point]]
id = "guest"
holder = "someone"
name = "Guest"
category = "home"
membership = [{ community = "mine", from = 2026-02-01, to = 2026-02-02 }]
device = [{ id = "g" }]

[[point]]
id = "secret-home"
holder = "madame-secret"
name = "Their home"
category = "home"
community = "secret-valley"
device = [{ id = "secret-meter" }]
"""
SECRETS: Final = ("secret-", "Hidden Valley", "Elsewhere-sur-Mer", "7391246", "7391.246")
"""What only others have: ids, names, and what their meter counted in a quarter of an hour. [Wh, kWh]"""


WHOLE_MONTHS: Final = """
    INSERT INTO interval
    SELECT p.no, 'import', 'device', at, 100, 0, 'register'
    FROM point AS p
    CROSS JOIN (
        SELECT date_trunc('month', now() AT TIME ZONE 'Europe/Paris') + '1 month'::interval
        UNION ALL
        SELECT '2026-02-01'
    ) AS m (month)
    CROSS JOIN generate_series(
        m.month AT TIME ZONE 'Europe/Paris',
        (m.month + '1 month'::interval) AT TIME ZONE 'Europe/Paris' - '15 min'::interval,
        '15 min'
    ) AS at;
    INSERT INTO balance
    SELECT c.no, now() + '35 days'::interval, 1, 1, 1, 0, 0, 1, 1, 0, true FROM community AS c WHERE c.id = 'mine';
    INSERT INTO statement (community_no, month, point_no, allocated_wh, saving_eur, present)
    SELECT c.no, m.month, p.no, 1000, CASE WHEN c.id = 'mine' THEN p.saving_eur ELSE 7391.246 END, 1
    FROM community AS c
    CROSS JOIN (VALUES (1, 1.75), (2, -0.25)) AS p (no, saving_eur)
    CROSS JOIN (
        VALUES ('2026-02-01'::date), ((date_trunc('month', now()) + '1 month'::interval)::date)
    ) AS m (month);
    INSERT INTO equity
    SELECT
        c.no, 'month', '2026-02', '2026-02-01', '2026-02-01', 'category', m.name, m.members,
        1, 1, NULL, 1, 0, 1, 0, 1, 1
    FROM community AS c
    CROSS JOIN (VALUES ('home', 3), ('shop', 2)) AS m (name, members)
"""
"""Of every point a month that is over, and the next one: no month ends while the tests run."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed database with two communities, and the login of somebody who may see one."""

    server: Postgres
    url: str
    database: str
    role: str
    chunk: str

    def attempts(self) -> list[Attempt]:
        return [*ALWAYS, *ON_TIMESCALE] if self.server.kind == "timescale-17" else ALWAYS

    def text(self, attempt: str) -> bytes:
        return (
            attempt.replace("CHUNK", self.chunk)
            .replace("VIEWER", self.role)
            .replace("DATABASE DATABASE", f"DATABASE {self.database}")
            .encode()
        )


@pytest.fixture(scope="module", params=BOTH_KINDS)
def deployed(ask_for_server: AskForServer, request: pytest.FixtureRequest) -> Iterator[Deployed]:
    server = ask_for_server(request.param)
    with deployed_database(server) as url:
        with login(url, "hub") as hub, login(url, "hub_ingest") as ingest:
            apply(hub, TERRITORY)
            append(ingest, register("m", [0, 100, 250]) + register("secret-meter", [0, 7391246, 2 * 7391246]))
            process(as_role(url, "hub_process"))
            role = viewers.add(hub, ["mine"]).role
        with connect(url) as superuser:
            superuser.execute(WHOLE_MONTHS)
            superuser.execute(  # a file of the operator says the same of both meters
                "INSERT INTO interval SELECT point_no, flow, 'operator', start, energy_wh, 0, 'curve' FROM interval"
            )
            superuser.execute("ANALYZE")
            ((database, chunk),) = superuser.execute(
                "SELECT current_database(), coalesce((SELECT inhrelid::regclass::text FROM pg_inherits"
                " WHERE inhparent = 'reading'::regclass LIMIT 1), 'public.reading')"
            ).fetchall()
        assert chunk.startswith("_timescaledb_internal.") == (server.kind == "timescale-17")
        yield Deployed(server, url, database, role, chunk)


def answer_of(connection: psycopg.Connection, text: bytes) -> object:
    """The rows of the last statement of a text that is sent in one go."""
    with connection.cursor() as cursor:
        if text.startswith(b"COPY") and text.endswith(b"STDOUT"):
            with cursor.copy(text) as copy:
                return list(copy.rows())
        cursor.execute(text, prepare=False)
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description is not None else None


def overstep(connection: psycopg.Connection, attempt: Attempt, text: bytes) -> str | None:
    """Send an attempt, and say what it got that it should not; None when all is well."""
    heard: list[str] = []
    connection.add_notice_handler(lambda notice: heard.append(str(notice.message_primary)))
    answer: object = None
    try:
        answer = answer_of(connection, text)
        heard.append(str(answer))
    except psycopg.Error as error:
        answer = type(error)
        heard.append(str(error))
    if answer != attempt.answer:
        return f"{attempt.why}: {attempt.sql} gives {answer}, not {attempt.answer} {heard[-1:]}"
    told = [secret for secret in SECRETS if secret in " ".join(heard) and secret not in attempt.sql]
    return f"{attempt.why}: {attempt.sql} tells {told}" if told else None


def test_every_attempt_is_answered_as_it_should_be(deployed: Deployed) -> None:
    with login(deployed.url, "hub") as hub:
        hub.execute("SELECT 'asked by the hub'")
        found = []
        with login(deployed.url, deployed.role) as viewer:
            viewer.prepare_threshold = None
            for attempt in deployed.attempts():
                # It may undo this itself, so nothing may depend on it.
                viewer.execute("SET default_transaction_read_only = off")
                viewer.execute("SET statement_timeout = '5s'")
                found.append(overstep(viewer, attempt, deployed.text(attempt.sql)))
                viewer.rollback()
                viewer.execute("DISCARD ALL")  # as a new connection, and ten times as quick
    assert "\n".join(line for line in found if line) == ""


@pytest.mark.parametrize(("undone", "whys"), MUTATIONS, ids=[undone for undone, _ in MUTATIONS])
def test_an_attempt_notices_when_its_protection_is_missing(deployed: Deployed, undone: str, whys: list[str]) -> None:
    """Nothing is committed: the attempts are made in the transaction that has taken the protection away."""
    attempts = [attempt for attempt in deployed.attempts() if attempt.why in whys]
    assert len(attempts) == len(whys)
    with login(deployed.url, "hub") as hub, connect(deployed.url) as superuser:
        hub.execute("SELECT 'asked by the hub'")
        for attempt in attempts:
            for is_missing in (False, True):
                with superuser.transaction(force_rollback=True):
                    if is_missing:
                        superuser.execute(deployed.text(undone))
                    superuser.execute(
                        sql.SQL("SET LOCAL SESSION AUTHORIZATION {}").format(sql.Identifier(deployed.role))
                    )
                    with superuser.transaction(force_rollback=True):
                        found = overstep(superuser, attempt, deployed.text(attempt.sql))
                assert (found is not None) == is_missing, f"{attempt.why} when undone is {is_missing}: {found}"


def test_no_relation_that_it_can_read_holds_anything_of_others(deployed: Deployed) -> None:
    """Catalogs and statistics too, row by row, as text."""
    with login(deployed.url, deployed.role) as viewer:
        relations = viewer.execute(
            """
            SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND has_any_column_privilege(c.oid, 'SELECT')
                AND has_schema_privilege(n.oid, 'USAGE')
            """
        ).fetchall()
        outside = {name for name in relations if name[0] not in ("pg_catalog", "information_schema")}
        views = ("community", "balance", "awaited_flow", "residual", "result_residual", "value", "equity")
        assert outside == {("shown", name) for name in views}
        read = 0
        for name in relations:
            query = sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(*name))
            try:
                text = "\n".join(row[0] or "" for row in viewer.execute(query))
            except psycopg.errors.InsufficientPrivilege:
                continue  # some columns of it only, or a view over a function that refuses
            assert [secret for secret in SECRETS if secret in text] == [], name
            read += 1
        assert read > 150


@pytest.mark.parametrize(
    ("panel", "column", "expected"),
    [("about", "name", "Mine"), ("value", "saving_eur", Decimal("1.50")), ("equity", "group_name", "home")],
)
def test_a_panel_shows_it_its_community(deployed: Deployed, panel: str, column: str, expected: object) -> None:
    with login(deployed.url, deployed.role) as viewer:
        answer = Viewer(viewer).ask(read_sql(panel), ["mine", "secret-valley"], local_day(date(2026, 2, 27), PARIS))
        assert answer.column(column) == [expected]


def test_what_it_starts_with(deployed: Deployed) -> None:
    with login(deployed.url, deployed.role) as viewer:
        settings = ("default_transaction_read_only", "statement_timeout", "temp_file_limit", "log_min_messages")
        shown = [viewer.execute("SELECT current_setting(%s)", [name]).fetchone() for name in settings]
        assert shown == [("on",), ("30s",), ("256MB",), ("fatal",)]
        role = "SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit"
        found = viewer.execute(f"{role} FROM pg_roles WHERE rolname = session_user".encode()).fetchone()
        assert found == (False, False, False, False, False, False, 20)


def test_it_cannot_fill_the_disk_by_sorting(deployed: Deployed) -> None:
    with login(deployed.url, deployed.role) as viewer:
        viewer.execute("SET work_mem = '64kB'")
        viewer.execute("SET statement_timeout = 0")
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="temp_file_limit"):
            viewer.execute(
                "SELECT repeat('x', 10000) || n FROM generate_series(1, 1000000) AS n ORDER BY 1 LIMIT 1 OFFSET 99999"
            )


def test_its_errors_fill_no_log(deployed: Deployed) -> None:
    """They repeat the values in them, and a connection with another login shows that they would be logged."""
    for role in (deployed.role, "hub_open"):
        with login(deployed.url, role) as connection:
            for text in ("SELECT 'an error of '::text || session_user::int", "DO $$ BEGIN RAISE LOG 'said'; END $$"):
                with suppress(psycopg.errors.InvalidTextRepresentation):
                    connection.execute(text.encode())
    log = deployed.server.process.log.read_text(errors="replace")
    assert 'invalid input syntax for type integer: "hub_open"' in log
    assert f'invalid input syntax for type integer: "{deployed.role}"' not in log
    assert log.count("LOG:  said") == 1


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_it_reaches_no_other_database(deployed: Deployed, database: str) -> None:
    """There it could make large objects, and temporary tables."""
    elsewhere = make_conninfo(deployed.url, user=deployed.role, dbname=database)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(elsewhere)
