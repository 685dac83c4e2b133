"""`hub import`: files of distribution operators, and other tables, into the store; and what became of each."""

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl
import psycopg

from energy.errors import InvalidInput
from energy.frames import CURVES, INDEXES
from energy.model import Quantity
from hub.counted import counted
from hub.import_progress import Progress
from hub.settings import Settings
from ingest.files import ADAPTERS, FileContent, FileOptions, Problem, generic, read_file
from ingest.files.packed import MOST_BYTES, Member, too_large, unpacked
from ingest.files.text import open_text
from ingest.files.words import RANKS
from store import curves, indexes
from store.connect import connect
from store.curves import CurveFile, DeclaredPoint, Imported

PROBLEMS_SHOWN: Final = 20
POINTS_NAMED: Final = 5
HIGHEST_W: Final = 1e9
"""Mean power beyond which a value is a mistake: that of a large power station. [W]"""
DESCRIBES: Final = {adapter.name: adapter.describes for adapter in ADAPTERS}
_FLOWS: Final = {
    Quantity.IMPORT_POWER_AVG: "import",
    Quantity.EXPORT_POWER_AVG: "export",
    Quantity.IMPORT_ENERGY_INTERVAL: "import",
    Quantity.EXPORT_ENERGY_INTERVAL: "export",
}
_REGISTERS: Final = {Quantity.IMPORT_ENERGY: "import", Quantity.EXPORT_ENERGY: "export"}
_ENERGIES: Final = (Quantity.IMPORT_ENERGY_INTERVAL, Quantity.EXPORT_ENERGY_INTERVAL)


def run_import(arguments: argparse.Namespace, settings: Settings) -> int:
    """Import every file, each in a transaction of its own; a file that cannot be is told, and the others go on.

    A zip is as many files as it holds.
    """
    options = options_of(arguments)
    files: Sequence[Path] = arguments.file
    refusals: list[str] = []
    done = 0
    progress = Progress(len(files))
    with connect(settings.database_url) as connection:
        curves.prepare(connection)
        for place, file in enumerate(files, start=1):
            progress.file(place, file.name)
            try:
                for member in unpacked(_bytes_of(file), file.name):
                    progress.read(len(member.content))
                    try:
                        text = import_file(
                            connection, member, arguments.source, options, settings.zone_info, progress.stored
                        )
                    except InvalidInput as error:
                        refusals.append(str(error))
                        continue
                    progress.clear()
                    print(text, flush=True)
                    done += 1
            except InvalidInput as error:
                refusals.append(str(error))
            finally:
                progress.clear()
    if not done:
        more = f"; nor could {counted(len(refusals) - 1, 'other file')} be imported" if len(refusals) > 1 else ""
        raise InvalidInput(refusals[0] + more)
    for refusal in refusals:
        print(f"! {refusal}", file=sys.stderr)
    return 0


def options_of(arguments: argparse.Namespace) -> FileOptions:
    """What the words of the command say of its files."""
    said = {field.name: getattr(arguments, field.name, None) for field in fields(FileOptions)}
    kind = "interval" if said["unit"] in ("Wh", "kWh") else ""
    return FileOptions(**{name: value for name, value in {**said, "kind": kind}.items() if value})


def import_file(
    connection: psycopg.Connection,
    file: Member,
    source: str,
    options: FileOptions,
    zone: ZoneInfo,
    tell: Callable[[int, int], None],
) -> str:
    """Import a file and tell what became of it.

    Args:
        source: enedis, eda or csv, as which the file is announced. zone: of the instants that are told.
        tell: called now and then with how many values are stored, and of how many.

    Raises:
        InvalidInput: nothing of it can be imported.
    """
    content = read_as(source, file.content, file.name, options)
    values, problems = curve_values(content)
    registers = index_values(content)
    points = sorted({*values.get_column("point").unique(), *registers.get_column("point").unique()})
    if not points:
        raise InvalidInput(f"{file.name}: {_why_nothing(problems)}")
    with connection.transaction():
        curves.lock_import(connection)
        declared = curves.read_points(connection, points)
        if not declared:
            raise InvalidInput(f"{file.name}: {_undeclared(values, registers, declared)}; nothing was imported")
        numbers = {point: row.number for point, row in declared.items()}
        known, known_registers = (frame.filter(pl.col("point").is_in(list(numbers))) for frame in (values, registers))
        rows, register_rows = (
            frame.with_columns(point_no=pl.col("point").replace_strict(numbers, return_dtype=pl.Int32))
            for frame in (known, known_registers)
        )
        digest = hashlib.sha256(file.content).digest()
        remembered = CurveFile(digest, file.name.encode(errors="replace").decode(), content.kind, len(problems))
        there = [row.number for row in declared.values()]
        file_no, first_at = curves.remember(connection, remembered, there, rows.height + register_rows.height)
        imported = curves.put(connection, file_no, rows.select(CURVES.names()), lambda done: tell(done, rows.height))
        imported += indexes.put(connection, file_no, register_rows.select(INDEXES.names()))
    lines = [_told(file.name, content, known, known_registers, imported, first_at, zone)]
    lines += _warnings(values, registers, declared)
    lines += [f"  {_place(problem.place)}: {problem.reason}" for problem in problems[:PROBLEMS_SHOWN]]
    if len(problems) > PROBLEMS_SHOWN:
        lines.append(f"  and {counted(len(problems) - PROBLEMS_SHOWN, 'problem')} more")
    return "\n".join(lines)


def _bytes_of(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise too_large(file.name)
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error


def read_as(source: str, raw: bytes, name: str, options: FileOptions) -> FileContent:
    """Read a file as it was announced; which format of the operator's it is, is told by what it holds.

    Raises:
        InvalidInput: it cannot be read, or is of another operator.
    """
    if source == "csv":
        return generic.read(open_text(raw, name), options)
    opened = open_text(raw, name)
    for adapter in ADAPTERS:
        family = "csv" if adapter is generic.ADAPTER else adapter.name.partition("_")[0]
        if family != source and adapter.recognises(opened):
            raise InvalidInput(f"{name} is {adapter.describes}: import it with `hub import {family}`")
    return read_file(raw, name, options)


def curve_values(content: FileContent) -> tuple[pl.DataFrame, list[Problem]]:
    """Means and interval energies of a file as `point` and the columns of CURVES; and its problems, in order.

    Left out is what no curve can be: a step that does not divide the hour, a start within a minute, more power than a
    power station gives. Each is a problem, told at its first line.
    """
    is_energy = pl.col("quantity").is_in(_ENERGIES)
    mean = pl.when(is_energy).then(pl.col("value") * 60 / pl.col("step_min")).otherwise(pl.col("value"))
    flow = pl.col("quantity").replace_strict(_FLOWS, return_dtype=pl.String)
    values = content.readings.filter(pl.col("quantity").is_in(list(_FLOWS))).select(
        "line", "point", "step_min", "quality",
        flow=flow, start="at", mean_w=mean.round(3),
        nature=pl.col("nature").replace_strict(RANKS, return_dtype=pl.Int16),
    )  # fmt: skip
    refused = (
        (60 % pl.col("step_min") != 0, "a step of {} minutes does not divide the hour", "step_min"),
        (pl.col("start").dt.timestamp("us") % 60_000_000 != 0, "{} is not a whole minute", "start"),
        (pl.col("mean_w") > HIGHEST_W, "{} W is more than any point can take", "mean_w"),
    )
    problems = list(content.problems)
    for is_bad, reason, shown in refused:
        bad = values.filter(is_bad)
        if not bad.is_empty():
            first = bad.row(bad.get_column("line").arg_min() or 0, named=True)
            more = f" ({counted(bad.height, 'value')})"
            problems.append(Problem(first["line"], reason.format(first[shown]) + more))
            values = values.filter(~is_bad)
    key = ["point", "flow", "start", "step_min", "nature"]  # a file may tell the same as power and as energy
    return values.sort("line").unique(key, keep="last", maintain_order=True).drop("line"), problems


def index_values(content: FileContent) -> pl.DataFrame:
    """Registers of a file as `point` and the columns of INDEXES, in whole Wh."""
    return content.readings.filter(pl.col("quantity").is_in(list(_REGISTERS))).select(
        "point", "tariff", "at", "quality",
        flow=pl.col("quantity").replace_strict(_REGISTERS, return_dtype=pl.String),
        nature=pl.col("nature").replace_strict(RANKS, return_dtype=pl.Int16),
        register_wh=pl.col("value").round().cast(pl.Int64),
    )  # fmt: skip


def _told(
    name: str,
    content: FileContent,
    values: pl.DataFrame,
    registers: pl.DataFrame,
    imported: Imported,
    first_at: datetime | None,
    zone: ZoneInfo,
) -> str:
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
        )
        if number
    ]
    ends = pl.col("start") + pl.duration(minutes="step_min")
    spans = [values.select("start", end=ends), registers.select(start="at", end="at")]
    since, until = pl.concat(spans).select(pl.col("start").min(), pl.col("end").max()).row(0)
    points = {*values.get_column("point").unique(), *registers.get_column("point").unique()}
    text = (
        f"{name}: {DESCRIBES[content.kind]}, {counted(len(points), 'point')}, {_local(since, zone)} to"
        f" {_local(until, zone)}; {counted(values.height + registers.height, 'value')}: {', '.join(done)}"
    )
    if imported.added or imported.replaced:
        return text
    if first_at is None:
        return f"{text}; nothing changes, other files said the same"
    return f"{text}; nothing changes, the file was imported on {_local(first_at, zone)}"


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _warnings(values: pl.DataFrame, registers: pl.DataFrame, declared: Mapping[str, DeclaredPoint]) -> Iterable[str]:
    if sentence := _undeclared(values, registers, declared):
        yield f"! {sentence}"
    for point, (_, before) in sorted(declared.items()):
        if before is None:
            continue
        late = values.filter((pl.col("point") == point) & (pl.col("start") < before)).height
        if late:
            yield (
                f"! {counted(late, 'value')} of point {point} from before {before:%Y-%m-%d %H:%M} UTC, when its"
                " intervals are kept as they are (`hub retention`): they change nothing"
            )


def _undeclared(values: pl.DataFrame, registers: pl.DataFrame, declared: Mapping[str, Any]) -> str:
    """The sentence about points that are not declared; '' where all are."""
    left = pl.concat([values.get_column("point"), registers.get_column("point")])
    left = left.filter(~left.is_in(list(declared)))
    if left.is_empty():
        return ""
    points = sorted(left.unique())
    names = ", ".join(points[:POINTS_NAMED])
    more = f" and {len(points) - POINTS_NAMED} more" if len(points) > POINTS_NAMED else ""
    subject, their = ("point {} is", "its") if len(points) == 1 else ("points {} are", "their")
    return (
        f"{subject.format(names + more)} not declared, and {their} {counted(left.len(), 'value')} left out; put"
        f" {their} id in the territory file, run `hub apply`, and import the file again"
    )


def _why_nothing(problems: Sequence[Problem]) -> str:
    if problems:
        first = problems[0]
        return f"nothing of it can be imported, first {_place(first.place)}: {first.reason}"
    return "it holds no value"


def _place(place: int | str) -> str:
    return f"line {place}" if isinstance(place, int) else place
