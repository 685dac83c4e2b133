"""The folder of a backup: the archive of the database and a manifest that says what it is; whole, or not there."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from energy.errors import InvalidInput

ARCHIVE: Final = "hub.dump"
MANIFEST: Final = "manifest.json"


class StoredFile(BaseModel):
    """A file of the backup besides its manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w.-]+$")
    size: int
    sha256: str


class Manifest(BaseModel):
    """What a backup is: of which moment, made by what, and what has to be in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    made_at: datetime
    hub: str
    server: str
    timescaledb: str | None
    pg_dump: str = Field(pattern=r"^\d{1,4}(\D.*)?$")
    migrations: dict[str, str]
    rows: dict[str, int]
    files: list[StoredFile]


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder to fill, for this user alone; it gets its name when the context ends, and vanishes if that fails.

    Raises:
        InvalidInput: there is something of that name already, or it cannot be made.
    """
    try:
        folder = folder.absolute()
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise InvalidInput(f"{folder} exists already; give the name of a new folder for this backup")
        unfinished = folder.parent / f".{folder.name}.unfinished-{secrets.token_hex(4)}"
        unfinished.mkdir(mode=0o700)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be made: {error.strerror}") from error
    try:
        yield unfinished
        try:
            _write_through(unfinished)
            unfinished.rename(folder)
            _write_through(folder.parent)
        except OSError as error:
            raise InvalidInput(f"{folder} cannot be made: {error.strerror}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # it is not there any more, unless this failed


def describe(file: Path) -> StoredFile:
    """A file as the manifest names it."""
    with file.open("rb") as content:
        return StoredFile(
            name=file.name, size=file.stat().st_size, sha256=hashlib.file_digest(content, "sha256").hexdigest()
        )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into the folder of a backup.

    Raises:
        InvalidInput: it cannot be written.
    """
    file = folder / MANIFEST
    try:
        file.touch(mode=0o600)
        file.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        _write_through(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup, and make sure that its files are what it says.

    Raises:
        InvalidInput: it is no backup, or a file of it is missing or damaged; says which.
    """
    file = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(file.read_bytes())
    except FileNotFoundError as error:
        raise InvalidInput(f"{folder} is no backup: it has no {MANIFEST}") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "its form"
        raise InvalidInput(
            f"{file} is damaged, or of another version of the hub ({place}: {first['msg']}); take another backup"
        ) from error
    if ARCHIVE not in {stored.name for stored in manifest.files}:
        raise InvalidInput(f"{file} is damaged: it names no {ARCHIVE}; take another backup")
    for stored in manifest.files:
        _check(folder / stored.name, stored)
    return manifest


def _check(file: Path, stored: StoredFile) -> None:
    try:
        found = describe(file)
    except FileNotFoundError as error:
        raise InvalidInput(f"{file} is missing; take another backup") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    if found.size != stored.size:
        raise InvalidInput(f"{file} is damaged: {found.size} bytes instead of {stored.size}; take another backup")
    if found.sha256 != stored.sha256:
        raise InvalidInput(f"{file} is damaged: its content is not what was backed up; take another backup")


def _write_through(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
