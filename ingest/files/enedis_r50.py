"""Enedis flow R50: load curves of small points (C5) as XML, PDC elements of H (stamp), V (value), IV (plausibility).

Clock: stamps carry their offset. A stamp is the END of its step; the neighbours tell the step, Pas_Publication that of
values that stand alone. Unit: mean W. An empty V is a gap; an IV other than 0 is refused. The flow does not say
whether it is consumption or production: the option `flow` must.
Quality: 14 raw. A document type or an entity is refused, so that none can be expanded.
Source: structure deduced from clients' code; Enedis, guide d'implementation of the flow R50.
"""

import re
from typing import Final
from xml.parsers import expat

import polars as pl

from energy.errors import InvalidInput
from ingest.files.content import Adapter, FileContent, FileOptions, Opened
from ingest.files.labels import labelled
from ingest.files.local_time import aware
from ingest.files.sieve import Sieve
from ingest.files.steps import starts, with_steps
from ingest.files.words import NO_FLOW

NAME: Final = "enedis_r50"
_ROOT: Final = re.compile(r"<(?:\w+:)?R50[\s>]")
_FIELDS: Final = ("H", "V", "IV")
_TABLE: Final = {"line": pl.UInt32, **dict.fromkeys(("point_word", "stamp", "text", "doubt"), pl.String)}


def recognises(opened: Opened) -> bool:
    """Whether the outermost element is R50."""
    return opened.head.lstrip().startswith("<") and _ROOT.search(opened.head) is not None


def read(opened: Opened, options: FileOptions) -> FileContent:
    """Read the curves, up to where the file breaks off if it does."""
    if not options.flow:
        raise InvalidInput(f"{opened.name} {NO_FLOW}")
    sieve, document = Sieve(), _Document()
    try:
        document.read(opened.content)
    except expat.ExpatError as error:
        sieve.tell(error.lineno, f"the file breaks off or is no XML from here: {expat.ErrorString(error.code)}")
    except _Refused as error:
        raise InvalidInput(f"{opened.name} declares {error}, which no R50 file does: it is not read") from error
    frame = pl.DataFrame(document.rows, orient="row", schema=_TABLE)
    if frame.is_empty() and not sieve.problems:
        raise InvalidInput(f"{opened.name}: this R50 file has no PDC element, so no values")
    words = {
        "measured": "PA",
        "flow_word": options.flow,
        "stage": "BRUT",
        "unit": "W",
        "status": "",
        "declared": document.step_min,
    }
    frame = labelled(frame.with_columns(**{name: pl.lit(word) for name, word in words.items()}), sieve)
    doubted = "the operator marks it unlikely (IV {})"
    frame = sieve.refuse(frame, ~pl.col("doubt").is_in(["", "0"]), doubted, "doubt")
    frame = with_steps(aware(frame, sieve), sieve)
    return sieve.content(NAME, sieve.numbers(starts(frame)))


class _Refused(Exception):
    """A document type or an entity."""


class _Document:
    """Rows of an R50 document: line, point, stamp, value, plausibility."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, str, str, str]] = []
        self.step_min = ""
        self._point = self._text = ""
        self._fields: dict[str, str] = {}
        self._line = 0
        self._parser = expat.ParserCreate("utf-8")  # the bytes are UTF-8 by now, whatever their declaration says
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._declared
        self._parser.EntityDeclHandler = self._declared

    def read(self, content: bytes) -> None:
        self._parser.Parse(content, True)

    def _declared(self, *_about: object) -> None:
        raise _Refused("a document type")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._text = ""
        name = name.rpartition(":")[2]
        if name == "PDC":
            self._fields, self._line = {}, self._parser.CurrentLineNumber
        elif name == "PRM":
            self._point = ""

    def _characters(self, text: str) -> None:
        self._text += text

    def _end(self, name: str) -> None:
        name, text, self._text = name.rpartition(":")[2], self._text.strip(), ""
        if name == "PDC":
            fields = self._fields
            self.rows.append((self._line, self._point, fields.get("H", ""), fields.get("V", ""), fields.get("IV", "")))
        elif name == "Id_PRM":
            self._point = text
        elif name == "Pas_Publication":
            self.step_min = text
        elif name in _FIELDS:
            self._fields[name] = text


ADAPTER: Final = Adapter(NAME, "Enedis R50, load curves as XML", recognises, read)
