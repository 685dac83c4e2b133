"""What a file of readings becomes: readings in the hub's units, problems with their place, and how many of what."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

import polars as pl

from energy.frames import UTC_TIME

FILE_READINGS: Final = pl.Schema(
    {
        "line": pl.UInt32,
        "point": pl.String,
        "quantity": pl.String,
        "tariff": pl.String,
        "at": UTC_TIME,
        "step_min": pl.Int16,
        "value": pl.Float64,
        "nature": pl.String,
        "quality": pl.Int16,
    }
)
"""Readings of a file, at most one per point, quantity, tariff and instant, in that order.

line: the line of the file, from 1; in JSON the ordinal of the value.
point: the metering point, always text; a PRM has 14 digits.
quantity: a register [Wh], a mean power [W] or an interval energy [Wh] of energy.model.Quantity.
tariff: '' for the total and for all that is no register, else D1..D4 (distributor) or F1..F10 (supplier), never both.
at: the instant of a register; the START of a mean or an interval energy.
step_min: how long the mean or the interval lasts [min]; 0 for a register.
nature: brut (as metered), complete (holes filled by the operator), corrige (corrected by the operator).
quality: ESPI code: see ingest.files.words.
"""

Flow: TypeAlias = Literal["", "import", "export"]


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What a person says of a file that does not say it itself. Empty means not said.

    flow: import (consumption) or export (production). Needed for Data Connect; elsewhere where the file does not tell.
    point: the metering point, for files that hold one point and do not name it.
    zone: zone of stamps without offset, as Europe/Paris. The operators' own files know theirs.
    stamp: whether stamps are the start or the end of their step. kind: mean, interval or register.
    unit: W, kW, Wh or kWh. step_min: length of a step; 0 lets the hub tell it from the stamps.
    *_column: header names of a CSV file, where they are not the usual ones.
    """

    flow: Flow = ""
    point: str = ""
    zone: str = ""
    stamp: Literal["", "start", "end"] = ""
    kind: Literal["", "mean", "interval", "register"] = ""
    unit: str = ""
    step_min: int = 0
    time_column: str = ""
    value_column: str = ""
    point_column: str = ""
    flow_column: str = ""


class Problem(NamedTuple):
    """Why something of a file was not taken: the line, or where in the file, and one sentence."""

    place: int | str
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many values a file held and what became of them: seen is the sum of the others.

    kept: readings. empty: lines without a value, which are gaps. repeated: replaced by a better nature or a later line.
    refused: lines with a problem. left_out: not active energy.
    beside: registers whose energy is in those that are kept, as those of tariffs beside the total.
    """

    seen: int = 0
    kept: int = 0
    empty: int = 0
    repeated: int = 0
    refused: int = 0
    left_out: int = 0
    beside: int = 0


@dataclass(frozen=True, slots=True)
class FileContent:
    """What was read of one file. `kind` is the name of the adapter; `readings` are FILE_READINGS."""

    kind: str
    readings: pl.DataFrame
    problems: tuple[Problem, ...] = ()
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as an adapter is shown it: UTF-8 without BOM, lines ending in a newline, and its beginning as text.

    `header` are the cells of the first line that is not blank, in plain lower-case words; `header_line` is its number.
    """

    name: str
    content: bytes
    head: str
    header: tuple[str, ...]
    header_line: int


@dataclass(frozen=True, slots=True)
class Adapter:
    """One format of files: how it is recognised, by content alone, and how it is read.

    `describes` names it to people.
    `read` is pure and raises InvalidInput where nothing of the file can be read.
    """

    name: str
    describes: str
    recognises: Callable[[Opened], bool]
    read: Callable[[Opened, FileOptions], FileContent]
