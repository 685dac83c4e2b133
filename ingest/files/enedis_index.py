"""Index export of the Enedis customer space: `;`, lines about the values, then a table with a column per register.

Columns: EAS F1..F10 (supplier's grid), EAS D1..D4 (distributor's), EAS T (total); EAI is injection. A description of
the calendars follows each table, from 'Periode' on, and is no reading.
Clock: stamps carry their offset and are the instant of the register. Unit: Wh or kWh as the block says.
Quality: 14 raw for Comptage Brut, else by stage. The total is taken where there is one, else D1..D4, else F1..F10.
Source: the download of mon-compte-particulier.enedis.fr.
"""

from typing import Final

import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import FILE_READINGS, Adapter, FileContent, FileOptions, Opened
from ingest.files.customer_space import Block, blocks, first_about, rows_of
from ingest.files.labels import labelled
from ingest.files.local_time import aware
from ingest.files.registers import one_grid, tariff_of
from ingest.files.sieve import SHOWN, Sieve, lines_of
from ingest.files.text import sound

NAME: Final = "enedis_index"
_FLOWS: Final = {"eas": "CONS", "eai": "PROD"}
"""Flow by the beginning of a register's name: what was withdrawn and what was injected, whatever the block is about."""
_NO_REGISTERS: Final = frozenset({"horodate", "type de releve", ""})


def recognises(opened: Opened) -> bool:
    """Whether a file begins as those of the customer space, with an index."""
    return (about := first_about(opened)) is not None and about.startswith("index")


def read(opened: Opened, _options: FileOptions) -> FileContent:
    """Read every block of the file."""
    sieve = Sieve()
    tables = [table for block in blocks(opened) if (table := _registers(block, sieve)) is not None]
    if not tables and not sieve.problems:
        raise InvalidInput(f"{opened.name}: this index export has no registers: download the file again")
    if not tables:
        return sieve.content(NAME, FILE_READINGS.to_frame())
    frame = pl.concat(tables)
    tariffs = {name: tariff_of(name) for name in frame.get_column("register").unique()}
    frame = labelled(frame, sieve, registers=True).with_columns(
        tariff=pl.col("register").replace_strict(tariffs, return_dtype=pl.String), step_min=pl.lit(0, pl.Int16)
    )
    return sieve.content(NAME, one_grid(sieve.numbers(aware(frame, sieve), pl.col("factor")), sieve))


def _registers(block: Block, sieve: Sieve) -> pl.DataFrame | None:
    """One row for each register of each line of a block; None, with the reason told, where it holds no register."""
    columns = {name: place for place, name in enumerate(block.header) if name not in _NO_REGISTERS}
    table = rows_of(block, sieve, "index", {"stamp": 0, **columns})
    if table is None:
        return None
    footer = table.filter(pl.col("stamp").str.contains("^(?i)p[ée]riode")).get_column("line").min()
    table = sound(table if footer is None else table.filter(pl.col("line") < footer), sieve)
    for name in columns:
        if name.partition(" ")[0] not in _FLOWS or tariff_of(name) is None:
            sieve.left_out += table.height
            reason = f"the column {name[:SHOWN]!r} is no register of active energy ({lines_of(table.height)})"
            sieve.tell(block.first_line - 1, reason)
    known = [name for name in columns if name.partition(" ")[0] in _FLOWS and tariff_of(name) is not None]
    others = [name for name in table.columns if name not in columns]
    table = table.unpivot(known, index=others, variable_name="register", value_name="text")
    flow = pl.col("register").str.slice(0, 3).replace_strict(_FLOWS, default=pl.col("flow_word"))
    return table.with_columns(pl.col("text").fill_null(""), flow_word=flow)


ADAPTER: Final = Adapter(NAME, "Enedis customer space, index export", recognises, read)
