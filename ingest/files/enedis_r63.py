"""Enedis flow R63: load curves of many points as CSV, one line per value, columns by their header names.

Clock: naive Paris time, also as spreadsheets write it (05/01/2026 00:30), or with an offset. A stamp is the END of its
step; the step is in the column Pas (PT5M..PT60M, PT1H).
Unit: mean W or kW; Wh and kWh are the energy of the step. The same instant may come as BRUT, COMPLETE and CORRIGE: the
last of these counts. A value whose 'Indice de vraisemblance' is not 0 is refused. Headers exist without accents, and
files in cp1252; lines may go backward in time. Quality: by the letter of Nature, else by the stage; see words.py.
Source: Enedis, guide d'implementation of the flows R63 and R64; column names from files of clients.
"""

from typing import Final

import polars as pl

from energy.time import PARIS
from ingest.files.content import Adapter, FileContent, FileOptions, Opened
from ingest.files.labels import labelled
from ingest.files.local_time import DAY_FIRST, ISO, instants
from ingest.files.sieve import Sieve
from ingest.files.steps import starts
from ingest.files.text import columns_of, table

NAME: Final = "enedis_r63"
COLUMNS: Final = {
    "point_word": ("identifiant prm",),
    "measured": ("grandeur physique",),
    "flow_word": ("grandeur metier",),
    "stage": ("etape metier",),
    "unit": ("unite",),
    "stamp": ("horodate",),
    "text": ("valeur",),
    "status": ("nature",),
    "step": ("pas",),
    "doubt": ("indice de vraisemblance",),
}
LONGEST_MIN: Final = 60


def recognises(opened: Opened) -> bool:
    """Whether each line has a stamp, a value and a step beside its point."""
    return {"identifiant prm", "horodate", "valeur", "pas", "etape metier"} <= set(opened.header)


def read(opened: Opened, _options: FileOptions) -> FileContent:
    """Read the table."""
    sieve = Sieve()
    columns = columns_of(opened, COLUMNS, tuple(set(COLUMNS) - {"status", "doubt"}))
    frame = table(opened, columns, sieve)
    absent = [pl.lit("").alias(name) for name in ("status", "doubt") if name not in columns]
    frame = frame.with_columns(pl.col("text").fill_null(""), *absent)
    step = pl.col("step").replace_strict(_steps(frame), default=None, return_dtype=pl.Int16)
    frame = sieve.refuse(frame.with_columns(step_min=step), pl.col("step_min").is_null(), _NO_STEP, "step")
    frame = instants(labelled(frame, sieve), sieve, PARIS, (*ISO, *DAY_FIRST))
    # Only now: a value that is refused still tells which of the equal hours in autumn the others are of.
    believed = pl.col("doubt").is_null() | pl.col("doubt").is_in(["", "0"])
    frame = sieve.refuse(frame, ~believed, "the operator marks it unlikely (indice de vraisemblance {})", "doubt")
    return sieve.content(NAME, sieve.numbers(starts(frame), pl.col("factor")))


_NO_STEP: Final = "the step {} is not between PT5M and PT60M"


def _steps(frame: pl.DataFrame) -> dict[str, int | None]:
    return {word: minutes_of(word) for word in frame.get_column("step").unique() if word is not None}


def minutes_of(text: str) -> int | None:
    """Read PT5M..PT60M or PT1H as minutes; None for anything else."""
    if text == "PT1H":
        return LONGEST_MIN
    digits = text.removeprefix("PT").removesuffix("M")
    if text != f"PT{digits}M" or not digits.isascii() or not digits.isdecimal():
        return None
    minutes = int(digits[:3])
    return minutes if 0 < minutes <= LONGEST_MIN and LONGEST_MIN % minutes == 0 else None


ADAPTER: Final = Adapter(NAME, "Enedis R63, load curves as CSV", recognises, read)
