"""Bytes of a file as text: encodings, line ends, header words, and its cells as columns of a frame."""

import codecs
from typing import Final

import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import Opened
from ingest.files.words import plain

HEAD_CHARACTERS: Final = 4000
SEPARATORS: Final = ";\t,|"
_WIDE: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Marks and encodings; the mark of UTF-16 is how that of UTF-32 begins."""
_LONGEST_UTF8: Final = 4


def open_text(content: bytes, name: str) -> Opened:
    """Read the encoding of a file by its BOM, else as UTF-8, else as the cp1252 of French and German spreadsheets."""
    content = _utf8(content)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head = content[: HEAD_CHARACTERS * _LONGEST_UTF8].decode("utf-8", errors="ignore")[:HEAD_CHARACTERS]
    blank, first = _first_line(head)
    header = tuple(plain(cell.strip('"')) for cell in first.split(separator_of(first)))
    return Opened(name, content, head, header, blank + 1)


def _first_line(head: str) -> tuple[int, str]:
    """How many blank lines a file begins with, and the line after them."""
    text = head.lstrip()
    return head[: len(head) - len(text)].count("\n"), text.partition("\n")[0]


def _utf8(content: bytes) -> bytes:
    for bom, encoding in _WIDE:
        if content.startswith(bom):
            return content[len(bom) :].decode(encoding, errors="replace").encode()
    if content[1:2] == content[3:4] == b"\0" and b"\0" not in (content[:1], content[2:3]):
        return content.decode("utf-16-le", errors="replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    if content.isascii():
        return content
    try:
        content.decode()
    except UnicodeDecodeError as error:
        if error.end == len(content) and error.reason == "unexpected end of data":
            return content[: error.start]
        return content.decode("cp1252", errors="replace").encode()
    return content


def separator_of(line: str) -> str:
    """The separator of cells that a line has most of; `;` where it has none."""
    return max(SEPARATORS, key=line.count)


def table(opened: Opened, wanted: dict[str, int]) -> pl.DataFrame:
    """Read cells of the lines after the header, as `cells` does, by the separator of the header; quotes are dropped."""
    separator = separator_of(_first_line(opened.head)[1])
    return cells(opened.content.replace(b'"', b""), separator, wanted).filter(pl.col("line") > opened.header_line)


def cells(content: bytes, separator: str, wanted: dict[str, int], first_line: int = 1) -> pl.DataFrame:
    """Read cells of a table as text: one row per line of the file, blank lines left out.

    Args:
        content: UTF-8 lines. Quotes are part of the text.
        separator: one character.
        wanted: the names of columns to give, and which cell of the line each is, from 0. Absent cells are null.
        first_line: the number of the first line.
    """
    width = max(wanted.values()) + 1
    names = [f"cell_{index}" for index in range(width)]
    if not content:
        return pl.DataFrame(schema={"line": pl.UInt32, **dict.fromkeys(wanted, pl.String)})
    try:
        return (
            pl.scan_csv(
                content,
                has_header=False,
                separator=separator,
                quote_char=None,
                schema=dict.fromkeys(names, pl.String),
                truncate_ragged_lines=True,
                missing_columns="insert",
                extra_columns="ignore",
                row_index_name="line",
                row_index_offset=first_line,
            )
            .filter(pl.any_horizontal(pl.col(names).is_not_null()))
            .select(
                pl.col("line").cast(pl.UInt32),
                *(pl.col(names[index]).str.strip_chars().alias(name) for name, index in wanted.items()),
            )
            .collect()
        )
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"the table cannot be read: {error}") from error


def columns_of(opened: Opened, names: dict[str, tuple[str, ...]], needed: tuple[str, ...]) -> dict[str, int]:
    """Find columns by their header words: for each name the place of the first of its headers that the file has.

    Raises:
        InvalidInput: a needed column is not there.
    """
    found = {
        name: opened.header.index(header)
        for name, headers in names.items()
        for header in (next((h for h in headers if h in opened.header), None),)
        if header is not None
    }
    for name in needed:
        if name not in found:
            raise InvalidInput(f"{opened.name}: the column {names[name][0]!r} is missing in the first line")
    return found
