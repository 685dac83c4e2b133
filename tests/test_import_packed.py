"""Files in a zip or gz: what is read of them, and the sentences about those that are not."""

import contextlib
import gzip
import os
import pty
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import psycopg
import pytest

from energy.errors import InvalidInput
from hub.cli import parser
from hub.import_progress import Progress
from hub.importing import run_import
from hub.settings import Settings
from ingest.files.packed import unpacked
from tests.file_examples import FOLDER
from tests.hub_command import refused
from tests.test_import import hub, kept, valley

__all__ = ["valley"]
CURVE = (FOLDER / "enedis_load_curve/one_morning.csv").read_bytes()
R63 = (FOLDER / "enedis_r63/clock_change_day.csv").read_bytes()


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


def encrypted() -> bytes:
    """A zip that says of its file that it is encrypted, in both of its headers."""
    content = bytearray(zipped(("R63.csv", R63)))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


def lying(size: int = 100_000, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip whose file is at least a hundred times what it says."""
    content = bytearray(zipped(("a.csv", b"0" * size), how=how))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(mark) + place
        content[at : at + 4] = (1000).to_bytes(4, "little")
    return bytes(content)


READ: list[tuple[str, bytes, list[tuple[str, bytes]]]] = [
    ("a file as it is", CURVE, [("f", CURVE)]),
    ("gz", gzip.compress(CURVE), [("f", CURVE)]),
    ("gz in two parts", gzip.compress(CURVE[:99]) + gzip.compress(CURVE[99:]), [("f", CURVE)]),
    ("one file", zipped(("R63.csv", R63)), [("f/R63.csv", R63)]),
    ("not compressed", zipped(("R63.csv", R63), how=zipfile.ZIP_STORED), [("f/R63.csv", R63)]),
    ("a name that a terminal obeys", zipped(("a\x1b[2J\nb", R63)), [("f/a\\x1b[2J\\nb", R63)]),
    ("several, in folders", zipped(("x/", b""), ("x/a", CURVE), ("b", R63)), [("f/x/a", CURVE), ("f/b", R63)]),
    ("what computers add", zipped(("__MACOSX/._a", b"1"), (".DS_Store", b"2"), ("a", R63)), [("f/a", R63)]),
]


@pytest.mark.parametrize(("content", "expected"), [pytest.param(*rest, id=why) for why, *rest in READ])
def test_what_is_in_a_file(content: bytes, expected: list[tuple[str, bytes]]) -> None:
    assert list(unpacked(content, "f")) == expected


REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    ("encrypted", encrypted, "f is encrypted: unpack it with its password, and import R63.csv"),
    ("a bomb", lambda: zipped(("a", b"0" * 2_000_000)), "f holds more than 1 MiB: import it in parts"),
    ("in small parts", lambda: zipped(*((f"{n}", b"0" * 600_000) for n in range(2))), "f holds more than 1 MiB"),
    ("a bomb in gz", lambda: gzip.compress(b"0" * 2_000_000), "f holds more than 1 MiB: import it in parts"),
    ("larger than it says", lying, "f is damaged, it cannot be unpacked"),
    ("bz2", lambda: zipped(("a", R63), how=zipfile.ZIP_BZIP2), "f is compressed in a way that is rarely used: unpack"),
    ("lzma", lambda: zipped(("a", R63), how=zipfile.ZIP_LZMA), "f is compressed in a way that is rarely used: unpack"),
    ("cut", lambda: zipped(("a", R63))[:-30], "f is damaged, it cannot be unpacked"),
    ("a byte changed", lambda: zipped(("a", CURVE), how=zipfile.ZIP_STORED).replace(b"W", b"X"), "f is damaged"),
    ("gz cut", lambda: gzip.compress(CURVE)[:-12], "f is damaged, it cannot be unpacked"),
    ("nothing in it", zipped, "f is a zip without a file in it"),
    ("a spreadsheet", lambda: zipped(("[Content_Types].xml", b"<x/>"), ("xl/a.xml", b"<x/>")), "f is a spreadsheet"),
    ("very many files", lambda: zipped(*((f"{n}", b"") for n in range(1001))), "f holds 1,001 files, more than 1,000"),
]


@pytest.mark.parametrize(("content", "sentence"), [pytest.param(*rest, id=why) for why, *rest in REFUSED])
def test_what_is_not_unpacked_is_one_sentence(content: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        list(unpacked(content(), "f", 1 << 20))
    assert str(caught.value).startswith(sentence)


def test_each_file_of_a_zip_is_imported_by_itself(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, connection = valley
    delivery = tmp_path / "delivery.zip"
    delivery.write_bytes(zipped(("a.csv", CURVE), ("read me.txt", b"Bonjour"), ("b.csv", R63)))
    stdout, stderr = hub(url, "import", "enedis", delivery)
    assert [line.partition(": ")[0] for line in stdout.splitlines()] == ["delivery.zip/a.csv", "delivery.zip/b.csv"]
    assert stderr.startswith("! delivery.zip/read me.txt begins with 'Bonjour', which is none of the formats known")
    assert len(kept(connection)) == 4
    alone = tmp_path / "a.csv"
    alone.write_bytes(CURVE)
    stdout, _ = hub(url, "import", "enedis", alone)
    assert "nothing changes, the file was imported on" in stdout, "the same bytes are the same file"
    delivery.write_bytes(encrypted())
    assert "is encrypted" in refused("import", "enedis", str(delivery), HUB_DATABASE_URL=url)


def test_progress_is_shown_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def go(progress: Progress) -> None:
        progress.file(2, "big.csv")
        progress.read(127_480_107)
        progress.stored(540_000, 1_200_000)
        progress.clear()

    go(Progress(3))
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("COLUMNS", "100")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        go(Progress(3))
    shown = all_of(ours).split("\r\x1b[K")
    assert shown == [
        "",
        "2 of 3: big.csv",
        "2 of 3: big.csv: reading 127.5 MB",
        "2 of 3: big.csv [##########..............] 45 %, 540,000 of 1,200,000 values",
        "",
    ]


def all_of(terminal: int) -> str:
    """All that was shown on a terminal whose other end is closed; it comes in pieces, and ends with an error."""
    pieces: list[bytes] = []
    with contextlib.closing(os.fdopen(terminal, "rb", buffering=0)) as stream, contextlib.suppress(OSError):
        while piece := stream.read(4096):
            pieces.append(piece)
    return b"".join(pieces).decode()


HELD = """
import resource, sys
from energy.errors import InvalidInput
from ingest.files.packed import unpacked
content = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    list(unpacked(content, "f"))
except InvalidInput as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_that_says_it_is_small_never_fills_the_memory(how: int, tmp_path: Path) -> None:
    file = tmp_path / "bomb.zip"
    file.write_bytes(lying(200_000_000, how))
    ended = subprocess.run([sys.executable, "-c", HELD, file], capture_output=True, text=True, check=True)
    held_kb, sentence = ended.stdout.split(" ", 1)
    assert sentence.startswith("f is ")
    assert int(held_kb) < 20_000


def test_a_zip_in_a_zip_is_one_sentence(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    file = tmp_path / "outer.zip"
    file.write_bytes(zipped(("inner.zip", zipped(("a.csv", CURVE)))))
    sentence = "outer.zip/inner.zip is packed inside of another file: unpack that first, and import what it holds"
    assert refused("import", "enedis", str(file), HUB_DATABASE_URL=valley[0]) == sentence


def test_an_import_shows_how_far_it_is(valley: tuple[str, psycopg.Connection], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        file = FOLDER / "enedis_load_curve/one_morning.csv"
        arguments = parser().parse_args(["import", "enedis", str(file)])
        monkeypatch.setattr("sys.stderr", terminal)
        run_import(arguments, Settings.model_validate({"database_url": valley[0]}))
    shown = all_of(ours)
    assert "\r\x1b[K1 of 1: one_morning.csv: reading 0.0 MB\r\x1b[K1 of 1: one_morning.csv [####" in shown
    assert "] 100 %, 2 of 2 values" in shown
