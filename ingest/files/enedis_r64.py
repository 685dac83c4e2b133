"""Enedis flow R64: registers (index) of many points as JSON, mesures > contexte > grandeur > calendrier > valeur.

Clock: naive Paris time. A stamp is the instant of the register: the start of the day for a daily one ('AQ').
Unit: Wh or kWh as `unite` says. The last part of codeCadran names the register: IDX_EAS_D2; a cadranTotalisateur is the
total. The total is taken where there is one, else D1..D4, else F1..F10. An iv other than 0 is refused.
Quality: by etapeMetier, see words.py.
Source: Enedis, guide d'implementation of the flows R63 and R64.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from energy.time import PARIS
from ingest.files.content import Adapter, FileContent, FileOptions, Opened
from ingest.files.json_values import decoded, frame_of, objects, text_of
from ingest.files.labels import labelled
from ingest.files.local_time import instants
from ingest.files.registers import one_grid, tariff_of
from ingest.files.sieve import Sieve
from ingest.files.words import plain

NAME: Final = "enedis_r64"
_MARKS: Final = re.compile(r'"codeFlux"\s*:\s*"R64|"mesures"\s*:\s*\[\s*\{\s*"idPrm"')
_UNKNOWN: Final = "?"


def recognises(opened: Opened) -> bool:
    """Whether the header names R64, or measures of points begin."""
    return opened.head.lstrip().startswith("{") and _MARKS.search(opened.head) is not None


def read(opened: Opened, _options: FileOptions) -> FileContent:
    """Read every register."""
    sieve = Sieve()
    frame = frame_of(_values(decoded(opened)), "register")
    names = {name: tariff_of(plain(name)) for name in frame.get_column("register").unique()}
    tariffs = {name: _UNKNOWN if tariff is None else tariff for name, tariff in names.items()}
    frame = labelled(frame, sieve, registers=True).with_columns(
        tariff=pl.col("register").replace_strict(tariffs, return_dtype=pl.String), step_min=pl.lit(0, pl.Int16)
    )
    frame = sieve.refuse(frame, pl.col("tariff") == _UNKNOWN, "the register {} is not known", "register")
    doubted = "the operator marks it unlikely (iv {})"
    frame = sieve.refuse(frame, ~pl.col("doubt").is_in(["", "0"]), doubted, "doubt")
    frame = instants(frame, sieve, PARIS)
    return sieve.content(NAME, one_grid(sieve.numbers(frame, pl.col("factor")), sieve))


def _values(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for m, measure in enumerate(objects(document.get("mesures"))):
        for c, context in enumerate(objects(measure.get("contexte"))):
            for g, size in enumerate(objects(context.get("grandeur"))):
                about = {
                    "point_word": measure.get("idPrm"),
                    "stage": context.get("etapeMetier"),
                    "measured": size.get("grandeurPhysique"),
                    "flow_word": size.get("grandeurMetier"),
                    "unit": size.get("unite"),
                }
                place = f"mesures[{m}].contexte[{c}].grandeur[{g}]"
                for register, values, path in _registers(size, place):
                    for v, value in enumerate(objects(values)):
                        told = {"stamp": value.get("d"), "text": value.get("v"), "doubt": value.get("iv")}
                        yield {**about, **told, "register": register, "place": f"{path}[{v}]"}


def _registers(size: dict[str, Any], place: str) -> Iterator[tuple[str, object, str]]:
    """Name, values and path of each register of a quantity."""
    total = size.get("cadranTotalisateur")
    if isinstance(total, dict):
        yield TOTAL_NAME, total.get("valeur"), f"{place}.cadranTotalisateur.valeur"
    for k, calendar in enumerate(objects(size.get("calendrier"))):
        for t, band in enumerate(objects(calendar.get("classeTemporelle"))):
            path = f"{place}.calendrier[{k}].classeTemporelle[{t}].valeur"
            yield text_of(band.get("codeCadran")), band.get("valeur"), path


TOTAL_NAME: Final = "total"

ADAPTER: Final = Adapter(NAME, "Enedis R64, index as JSON", recognises, read)
