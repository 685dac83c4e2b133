"""What `hub devices` shows: who was heard, how often, whose point it measures, and what was refused."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from energy.time import rfc3339
from hub.refused import printable
from store.devices import HeardDevice, heard_devices
from store.rejected import Refusal, refusals

RATE_OVER: Final = timedelta(hours=1)
MOST_REFUSALS: Final = 20
NOBODY: Final = "nothing was heard yet: is the hub subscribed to the right broker, and do the devices publish there?"


def devices(connection: psycopg.Connection, device: str, now: datetime) -> list[dict[str, Any]]:
    """Devices as JSON has them; those without a point first."""
    return [
        {
            "device": d.id,
            "dialect": d.dialect,
            "last_heard": rfc3339(d.last_seen_at),
            "readings_per_hour": d.readings,
            "points": d.points,
            "channels": d.channels,
        }
        for d in heard_devices(connection, now - RATE_OVER, device)
    ]


def table(connection: psycopg.Connection, device: str, now: datetime) -> str:
    """Devices for people, and beneath them what was refused, by topic."""
    heard = heard_devices(connection, now - RATE_OVER, device)
    refused = refusals(connection, device)
    nobody = f"nothing was heard from a device whose id begins with {device!r}" if device else NOBODY
    parts = [_columns(_rows(heard, now))] if heard else [nobody]
    unmapped = sum(not d.points for d in heard)
    if unmapped:
        parts.append(
            f"{unmapped} of {len(heard)} belong to no metering point: add [[point.device]] entries to the territory"
            " file, then `hub apply`."
        )
    if refused:
        parts.append("Refused, and kept in quarantine (`hub rejected list` shows all):\n" + _refused(refused))
    return "\n\n".join(parts)


def _rows(heard: Sequence[HeardDevice], now: datetime) -> list[tuple[str, ...]]:
    title = ("device", "dialect", "last heard", "readings/h", "channels", "point")
    return [
        title,
        *(
            (
                d.id,
                d.dialect,
                _ago(now - d.last_seen_at),
                str(d.readings),
                ", ".join(d.channels) or "-",
                ", ".join(d.points) or "not mapped",
            )
            for d in heard
        ),
    ]


def _refused(refused: Sequence[Refusal]) -> str:
    lines = [f"  {printable(r.topic)}: {printable(r.reason)} ({r.times} times)" for r in refused[:MOST_REFUSALS]]
    if len(refused) > MOST_REFUSALS:
        lines.append(f"  and {len(refused) - MOST_REFUSALS} more")
    return "\n".join(lines)


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _ago(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{max(seconds, 0)} s ago"
