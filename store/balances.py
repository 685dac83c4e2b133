"""Balances of communities: what a settlement needs, its replacement by a new one, and the figures to show."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import psycopg

from energy.agreements import Agreement, Member
from energy.frames import BALANCE, FLOW_INTERVALS, PARTICIPATIONS, SETTLED_ALLOCATION
from energy.key_rules import key_of
from energy.model import Role
from energy.time import Span
from energy.validity import Validity
from store import settlements, statements
from store.connect import FrameReader
from store.copy import copy_frame
from store.queries import statement


@dataclass(frozen=True, slots=True)
class Rules:
    """What a community agreed on: its step and its keys.

    What starts before `frozen_before` is kept as it is; None: nothing is.
    """

    community: str
    step: timedelta
    keys: tuple[Agreement, ...]
    frozen_before: datetime | None


def read_rules(connection: psycopg.Connection, community_no: int) -> Rules | None:
    """Rules of a community; None when it is gone."""
    rows = connection.execute(statement("community_rules"), {"community_no": community_no}).fetchall()
    if not rows:
        return None
    community, step_min, frozen_before = rows[0][:3]
    keys = tuple(Agreement(key_of(rule), Validity(start, end), no) for *_, no, rule, start, end in rows if rule)
    return Rules(community, timedelta(minutes=step_min), keys, frozen_before)


def read_members(connection: psycopg.Connection, community_no: int) -> list[Member]:
    """Everyone who ever takes part in a community, in order of point id."""
    rows = connection.execute(statement("members"), {"community_no": community_no})
    return [Member(no, point, Role(role), Validity(start, end)) for no, point, role, start, end in rows]


def read_flows(reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span) -> pl.DataFrame:
    """FLOW_INTERVALS of a community's members, in any order: the operator's settled curve outranks the device's."""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    rows = reader.read(connection, "intervals_of_members", parameters)
    rows = rows.cast({**FLOW_INTERVALS, "is_operators": pl.Boolean})
    if rows["is_operators"].any():
        settled = rows.filter("is_operators")
        rows = pl.concat([settled, rows.join(settled, on=["point_no", "flow", "start"], how="anti")])
    return rows.select(FLOW_INTERVALS.names())


def read_participations(reader: FrameReader, connection: psycopg.Connection, community_no: int) -> pl.DataFrame:
    """PARTICIPATIONS of a community, at any time."""
    return reader.read(connection, "participations", {"community_no": community_no}).cast(PARTICIPATIONS)


def replace(
    connection: psycopg.Connection,
    community_no: int,
    span: Span,
    allocation: pl.DataFrame,
    pairs: pl.DataFrame,
    balance: pl.DataFrame,
    numbers: Mapping[str, int],
) -> int:
    """Make stored allocations, pairs and balances equal to the computed ones in a span; return how many steps changed.

    What this changes of settled months is kept, as an old version of them.

    Args:
        allocation: SETTLED_ALLOCATION; pairs: GIVEN; balance: BALANCE; numbers: point number by id.
    """
    columns = [name for name in SETTLED_ALLOCATION.names() if name not in ("start", "point")]
    rows = allocation.with_columns(point_no=number("point", numbers))
    with connection.cursor() as cursor:
        copy_frame(connection, statement("allocations_copy"), rows.select("point_no", "start", *columns))
        copy_frame(connection, statement("pairs_copy"), numbered_pairs(pairs, numbers))
        copy_frame(connection, statement("balances_copy"), balance.select(BALANCE.names()))
        settlements.revise(connection, community_no, span)
        statements.mark(connection, community_no, span)
        parameters = {"community_no": community_no, "start": span.start, "end": span.end}
        cursor.execute(statement("allocations_replace"), parameters)
        cursor.execute(statement("pairs_replace"), parameters)
        changed = cursor.execute(statement("balances_replace"), parameters).fetchone()
        cursor.execute(statement("staging_empty"))
    assert changed is not None, "count() always gives a row"
    return changed[0]


def number(column: str, numbers: Mapping[str, int]) -> pl.Expr:
    """The numbers of the points in a column of ids, null for others; with no default Polars gives text for none."""
    return pl.col(column).replace_strict(numbers, default=None, return_dtype=pl.Int32)


def numbered_pairs(pairs: pl.DataFrame, numbers: Mapping[str, int]) -> pl.DataFrame:
    """NUMBERED_PAIRS: GIVEN with numbers of points instead of their ids."""
    return pairs.select(
        number("producer", numbers).alias("producer_no"),
        number("point", numbers).alias("point_no"),
        "start",
        "allocated_wh",
    )


def announce(connection: psycopg.Connection, community_no: int, days: list[date]) -> None:
    """Tell the live feed that days of a community changed, when the open transaction commits."""
    payload = json.dumps({"community_no": community_no, "days": [day.isoformat() for day in days]})
    connection.execute(statement("live_notify"), {"payload": payload})


def read_balance(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span, step: str, zone: str
) -> pl.DataFrame:
    """Balance of a community summed to a step of STEPS, local days and months by the calendar of the zone.

    Returns:
        start, the *_wh sums, the rates as ratios of these, present, expected, quality (the worst), status. Steps
        without data are absent. The last row, whose start is null, is the whole span.
    """
    parameters = {"community_no": community_no, "start": span.start, "end": span.end, "zone": zone, **STEPS[step]}
    return reader.read(connection, "balance_by_step", parameters)


def read_allocations(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span
) -> pl.DataFrame:
    """What each member consumed, injected and was allocated over a span, and how much of it is known how well."""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    return reader.read(connection, "allocation_by_point", parameters)


def read_produced(reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span) -> pl.DataFrame:
    """What each point was allocated in each step of a span, beside what all produced in it.

    Returns:
        start, point (null where it is gone), allocated_wh, production_wh of the step, settled; in order of start.
    """
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    return reader.read(connection, "allocations_produced", parameters)


def read_power(connection: psycopg.Connection, community_no: int, since: datetime) -> dict[str, Any]:
    """Power of the last minutes of a community, of the points heard since an instant."""
    parameters = {"community_no": community_no, "since": since}
    row = connection.execute(statement("power_of_community"), parameters).fetchone()
    assert row is not None, "an aggregate always gives a row"
    return dict(zip(("at", "consumption_w", "production_w", "points", "expected"), row, strict=True))


STEPS: dict[str, dict[str, Any]] = {
    "15min": {"calendar": None, "step": timedelta(minutes=15)},
    "30min": {"calendar": None, "step": timedelta(minutes=30)},
    "hour": {"calendar": None, "step": timedelta(hours=1)},
    "day": {"calendar": "day", "step": timedelta(days=1)},
    "month": {"calendar": "month", "step": timedelta(days=1)},
    "year": {"calendar": "year", "step": timedelta(days=1)},
}
"""Steps in which a balance can be asked for."""
