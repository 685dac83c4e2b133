"""Enedis Data Connect, Metering Data v5 load curve as JSON: one point, interval_reading of value and date.

Clock: naive Paris time. A stamp is the END of its step; interval_length tells the step (PT30M).
Unit: mean W, written as text. The payload does not say whether it is consumption or production: the option `flow` must.
Quality: measure_type B is raw (14), see words.py for other letters. Daily energies and maximum powers, which come in
the same shape, are told and not taken.
Source: datahub-enedis.fr, Data Connect, Metering Data v5; a payload quoted by l-etabli/quoalise.
"""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from energy.errors import InvalidInput
from energy.time import PARIS
from ingest.files.content import Adapter, FileContent, FileOptions, Opened
from ingest.files.enedis_r63 import minutes_of
from ingest.files.json_values import decoded, frame_of, objects, text_of
from ingest.files.labels import labelled
from ingest.files.local_time import instants
from ingest.files.sieve import Sieve
from ingest.files.steps import starts
from ingest.files.words import DAILY, NO_FLOW

NAME: Final = "enedis_data_connect"


def recognises(opened: Opened) -> bool:
    """Whether an object names a usage point and its interval readings."""
    head = opened.head
    return head.lstrip().startswith("{") and '"usage_point_id"' in head and '"meter_reading"' in head


def read(opened: Opened, options: FileOptions) -> FileContent:
    """Read the curve."""
    reading = decoded(opened).get("meter_reading")
    if not isinstance(reading, dict):
        raise InvalidInput(f"{opened.name}: meter_reading holds no object")
    if not options.flow:
        raise InvalidInput(f"{opened.name} {NO_FLOW}")
    sieve = Sieve()
    frame = frame_of(_values(reading, options.flow), "step")
    steps = {text: minutes_of(text) for text in frame.get_column("step").unique()}
    frame = frame.with_columns(step_min=pl.col("step").replace_strict(steps, default=None, return_dtype=pl.Int16))
    daily = {word: DAILY for word in ("", "P1D") if (frame.get_column("step") == word).any()}
    frame = sieve.words(frame, "step", daily, left_out=True)
    frame = sieve.refuse(frame, pl.col("step_min").is_null(), "the step {} is not between PT5M and PT60M", "step")
    frame = instants(labelled(frame, sieve), sieve, PARIS)
    return sieve.content(NAME, sieve.numbers(starts(frame), pl.col("factor")))


def _values(reading: dict[str, Any], flow: str) -> Iterator[dict[str, Any]]:
    kind = reading.get("reading_type")
    kind = kind if isinstance(kind, dict) else {}
    aggregate = text_of(kind.get("aggregate"))
    about = {
        "point_word": reading.get("usage_point_id"),
        "measured": "maximum power" if aggregate == "maximum" else "PA",
        "flow_word": flow,
        "stage": reading.get("quality"),
        "unit": kind.get("unit"),
    }
    for number, value in enumerate(objects(reading.get("interval_reading"))):
        yield {
            **about,
            "stamp": value.get("date"),
            "text": value.get("value"),
            "step": value.get("interval_length"),
            "status": value.get("measure_type"),
            "place": f"meter_reading.interval_reading[{number}]",
        }


ADAPTER: Final = Adapter(NAME, "Enedis Data Connect v5, load curve as JSON", recognises, read)
