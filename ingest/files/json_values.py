"""JSON files as rows of values with their path, which stands in for the line that JSON has not."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import Opened

WORDS: Final = ("point_word", "measured", "flow_word", "stage", "unit", "status", "stamp", "text", "doubt", "place")


def decoded(opened: Opened) -> dict[str, Any]:
    """Read a file as one JSON object.

    Raises:
        InvalidInput: it breaks off, or is no JSON, or no object.
    """
    try:
        value = msgspec.json.decode(opened.content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{opened.name} breaks off or is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"{opened.name} is JSON, but no object")
    return value


def frame_of(rows: Iterable[dict[str, Any]], *more: str) -> pl.DataFrame:
    """Rows of words as a frame of text; `line` is the ordinal of the value. What is no text or number is ''."""
    names = (*WORDS, *more)
    columns = {name: [] for name in names}
    for row in rows:
        for name in names:
            columns[name].append(text_of(row.get(name)))
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)).with_row_index("line", offset=1)


def text_of(value: object) -> str:
    """A text or number as text; '' for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return value.strip() if isinstance(value, str) else repr(value)


def listed(value: object) -> list[Any]:
    """A list as it is; [] for anything else."""
    return value if isinstance(value, list) else []


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; [] for anything else."""
    return [item for item in listed(value) if isinstance(item, dict)]
