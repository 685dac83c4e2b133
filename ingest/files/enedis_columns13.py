"""Enedis load curve of points C1 to C4 as CSV of 13 columns: day and time of each value in columns of their own.

Clock: naive Paris time, day/month/year (or 2026-01-05). A stamp is the END of its step; midnight is 00:00:00 of the
next day or 24:00:00 of the day that ends. The step is 'Pas en minutes'.
Unit: mean kW with a decimal comma, as the column says. Quality: by the letter 'Statut de la mesure' (R is as metered:
by the stage 'Statut demande'), see words.py.
Source: file of the data request of points above 36 kVA on the Enedis customer space.
"""

from typing import Final

import polars as pl

from energy.time import PARIS
from ingest.files.content import Adapter, FileContent, FileOptions, Opened
from ingest.files.labels import labelled
from ingest.files.local_time import DAY_FIRST, ISO, naive, to_utc
from ingest.files.sieve import Sieve
from ingest.files.steps import starts
from ingest.files.text import columns_of, table

NAME: Final = "enedis_columns13"
COLUMNS: Final = {
    "day": ("date de la mesure",),
    "time": ("heure de la mesure",),
    "text": ("valeur",),
    "status": ("statut de la mesure",),
    "point_word": ("prm", "identifiant prm"),
    "about": ("type de donnees",),
    "flow_word": ("grandeur metier",),
    "measured": ("grandeur physique",),
    "stage": ("statut demande",),
    "unit": ("unite",),
    "step": ("pas en minutes",),
}


def recognises(opened: Opened) -> bool:
    """Whether the first line names a day and a time of measuring."""
    return {"date de la mesure", "heure de la mesure", "valeur"} <= set(opened.header)


def read(opened: Opened, _options: FileOptions) -> FileContent:
    """Read the table."""
    sieve = Sieve()
    columns = columns_of(opened, COLUMNS, tuple(COLUMNS))
    frame = table(opened, columns, sieve)
    frame = frame.with_columns(pl.col("text", "about").fill_null(""), stamp=pl.concat_str("day", "time", separator=" "))
    others = {word: f"{word!r} is not taken from a file like this" for word in frame.get_column("about").unique()}
    others = {word: why for word, why in others.items() if "courbe" not in word.lower()}
    frame = labelled(sieve.words(frame, "about", others, left_out=True), sieve)
    frame = frame.with_columns(step_min=pl.col("step").cast(pl.Int16, strict=False))
    usual = pl.col("step_min").is_in([5, 10, 15, 20, 30, 60])
    frame = sieve.refuse(frame, ~usual, "the step of {} minutes is not one of load curves", "step")
    frame = to_utc(naive(frame, sieve, (*DAY_FIRST, *ISO)), sieve, PARIS)
    return sieve.content(NAME, sieve.numbers(starts(frame), pl.col("factor")))


ADAPTER: Final = Adapter(NAME, "Enedis load curve of points C1 to C4 in 13 columns", recognises, read)
