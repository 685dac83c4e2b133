"""Refuse Python files longer than the ceiling: a file that outgrows it holds two ideas."""

import sys
from pathlib import Path
from typing import Final

CEILING_LINES: Final = 300


def too_long(root: Path) -> list[str]:
    """Name every Python file below root, hidden directories and build/ aside, that is over the ceiling."""
    sources = (
        path.relative_to(root)
        for entry in sorted(root.iterdir())
        if not entry.name.startswith(".") and entry.name != "build"
        for path in ([entry] if entry.suffix == ".py" else sorted(entry.rglob("*.py")))
    )
    lengths = ((path, len((root / path).read_text(encoding="utf-8").splitlines())) for path in sources)
    return [
        f"{path}: {lines} lines, the ceiling is {CEILING_LINES}: find the second idea and give it a file"
        for path, lines in lengths
        if lines > CEILING_LINES
    ]


if __name__ == "__main__":
    sys.exit("\n".join(too_long(Path.cwd())) or None)
