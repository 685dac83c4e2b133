"""`hub stale`: the days that wait to be computed, those that were set aside and why, and another try at these."""

import argparse
import json
from collections.abc import Sequence
from typing import Any, Final

from energy.time import rfc3339
from hub.counted import counted
from hub.settings import Settings
from hub.tables import columns
from store import spans
from store.connect import connect
from store.spans import WaitingSpan

MOST_SHOWN: Final = 50
"""Lines of the table: what waits may be a hundred thousand days."""
LONGEST_ERROR: Final = 200
"""Characters of an error in the table; JSON has all of it."""
TITLE: Final = ("day", "kind", "what", "points", "attempts", "next try (UTC)", "error")


def run_stale(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show what waits and what was set aside; with --retry first make the latter due."""
    with connect(settings.database_url) as connection:
        due = spans.retry_now(connection) if arguments.retry else 0
        waiting, failed = spans.count(connection)
        found = spans.read_waiting(connection, None if arguments.json else MOST_SHOWN)
    if arguments.json:
        print(json.dumps([_shown(span) for span in found], indent=1))
        return 0
    if arguments.retry:
        print(f"due now of what was set aside: {counted(due, 'day')}")
    if not waiting:
        print("nothing waits: all that was heard is computed")
        return 0
    print(table(found))
    if waiting > len(found):
        print(f"... and {waiting - len(found):,} more, which --json lists")
    print(_summary(waiting, failed))
    return 0


def table(found: Sequence[WaitingSpan]) -> str:
    """The spans in columns, those set aside first."""
    cells = [TITLE, *(_cells(span) for span in found)]
    return "\n".join(columns(cells))


def _summary(waiting: int, failed: int) -> str:
    if not failed:
        return f"{counted(waiting, 'day')} to be computed by `hub process`"
    return (
        f"{counted(waiting, 'day')} to be computed by `hub process`; {failed:,} of them could not be, and will be tried"
        " again ever more rarely: `hub stale --retry` makes that now"
    )


def _shown(span: WaitingSpan) -> dict[str, Any]:
    return {
        "kind": span.kind,
        "what": span.what,
        "points": span.points,
        "day": span.day.isoformat(),
        "status": "waiting" if span.error is None else "set aside",
        "attempts": span.attempts,
        "next_try_at": rfc3339(span.next_try_at),
        "error": span.error,
    }


def _cells(span: WaitingSpan) -> tuple[str, ...]:
    error = " ".join((span.error or "").split())
    return (
        span.day.isoformat(),
        span.kind,
        span.what,
        ", ".join(span.points) or "-",
        str(span.attempts) if span.error is not None else "-",
        "-" if span.error is None else f"{span.next_try_at:%Y-%m-%d %H:%M:%S}",
        error if len(error) <= LONGEST_ERROR else f"{error[:LONGEST_ERROR]}...",
    )
