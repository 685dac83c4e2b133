"""`hub allocate`: compute a worked case of sharing from a file, without a database."""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from energy.errors import InvalidInput, KeyNotValid
from hub.files import read_text
from hub.settings import Settings
from processing.case_answers import FIGURES, answer


def run_allocate(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Print what the case comes to, as a table or as JSON."""
    found = answer_file(arguments.case)
    print(json.dumps(found, indent=1) if arguments.json else table(found))
    return 0


def answer_file(file: Path) -> dict[str, Any]:
    """Compute the case of a file.

    Raises:
        InvalidInput: it cannot be read, is not JSON, or no case that can be computed.
    """
    text = read_text(file)
    try:
        case = json.loads(text, parse_constant=_refuse, object_pairs_hook=_table)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file} is not JSON: {error}") from error
    try:
        return answer(case)
    except (InvalidInput, KeyNotValid) as error:
        raise InvalidInput(f"{file.name}: {error}") from error


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The table; a name that comes twice would lose what the first of them says."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"{twice!r} is twice in a table")
    return found


def table(found: dict[str, Any]) -> str:
    """A line for each figure of each point, then the totals; of other kinds than allocation, the JSON."""
    if found["kind"] != "allocation":
        return json.dumps(found, indent=1)
    lines = [f"method: {found['method']}; unit: {found['unit']}"]
    lines += [f"{'interval':8} {'point':20} " + " ".join(f"{name:>14}" for name in FIGURES)]
    for place, interval in enumerate(found["intervals"], start=1):
        for point in sorted({point for name in FIGURES for point in interval[name]}):
            figures = (interval[name].get(point) for name in FIGURES)
            shown = ("" if value is None else f"{value:.10g}" for value in figures)
            lines.append(f"{place:8} {point:20} " + " ".join(f"{text:>14}" for text in shown))
    lines += [f"{name}: {'-' if value is None else f'{value:.10g}'}" for name, value in found["totals"].items()]
    return "\n".join(line.rstrip() for line in lines)
