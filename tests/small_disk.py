"""A PostgreSQL on a disk that is soon full: its tablespace, or its log of changes, is a few megabytes of memory.

The disk is mounted in a mount namespace that a process of its own keeps, and in which the server runs. It is seen
nowhere else, and goes when both have ended, however the tests end.
"""

import errno
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.sql import Literal as Text

from tests.databases import EMPTY, make_migrated_template
from tests.processes import ENVIRONMENT, NOBODY_ID, MissingServerError
from tests.servers import Postgres, PostgresKind, running_postgres

Place: TypeAlias = Literal["small", "data/pg_wal"]
"""What lies on the disk: the tablespace of the databases, or the log of changes."""
KEEP: Final = """
set -e
mv "$1" "$1.before"
mkdir "$1"
mount -t tmpfs -o "size=$2,mode=700,uid=$3,gid=$3" none "$1"
cp -a "$1.before/." "$1"
echo mounted
exec sleep infinity
"""
TABLESPACE: Final = "small"
TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A server, and the disk it may find full."""

    server: Postgres
    disk: Path
    """As this process sees it, by way of the one that keeps it."""

    def fill(self, leave_bytes: int = 0) -> None:
        """Leave only so much free, by a file that has nothing to do with the server."""
        with self._ballast.open("wb") as ballast:
            for tries_left in reversed(range(TRIES)):
                os.ftruncate(ballast.fileno(), 0)
                status = os.statvfs(self.disk)
                try:
                    os.posix_fallocate(ballast.fileno(), 0, status.f_bavail * status.f_frsize - leave_bytes)
                except OSError as error:  # the server has written meanwhile
                    if error.errno != errno.ENOSPC or not tries_left:
                        raise
                else:
                    return

    def free(self) -> None:
        """Remove that file."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.disk / "ballast"

    @contextmanager
    def database(self, template: str = EMPTY) -> Iterator[str]:
        """The address of a database on the disk, which has room again afterwards."""
        name = f"test_{secrets.token_hex(4)}"
        create = "CREATE DATABASE {} TEMPLATE {} TABLESPACE {} STRATEGY file_copy"
        with psycopg.connect(self.server.url(), autocommit=True) as owner:
            owner.execute(SQL(create).format(Identifier(name), Identifier(template), Identifier(TABLESPACE)))
        try:
            yield self.server.url(name)
        finally:
            self.free()
            with psycopg.connect(self.server.url(), autocommit=True) as owner:
                owner.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def running_on_small_disk(kind: PostgresKind, place: Place, size: str) -> Iterator[SmallDisk]:
    """Start a PostgreSQL of a kind with the template of the hub, one part of it on a small disk.

    Raises:
        MissingServerError: this kind is not installed, or this user may not mount a disk.
    """
    with running_postgres(kind) as server, ExitStack() as stack:
        make_migrated_template(server)
        (server.directory / TABLESPACE).mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(server.directory / TABLESPACE, NOBODY_ID, NOBODY_ID)
        server.process.stop()
        keeper = _keeper(server.directory / place, size)
        stack.callback(keeper.wait)
        stack.callback(keeper.kill)
        assert keeper.stdout is not None
        if keeper.stdout.readline() != "mounted\n":
            raise MissingServerError("a small disk; run the tests as root, where disks of memory may be mounted")
        stack.callback(keeper.stdout.close)
        server.process.command = ["nsenter", f"--mount=/proc/{keeper.pid}/ns/mnt", "--", *server.process.command]
        server.process.start()
        stack.callback(server.process.stop)
        # A link on the way would lead out of the namespace, to the disk of the machine.
        disk = SmallDisk(server, Path(f"/proc/{keeper.pid}/root{(server.directory / place).resolve()}"))
        assert disk.disk.stat().st_dev != server.directory.stat().st_dev, "never fill the disk of the machine"
        if place == TABLESPACE:
            with psycopg.connect(server.url(), autocommit=True) as owner:
                create = SQL("CREATE TABLESPACE {} LOCATION {}")
                owner.execute(create.format(Identifier(TABLESPACE), Text(f"{server.inside}/{place}")))
        yield disk


def _keeper(directory: Path, size: str) -> subprocess.Popen[str]:
    """Mount a disk over a directory, with what is in it, for whoever enters the namespace of this process."""
    if os.geteuid() != 0:
        raise MissingServerError("a small disk; run the tests as root, who may mount one")
    command = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "sh", "-c", KEEP, "keeper"]
    return subprocess.Popen(
        [*command, str(directory), size, str(NOBODY_ID)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )
