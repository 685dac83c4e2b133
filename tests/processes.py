"""Server processes of the tests: how one is started, stopped and killed, where its data lives, and what is left of it.

Nothing outlives the tests, however they end. A server is started through `setpriv --pdeathsig`, so the kernel stops it
when the process that runs the tests dies, even by SIGKILL, which no clean-up code survives. Its data is removed by a
sweeper: a shell in a session of its own that waits for the end of a pipe which only the tests hold open, and so acts
the same on a normal end and on a crash. The kernel watches the thread that started the server: start servers from
the main thread.
"""

import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOTS: Final = Path(__file__).parent.parent / ".servers"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder in it is made by mkdtemp
MEMORY_ENOUGH: Final = 4 * 2**30
"""Of this many bytes the databases of a few workers at once take a part."""
ENTER: Final = 'mount --rbind "$0" "$1$0" && exec chroot "$@"'
"""Enters a root with that folder in it, mounted for the server alone: it goes with the server."""
START_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 20.0
POLL_S: Final = 0.01
LONGEST_POLL_S: Final = 0.05
NOBODY_ID: Final = 65534
# Below the ports Linux hands out by itself, so that no outgoing connection takes one between choice and use.
PORTS: Final = range(15_000, 30_000)
SWEEP: Final = 'cat >/dev/null; for turn in 1 2 3 4 5 6 7 8 9; do rm -rf -- "$1" && exit; sleep 0.2; done'
# A clean one: PGDATA, PGPORT and their like belong to the person who runs the tests.
ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class MissingServerError(Exception):
    """A server that the tests need is not installed or cannot be run by this user; says which and what to do."""


class ServerStartError(Exception):
    """A server ended, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the programs of a server are, as seen inside `root` if it has one.

    `orphan_signal` ends the server when the tests die: at SIGQUIT PostgreSQL leaves at once and still frees its memory.
    """

    name: str
    programs: Path
    root: Path | None = None
    settings: str = ""
    orphan_signal: signal.Signals = signal.SIGQUIT

    def exists(self, program: str) -> bool:
        """Whether the program is installed."""
        path = self.programs / program
        return (self.root / path.relative_to("/") if self.root else path).exists()

    def require(self, program: str) -> None:
        """Make sure that the program is installed and that this user can run it.

        Raises:
            MissingServerError: it is not, or cannot.
        """
        if not self.exists(program):
            raise MissingServerError(f"{self.name}; run `make servers`")
        if self.root and subprocess.run([*self._entry(), "true"], check=False, capture_output=True).returncode != 0:
            raise MissingServerError(
                f"{self.name}; run the tests as root: this user may not enter .servers/{self.root.name}"
            )

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command that runs a program unprivileged, and ends it when the tests die."""
        as_root = os.geteuid() == 0
        command = ["setpriv", f"--pdeathsig={self.orphan_signal.name}"]
        if as_root:
            # PostgreSQL refuses to run as root. The capability lets nobody read what lies in a closed home directory.
            command += [f"--reuid={NOBODY_ID}", f"--regid={NOBODY_ID}", "--clear-groups"]
            command += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return [*self._entry(), *command, str(self.programs / program), *arguments]

    @property
    def data_parent(self) -> Path:
        """Where a database server has its data: in memory if there is enough.

        Each test makes and drops a database of hundreds of files. ext4 does not use the number of a deleted file again
        for a while, and looks through more and more of them to make the next.
        """
        if self._is_in_memory():
            return MEMORY
        return self.root / "tmp" if self.root else Path(tempfile.gettempdir())

    def inside(self, directory: Path) -> Path:
        """Return what the server calls a directory in `data_parent`."""
        if self.root is None or self._is_in_memory():
            return directory
        return Path("/") / directory.relative_to(self.root)

    def _is_in_memory(self) -> bool:
        return has_memory() and (self.root is None or os.geteuid() == 0)

    def _entry(self) -> list[str]:
        if self.root is None:
            return []
        if self._is_in_memory():
            return ["unshare", "--mount", "sh", "-c", ENTER, str(MEMORY), str(self.root)]
        if os.geteuid() == 0:
            return ["chroot", str(self.root)]
        return ["unshare", "--map-current-user", f"--root={self.root}"]


@dataclass(slots=True)
class ServerProcess:
    """A server that can be stopped, killed and started again on the same port and data."""

    name: str
    command: Sequence[str]
    directory: Path
    answers: Callable[[], bool]
    stop_signal: signal.Signals
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            ServerStartError: it ended or stayed silent; carries the end of its log.
        """
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop their servers in order
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.answers():
            if self.running.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerStartError(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(POLL_S)

    @property
    def log(self) -> Path:
        """The file that holds what the server said."""
        return self.directory / "log"

    def stop(self) -> None:
        """Ask the server to end and wait for it; does nothing when it has ended."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End the server without a word, as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.running is None:
            return
        self.running.send_signal(how)
        try:
            self.running.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()
        self.running = None
        # The children of a killed PostgreSQL notice by themselves; until then it cannot start again on its data.
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while processes_in(str(self.directory)) and time.monotonic() < deadline:
            time.sleep(POLL_S)


@cache
def has_memory() -> bool:
    """Whether data of servers has room in memory; once known it stays, as a server is entered more than once."""
    try:
        status = os.statvfs(MEMORY)
    except OSError:
        return False
    return os.access(MEMORY, os.W_OK) and status.f_bavail * status.f_frsize >= MEMORY_ENOUGH


def pauses() -> Iterator[float]:
    """How long to wait between looks, for ever: ever less often, since a look may cost a connection to a database."""
    pause_s = POLL_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 1.3, LONGEST_POLL_S)


@contextmanager
def running(process: ServerProcess) -> Iterator[None]:
    """Start the process; it has ended when the context ends."""
    process.start()
    try:
        yield
    finally:
        process.stop()


@contextmanager
def server_directory(parent: Path) -> Iterator[Path]:
    """Make a directory for a server's data; it is removed when the context ends or this process dies."""
    directory = Path(tempfile.mkdtemp(prefix=_directory_prefix(), dir=parent))
    if os.geteuid() == 0:
        os.chown(directory, NOBODY_ID, NOBODY_ID)
    sweeper = subprocess.Popen(
        ["sh", "-c", SWEEP, "sweeper", str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield directory
    finally:
        sweeper.communicate()


def choose_free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens."""
    while True:
        # Not `random`: pytest-randomly gives every worker the same seed, so they would choose the same ports.
        port = secrets.choice(PORTS)
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if candidate.connect_ex(("127.0.0.1", port)) != 0:
                return port


def processes_in(directory: str) -> list[str]:
    """Name the processes that work in a directory whose path holds this text.

    A server works in its own directory; the titles PostgreSQL gives its processes do not name it.
    """
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if directory in str((process / "cwd").readlink()):
                title = (process / "cmdline").read_text().replace("\0", " ").strip()
                found.append(f"process {process.name}: {title}")
        except OSError:
            continue  # it has just ended, or belongs to somebody else
    return found


def servers_left() -> list[str]:
    """Name the processes and directories of this process's servers that are still there."""
    prefix = _directory_prefix()
    parents = [Path(tempfile.gettempdir()), MEMORY, *ROOTS.glob("*/tmp")]
    return processes_in(prefix) + [str(path) for parent in parents for path in parent.glob(prefix + "*")]


def _directory_prefix() -> str:
    return f"enercommons-tests-{os.getpid()}-"
