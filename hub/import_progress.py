"""How far `hub import` is, on the terminal."""

import shutil
import sys
from typing import Final

WIDTH: Final = 24


class Progress:
    """A line on stderr that is written over, where stderr is a terminal; nothing elsewhere."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._file = ""
        self._is_shown = sys.stderr.isatty()

    def file(self, place: int, name: str) -> None:
        """Say which file is read, the first being 1."""
        self._file = f"{place} of {self._files}: {name}"
        self._show(self._file)

    def read(self, size_bytes: int) -> None:
        """Say that so many bytes are being understood."""
        self._show(f"{self._file}: reading {size_bytes / 1e6:,.1f} MB")

    def stored(self, done: int, values: int) -> None:
        """Say how many of the file's values are stored."""
        full = WIDTH * done // max(values, 1)
        share = 100 * done // max(values, 1)
        self._show(f"{self._file} [{'#' * full}{'.' * (WIDTH - full)}] {share} %, {done:,} of {values:,} values")

    def clear(self) -> None:
        """Remove the line."""
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _show(self, text: str) -> None:
        if self._is_shown:
            shown = text.encode(errors="replace").decode()[: shutil.get_terminal_size().columns - 1]
            print(f"\r\x1b[K{shown}", end="", file=sys.stderr, flush=True)
