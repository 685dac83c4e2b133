"""Load curve of the Enedis customer space: `;`, BOM, lines about the values, then Horodate;Valeur; blocks may follow.

Clock: stamps carry their offset. A stamp is the END of its step. The step may be 10, 30 or 60 minutes and change
within the file without notice ('Pas en minutes' is often empty, and believed only of values that stand alone): the
neighbours tell it. Lines are not always sorted; consumption and production may be in one file; an empty value is a gap.
Unit: mean W or kW as the block says; Wh and kWh are the energy of the step. Quality: 14 raw for Comptage Brut, else by
stage. Reactive energy, maximum power and daily energies are told and not taken.
Source: the download of mon-compte-particulier.enedis.fr; one year of it in Koicoubeh/EDFComparateur.
"""

from typing import Final

import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import FILE_READINGS, Adapter, FileContent, FileOptions, Opened
from ingest.files.customer_space import blocks, first_about, rows_of
from ingest.files.labels import labelled
from ingest.files.local_time import aware
from ingest.files.sieve import Sieve
from ingest.files.steps import starts, with_steps
from ingest.files.text import sound

NAME: Final = "enedis_load_curve"


def recognises(opened: Opened) -> bool:
    """Whether a file begins as those of the customer space, other than with an index."""
    return (about := first_about(opened)) is not None and not about.startswith("index")


def read(opened: Opened, _options: FileOptions) -> FileContent:
    """Read every block of the file."""
    sieve, columns = Sieve(), {"stamp": 0, "text": 1}
    tables = [table for block in blocks(opened) if (table := rows_of(block, sieve, "courbe", columns)) is not None]
    if not tables and not sieve.problems:
        raise InvalidInput(f"{opened.name}: this load curve has no values: download the file again")
    if not tables:
        return sieve.content(NAME, FILE_READINGS.to_frame())
    table = sound(pl.concat(tables), sieve, "text")
    frame = labelled(table.with_columns(pl.col("text").fill_null("")), sieve)
    frame = starts(with_steps(aware(frame, sieve), sieve))
    return sieve.content(NAME, sieve.numbers(frame, pl.col("factor")))


ADAPTER: Final = Adapter(NAME, "Enedis customer space, load curve", recognises, read)
