"""Files as operators deliver them, in a zip or gz: each file inside by itself, and never more of it than a bound."""

import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final, NamedTuple

from energy.errors import InvalidInput
from ingest.files.words import shown

MOST_BYTES: Final = 1 << 30
"""How much a file holds at most, unpacked: years of half-hours of hundreds of points. [B]"""
MOST_FILES: Final = 1000
NAME_SHOWN: Final = 200
"""Characters of a name inside of a zip that are kept at most."""
_BOUNDED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Ways to compress of which no more is unpacked than is asked for: a few bytes of the others may fill the memory."""
_ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP: Final = b"PK\x05\x06"
_GZ: Final = b"\x1f\x8b"
_SPREADSHEET: Final = ("[Content_Types].xml", "mimetype")
_IS_ENCRYPTED: Final = 1
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, NotImplementedError, ValueError
)  # fmt: skip


class Member(NamedTuple):
    """A file inside of another, or the file itself: what it is called, and its bytes."""

    name: str
    content: bytes


def unpacked(content: bytes, name: str, most_bytes: int = MOST_BYTES) -> Iterator[Member]:
    """Give the files inside of a zip or gz one by one, which its first bytes tell; any other file as it is.

    Args:
        content: the file's bytes.
        name: what people call it.
        most_bytes: how much all the files inside may hold together.

    Raises:
        InvalidInput: it holds more than that, is damaged, encrypted, empty or a spreadsheet.
    """
    if content.startswith((_ZIP, _EMPTY_ZIP)):
        yield from _of_zip(content, name, most_bytes)
    elif content.startswith(_GZ):
        yield Member(name, _of_gz(content, name, most_bytes))
    else:
        yield Member(name, content)


def is_packed(content: bytes) -> bool:
    """Whether a file is itself a zip or gz, by its first bytes."""
    return content.startswith((_ZIP, _EMPTY_ZIP, _GZ))


def too_large(name: str, most_bytes: int = MOST_BYTES) -> InvalidInput:
    """What is said of a file that holds more than the bound."""
    return InvalidInput(f"{name} holds more than {most_bytes >> 20:,} MiB: import it in parts")


def _of_gz(content: bytes, name: str, most_bytes: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=BytesIO(content)) as file:
            inside = file.read(most_bytes + 1)
    except _DAMAGED as error:
        raise InvalidInput(f"{name} is damaged, it cannot be unpacked: {error}") from error
    if len(inside) > most_bytes:
        raise too_large(name, most_bytes)
    return inside


def _of_zip(content: bytes, name: str, most_bytes: int) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for member in _members(archive, name, most_bytes):
                # Not `archive.read`, which unpacks all there is: this one never holds more than the file says it is,
                # and where there is more the checksum is wrong.
                with archive.open(member) as file:
                    inside = file.read(member.file_size + 1)
                yield Member(f"{name}/{shown(member.filename, NAME_SHOWN)}", inside)
    except _DAMAGED as error:
        raise InvalidInput(f"{name} is damaged, it cannot be unpacked: {error}") from error


def _members(archive: zipfile.ZipFile, name: str, most_bytes: int) -> list[zipfile.ZipInfo]:
    """The files that are worth reading: what computers add by themselves is left aside."""
    if any(known in archive.namelist() for known in _SPREADSHEET):
        raise InvalidInput(f"{name} is a spreadsheet: save its table as CSV, and import that")
    inside = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not member.filename.rpartition("/")[2].startswith(".")
    ]
    if not inside:
        raise InvalidInput(f"{name} is a zip without a file in it")
    if len(inside) > MOST_FILES:
        raise InvalidInput(f"{name} holds {len(inside):,} files, more than {MOST_FILES:,}: import it in parts")
    if sum(member.file_size for member in inside) > most_bytes:
        raise too_large(name, most_bytes)
    for member in inside:
        file = shown(member.filename, NAME_SHOWN)
        if member.flag_bits & _IS_ENCRYPTED:
            raise InvalidInput(f"{name} is encrypted: unpack it with its password, and import {file}")
        if member.compress_type not in _BOUNDED:
            raise InvalidInput(f"{name} is compressed in a way that is rarely used: unpack it, and import {file}")
    return inside
