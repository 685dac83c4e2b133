"""The operator's results as curves: any CSV with a time, a point, a series and a value on each line.

Columns: Horodate (or at, time, timestamp, datetime), point (or PRM), type (or series), value (or valeur), and, where a
point both consumes and produces, flow, which tells whose its autocons are; else the point's other series tell it. A
flow that is not that of its series is refused. Types are cons, autocons, complement, prod, surplus.
Clock: stamps with an offset are what they say; others are local time of the option `zone`, or of the community. The
option `stamp` (start or end) must be given. Unit: the option `unit`: W and kW are means, Wh and kWh energies of the
step, which is the option `step_min` or told by the neighbours.
Months: the steps of a local month add up to its result where they cover it without a hole, and once; the sum of a part
would be no month's, and is left out with the reason. Each value may be rounded by half of its last decimal.
Source: this page; the form is the hub's own.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import FileOptions, Opened, Problem
from ingest.files.local_time import DAY_FIRST, GERMAN, ISO, instants
from ingest.files.results import SERIES, Result, ResultsContent, gathered
from ingest.files.sieve import SHOWN, Sieve
from ingest.files.steps import placed
from ingest.files.text import columns_of, table
from ingest.files.words import BRUT, RAW, UNITS, flow_of, plain

NAME: Final = "results_csv"
DESCRIBES: Final = "results of the operator as curves"
COLUMNS: Final = {
    "stamp": ("horodate", "at", "time", "timestamp", "datetime"),
    "point": ("point", "prm"),
    "result": ("type", "series"),
    "text": ("value", "valeur"),
    "flow_word": ("flow", "direction"),
}
NEEDED: Final = ("stamp", "point", "result", "text")
_SPREADSHEET: Final = r"^\d([.,]\d+[eE]\+?|[eE]\+)\d+$"
_DAMAGED: Final = "the point {} is missing or damaged by a spreadsheet"
_SHARED: Final = "autocons"
_HOUR_MIN: Final = 60
_FINE: Final = 1000
"""Values are summed as whole thousandths of W or Wh, so that their sum is exact."""


def read(opened: Opened, options: FileOptions, zone: ZoneInfo) -> ResultsContent:
    """Read the curves, and add each up by local month of a zone.

    Raises:
        InvalidInput: a column is missing, or an option, or the zone of the stamps is none.
    """
    sieve = Sieve()
    unit = UNITS.get(plain(options.unit))
    if unit is None or not options.stamp:
        asked = "their unit: --unit W, kW, Wh or kWh" if unit is None else "what their times are: --stamp start or end"
        raise InvalidInput(f"{opened.name} is no JSON; if it holds curves, say {asked}")
    frame = _labelled(table(opened, columns_of(opened, COLUMNS, NEEDED), sieve), sieve)
    frame = instants(frame, sieve, _zone(opened.name, options, zone), (*ISO, *DAY_FIRST, *GERMAN))
    frame = placed(frame, sieve, options.stamp, options.step_min)
    decimals = frame.select(pl.col("text").str.extract(r"[.,](\d+)$").str.len_chars().max()).item() or 0
    content = sieve.content(NAME, sieve.numbers(frame, unit[1]))
    problems = list(content.problems)
    month = pl.col("at").dt.convert_time_zone(zone.key).dt.truncate("1mo")
    results = list(_results(content.readings.with_columns(month=month), problems, unit, decimals))
    return gathered(NAME, results, problems, zone)


def _labelled(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    """Give flow and series, together as `quantity`, in place of the words they are told by."""
    if "flow_word" not in frame.columns:
        frame = frame.with_columns(flow_word=pl.lit(""))
    frame = frame.with_columns(pl.col("stamp", "point", "result", "text", "flow_word").fill_null(""))
    frame = sieve.refuse(frame, (pl.col("point") == "") | pl.col("point").str.contains(_SPREADSHEET), _DAMAGED, "point")
    frame = frame.with_columns(pl.col("result").str.to_lowercase())
    unknown = set(frame.get_column("result").unique()).difference(*SERIES.values())
    known = ", ".join(sorted({name for names in SERIES.values() for name in names}))
    frame = sieve.words(frame, "result", {word: f"{word[:SHOWN]!r} is none of the series {known}" for word in unknown})
    return _with_flows(frame, sieve).with_columns(
        pl.col("point").cast(pl.Categorical),
        quantity=pl.concat_str("flow", "result", separator=" ").cast(pl.Categorical),
        tariff=pl.lit("", pl.Categorical),
        nature=pl.lit(BRUT, pl.Categorical),
        quality=pl.lit(RAW, pl.Int16),
    )


def _with_flows(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    """Give `flow`: of autocons it is what its line says, else that of the point's other series."""
    of_series = {name: flow for flow, names in SERIES.items() for name in names if name != _SHARED}
    frame = frame.with_columns(_said=pl.concat_str("result", "flow_word", separator=" "))
    said = frame.select("_said", "result", "flow_word").unique("_said").rows()
    frame = sieve.words(frame, "_said", dict(_flow_problems(said, of_series)))
    words = {word: flow_of(word) for word in frame.get_column("flow_word").unique()}
    own = pl.col("result").replace_strict(of_series, default=None, return_dtype=pl.String)
    frame = frame.with_columns(_own=own).with_columns(
        flow=pl.coalesce(
            "_own",
            pl.col("flow_word").replace_strict(words, return_dtype=pl.String),
            pl.when(pl.col("_own").drop_nulls().n_unique().over("point") == 1).then(pl.col("_own").max().over("point")),
        )
    )
    frame = frame.with_columns(_unclear=pl.when(pl.col("flow").is_null()).then("point").otherwise(pl.lit("")))
    unclear = {
        point: f"nothing tells whether the {_SHARED} of {point[:SHOWN]} were consumed or produced: give a column flow"
        for point in frame.get_column("_unclear").unique()
        if point
    }
    return sieve.words(frame, "_unclear", unclear)


def _flow_problems(said: Iterable[tuple[str, str, str]], of_series: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the flows that lines name, of (both words, series, flow), each by both words."""
    for both, result, word in said:
        flow = flow_of(word)
        if word and flow is None:
            yield both, f"the flow {word[:SHOWN]!r} is neither import nor export"
        elif flow is not None and of_series.get(result, flow) != flow:
            yield both, f"the flow {word[:SHOWN]!r} is not that of the series {result}"


def _zone(name: str, options: FileOptions, zone: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(options.zone) if options.zone else zone
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(f"{name}: {options.zone!r} is no time zone: write it as Europe/Paris") from error


def _results(readings: pl.DataFrame, problems: list[Problem], unit: tuple[str, int], decimals: int) -> Iterator[Result]:
    """The sum of each series over each local month that its steps cover whole; the other months are problems.

    Args:
        readings: FILE_READINGS with flow and series as `quantity`, and `month`, at which the local month begins.
        problems: told of the months that are left out.
        unit: what the values measure, and how many W or Wh one is.
        decimals: how many the file's values have at most.
    """
    measures, factor = unit
    of_hour = pl.col("step_min").cast(pl.Int128) if measures == "power" else pl.lit(_HOUR_MIN, pl.Int128)
    end = pl.col("at") + pl.duration(minutes="step_min")
    series = ["point", "quantity", "month"]
    follows = pl.col("at").shift(-1).over(series).fill_null(_utc(pl.col("month").dt.offset_by("1mo")))
    begins_late = pl.col("at").first() > _utc(pl.col("month").first())
    months = (
        readings.sort(*series, "at")
        .with_columns(has_hole=end < follows, overlaps=end > follows)
        .group_by(series, maintain_order=True)
        .agg(
            pl.col("line").min(),
            pl.col("overlaps").any(),
            has_hole=pl.col("has_hole").any() | begins_late,
            fine=((pl.col("value") * _FINE).round().cast(pl.Int128) * of_hour).sum(),
            weight=of_hour.sum() if measures == "power" else pl.len() * _HOUR_MIN,
        )
    )
    for point, quantity, month, line, overlaps, has_hole, fine, weight in months.iter_rows():
        flow, result = quantity.split()
        if overlaps or has_hole:
            why = "overlap" if overlaps else "do not cover all of it, and the sum of a part is no month's"
            problems.append(Problem(line, f"the {result} of {point} in {month:%Y-%m} is left out: its steps {why}"))
            continue
        energy_wh = (2 * fine + _HOUR_MIN * _FINE) // (2 * _HOUR_MIN * _FINE)
        rounding_wh = weight * factor // (2 * _HOUR_MIN * 10**decimals)
        yield Result(line, point, flow, result, month.date(), energy_wh, rounding_wh)


def _utc(local: pl.Expr) -> pl.Expr:
    return local.dt.convert_time_zone("UTC")
