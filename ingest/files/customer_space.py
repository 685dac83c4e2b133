"""The blocks of files from the Enedis customer space: a line of names, a line of values, then a table that begins with
Horodate. The separator is `;`, or a tab where a spreadsheet wrote the file again. Several blocks, of several points or
quantities, may follow one another; lines between may be blank.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from ingest.files.content import Opened
from ingest.files.sieve import SHOWN, Sieve, lines_of
from ingest.files.text import END, cells, separator_of, unquoted
from ingest.files.words import plain, why_not_active

_OPENING: Final = re.compile(rb"^identifiant prm[;\t]", re.IGNORECASE | re.MULTILINE)
_PREAMBLE: Final = 3
"""Lines with something in them before the values: names, what is so named, header of the table."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block: where it begins, what its two first lines say, and its table, whose first row is `first_line`."""

    line: int
    separator: str
    says: dict[str, str]
    header: tuple[str, ...]
    table: bytes
    first_line: int


def first_about(opened: Opened) -> str | None:
    """What the first block of a file is about ('Type de donnees'); None where a file is not of the customer space."""
    if opened.header[:2] != ("identifiant prm", "type de donnees") or "horodate" in opened.header:
        return None
    lines = [line for line in opened.head.splitlines() if line.strip(" ;\t")]
    values = lines[1].replace('"', "").split(separator_of(lines[0])) if len(lines) > 1 else []
    return plain(values[1]) if len(values) > 1 else ""


def blocks(opened: Opened) -> Iterator[Block]:
    """Cut a file into its blocks."""
    content = unquoted(opened.content, separator_of(opened.head.lstrip().partition("\n")[0]))
    line, counted = 1, 0
    openings = [found.start() for found in _OPENING.finditer(content)]
    for start, following in zip(openings, [*openings[1:], len(content)], strict=True):
        line += content.count(b"\n", counted, start)
        counted = start
        yield _block(content[start:following], line)


def _block(text: bytes, line: int) -> Block:
    separator = separator_of(text[: text.find(b"\n")].decode())
    rows: list[list[str]] = []
    begins, position = line, 0
    while position < len(text) and len(rows) < _PREAMBLE:
        end = text.find(b"\n", position) + 1 or len(text)
        row = text[position:end].decode()
        position, line = end, line + 1
        if row.strip(" ;\t\n"):
            rows.append([cell.strip() for cell in row.split(separator)])
    names, values, header = (*rows, [], [], [])[:_PREAMBLE]
    says = dict(zip(map(plain, names), values, strict=False))
    return Block(begins, separator, says, tuple(map(plain, header)), text[position:], line)


def rows_of(block: Block, sieve: Sieve, about: str, columns: dict[str, int]) -> pl.DataFrame | None:
    """Cells of a block's table beside the words that its first lines say of all of them, for `sound` and `labelled`.

    Args:
        block: as cut.
        sieve: told of blocks that are broken or about something else.
        about: a word of 'Type de donnees' of the blocks that the caller reads.
        columns: names for cells of the table.
    """
    said = plain(block.says.get("type de donnees", ""))
    if not block.header or block.header[0] != "horodate":
        sieve.refused += 1
        sieve.tell(block.line, "the file breaks off here, or the table that begins with Horodate is missing")
        return None
    # The downloads end without a line break, at the midnight that they were asked for: then they are whole.
    last = "-".join(reversed(block.says.get("date de fin", "").split("/"))) + "T00:00"
    frame = cells(block.table, block.separator, columns, block.first_line, len(block.header))
    frame = frame.with_columns(
        pl.when(pl.col("stamp").str.starts_with(last)).then(pl.lit("")).otherwise(END).alias(END)
    )
    if about not in said:
        sieve.left_out += frame.height
        why = why_not_active(said) or f"{said[:SHOWN]!r} is no block of this kind of file: download it by itself"
        sieve.tell(block.line, f"{why} ({lines_of(frame.height)})")
        return None
    return frame.with_columns(
        point_word=pl.lit(block.says.get("identifiant prm", "")),
        measured=pl.lit(block.says.get("grandeur physique", "")),
        flow_word=pl.lit(block.says.get("grandeur metier", "")),
        stage=pl.lit(block.says.get("etape metier", "")),
        unit=pl.lit(block.says.get("unite", "")),
        status=pl.lit(""),
        declared=pl.lit(block.says.get("pas en minutes", "")),
    )
