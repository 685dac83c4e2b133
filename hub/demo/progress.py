"""What the demo is doing now, on the terminal."""

import shutil
import sys


class Progress:
    """A line on stderr that is written over, where stderr is a terminal; only whole lines elsewhere."""

    def __init__(self) -> None:
        self._over = sys.stderr.isatty()
        self._last = ""

    def __call__(self, text: str) -> None:
        """Say what is happening now."""
        width = shutil.get_terminal_size().columns - 1
        if self._over:
            print(f"\r\033[K{text[:width]}", end="", file=sys.stderr, flush=True)
        elif (kind := text.split(":", maxsplit=1)[0]) != self._last:
            self._last = kind
            print(text, file=sys.stderr, flush=True)

    def line(self, text: str) -> None:
        """Say something that stays."""
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the line."""
        if self._over:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
