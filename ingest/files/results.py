"""The operator's own results of a community: what is kept of a file of them, whatever its form.

The series are the operator's words: cons, autocons and complement of who consumes, prod, autocons and surplus of who
produces. `autocons` is what was shared with the one and by the other, so each result also names its flow.
Source: names of the series in public client code of the operator's interface for collective self-consumption.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from energy.frames import UTC_TIME, require
from energy.time import local_month
from ingest.files.content import Problem

SERIES: Final = {"import": ("cons", "autocons", "complement"), "export": ("prod", "autocons", "surplus")}
MOST_WH: Final = 10**12
"""Energy of a month beyond which a result is a mistake: that of a large power station, 1 GW and more. [Wh]"""
RESULTS: Final = pl.Schema(
    {
        "point": pl.String,
        "flow": pl.String,
        "result": pl.String,
        "month_start": UTC_TIME,
        "month_end": UTC_TIME,
        "energy_wh": pl.Int64,
        "rounding_wh": pl.Int64,
    }
)
"""Results of a file, at most one per point, flow, series and local month, in that order.

rounding_wh: how far the rounding of the file's own figures can have moved the sum, either way.
"""


class Result(NamedTuple):
    """One result, and where in the file it stands; `month` is its first day."""

    place: int | str
    point: str
    flow: str
    result: str
    month: date
    energy_wh: int
    rounding_wh: int


@dataclass(frozen=True, slots=True)
class ResultsContent:
    """What was read of one file: `kind` is the name of its form, `results` are RESULTS."""

    kind: str
    results: pl.DataFrame
    problems: tuple[Problem, ...] = ()


def gathered(kind: str, results: Iterable[Result], problems: Iterable[Problem], zone: ZoneInfo) -> ResultsContent:
    """Make the content of results: of several of one point, series and month the last counts, and unlike ones are told.

    Args:
        kind: name of the form.
        results: in the order of the file.
        problems: found so far.
        zone: whose calendar the months are of.
    """
    found = list(problems)
    last: dict[tuple[str, str, str, date], Result] = {}
    for one in results:
        if one.energy_wh > MOST_WH:
            found.append(Problem(one.place, f"{one.energy_wh} Wh in a month are more than any point can have"))
            continue
        before = last.get(one[1:5])
        if before is not None and before.energy_wh != one.energy_wh:
            again = (
                f"the {one.result} of {one.point} in {one.month:%Y-%m} differs from that of {one.place}, which counts"
            )
            found.append(Problem(before.place, again))
        last[one[1:5]] = one
    rows = [
        (one.point, one.flow, one.result, month.start, month.end, one.energy_wh, one.rounding_wh)
        for one in last.values()
        for month in (local_month(one.month, zone),)
    ]
    frame = pl.DataFrame(rows, schema=RESULTS, orient="row").sort("point", "flow", "month_start", "result")
    return ResultsContent(kind, require(frame, RESULTS), tuple(found))
