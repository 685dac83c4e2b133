"""Austrian energy data (EDA, grid operators' portals) as CSV: quarter-hour energies with their quality L1, L2 or L3.

UNVERIFIED: the exports of the EDA portal are spreadsheets whose tables differ; no CSV of it was at hand. Accepted are
tables with one line per value, by the header names in COLUMNS: a metering point (33 characters, AT...), a time, kWh and
a quality. Files of a grid operator's portal that name no point (Messzeitpunkt;Verbrauch (kWh);Qualitat, as those of
Netz Niederoesterreich quoted in public guides) take it from the option `point`.
Clock: naive Vienna time. A stamp is the START of its quarter-hour, but the end in a column Messzeitpunkt or Bis: there
the first value of a day is at 00:15. Unit: kWh.
Quality: L1, measured by the meter, is 0 valid; L2, the operator's substitute, is 8 estimated (nature complete) and
yields to L1; L3, unusable, is refused; without a quality a value is 10 questionable.
Source: ebutilities.at (glossary of qualities); header names from public importers of these exports.
"""

from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import Adapter, FileContent, FileOptions, Opened
from ingest.files.local_time import GERMAN, ISO, naive, to_utc
from ingest.files.sieve import SHOWN, Sieve
from ingest.files.text import columns_of, table
from ingest.files.words import BRUT, COMPLETE, ESTIMATED, NO_FLOW, QUESTIONABLE, VALID, flow_of, quantity_of

NAME: Final = "eda"
VIENNA: Final = ZoneInfo("Europe/Vienna")
POINT: Final = "^AT[0-9A-Z]{31}$"
STEP_MIN: Final = 15
CONSUMED: Final = ("verbrauch (kwh)", "gemessener verbrauch (kwh)", "bezug (kwh)", "verbrauch [kwh]")
PRODUCED: Final = ("einspeisung (kwh)", "erzeugung (kwh)", "gemessene erzeugung (kwh)", "einspeisung [kwh]")
COLUMNS: Final = {
    "point": (
        "zahlpunkt",
        "zaehlpunkt",
        "zahlpunktnummer",
        "zahlpunktbezeichnung",
        "metering point",
        "meteringpointid",
    ),
    "start": ("timestamp", "zeitstempel", "von", "beginn", "datum von"),
    "end": ("messzeitpunkt", "bis", "datum bis"),
    "text": ("kwh", "wert (kwh)", "wert [kwh]", "energie (kwh)", "menge (kwh)", *CONSUMED, *PRODUCED),
    "quality_word": ("qualitat", "qualitaet", "quality", "qov", "datenqualitat"),
    "flow_word": ("energy direction", "energierichtung", "richtung"),
}
_QUALITIES: Final = {"L1": VALID, "L2": ESTIMATED, "": QUESTIONABLE}
_RANKS: Final = {"L1": 2, "L2": 1, "": 0}


def recognises(opened: Opened) -> bool:
    """Whether the first line names a time, kWh, and a metering point or the quality, as these exports do."""
    has = {name for name, headers in COLUMNS.items() if set(headers) & set(opened.header)}
    return "text" in has and bool({"start", "end"} & has) and bool({"point", "quality_word"} & has)


def read(opened: Opened, options: FileOptions) -> FileContent:
    """Read the table."""
    sieve = Sieve()
    columns = columns_of(opened, COLUMNS, ("text",))
    if "point" not in columns and not options.point:
        raise InvalidInput(f"{opened.name} does not name its metering point: say it with --point")
    flow = _flow_of_header(opened.header[columns["text"]]) or options.flow
    if not flow and "flow_word" not in columns:
        raise InvalidInput(f"{opened.name} {NO_FLOW}")
    at_start = "start" in columns
    columns["stamp"] = columns.pop("start") if at_start else columns.pop("end")
    columns.pop("end", None)
    for header in set(COLUMNS["text"]) & set(opened.header) - {opened.header[columns["text"]]}:
        sieve.tell(opened.header_line, f"the column {header!r} is not taken: one column of values is read")
    frame = table(opened, columns, sieve)
    given = {"point": options.point, "flow_word": flow, "quality_word": ""}
    absent = [pl.lit(word).alias(name) for name, word in given.items() if name not in columns]
    frame = frame.with_columns(pl.col("text").fill_null(""), *absent)
    frame = to_utc(naive(_labelled(frame, sieve), sieve, (*GERMAN, *ISO)), sieve, VIENNA)
    frame = _judged(frame, sieve)
    shift = pl.duration(minutes=0 if at_start else STEP_MIN)
    return sieve.content(NAME, sieve.numbers(frame.with_columns(at=pl.col("at") - shift), 1000))


def _flow_of_header(header: str) -> str:
    return "import" if header in CONSUMED else "export" if header in PRODUCED else ""


def _labelled(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    point = pl.col("point").fill_null("").str.replace_all("[ .]", "")
    frame = frame.with_columns(pl.col("quality_word", "flow_word").fill_null(""), point=point)
    no_point = "{} is no metering point of 33 characters (AT...)"
    frame = sieve.refuse(frame, ~pl.col("point").str.contains(POINT), no_point, "point")
    flows = {word: flow_of(word) for word in frame.get_column("flow_word").unique()}
    quantities = {word: str(quantity_of(flow, "energy")) for word, flow in flows.items() if flow}
    unknown = {
        word: f"{word[:SHOWN]!r} is neither CONSUMPTION nor GENERATION" for word, flow in flows.items() if not flow
    }
    frame = sieve.words(frame, "flow_word", unknown)
    return frame.with_columns(
        quantity=pl.col("flow_word").replace_strict(quantities, return_dtype=pl.String),
        tariff=pl.lit(""),
        step_min=pl.lit(STEP_MIN, pl.Int16),
        nature=pl.lit(BRUT),
    )


def _judged(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    """Give nature, quality and rank; only after the times, which the order of all lines tells, L3 included."""
    unusable = "its quality {} is unusable: only L1 and L2 are taken"
    frame = sieve.refuse(frame, ~pl.col("quality_word").is_in(list(_QUALITIES)), unusable, "quality_word")
    substitute = pl.col("quality_word") == "L2"
    return frame.with_columns(
        nature=pl.when(substitute).then(pl.lit(COMPLETE)).otherwise(pl.lit(BRUT)),
        quality=pl.col("quality_word").replace_strict(_QUALITIES, return_dtype=pl.Int16),
        rank=pl.col("quality_word").replace_strict(_RANKS, return_dtype=pl.Int8),
    )


ADAPTER: Final = Adapter(NAME, "Austrian EDA, quarter-hours as CSV", recognises, read)
