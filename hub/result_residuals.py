"""`hub residuals --settlement`: the hub's figures of a month beside the operator's results, and what explains it."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from energy.time import local_date
from hub.named_times import month_of
from hub.settings import Settings
from hub.tables import as_json, kwh, table
from store.communities import read_community
from store.connect import FrameReader, connect
from store.operator_results import read_result_months, read_result_residuals

TITLE: Final = ("point", "result", "hub kWh", "operator kWh", "residual kWh", "known")
MEANING: Final = "residual: hub - operator; known: settlement steps that the hub knows of the flow, of those awaited"
CAUSES: Final = {
    "hub_incomplete": "the hub lacks steps of the {energy}: wait for late readings, or import the operator's curve",
    "meter": "the {energy} itself differs: it is the meter or the curve, not the key",
    "key": "the {energy} agrees and what was shared does not: compare the key and its coefficients with the operator's",
    "others": "the {energy} agrees, and what was shared follows what others measured: see them first, then the key",
    "unclear": "the operator does not tell the {energy}, so nothing tells meter and key apart",
    "unknown_to_operator": "the operator has no result of its {energy}: is it in the operator's list of members?",
    "unknown_to_hub": "by the hub no {energy} of it is shared in that month: are its role and its dates right?",
}
ENERGY: Final = {"import": "consumption", "export": "production"}


def run_result_residuals(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print a month that the operator has settled, the points furthest apart first, and what explains each."""
    with connect(settings.database_url) as connection:
        community = read_community(connection, arguments.community)
        zone = ZoneInfo(community.zone)
        months = read_result_months(connection, community.no)
        if arguments.month is None and months:
            start = months[0]
        else:
            start = month_of(arguments.month, zone, datetime.now(UTC)).start
        reader = FrameReader(settings.database_url)
        try:
            rows = read_result_residuals(reader, connection, community.no, start).to_dicts()
        finally:
            reader.close()
    month = f"{local_date(start, zone):%Y-%m}"
    if arguments.json:
        known_months = [f"{local_date(start, zone):%Y-%m}" for start in months]
        print(as_json({"community": community.id, "month": month, "months": known_months, "rows": rows}))
        return 0
    if rows:
        print(f"{community.id}, {month}: the hub and the operator's results")
        print(table(TITLE, map(_cells, rows), MEANING))
        print("\n".join(["", *explanation(rows)]))
    else:
        others = ", ".join(f"{local_date(start, zone):%Y-%m}" for start in months)
        known = f"known are those of {others}" if others else "`hub import settlement` brings them"
        print(f"no results of the operator are known for {community.id} in {month}; {known}")
    return 0


def explanation(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which flows of points explain what is apart, in the order of the rows, and why each is."""
    flows = {(row["point"], row["flow"]): row for row in rows}
    lines = [
        f"{point}, {row['result_apart_share'] or 0:.1%} of what is apart: {cause.format(energy=ENERGY[flow])}"
        for (point, flow), row in flows.items()
        if (cause := CAUSES.get(row["cause"]))
    ]
    if len(lines) < len(flows):
        agreeing = len(flows) - len(lines)
        who = "all others agree" if lines else "all agree"
        lines.append(f"{who} ({agreeing:,}): no more apart than rounding explains")
    return lines


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    expected = "-" if row["expected"] is None else f"{row['expected']:,}"
    return (
        row["point"],
        row["result"],
        kwh(row["hub_result_wh"]),
        kwh(row["operator_result_wh"]),
        kwh(row["result_residual_wh"], sign="+"),
        f"{row['present']:,} / {expected}",
    )
