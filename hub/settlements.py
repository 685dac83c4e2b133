"""`hub settlements`: every version of the settled months of a community, as a table or JSON."""

import argparse
from typing import Any, Final

from hub.settings import Settings
from hub.tables import as_json, columns
from store.communities import read_community
from store.connect import FrameReader, connect
from store.settlements import read_settlements

TITLE: Final = (
    "month",
    "version",
    "made at (UTC)",
    "reason",
    "steps",
    "consumption kWh",
    "production kWh",
    "allocated kWh",
)
MEANING: Final = (
    "steps: settlement steps that were settled anew, also where a later correction took the first one back;"
    " regularisation: what the month is made of came late, or was corrected"
)
TEXTS: Final = 4
"""So many columns are words, and stand on the left; figures stand on the right."""


def run_settlements(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the settled months of a community, the newest first."""
    with connect(settings.database_url) as connection:
        community = read_community(connection, arguments.community)
        reader = FrameReader(settings.database_url)
        try:
            rows = read_settlements(reader, connection, community.no).to_dicts()
        finally:
            reader.close()
    if arguments.json:
        print(as_json({"community": community.id, "settlements": rows}))
        return 0
    if not rows:
        print(
            f"no month of {community.id} is settled yet: `hub process` closes a month {settings.settle_after_days} days"
            " after its end, once all of it is known"
        )
        return 0
    print(table(rows))
    return 0


def table(rows: list[dict[str, Any]]) -> str:
    """The versions in columns, and what they mean."""
    cells = [TITLE, *(_cells(row) for row in rows)]
    return "\n".join([*columns(cells, right=range(TEXTS, len(TITLE))), MEANING])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["month"],
        str(row["version"]),
        f"{row['made_at']:%Y-%m-%d %H:%M}",
        row["reason"],
        "-" if row["version"] == 1 else f"{row['changed']:,}",
        *(f"{row[name] / 1000:,.3f}" for name in ("consumption_wh", "production_wh", "allocated_wh")),
    )
