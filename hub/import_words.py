"""What `hub import` says of a file: how much of it is new, what is left out, and why nothing of it can be taken."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.time import offset_if_twice
from hub.counted import counted
from hub.kept import changes_nothing
from ingest.files import ADAPTERS, FileContent, Problem
from ingest.files.words import shown
from store.curves import DeclaredPoint, Imported

PROBLEMS_SHOWN: Final = 20
POINTS_NAMED: Final = 5
LONGEST_POINT: Final = 60
"""Characters of a point's id that are shown; those of operators have 14 or 33."""
LONGEST_REASON: Final = 300
DESCRIBES: Final = {adapter.name: adapter.describes for adapter in ADAPTERS}


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """The first problems of a file, and how many more there are."""
    lines = [f"  {_place(problem.place)}: {problem.reason}" for problem in problems[:PROBLEMS_SHOWN]]
    if len(problems) > PROBLEMS_SHOWN:
        lines.append(f"  and {counted(len(problems) - PROBLEMS_SHOWN, 'problem')} more")
    return lines


def told(
    name: str,
    content: FileContent,
    values: pl.DataFrame,
    registers: pl.DataFrame,
    imported: Imported,
    first_at: datetime | None,
    zone: ZoneInfo,
) -> str:
    """The sentence about a file that was imported."""
    counts = content.counts
    done = [
        f"{number:,} {word}"
        for number, word in (
            (imported.added, "new"),
            (imported.replaced, "changed"),
            (imported.known, "known already"),
            (counts.repeated, "repeated in the file"),
            (counts.empty, "empty"),
            (counts.refused, "refused"),
            (counts.left_out, "left out"),
            (counts.beside, "left out as their energy is in the registers taken"),
        )
        if number
    ]
    ends = pl.col("start") + pl.duration(minutes="step_min")
    spans = [values.select("start", end=ends), registers.select(start="at", end="at")]
    since, until = pl.concat(spans).select(pl.col("start").min(), pl.col("end").max()).row(0)
    points = {*values.get_column("point").unique(), *registers.get_column("point").unique()}
    text = (
        f"{name}: {DESCRIBES[content.kind]}, {counted(len(points), 'point')}, {local_time(since, zone)} to"
        f" {local_time(until, zone)}; {counted(values.height + registers.height, 'value')}: {', '.join(done)}"
    )
    if imported.added or imported.replaced:
        return text
    if first_at is None:
        return f"{text}; nothing changes, other files said the same"
    return f"{text}; nothing changes, the file was imported on {local_time(first_at, zone)}"


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """An instant as a clock of a zone shows it."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M}{offset_if_twice(local)}"


def warnings(values: pl.DataFrame, registers: pl.DataFrame, declared: Mapping[str, DeclaredPoint]) -> Iterable[str]:
    """What changes nothing of a file that was imported."""
    if sentence := undeclared(values, registers, declared):
        yield f"! {sentence}"
    for point, (_, before) in sorted(declared.items()):
        if before is None:
            continue
        late = values.filter((pl.col("point") == point) & (pl.col("start") < before)).height
        if late:
            yield f"! {changes_nothing(counted(late, 'value'), point, before, number=late)}"


def read_otherwise(left: int, file_no: int, first_at: datetime, zone: ZoneInfo) -> str:
    """The sentence about a file that was read otherwise before, so that values are left which would count beside."""
    return (
        f"the same file was imported on {local_time(first_at, zone)} and read otherwise: {counted(left, 'value')} from"
        f" then would count beside those of now; take that back with `hub import undo {file_no}`, and import the file"
        " again; nothing was imported"
    )


def told_before(left: Mapping[tuple[str, str], int], file_no: int) -> Iterable[str]:
    """What else a file said of points and flows when it was read otherwise, which still counts."""
    for (point, flow), number in left.items():
        yield (
            f"! {counted(number, 'value')} of point {shown(point, LONGEST_POINT)}, {flow}, which this file gave before,"
            f" count as well; if they are wrong, `hub import undo {file_no}`, and import it again"
        )


def undeclared(values: pl.DataFrame, registers: pl.DataFrame, declared: Mapping[str, Any]) -> str:
    """The sentence about points that are not declared; '' where all are."""
    left = pl.concat([values.get_column("point"), registers.get_column("point")])
    left = left.filter(~left.is_in(list(declared)))
    if left.is_empty():
        return ""
    points = sorted(left.unique())
    names = ", ".join(shown(point, LONGEST_POINT) for point in points[:POINTS_NAMED])
    more = f" and {len(points) - POINTS_NAMED} more" if len(points) > POINTS_NAMED else ""
    subject, their = ("point {} is", "its") if len(points) == 1 else ("points {} are", "their")
    return (
        f"{subject.format(names + more)} not declared, and {their} {counted(left.len(), 'value')} left out; put"
        f" {their} id in the territory file, run `hub apply`, and import the file again"
    )


def why_nothing(problems: Sequence[Problem]) -> str:
    """The sentence about a file without a value that can be imported."""
    if problems:
        first = problems[0]
        return f"nothing of it can be imported, first {_place(first.place)}: {first.reason}"
    return "it holds no value"


def _place(place: int | str) -> str:
    return f"line {place}" if isinstance(place, int) else shown(place, LONGEST_REASON)
