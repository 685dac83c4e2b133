"""Devices as they were heard: what they are, how often they speak, and whose point they measure."""

from datetime import datetime
from typing import NamedTuple

import psycopg

from store.queries import statement


class HeardDevice(NamedTuple):
    """A device that was heard. `readings` are those of the time asked about; `points` those it is mapped to now."""

    id: str
    dialect: str
    last_seen_at: datetime
    readings: int
    points: list[str]
    channels: list[str]


def heard_devices(connection: psycopg.Connection, since: datetime, device: str = "") -> list[HeardDevice]:
    """Devices whose id begins with `device`: those that belong to no point first, then the latest heard first."""
    rows = connection.execute(statement("devices_heard"), {"since": since, "device": device})
    return [HeardDevice(*row) for row in rows]
