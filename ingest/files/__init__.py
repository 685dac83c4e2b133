"""Files of readings that distribution operators hand out: bytes in, readings and problems out.

`read_file` is the face. Adding a format is one module with its opening sentences, one line in ADAPTERS, one example.
"""

from typing import Final

from energy.errors import InvalidInput
from ingest.files import (
    eda,
    enedis_columns13,
    enedis_data_connect,
    enedis_index,
    enedis_load_curve,
    enedis_r50,
    enedis_r63,
    enedis_r64,
    generic,
)
from ingest.files.content import FILE_READINGS, Adapter, FileContent, FileOptions, Opened, Problem
from ingest.files.text import open_text

__all__ = ["ADAPTERS", "FILE_READINGS", "Adapter", "FileContent", "FileOptions", "Problem", "read_file", "read_opened"]

ADAPTERS: Final[tuple[Adapter, ...]] = (
    enedis_load_curve.ADAPTER,
    enedis_index.ADAPTER,
    enedis_r63.ADAPTER,
    enedis_columns13.ADAPTER,
    enedis_r50.ADAPTER,
    enedis_r64.ADAPTER,
    enedis_data_connect.ADAPTER,
    eda.ADAPTER,
    generic.ADAPTER,
)
"""Every format the hub reads. Each file is recognised by one of them at most, whatever the order."""
_SHOWN: Final = 40


def read_file(content: bytes, name: str, options: FileOptions = FileOptions()) -> FileContent:  # noqa: B008 frozen
    """Read a file of readings, recognising its format by what it holds.

    Where the options name the columns of time or value, the file is read as generic CSV without asking the others.

    Args:
        content: the file's bytes.
        name: what people call it, for messages; it says nothing about the format.
        options: what a person says that the file does not say itself.

    Raises:
        InvalidInput: no known format, or nothing of it can be read, or an option is needed.
    """
    return read_opened(open_text(content, name), options)


def read_opened(opened: Opened, options: FileOptions) -> FileContent:
    """Read a file of readings whose text is known already, as `read_file` does."""
    described = options.time_column or options.value_column
    for adapter in ADAPTERS:
        if adapter is generic.ADAPTER if described else adapter.recognises(opened):
            return adapter.read(opened, options)
    known = "; ".join(adapter.describes for adapter in ADAPTERS)
    begins = f"begins with {opened.head.strip()[:_SHOWN]!r}" if opened.head.strip() else "is empty"
    raise InvalidInput(f"{opened.name} {begins}, which is none of the formats known: {known}")
