"""Examples of the files that adapters read: tests/data/files/<adapter>/<what>, and what a person says of some."""

from pathlib import Path
from typing import Any, Final

from ingest.files import FileContent, FileOptions, read_file

FOLDER: Final = Path(__file__).parent / "data" / "files"
AT_POINT: Final = "AT0031000000000000000000000000001"
OPTIONS: Final = {
    "enedis_data_connect": FileOptions(flow="import"),
    "portal_of_one_point.csv": FileOptions(point=AT_POINT),
    "enedis_r50": FileOptions(flow="import"),
    "generic": FileOptions(stamp="start", kind="interval", unit="kWh"),
}
EXAMPLES: Final = sorted(FOLDER.glob("*/*"))
NAMES: Final = [f"{path.parent.name}/{path.name}" for path in EXAMPLES]


def options_of(path: Path) -> FileOptions:
    return OPTIONS.get(path.name) or OPTIONS.get(path.parent.name) or FileOptions()


def read_text(text: str, options: FileOptions = FileOptions()) -> FileContent:  # noqa: B008 frozen
    return read_file(text.encode(), "a test's file", options)


def told(content: FileContent, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of a content with some columns; times as text in UTC, without seconds."""
    shown = content.readings.with_columns(content.readings.get_column("at").dt.strftime("%m-%d %H:%M"))
    return shown.select(columns).rows()


def reasons(content: FileContent) -> list[tuple[int | str, str]]:
    return [(problem.place, problem.reason) for problem in content.problems]
