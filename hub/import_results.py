"""`hub import settlement`: the operator's own results of a community into the store, and what became of a file."""

import hashlib
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import polars as pl
import psycopg

from energy.errors import InvalidInput
from energy.frames import OPERATOR_RESULTS
from energy.time import local_date
from hub.counted import counted
from hub.import_words import LONGEST_POINT, POINTS_NAMED, local_time, problem_lines, undeclared, why_nothing
from ingest.files.content import FileOptions
from ingest.files.packed import Member, is_packed
from ingest.files.settlement import DESCRIBES, read_results
from ingest.files.words import shown
from store import balances, curves, operator_results
from store.communities import CommunityRow
from store.curves import CurveFile, Imported


def import_results(
    connection: psycopg.Connection, file: Member, community: CommunityRow, options: FileOptions, zone: ZoneInfo
) -> str:
    """Import a file of the operator's results of a community and tell what became of it.

    Args:
        community: whose calendar the months are of.
        options: what a person says of curves.
        zone: of the instants that are told.

    Raises:
        InvalidInput: nothing of it can be imported.
    """
    if is_packed(file.content):
        raise InvalidInput(f"{file.name} is packed inside of another file: unpack that first, and import what it holds")
    content = read_results(file.content, file.name, options, ZoneInfo(community.zone))
    results = content.results
    if results.is_empty():
        raise InvalidInput(f"{file.name}: {why_nothing(content.problems)}")
    with connection.transaction():
        curves.lock_import(connection)
        declared = curves.read_points(connection, results.get_column("point").unique().to_list())
        unknown = undeclared(results, results.clear(), declared)
        if not declared:
            raise InvalidInput(f"{file.name}: {unknown}; nothing was imported")
        members = {member.point for member in balances.read_members(connection, community.no)}
        strangers = sorted(declared.keys() - members)
        if len(strangers) == len(declared):
            raise InvalidInput(f"{file.name}: none of its points is a member of {community.id}; nothing was imported")
        numbers = {point: row.number for point, row in declared.items()}
        known = results.filter(pl.col("point").is_in(list(numbers)))
        rows = known.with_columns(point_no=balances.number("point", numbers))
        digest = hashlib.sha256(file.content).digest()
        remembered = CurveFile(digest, file.name, content.kind, len(content.problems))
        file_no, first_at = curves.remember(connection, remembered, list(numbers.values()), rows.height)
        rows = rows.select(OPERATOR_RESULTS.names())
        imported = operator_results.put(connection, community.no, file_no, rows)
    text = f"{file.name}: {DESCRIBES[content.kind]}, {_extent(known, community)}: {_done(imported)}"
    if first_at is not None and imported.known == rows.height:
        text += f"; nothing changes, the file was imported on {local_time(first_at, zone)}"
    told = [sentence for sentence in (unknown, _strange(strangers, community)) if sentence]
    return "\n".join([text, *(f"! {sentence}" for sentence in told), *problem_lines(content.problems)])


def _strange(points: Sequence[str], community: CommunityRow) -> str:
    """The sentence about points that the operator counts in a community and the hub does not; '' without any."""
    if not points:
        return ""
    more = f" and {len(points) - POINTS_NAMED} more" if len(points) > POINTS_NAMED else ""
    names = ", ".join(shown(point, LONGEST_POINT) for point in points[:POINTS_NAMED]) + more
    verb = "is no member" if len(points) == 1 else "are no members"
    return f"{names} {verb} of {community.id}: what the operator says there stands beside nothing of the hub's"


def _extent(known: pl.DataFrame, community: CommunityRow) -> str:
    """Whose results these are, of how many points and of which months."""
    zone = ZoneInfo(community.zone)
    starts = known.get_column("month_start").unique().sort().to_list()
    first, last = (f"{local_date(start, zone):%Y-%m}" for start in (starts[0], starts[-1]))
    points = counted(known.get_column("point").n_unique(), "point")
    months = first if first == last else f"{first} to {last}"
    return f"{community.id}, {points}, {months}; {counted(known.height, 'result')}"


def _done(imported: Imported) -> str:
    told = ((imported.added, "new"), (imported.replaced, "changed"), (imported.known, "known already"))
    return ", ".join(f"{number:,} {word}" for number, word in told if number)
