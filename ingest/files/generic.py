"""Any CSV file with a time and a value on each line, described by options: the last resort.

Columns are found by their header (time, value, point, flow; see COLUMNS) or by the options `*_column`; without a
column, `point` and `flow` are options. A column start is no end, and a column end no start. Separator (; tab , |) and
decimal (point or comma) are detected; thousands may be apart (1 234,5), but 1,234.5 and 1.234,5 are no numbers. Where
commas are between the cells, a decimal comma is in quotes, and "1,234" is refused: it may be a thousand and more, or
one and a bit.
Clock: stamps with an offset are what they say; others are local time of the option `zone`, which must be given then.
Days may be written 2026-01-05, 05/01/2026 or 05.01.2026: the day comes before the month. The option `stamp` (start or
end) must be given for means and interval energies: no file says it. Unit: the option `unit`, W, kW, Wh or kWh; W and kW
are means, Wh and kWh need `kind` interval or register. The step is the option `step_min`, or told by the neighbours.
Quality: 14 raw.
Source: this page.
"""

from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import Adapter, FileContent, FileOptions, Opened
from ingest.files.local_time import DAY_FIRST, GERMAN, ISO, WITH_OFFSET, aware, instants
from ingest.files.sieve import SHOWN, Sieve
from ingest.files.steps import placed
from ingest.files.text import columns_of, table
from ingest.files.words import BRUT, RAW, UNITS, flow_of, plain, quantity_of

NAME: Final = "generic"
_TIMES: Final = ("time", "timestamp", "datetime", "date time")
_STAMPS: Final = {"start": ("start", *_TIMES), "end": ("end", *_TIMES), "": (*_TIMES, "start", "end")}
"""Headers of times, by what the option `stamp` says that they are."""
COLUMNS: Final = {
    "stamp": _STAMPS[""],
    "text": ("value",),
    "point": ("point", "prm", "meter"),
    "flow_word": ("flow", "direction"),
}
LONGEST_STEP_MIN: Final = 60
_COLUMNS_SHOWN: Final = 8
_SPREADSHEET: Final = r"^\d([.,]\d+[eE]\+?|[eE]\+)\d+$"


def recognises(opened: Opened) -> bool:
    """Whether the first line names a time and a value, by the names that COLUMNS says."""
    return "value" in opened.header and bool(set(COLUMNS["stamp"]) & set(opened.header))


def read(opened: Opened, options: FileOptions) -> FileContent:
    """Read the table as the options describe it."""
    sieve = Sieve()
    measures, factor = _described(opened.name, options)
    columns = columns_of(opened, _names(options), ())
    for name, given in (("stamp", ""), ("text", ""), ("point", options.point), ("flow_word", options.flow)):
        if name not in columns and not given:
            raise InvalidInput(f"{opened.name}: {_absent(name, opened, options)}")
    frame = table(opened, columns, sieve)
    given = {"point": options.point, "flow_word": options.flow}
    absent = [pl.lit(word).alias(name) for name, word in given.items() if name not in columns]
    frame = frame.with_columns(pl.col("text").fill_null(""), pl.col("stamp").fill_null(""), *absent)
    frame = _at(_labelled(frame, sieve, measures), sieve, opened.name, options)
    frame = sieve.numbers(_with_starts(frame, sieve, measures, options), factor)
    return sieve.content(NAME, frame)


def _described(name: str, options: FileOptions) -> tuple[str, int]:
    """What the values measure (power, energy, register) and how many of the hub's unit one is."""
    unit = UNITS.get(plain(options.unit))
    if unit is None:
        raise InvalidInput(f"{name}: say the unit of its values with --unit: W, kW, Wh or kWh")
    measures, factor = unit
    kind = options.kind or ("mean" if measures == "power" else "")
    if not kind:
        raise InvalidInput(f"{name}: say with --kind what its {options.unit} are: interval or register")
    if (kind == "mean") != (measures == "power"):
        raise InvalidInput(f"{name}: {options.unit} is no unit of the kind {kind}")
    if kind != "register" and not options.stamp:
        raise InvalidInput(f"{name}: say with --stamp whether stamps are the start or the end of their step")
    if options.step_min and not 0 < options.step_min <= LONGEST_STEP_MIN:
        raise InvalidInput(f"{name}: a step of {options.step_min} minutes is not between 1 and {LONGEST_STEP_MIN}")
    return ("register" if kind == "register" else measures), factor


def _said(options: FileOptions) -> dict[str, str]:
    """The headers that a person names."""
    return {
        "stamp": options.time_column,
        "text": options.value_column,
        "point": options.point_column,
        "flow_word": options.flow_column,
    }


def _names(options: FileOptions) -> dict[str, tuple[str, ...]]:
    usual = {**COLUMNS, "stamp": _STAMPS[options.stamp]}
    return {name: (plain(said),) if said else usual[name] for name, said in _said(options).items()}


def _absent(name: str, opened: Opened, options: FileOptions) -> str:
    """The sentence about a column that is not there."""
    said, word = _said(options)[name], COLUMNS[name][0]
    other = "end" if options.stamp == "start" else "start"
    if name == "stamp" and not said and other in opened.header:
        return (
            f"its times are called {other!r}, and --stamp says {options.stamp}: say --stamp {other}, or name the column"
            f" of the {options.stamp}s with --time-column"
        )
    there = ", ".join(repr(header[:SHOWN]) for header in opened.header[:_COLUMNS_SHOWN])
    more = ", or the value of all lines" if name in ("point", "flow_word") else ""
    return (
        f"no column is called {plain(said) or word!r}, its first line holds {there}: name it with --{word}-column{more}"
    )


def _labelled(frame: pl.DataFrame, sieve: Sieve, measures: str) -> pl.DataFrame:
    frame = frame.with_columns(pl.col("point", "flow_word").fill_null(""))
    damaged = "the point {} is missing or damaged by a spreadsheet"
    frame = sieve.refuse(frame, (pl.col("point") == "") | pl.col("point").str.contains(_SPREADSHEET), damaged, "point")
    flows = {word: flow_of(word) for word in frame.get_column("flow_word").unique()}
    unknown = {
        word: f"the flow {word[:SHOWN]!r} is neither import nor export" for word, flow in flows.items() if not flow
    }
    frame = sieve.words(frame, "flow_word", unknown)
    quantities = {word: str(quantity_of(flow, measures)) for word, flow in flows.items() if flow}
    return frame.with_columns(
        point=pl.col("point").cast(pl.Categorical),
        quantity=pl.col("flow_word").replace_strict(quantities, return_dtype=pl.Categorical),
        tariff=pl.lit("", pl.Categorical),
        nature=pl.lit(BRUT, pl.Categorical),
        quality=pl.lit(RAW, pl.Int16),
    )


def _at(frame: pl.DataFrame, sieve: Sieve, name: str, options: FileOptions) -> pl.DataFrame:
    if frame.select(pl.col("stamp").str.contains(WITH_OFFSET).all()).item():
        return aware(frame, sieve)
    if not options.zone:
        raise InvalidInput(f"{name} has stamps without offset: say their zone with --zone, as Europe/Paris")
    try:
        zone = ZoneInfo(options.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(f"{name}: {options.zone!r} is no time zone: write it as Europe/Paris") from error
    return instants(frame, sieve, zone, (*ISO, *DAY_FIRST, *GERMAN))


def _with_starts(frame: pl.DataFrame, sieve: Sieve, measures: str, options: FileOptions) -> pl.DataFrame:
    if measures == "register":
        return frame.with_columns(step_min=pl.lit(0, pl.Int16))
    return placed(frame, sieve, options.stamp, options.step_min)


ADAPTER: Final = Adapter(NAME, "CSV with the columns time and value, described by options", recognises, read)
