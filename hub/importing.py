"""`hub import`: files of distribution operators, and other tables, into the store; and what became of each."""

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import psycopg

from energy.errors import InvalidInput
from energy.frames import CURVES, INDEXES
from energy.model import Quantity
from hub.counted import counted
from hub.import_progress import Progress
from hub.import_results import import_results
from hub.import_undo import bytes_of, run_list, run_undo
from hub.import_words import (
    local_time,
    problem_lines,
    read_otherwise,
    told,
    told_before,
    undeclared,
    warnings,
    why_nothing,
)
from hub.settings import Settings
from ingest.files import ADAPTERS, FileContent, FileOptions, Problem, generic, read_opened
from ingest.files.packed import Member, is_packed, unpacked
from ingest.files.text import open_text
from ingest.files.words import RANKS, shown
from store import curves, indexes, operator_results
from store.communities import read_community
from store.connect import connect
from store.curves import CurveFile

LONGEST_NAME: Final = 200
"""Characters of a file's name that are shown and remembered."""
HIGHEST_W: Final = 1e9
"""Mean power beyond which a value is a mistake: that of a large power station. [W]"""
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
    if arguments.source == "list":
        return run_list(settings)
    if arguments.source == "undo":
        return run_undo(arguments.what, settings)
    files: Sequence[Path] = arguments.file
    refusals: list[str] = []
    done = 0
    progress = Progress(len(files))
    with connect(settings.database_url) as connection:
        take = _taker(connection, arguments, settings, progress)
        for place, file in enumerate(files, start=1):
            name = shown(file.name, LONGEST_NAME)
            progress.file(place, name)
            try:
                for member in unpacked(bytes_of(file), name):
                    progress.read(len(member.content))
                    try:
                        text = take(member)
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


def _taker(
    connection: psycopg.Connection, arguments: argparse.Namespace, settings: Settings, progress: Progress
) -> Callable[[Member], str]:
    """What imports one file, as the words of the command say; it tells what became of it."""
    options, zone = options_of(arguments), settings.zone_info
    if arguments.source == "settlement":
        community = read_community(connection, arguments.community)
        operator_results.prepare(connection)
        return lambda file: import_results(connection, file, community, options, zone)
    curves.prepare(connection)
    return lambda file: import_file(connection, file, arguments.source, options, zone, progress.stored)


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
    content = begun(read_as(source, file.content, file.name, options), datetime.now(UTC), zone)
    values, problems = curve_values(content)
    registers = index_values(content)
    points = sorted({*values.get_column("point").unique(), *registers.get_column("point").unique()})
    if not points:
        raise InvalidInput(f"{file.name}: {why_nothing(problems)}")
    with connection.transaction():
        curves.lock_import(connection)
        declared = curves.read_points(connection, points)
        if not declared:
            raise InvalidInput(f"{file.name}: {undeclared(values, registers, declared)}; nothing was imported")
        numbers = {point: row.number for point, row in declared.items()}
        known, known_registers = (frame.filter(pl.col("point").is_in(list(numbers))) for frame in (values, registers))
        rows, register_rows = (
            frame.with_columns(point_no=pl.col("point").replace_strict(numbers, return_dtype=pl.Int32))
            for frame in (known, known_registers)
        )
        digest = hashlib.sha256(file.content).digest()
        remembered = CurveFile(digest, file.name, content.kind, len(problems))
        there = [row.number for row in declared.values()]
        file_no, first_at = curves.remember(connection, remembered, there, rows.height + register_rows.height)
        left = curves.read_left(connection, file_no, rows) if first_at else {}
        given = set(known.select("point", "flow").unique().rows())
        if first_at and (beside := sum(number for series, number in left.items() if series in given)):
            raise InvalidInput(f"{file.name}: {read_otherwise(beside, file_no, first_at, zone)}")
        imported = curves.put(connection, file_no, rows.select(CURVES.names()), lambda done: tell(done, rows.height))
        imported += indexes.put(connection, file_no, register_rows.select(INDEXES.names()))
    lines = [told(file.name, content, known, known_registers, imported, first_at, zone)]
    lines += [*warnings(values, registers, declared), *told_before(left, file_no)]
    return "\n".join(lines + problem_lines(problems))


def read_as(source: str, raw: bytes, name: str, options: FileOptions) -> FileContent:
    """Read a file as it was announced; which format of the operator's it is, is told by what it holds.

    Raises:
        InvalidInput: it cannot be read, is of another operator, or says another flow than the options.
    """
    if is_packed(raw):
        raise InvalidInput(f"{name} is packed inside of another file: unpack that first, and import what it holds")
    opened = open_text(raw, name)
    if source == "csv":
        content = generic.read(opened, options)
    else:
        for adapter in ADAPTERS:
            family = "csv" if adapter is generic.ADAPTER else adapter.name.partition("_")[0]
            if family != source and adapter.recognises(opened):
                raise InvalidInput(f"{name} is {adapter.describes}: import it with `hub import {family}`")
        content = read_opened(opened, options)
    flows = set(
        content.readings.get_column("quantity").replace_strict({**_FLOWS, **_REGISTERS}, return_dtype=pl.String)
    )
    if options.flow and flows - {options.flow}:
        raise InvalidInput(f"{name} says itself that it holds {' and '.join(sorted(flows))}: leave --flow away")
    return content


def begun(content: FileContent, now: datetime, zone: ZoneInfo) -> FileContent:
    """What of a file has begun by now; what is yet to come is one problem, told at its first line."""
    to_come = content.readings.filter(pl.col("at") > now)
    if to_come.is_empty():
        return content
    line, at = to_come.sort("line").select("line", "at").row(0)
    problem = Problem(line, f"{local_time(at, zone)} is yet to come ({counted(to_come.height, 'value')})")
    readings = content.readings.filter(pl.col("at") <= now)
    return replace(content, readings=readings, problems=(*content.problems, problem))


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
    for is_bad, reason, column in refused:
        bad = values.filter(is_bad)
        if not bad.is_empty():
            first = bad.row(bad.get_column("line").arg_min() or 0, named=True)
            more = f" ({counted(bad.height, 'value')})"
            problems.append(Problem(first["line"], reason.format(first[column]) + more))
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
