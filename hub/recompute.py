"""`hub recompute`: rebuilds everything from the readings, and says whether it equals what is stored."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import psycopg

from energy.errors import InvalidInput
from energy.time import Span, rfc3339
from hub.counted import counted
from hub.settings import Settings
from processing.recompute import Difference, Findings, Kind, Scope, check_piece, read_pieces, repair
from store import recomputation
from store.communities import read_community
from store.connect import FrameReader, connect

DIFFERS: Final = 1
KINDS: Final[tuple[Kind, ...]] = ("interval", "allocation", "pair", "balance")


def run_recompute(arguments: argparse.Namespace, settings: Settings) -> int:
    """Rebuild, compare, tell what differs, and have it computed again if told so; 1 where something differs."""
    since = day_of(arguments.since)
    started_at = datetime.now(UTC)
    with connect(settings.database_url) as connection:
        community_no = None if arguments.community is None else read_community(connection, arguments.community).no
        found = check(settings.database_url, connection, Scope(since, community_no, place=settings.place))
        recomputation.add(connection, started_at, since, community_no, found.counts)
        days = _repair(settings.database_url, connection, found) if arguments.repair and found.counts[1] else None
    print(json.dumps(as_json(found, days)) if arguments.json else as_text(found))
    if not found.counts[1]:
        return 0
    how = f"run `hub recompute{_scope(arguments)} --repair` to have their days computed again"
    if days is not None:
        how = f"{counted(days, 'day')} will be computed again by `hub process`; then `hub recompute` finds them equal"
    print(
        f"hub recompute: {counted(found.counts[1], 'row')} not equal to what the readings give; {how}", file=sys.stderr
    )
    return DIFFERS


def check(url: str, connection: psycopg.Connection, scope: Scope) -> Findings:
    """Rebuild and compare all that is in scope, showing on a terminal how far it is."""
    found = Findings()
    for piece in _shown(read_pieces(url, connection, scope)):
        for _ in check_piece(url, connection, scope, piece, found):
            pass
    return found


def day_of(text: str | None) -> date | None:
    """The UTC day that a person named.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"--since {text!r} is not a day: write it as 2026-01-31") from error


def as_text(found: Findings) -> str:
    """What was compared, what differs, and what was left out."""
    rows = ", ".join(counted(found.compared[kind], kind) for kind in KINDS)
    lines = [f"compared: {rows}"]
    if found.counts[1]:
        lines.append("different: " + ", ".join(counted(found.differing[kind], kind) for kind in KINDS))
        lines += [_line(difference) for difference in found.first]
        more = found.counts[1] - len(found.first)
        lines += [f"  and {more:,} more"] if more else []
    else:
        nothing = not sum(found.compared.values())
        lines.append("there was nothing to compare" if nothing else "all of them equal what the readings give")
    if found.waiting:
        lines.append(f"left out: {counted(found.waiting, 'day')} of points and communities that wait to be computed")
    if found.frozen:
        names = sorted(found.frozen)
        several = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        before = rfc3339(found.frozen[names[0]])
        lines.append(f"left out: what is kept as it is, {names[0]}{several} (before {before})")
    return "\n".join(lines)


def as_json(found: Findings, repaired_days: int | None) -> dict[str, Any]:
    """The same for programs."""
    return {
        "compared": {kind: found.compared[kind] for kind in KINDS},
        "differing": {kind: found.differing[kind] for kind in KINDS},
        "first": [
            {
                "kind": difference.kind,
                "what": difference.what,
                "start": rfc3339(difference.start),
                "stored": difference.stored,
                "rebuilt": difference.rebuilt,
            }
            for difference in found.first
        ],
        "waiting_days": found.waiting,
        "frozen": {name: rfc3339(before) for name, before in sorted(found.frozen.items())},
        "repaired_days": repaired_days,
    }


def _line(difference: Difference) -> str:
    stored, rebuilt = (_values(side) for side in (difference.stored, difference.rebuilt))
    return f"  {difference.kind} {difference.what}, {rfc3339(difference.start)}: stored {stored}, rebuilt {rebuilt}"


def _values(side: dict[str, Any] | None) -> str:
    return "nothing" if side is None else ", ".join(f"{name} {value}" for name, value in side.items())


def _scope(arguments: argparse.Namespace) -> str:
    since = f" --since {arguments.since}" if arguments.since else ""
    return since + (f" --community {arguments.community}" if arguments.community else "")


def _repair(url: str, connection: psycopg.Connection, found: Findings) -> int:
    reader = FrameReader(url)
    try:
        return repair(reader, connection, found)
    finally:
        reader.close()


def _shown(pieces: Sequence[Span]) -> Iterator[Span]:
    is_seen = sys.stderr.isatty()
    try:
        for place, piece in enumerate(pieces, start=1):
            if is_seen:
                print(f"\r\x1b[K{place} of {len(pieces)}: {piece.start:%Y-%m-%d}", end="", file=sys.stderr, flush=True)
            yield piece
    finally:
        if is_seen:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
