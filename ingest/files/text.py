"""Bytes of a file as text: encodings, line ends, header words, and its cells as columns of a frame."""

import codecs
import re
from typing import Final

import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import Opened
from ingest.files.sieve import SHOWN, Sieve
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
SURPLUS: Final = "_surplus"
END: Final = "_end"
_OPEN: Final = "open"
_BROKEN: Final = "broken"
_BEYOND: Final = 3
"""Cells beyond the header that are looked at: a decimal comma makes one of each value."""
_KEPT: Final = "\x1f"
"""Stands for a separator within quotes."""
_IN_QUOTES: Final = re.compile(r'"[^"]*"')
_EITHER: Final = r"^-?[1-9]\d{0,2}(,\d{3})+$"
"""1,234 where commas are between the cells: English thousands, or a French decimal."""


def open_text(content: bytes, name: str) -> Opened:
    """Read the encoding of a file by its BOM, else as UTF-8, else as the cp1252 of French and German spreadsheets."""
    content = _utf8(content)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head = content[: HEAD_CHARACTERS * _LONGEST_UTF8].decode("utf-8", errors="ignore")[:HEAD_CHARACTERS]
    blank, first = _first_line(head)
    separator = separator_of(first)
    words = unquoted(first.encode(), separator).decode().split(separator)
    header = tuple(plain(word.replace(_KEPT, separator)) for word in words)
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
    return max(SEPARATORS, key=_IN_QUOTES.sub("", line).count)


def unquoted(content: bytes, separator: str) -> bytes:
    """Take the quotes away from lines; separators within them are kept apart, which `cells` puts back."""
    if b'"' not in content:
        return content
    mark = re.escape(separator.encode())
    quoted = re.compile(rb'(?<![^\n%b])"[^"\n]*%b[^"\n]*"(?![^\n%b])' % (mark, mark, mark))
    kept = quoted.sub(lambda cell: cell[0].replace(separator.encode(), _KEPT.encode()), content)
    return kept.replace(b'"', b"")


def table(opened: Opened, wanted: dict[str, int], sieve: Sieve) -> pl.DataFrame:
    """Read cells of the lines after the header by its separator, as `cells` does, but for those that are not sound."""
    separator = separator_of(_first_line(opened.head)[1])
    frame = cells(unquoted(opened.content, separator), separator, wanted, width=len(opened.header))
    frame = sound(frame.filter(pl.col("line") > opened.header_line), sieve, "text")
    if separator != "," or "text" not in wanted:
        return frame
    unclear = "the value {} may be a decimal or thousands: write the table with ; between its cells"
    return sieve.refuse(frame, pl.col("text").str.contains(_EITHER).fill_null(value=False), unclear, "text")


def sound(frame: pl.DataFrame, sieve: Sieve, value: str = "") -> pl.DataFrame:
    """Take out what `cells` found to be more than the header names, and what breaks off; tell what may do so.

    Args:
        frame: as `cells` gave it, or some together.
        sieve: told of what is taken out.
        value: the column that a sentence shows of the last line, '' for none.
    """
    surplus = "there are more cells than the first line names, from {} on: is it a decimal comma without quotes?"
    frame = sieve.refuse(frame, pl.col(SURPLUS) != "", surplus, SURPLUS)
    frame = sieve.refuse(frame, pl.col(END) == _BROKEN, "the file breaks off within this line")
    for line, text in frame.filter(pl.col(END) == _OPEN).select("line", value or pl.lit(None)).iter_rows():
        shown_value = f" {text[:SHOWN]!r}" if text else ""
        sieve.tell(line, f"the file ends without a line break: if it was cut, the last value{shown_value} lacks digits")
    return frame.drop(SURPLUS, END)


def cells(content: bytes, separator: str, wanted: dict[str, int], first_line: int = 1, width: int = 0) -> pl.DataFrame:
    """Read cells of a table as text: one row per line of the file, blank lines left out.

    Args:
        content: UTF-8 lines, `unquoted`.
        separator: one character.
        wanted: the names of columns to give, and which cell of the line each is, from 0. Absent cells are null.
        first_line: the number of the first line.
        width: how many cells the header names.

    Returns:
        line, the columns, SURPLUS, the first text beyond the width, '' for none, and END, how the file ends in
        this line, '' elsewhere. For `sound`.
    """
    width = max(max(wanted.values()) + 1, width)
    names = [f"cell_{index}" for index in range(width + _BEYOND)]
    if not content:
        return pl.DataFrame(schema={"line": pl.UInt32, **dict.fromkeys((*wanted, SURPLUS, END), pl.String)})
    beyond = pl.coalesce(pl.col(name).replace("", None) for name in names[width:])
    last_line, end = first_line + content.count(b"\n"), _end(content, separator, wanted, width)
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
                *(_text(names[index], separator).alias(name) for name, index in wanted.items()),
                beyond.fill_null("").alias(SURPLUS),
                pl.when(pl.col("line") == last_line).then(pl.lit(end)).otherwise(pl.lit("")).alias(END),
            )
            .collect()
        )
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"the table cannot be read: {error}") from error


def _text(column: str, separator: str) -> pl.Expr:
    return pl.col(column).str.replace_all(_KEPT, separator, literal=True).str.strip_chars()


def _end(content: bytes, separator: str, wanted: dict[str, int], width: int) -> str:
    """How a table ends: '' whole, _OPEN where its last cell may lack digits, _BROKEN where cells are missing."""
    last = content[content.rfind(b"\n") + 1 :]
    there = last.count(separator.encode()) + 1
    if not last.strip() or there > width:
        return ""
    if there < width:
        return _BROKEN
    if width - 1 not in wanted.values():
        return ""
    return _BROKEN if last.endswith(separator.encode()) else _OPEN


def columns_of(opened: Opened, names: dict[str, tuple[str, ...]], needed: tuple[str, ...]) -> dict[str, int]:
    """Find columns by their header words: for each name the place of the first of its headers that the file has.

    Raises:
        InvalidInput: a needed column is not there, or there are two of the same name.
    """
    for headers in names.values():
        header = next((h for h in headers if h in opened.header), None)
        if header is not None and opened.header.count(header) > 1:
            raise InvalidInput(
                f"{opened.name}: {opened.header.count(header)} columns are called {header!r}: rename the others"
            )
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
