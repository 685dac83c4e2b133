"""What Grafana makes of a panel's SQL before PostgreSQL sees it: variables in the browser, then macros in the server.

Only what the dashboards may use is known here; anything else is refused, so that a panel cannot rely on it untested.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

VARIABLE: Final = re.compile(r"\$(?P<plain>\w+)|\$\{(?P<braced>\w+)(?::(?P<format>\w+))?\}|\[\[(?P<old>\w+)\]\]")
MACRO: Final = re.compile(r"\$(?P<name>\w+)\((?P<arguments>[^)]*)\)")
BROWSER: Final = frozenset({"__interval_ms"})
"""Macros without parentheses; the browser replaces them, as it does variables."""


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a dashboard: of a panel, or of a variable."""

    name: str
    sql: str
    time_series: bool


def targets(dashboard: Mapping[str, Any]) -> Iterator[Target]:
    """Every query of a dashboard."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield Target(panel["title"], target["rawSql"], target["format"] == "time_series")
    for variable in dashboard["templating"]["list"]:
        yield Target(f"variable {variable['name']}", variable["query"], time_series=False)


def interpolate(sql: str, values: Mapping[str, Sequence[str]], interval_ms: int) -> str:
    """Replace variables that allow several values: each quoted, quotes inside doubled, joined by commas."""

    def replace(match: re.Match[str]) -> str:
        if match["format"] is not None:
            raise ValueError(f"{match[0]}: a format changes how values are quoted")
        name = match["plain"] or match["braced"] or match["old"]
        if name == "__interval_ms":
            return str(interval_ms)
        if name in values:
            return ",".join("'" + value.replace("'", "''") + "'" for value in values[name])
        if name.startswith("__"):
            return match[0]
        raise ValueError(f"{match[0]} is not a variable of the dashboard")

    return VARIABLE.sub(replace, sql)


def expand(sql: str, start: datetime, end: datetime) -> str:
    """Replace the macros of the PostgreSQL data source; the range becomes literals without a type."""

    def replace(match: re.Match[str]) -> str:
        argument = match["arguments"].strip()
        match match["name"]:
            case "__timeFrom" if not argument:
                return f"'{go_text(start)}'"
            case "__timeTo" if not argument:
                return f"'{go_text(end)}'"
            case "__timeFilter" if argument:
                return f"{argument} BETWEEN '{go_text(start)}' AND '{go_text(end)}'"
            case name:
                raise ValueError(f"${name}({argument}) is not a macro that the dashboards may use")

    return MACRO.sub(replace, sql)


def go_text(at: datetime) -> str:
    """Write an instant as Go does: UTC with a Z, the fraction without trailing zeros."""
    at = at.astimezone(UTC)
    fraction = f".{at.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"
