"""What the demo prints: how to speak to it from another terminal, and what its one day gave."""

import shlex
from decimal import Decimal
from pathlib import Path
from typing import Any

from energy.time import PARIS, Span, local_date
from hub.settings import Settings
from hub.tables import eur


def export_line(settings: Settings, page: str, territory: Path) -> str:
    """What a shell needs to speak to this demo: the two settings, the page, and the territory that was applied."""
    words = {
        "HUB_DATABASE_URL": settings.database_url,
        "HUB_MQTT_URL": settings.mqtt_url,
        "PAGE": page.rstrip("/"),
        "TERRITORY": str(territory),
    }
    return f"export {' '.join(f'{name}={shlex.quote(word)}' for name, word in words.items())}"


def value_command(community: str, past: Span) -> str:
    """The command that shows what sharing was worth in the months of the past that was filled in.

    It names them, for what it shows by itself is the last whole month, before the demo began.
    """
    first, last = (f"{local_date(at, PARIS):%Y-%m}" for at in (past.start, past.end))
    months = f"--from {first}" if first == last else f"--from {first} --to {last}"
    return f".venv/bin/hub value {community} {months}"


def result_lines(result: dict[str, Any]) -> str:
    """The result of `hub demo --once`, a line for each community."""
    lines = [
        f"{result['messages']} messages, {result['readings']} readings stored, {result['rejected']} refused,"
        f" {result['lost']} lost, {result['duplicated']} duplicated, {result['seconds']} s"
    ]
    for community, totals in result["balance"].items():
        lines.append(
            f"{community}: produced {totals['production_kwh']:.1f} kWh, consumed {totals['consumption_kwh']:.1f} kWh,"
            f" shared {totals['allocated_kwh']:.1f} kWh ({totals['status']});"
            f" {_worth(result['value'][community])}"
        )
    return "\n".join(lines)


def _worth(totals: dict[str, Any] | None) -> str:
    if totals is None or totals["saving_eur"] is None or totals["revenue_eur"] is None:
        return "its worth in EUR is not known"
    saving, revenue = (eur(Decimal(totals[name])) for name in ("saving_eur", "revenue_eur"))
    return f"members saved {saving} EUR, producers earned {revenue} EUR"
