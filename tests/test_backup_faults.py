"""A backup or a restore that is cut short: nothing looks whole that is not, and one sentence says what happened."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from store.connect import connect
from tests.backed_up import back_up, children_of, content, hub, left_in, small_hub
from tests.conftest import AskForServer, AskForTemplate
from tests.databases import new_database
from tests.hub_command import HUB, TIMEOUT_S, environment, sentence_of
from tests.metering import wait_until
from tests.servers import Postgres

TAKES_A_NAME: Final = "CREATE TABLE rejected_message_last ()"
"""pg_restore waits there: the name is that of an index, made when all rows are there."""
SECRET: Final = "not-for-all-eyes"  # noqa: S105 - the servers of the tests ask nobody for it
WAITS: Final = """
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name IN ('pg_dump', 'pg_restore')
"""
MOUNT_AND_RUN: Final = 'mount -t tmpfs -o "size=$2" none "$1" && shift 2 && "$@"; code=$?; ls -A "$DISK"; exit $code'


@pytest.fixture(scope="module", params=["wheel-16"])
def server(ask_for_server: AskForServer, request: pytest.FixtureRequest) -> Postgres:
    return ask_for_server(request.param)


@pytest.fixture(scope="module")
def filled(server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with small_hub(server, ask_for_template(server)) as url:
        yield url


@pytest.fixture(scope="module")
def backup(filled: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return back_up(filled, tmp_path_factory.mktemp("backups") / "first")


@pytest.fixture
def target(server: Postgres) -> Iterator[str]:
    with new_database(server) as url:
        yield url


@contextmanager
def paused(url: str, *words: object, by: str) -> Iterator[tuple[subprocess.Popen[str], psycopg.Connection]]:
    """Run a command until what another transaction has done makes it wait; yield it and that transaction."""
    with connect(url) as observer, connect(url, autocommit=False) as other:
        other.execute(by.encode())
        address = url.replace("postgres@", f"postgres:{SECRET}@")
        command = subprocess.Popen(
            [HUB, *map(str, words)],
            env=environment({"HUB_DATABASE_URL": address}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until(lambda: observer.execute(WAITS).fetchall() != [] or command.poll() is not None, TIMEOUT_S)
            assert command.poll() is None, command.communicate()
            yield command, other
        finally:
            if command.poll() is None:
                command.kill()
            command.communicate()


def ended(command: subprocess.Popen[str]) -> tuple[int, str, str]:
    stdout, stderr = command.communicate(timeout=TIMEOUT_S)
    return command.returncode, stdout, stderr


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def end_all(url: str, but: int) -> None:
    with connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid NOT IN (pg_backend_pid(), %s) AND backend_type = 'client backend'",
            [but],
        )


def test_a_server_lost_half_way_leaves_no_backup(filled: str, tmp_path: Path) -> None:
    """What pg_dump alone reads, and the count of rows does not, is a view: there it waits."""
    locks = "ALTER VIEW shown.community SET (security_barrier)"
    with paused(filled, "backup", tmp_path / "backup", by=locks) as (command, other):
        (pg_dump,) = children_of(command.pid, "pg_dump")
        line = Path(f"/proc/{pg_dump}/cmdline").read_text()
        assert "--snapshot=" in line
        assert SECRET not in line
        assert len(names_in(tmp_path)) == 1, "it is being written under another name"
        end_all(filled, other.info.backend_pid)
        sentence = sentence_of("backup", ended(command))
    assert "pg_dump failed: " in sentence
    assert SECRET not in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_backup_whose_terminal_is_closed_leaves_nothing(filled: str, tmp_path: Path) -> None:
    """The shell says so, and the kernel: it hears it twice."""
    locks = "ALTER VIEW shown.community SET (security_barrier)"
    with paused(filled, "backup", tmp_path / "backup", by=locks) as (command, _):
        command.send_signal(signal.SIGHUP)
        command.send_signal(signal.SIGHUP)
        code, stdout, stderr = ended(command)
        assert (code, stdout) == (130, "")
        assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_backup(filled: str, tmp_path: Path) -> None:
    """The disk is seen by the command alone, in a mount namespace of its own."""
    alone = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() != 0 else [])]
    line = [*alone, "sh", "-c", MOUNT_AND_RUN, "sh", str(tmp_path), "8k", HUB, "backup", str(tmp_path / "backup")]
    variables = {**environment({"HUB_DATABASE_URL": filled}), "DISK": str(tmp_path)}
    done = subprocess.run(line, env=variables, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    sentence = sentence_of("backup", (done.returncode, done.stdout, done.stderr))
    assert "No space left on device" in sentence


@pytest.mark.parametrize("server", ["timescale-17"], indirect=True)
def test_a_killed_pg_restore_leaves_an_empty_database(filled: str, backup: Path, target: str) -> None:
    """With TimescaleDB there is more to put back."""
    with paused(target, "restore", backup, by=TAKES_A_NAME) as (command, other):
        (pg_restore,) = children_of(command.pid, "pg_restore")
        assert SECRET not in Path(f"/proc/{pg_restore}/cmdline").read_text()
        os.kill(pg_restore, signal.SIGKILL)
        sentence = sentence_of("restore", ended(command))
        other.rollback()
    assert "pg_restore failed: it was ended by signal 9" in sentence
    wait_until(lambda: left_in(target) == [])
    assert hub(target, "restore", backup)[0] == 0
    assert content(target) == content(filled)


def test_a_killed_restore_does_not_pass_for_a_hub(backup: Path, target: str, tmp_path: Path) -> None:
    """pg_restore goes on without the command that started it, and so does what it brought: the mark tells."""
    with paused(target, "restore", backup, by=TAKES_A_NAME) as (command, other):
        (pg_restore,) = children_of(command.pid, "pg_restore")
        command.kill()
        command.wait()
        wait_until(lambda: "a pg_restore works on this database" in hub(target, "restore", backup)[2])
        assert "schema unfinished_restore" in left_in(target), "it stays marked"
        other.rollback()
        wait_until(lambda: not Path(f"/proc/{pg_restore}/stat").exists() or zombie(pg_restore))
    assert {"reading", "schema shown", "schema unfinished_restore"} <= set(left_in(target))
    assert "run `hub migrate` first" in sentence_of("serve", hub(target, "serve"))
    assert "did not finish: what is in the database is not whole" in sentence_of(
        "restore", hub(target, "restore", backup)
    )
    assert "did not finish yet (its schema unfinished_restore" in sentence_of("migrate", hub(target, "migrate"))
    assert "what a restore left that failed" in sentence_of("backup", hub(target, "backup", tmp_path / "backup"))


def test_a_server_lost_in_the_middle_of_a_restore(filled: str, backup: Path, target: str) -> None:
    with paused(target, "restore", backup, by=TAKES_A_NAME) as (command, other):
        end_all(target, other.info.backend_pid)
        assert "the database was lost in the middle of the restore" in sentence_of("restore", ended(command))
        other.rollback()
    assert "schema shown" not in left_in(target)
    assert hub(target, "restore", backup)[0] == 0
    assert content(target) == content(filled)
    assert "schema unfinished_restore" not in left_in(target)


def zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")


def test_a_restore_while_another_runs(backup: Path, target: str) -> None:
    with paused(target, "restore", backup, by=TAKES_A_NAME) as (command, other):
        assert "another `hub restore` works on this database" in sentence_of("restore", hub(target, "restore", backup))
        other.rollback()
        assert ended(command)[0] == 0
    assert "schema unfinished_restore" not in left_in(target)


def test_what_somebody_else_puts_there_meanwhile_does_not_pass_for_a_hub(backup: Path, target: str) -> None:
    """It may be what an earlier pg_restore brought: only an empty database loses its mark."""
    with paused(target, "restore", backup, by=TAKES_A_NAME) as (command, other):
        other.commit()
        sentence = sentence_of("restore", ended(command))
    assert sentence.startswith("pg_restore failed: ")
    assert "; what is in the database is not whole" in sentence
    assert set(left_in(target)) == {"rejected_message_last", "schema unfinished_restore"}
