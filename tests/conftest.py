"""Fixtures every test may ask for: real databases, a real broker, free ports.

`database_url` and `migrated_url` are on the server chosen by `--database` (PostgreSQL 16 from the wheel, unless told
otherwise). Their `both_` twins run the test on plain PostgreSQL and on TimescaleDB: tests of the store ask for them.
Their `any_` twins run it on each kind, for what versions may differ in. A server is started at the first test that asks
for it and kept until the end; with pytest-xdist each worker has its own. A test that stops or kills a server starts its
own with `running_postgres` or uses `mosquitto`, which is new for each test.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Final, TypeAlias, TypeVar

import pytest

from tests.databases import MIGRATED, make_migrated_template, new_database
from tests.processes import MissingServerError, choose_free_port, servers_left
from tests.servers import (
    BOTH_KINDS,
    POSTGRES_KINDS,
    Mosquitto,
    Postgres,
    PostgresKind,
    running_mosquitto,
    running_postgres,
)

MISSING: Final = "Not tested, for want of a server: "
AskForServer: TypeAlias = Callable[[PostgresKind], Postgres]
Server = TypeVar("Server")
AskForTemplate: TypeAlias = Callable[[Postgres], str]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `--database` choose the kind of PostgreSQL."""
    parser.addoption("--database", choices=POSTGRES_KINDS, default="wheel-16", help="the PostgreSQL most tests run on")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers were missing, so that a green run does not look more complete than it was."""
    reports = [*terminalreporter.getreports("skipped"), *terminalreporter.getreports("error")]
    texts = [report.longreprtext if report.outcome == "failed" else str(report.longrepr) for report in reports]
    missing = {
        MISSING + text.partition(MISSING)[2].partition("\n")[0].rstrip("')") for text in texts if MISSING in text
    }
    for line in sorted(missing):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def no_server_left() -> Iterator[None]:
    """Fail when a server of these tests, or its data, is still there after all of them have been stopped."""
    yield
    assert servers_left() == []


@pytest.fixture(scope="session")
def ask_for_server(no_server_left: None) -> Iterator[AskForServer]:
    """Return a function that starts a server of a kind, or returns the one that runs."""
    servers: dict[PostgresKind, Postgres] = {}
    with ExitStack() as stack:

        def ask(kind: PostgresKind) -> Postgres:
            if kind not in servers:
                servers[kind] = enter_or_do_without(stack, running_postgres(kind))
            return servers[kind]

        yield ask


@pytest.fixture(scope="session")
def ask_for_template() -> AskForTemplate:
    """Return a function that makes the migrated template on a server once, and names it."""
    made: set[PostgresKind] = set()

    def ask(server: Postgres) -> str:
        if server.kind not in made:
            make_migrated_template(server)
            made.add(server.kind)
        return MIGRATED

    return ask


@pytest.fixture(scope="session")
def database_server(ask_for_server: AskForServer, pytestconfig: pytest.Config) -> Postgres:
    """A running PostgreSQL."""
    kind: PostgresKind = pytestconfig.option.database
    return ask_for_server(kind)


@pytest.fixture(params=BOTH_KINDS)
def both_database_server(ask_for_server: AskForServer, request: pytest.FixtureRequest) -> Postgres:
    """A running PostgreSQL, plain and then with TimescaleDB."""
    return ask_for_server(request.param)


@pytest.fixture(params=POSTGRES_KINDS)
def any_database_server(ask_for_server: AskForServer, request: pytest.FixtureRequest) -> Postgres:
    """A running PostgreSQL of each kind in turn."""
    return ask_for_server(request.param)


@pytest.fixture
def database_url(database_server: Postgres) -> Iterator[str]:
    """The address of an empty database."""
    with new_database(database_server) as url:
        yield url


@pytest.fixture
def migrated_url(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    """The address of a database with the schema of the hub and nothing in it."""
    with new_database(database_server, ask_for_template(database_server)) as url:
        yield url


@pytest.fixture
def both_database_url(both_database_server: Postgres) -> Iterator[str]:
    """The address of an empty database, plain and then with TimescaleDB to be had."""
    with new_database(both_database_server) as url:
        yield url


@pytest.fixture
def both_migrated_url(both_database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    """The address of a database with the schema of the hub, plain and then with hypertables."""
    with new_database(both_database_server, ask_for_template(both_database_server)) as url:
        yield url


@pytest.fixture
def any_database_url(any_database_server: Postgres) -> Iterator[str]:
    """The address of an empty database, on each kind in turn."""
    with new_database(any_database_server) as url:
        yield url


@pytest.fixture
def any_migrated_url(any_database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    """The address of a database with the schema of the hub, on each kind in turn."""
    with new_database(any_database_server, ask_for_template(any_database_server)) as url:
        yield url


@pytest.fixture
def mosquitto(no_server_left: None) -> Iterator[Mosquitto]:
    """A running mosquitto of its own for this test, to be stopped and started at will."""
    with ExitStack() as stack:
        yield enter_or_do_without(stack, running_mosquitto())


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    return choose_free_port()


def enter_or_do_without(stack: ExitStack, server: AbstractContextManager[Server]) -> Server:
    """Start a server; where it is missing skip the test, or fail it if every server is required."""
    try:
        return stack.enter_context(server)
    except MissingServerError as error:
        reason = f"{MISSING}{error}."
    if os.environ.get("HUB_TEST_REQUIRE_SERVERS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
