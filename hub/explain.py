"""`hub explain`: for one point, the readings used, the rules applied and the intervals, in words or as JSON."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import psycopg

from energy.errors import InvalidInput, NotFound
from energy.frames import FLOW_INTERVALS, UTC_TIME
from energy.time import STEP, Span, ceil_to_step, floor_to_step, rfc3339, utc_day
from hub.explain_text import Teller
from hub.explain_words import Words
from hub.named_times import day_or_time
from hub.settings import Settings
from processing.doubts import reach_of
from processing.explain import Flow, Quarter, Said, explain
from processing.explain_events import Event
from processing.explain_missing import Missing
from processing.explain_registers import JUST_BEFORE, Known
from processing.flags import Place
from processing.intervals import measure
from store import curves, intervals, recomputation
from store.connect import FrameReader, connect
from store.curves import DeclaredPoint

LONGEST: Final = timedelta(days=31, hours=1)
"""A month whose clocks are set back."""
_FOUR_WEEKS: Final = timedelta(days=28)


def run_explain(arguments: argparse.Namespace, settings: Settings) -> int:
    """Say of a point how the intervals of a span came about."""
    span = span_of(arguments.start, arguments.end, settings)
    if span.start > datetime.now(UTC):
        raise InvalidInput(f"{arguments.start} is yet to come: there is nothing to explain")
    with connect(settings.database_url) as connection:
        point = curves.read_points(connection, [arguments.point]).get(arguments.point)
        if point is None:
            raise NotFound(f"there is no metering point {arguments.point!r}; `hub apply` declares points")
        with recomputation.one_moment(settings.database_url, connection) as reader:
            known = read_known(reader, connection, point, span, settings.place)
            flows = explain(known, span, settings.place)
    if arguments.json:
        print(json.dumps(facts(arguments.point, span, flows), indent=1))
    else:
        teller = Teller(arguments.point, span, settings.zone_info, Words(arguments.lang))
        print("\n".join(teller.tell(flows)))
    return 0


def span_of(start: str, end: str | None, settings: Settings) -> Span:
    """The span that a person named, widened to whole quarter-hours: a day alone is that local day, to its end.

    Raises:
        InvalidInput: it is no span, or a longer one than a month.
    """
    first = day_or_time(start, settings.zone_info)
    if end is None and not isinstance(first, Span):
        raise InvalidInput("say until when: hub explain POINT START END; a day alone, as 2026-01-05, needs no end")
    last = first if end is None else day_or_time(end, settings.zone_info)
    since = first.start if isinstance(first, Span) else floor_to_step(first)
    until = last.end if isinstance(last, Span) else ceil_to_step(last)
    if until <= since:
        raise InvalidInput(f"{end} is not after {start}")
    if until - since > LONGEST:
        raise InvalidInput(f"{start} to {end} is longer than 31 days: explain a shorter span")
    return Span(since, until)


def read_known(
    reader: FrameReader, connection: psycopg.Connection, point: DeclaredPoint, span: Span, place: Place | None = None
) -> Known:
    """Read what is known of a point in a span on the grid, and as far around it as readings tell doubts."""
    point_no = point.number
    routes = intervals.read_routes(reader, connection, [point_no])
    swaps = intervals.read_swaps(reader, connection, [point_no])
    series = sorted(set(routes["series_no"].to_list()))
    reach = reach_of(routes)
    windows = pl.DataFrame(
        {
            "series_no": series,
            "start": [span.start - reach] * len(series),
            "end": [span.end + reach] * len(series),
        },
        schema={"series_no": pl.Int32, "start": UTC_TIME, "end": UTC_TIME},
    )
    readings = intervals.read_around(reader, connection, windows)
    gaps = measure(readings, routes, swaps, place).open_gaps
    around = [
        (point_no, Span(floor_to_step(start) - _FOUR_WEEKS, ceil_to_step(end) + _FOUR_WEEKS))
        for start, end in gaps.select("start", "end").iter_rows()
        if start < span.end and end > span.start
    ]
    days = Span(utc_day(span.start.date()).start, utc_day((span.end - STEP).date()).end)  # a curve counts by UTC days
    reference = intervals.read_reference(reader, connection, around) if around else FLOW_INTERVALS.to_frame()
    return Known(
        readings=readings,
        routes=routes,
        swaps=swaps,
        reference=reference.unique(["flow", "start"]),
        stored=recomputation.read_intervals(reader, connection, [point_no], span),
        curves=curves.read_filed(reader, connection, point_no, days),
        outages=intervals.read_outages(reader, connection, series, span),
        set_back=intervals.read_set_back(reader, connection, series, Span(span.start, span.end - JUST_BEFORE)),
        devices=intervals.read_devices(reader, connection, series),
        frozen_before=point.frozen_before,
    )


def facts(point: str, span: Span, flows: Sequence[Flow]) -> dict[str, Any]:
    """All that is said, for programs: energies and registers in Wh, instants in UTC."""
    return {
        "point": point,
        "start": rfc3339(span.start),
        "end": rfc3339(span.end),
        "flows": [
            {
                "flow": flow.flow,
                "total_wh": flow.total_wh,
                "events": [_event(event) for event in flow.events],
                "quarters": [_quarter(quarter) for quarter in flow.quarters],
            }
            for flow in flows
        ],
    }


def _event(event: Event) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(event).items() if name != "flow"}
    return {**shown, "at": rfc3339(event.at), "until": rfc3339(event.until)}


def _quarter(quarter: Quarter) -> dict[str, Any]:
    return {
        "start": rfc3339(quarter.start),
        "end": rfc3339(quarter.start + STEP),
        **_said(quarter.counts),
        "source": quarter.source or None,
        "device": quarter.device and _said(quarter.device),
        "operator": quarter.operator and _said(quarter.operator),
        "registers": [asdict(register) for register in quarter.registers],
        "curve": [{**asdict(value), "start": rfc3339(value.start)} for value in quarter.curve],
        **_missing(quarter.missing or Missing("")),
        "is_current": quarter.is_current,
        "is_kept": quarter.is_kept,
    }


def _missing(missing: Missing) -> dict[str, Any]:
    return {
        "missing": missing.reason or None,
        "silent": missing.silent or None,
        "silent_tariff": missing.silent_tariff,
        "heard_at": missing.heard_at and rfc3339(missing.heard_at),
        "replaced_by": missing.replaced_by or None,
    }


def _said(said: Said | None) -> dict[str, Any]:
    return asdict(said) if said else {"energy_wh": None, "quality": None, "method": None, "doubts": []}
