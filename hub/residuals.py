"""`hub residuals`: how far the devices of a community are from the operator's curves and index, as tables or JSON."""

import argparse
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from energy.time import local_date
from hub.named_times import month_of
from hub.settings import Settings
from hub.tables import as_json, kwh, table
from store import indexes
from store.communities import read_community
from store.connect import FrameReader, connect
from store.curves import read_residuals

TITLE: Final = ("point", "flow", "operator kWh", "device kWh", "residual kWh", "residual", "compared", "alone")
MEANING: Final = (
    "residual: device - operator over the quarter-hours that both know; alone: quarter-hours that only the operator,"
    " and only the device, know"
)
INDEX_TITLE: Final = (
    "point",
    "flow",
    "index kWh",
    "stretches",
    "curve - index",
    "residual",
    "whole",
    "device - index",
    "residual",
    "whole",
)
INDEX_MEANING: Final = (
    "index: energy over the stretches between two indexes of the operator that end in the month; whole: of how many the"
    " curve, or the device, knows every quarter-hour, which are compared"
)
INDEXES_ALONE: Final = (
    "by the operator's index: indexes are there, but no two complete ones follow each other without going down"
)


def run_residuals(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what operator and devices say of a month of a community's members, the furthest apart first."""
    with connect(settings.database_url) as connection:
        community = read_community(connection, arguments.community)
        zone = ZoneInfo(community.zone)
        span = month_of(arguments.month, zone, datetime.now(UTC))
        reader = FrameReader(settings.database_url)
        try:
            rows = read_residuals(reader, connection, community.no, span).to_dicts()
            by_index = indexes.read_residuals_by_index(reader, connection, community.no, span).to_dicts()
            lone_indexes = not by_index and indexes.exist(connection, community.no, span)
        finally:
            reader.close()
    month = f"{local_date(span.start, zone):%Y-%m}"
    if arguments.json:
        print(as_json({"community": community.id, "month": month, "rows": rows, "by_index": by_index}))
        return 0
    if not rows and not by_index and not lone_indexes:
        print(f"the operator says nothing of the members of {community.id} in {month} (`hub import`)")
        return 0
    print(f"{community.id}, {month}")
    if rows:
        print(table(TITLE, map(_cells, rows), MEANING))
    if not any(row["compared"] for row in rows):
        print("nothing can be compared: no quarter-hour has both a device's energy and the operator's (`hub import`)")
    if by_index:
        print("\nby the operator's index")
        print(table(INDEX_TITLE, map(_index_cells, by_index), INDEX_MEANING))
    if lone_indexes:
        print(f"\n{INDEXES_ALONE}")
    return 0


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    rate = row["device_residual_rate"]
    return (
        row["point"],
        row["flow"],
        kwh(row["operator_wh"]),
        kwh(row["device_wh"]),
        kwh(row["device_residual_wh"], sign="+"),
        "-" if rate is None else f"{rate:+.1%}",
        f"{row['compared']:,}",
        f"{row['operator_only']:,} / {row['device_only']:,}",
    )


def _index_cells(row: dict[str, Any]) -> tuple[str, ...]:
    cells = [row["point"], row["flow"], kwh(row["index_wh"]), f"{row['stretches']:,}"]
    for source in ("curve", "device"):
        residual_wh = row[f"index_{source}_residual_wh"]
        index_wh = None if residual_wh is None else row[f"index_{source}_wh"] - residual_wh
        rate = f"{residual_wh / index_wh:+.1%}" if index_wh else "-"
        cells += [kwh(residual_wh, sign="+"), rate, f"{row[f'index_{source}_stretches']:,}"]
    return tuple(cells)
