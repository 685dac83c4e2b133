"""The hub as real processes: started with HUB_* settings, waited for with a deadline, asked to end or killed by pid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.abc import QueryNoTemplate
from psycopg.sql import SQL, Identifier

from tests.processes import ENVIRONMENT, POLL_S, pauses
from tests.servers import Mosquitto

DEADLINE_S: Final = 30.0
PROJECT: Final = Path(__file__).parent.parent
LISTENING: Final = "connected to the broker"


def wait_until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Return the first true answer of a condition.

    Raises:
        AssertionError: it did not come true in time; says what was waited for.
    """
    deadline = time.monotonic() + deadline_s
    for pause_s in pauses():
        if answer := condition():
            return answer
        assert time.monotonic() < deadline, f"after {deadline_s:.0f} s still no {what}"
        time.sleep(pause_s)
    return None


@dataclass(slots=True)
class Hub:
    """One `hub` command as a process; what it says is in `log`."""

    words: tuple[str, ...]
    settings: Mapping[str, object]
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _said_before: int = field(default=0, init=False)

    def start(self, until: str = LISTENING) -> None:
        """Start it and wait until it has said something; the same hub can be started again after it has ended."""
        self._said_before = len(self._text())
        # The kernel kills it when the tests die, so that none is left behind however they end.
        command = ["setpriv", "--pdeathsig=KILL", sys.executable, "-m", "hub", *self.words]
        variables = {f"HUB_{name.upper()}": str(value) for name, value in self.settings.items()}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**ENVIRONMENT, **variables},
                start_new_session=True,
            )
        if until:
            self.wait_for(until)

    @property
    def said(self) -> str:
        """What it has said since its last start."""
        return self._text()[self._said_before :]

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None, "it was not started"
        return self._process.pid

    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and self._process.poll() is None

    def wait_for(self, text: str, times: int = 1) -> None:
        """Wait until it has said something, so many times since its last start."""
        deadline = time.monotonic() + DEADLINE_S
        while self.said.count(text) < times:
            assert self.is_running(), f"it ended without saying {text!r}:\n{self.said}"
            assert time.monotonic() < deadline, f"it does not say {text!r}:\n{self.said}"
            time.sleep(POLL_S)

    def wait_for_end(self, deadline_s: float = DEADLINE_S) -> int:
        """Wait until it ends by itself and return its exit code."""
        assert self._process is not None, "it was not started"
        return self._process.wait(deadline_s)

    def terminate(self, deadline_s: float = DEADLINE_S) -> int:
        """Ask it to end, as a service manager does; return its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait_for_end(deadline_s)

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.wait_for_end() == -signal.SIGKILL

    def _text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


@contextmanager
def running_hub(*words: str, log: Path, settings: Mapping[str, object], until: str = LISTENING) -> Iterator[Hub]:
    """Run a hub command; whatever happens it has ended when the context ends."""
    hub = Hub(words, settings, log)
    try:
        hub.start(until)
        yield hub
    finally:
        if hub.is_running():
            hub.kill()


def addresses(database_url: str, broker: Mosquitto) -> dict[str, object]:
    """The settings that lead to a database and a broker."""
    return {"database_url": database_url, "mqtt_url": f"mqtt://127.0.0.1:{broker.port}"}


def ask(url: str, query: QueryNoTemplate, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of a query on a connection of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query, parameters).fetchall()


def count(url: str, table: str) -> int:
    """How many rows a table has."""
    return ask(url, SQL("SELECT count(*) FROM {}").format(Identifier(table)))[0][0]


def waits_for_lock(url: str) -> bool:
    """Whether a statement waits for a lock that another connection holds."""
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return ask(url, query) != []


def wait_until_read(port: int) -> None:
    """Wait until nothing is under way any more in the connections with a port: all that was sent there was read."""
    looks = 0
    deadline = time.monotonic() + DEADLINE_S
    while looks < 5:
        assert time.monotonic() < deadline, "somebody does not read"
        looks = looks + 1 if bytes_under_way(port) == 0 else 0
        time.sleep(POLL_S)


def assert_nobody_reads(port: int, duration_s: float = 0.5) -> None:
    """Watch for a while that what lies in the sockets of a port stays there, once the sender has filled them."""
    unread, looks, deadline = 0, 0, time.monotonic() + DEADLINE_S
    while looks < 20:
        assert time.monotonic() < deadline, "somebody reads on and on"
        before, unread = unread, bytes_under_way(port)
        looks = looks + 1 if unread == before > 0 else 0
        time.sleep(POLL_S)
    end = time.monotonic() + duration_s
    while time.monotonic() < end:
        assert bytes_under_way(port) == unread
        time.sleep(POLL_S)


def bytes_under_way(port: int) -> int:
    """What the sockets of a port hold, sent or received, that nobody has read yet."""
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, remote, _state, queues = line.split()[1:5]
        if f":{port:04X}" in (local[-5:], remote[-5:]):
            total += sum(int(queue, 16) for queue in queues.split(":"))
    return total
