"""Several `hub migrate` at the same moment, as when a service starts on several machines: one does it, all succeed."""

import subprocess
from collections.abc import Iterator
from typing import Final

import pytest

from store.connect import connect
from store.migrate import MIGRATIONS
from store.queries import statement
from tests.conftest import AskForServer
from tests.databases import new_database
from tests.hub_command import HUB, TIMEOUT_S, environment
from tests.metering import wait_until

PROCESSES: Final = 3
NAMES: Final = sorted(file.name for file in MIGRATIONS.iterdir() if file.name.endswith(".sql"))
WAITING: Final = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture(params=["wheel-16", "timescale-17"])
def empty_url(ask_for_server: AskForServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database, without and with TimescaleDB."""
    with new_database(ask_for_server(request.param)) as url:
        yield url


def test_of_several_processes_at_once_one_migrates_and_all_succeed(empty_url: str) -> None:
    """They are held at the lock until all are there."""
    with connect(empty_url) as gate, connect(empty_url) as observer:
        gate.execute("BEGIN")
        gate.execute(statement("migration_lock"))
        processes = [
            subprocess.Popen(
                [HUB, "migrate"],
                env=environment({"HUB_DATABASE_URL": empty_url}),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(PROCESSES)
        ]
        wait_until(lambda: observer.execute(WAITING).fetchone() == (PROCESSES,), TIMEOUT_S)
        gate.execute("COMMIT")
        said = [process.communicate(timeout=TIMEOUT_S) for process in processes]
        assert [process.returncode for process in processes] == [0] * PROCESSES
        assert {stderr for _, stderr in said} == {""}
        applied = [f"applied {name}" for name in NAMES]
        done = [stdout.splitlines()[:-1] for stdout, _ in said]  # the last line names the edition of TimescaleDB
        assert sorted(done) == sorted([applied, *[["the schema is current"]] * (PROCESSES - 1)])
        ran = observer.execute("SELECT name FROM migration ORDER BY name").fetchall()
        assert [name for (name,) in ran] == NAMES
