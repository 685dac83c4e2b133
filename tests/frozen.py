"""Servers that are frozen: they keep their connections and say nothing, until the context ends, or the tests do."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.processes import ENVIRONMENT, processes_in
from tests.servers import Postgres

FREEZE: Final = 'kill -STOP "$@"; echo frozen; cat >/dev/null; kill -CONT "$@"'


@contextmanager
def frozen(server: Postgres) -> Iterator[None]:
    """Freeze a server and all that belongs to it, as a machine without memory or disk does."""
    assert server.process.running is not None
    first = str(server.process.running.pid)  # from now on it makes no new ones
    with _stopped([first]), _stopped(_processes(server)):
        yield


def _processes(server: Postgres) -> list[str]:
    return [line.split()[1].rstrip(":") for line in processes_in(str(server.directory))]


@contextmanager
def _stopped(processes: list[str]) -> Iterator[None]:
    # Not by this process: whatever happens to it, the pipe ends with it, and nothing stays frozen.
    keeper = subprocess.Popen(
        ["sh", "-c", FREEZE, "keeper", *processes],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    assert keeper.stdout is not None
    try:
        assert keeper.stdout.readline() == b"frozen\n"
        yield
    finally:
        keeper.communicate()
