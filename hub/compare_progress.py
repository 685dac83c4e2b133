"""How far `hub compare` is, on the terminal."""

import sys
from typing import Final

from processing.replaying import Step

WIDTH: Final = 24


class Progress:
    """A line on stderr that is written over, where stderr is a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def show(self, step: Step) -> None:
        """Say how many replays are done."""
        if self._is_shown:
            full = WIDTH * step.done // step.of
            bar = f"[{'#' * full}{'.' * (WIDTH - full)}] {100 * step.done // step.of} %, {step.month}"
            print(f"\r\x1b[K{bar}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the line."""
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
