"""Devices as they were heard: what they are, how often they speak, and whose point they measure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg

from store.queries import statement


class Mapped(NamedTuple):
    """A channel of a device, '' for the device itself, that measures a point from one instant to another."""

    channel: str
    point: str
    valid_from: datetime
    valid_to: datetime


class HeardDevice(NamedTuple):
    """A device that was heard, and the channels it was heard on. `readings` are those of the time asked about.

    `mappings` are those of all times, the earliest first.
    """

    id: str
    dialect: str
    last_seen_at: datetime
    readings: int
    channels: Sequence[str]
    mappings: Sequence[Mapped]

    def mapped(self, now: datetime) -> dict[str, str]:
        """The point that each channel which was heard measures now; a mapping of the device covers no channel."""
        return {
            m.channel: m.point for m in self.mappings if m.channel in self.channels and m.valid_from <= now < m.valid_to
        }

    def ended(self, now: datetime) -> dict[str, Mapped]:
        """The last mapping of each channel that was heard and is mapped no longer."""
        mapped = self.mapped(now)
        return {m.channel: m for m in self.mappings if m.valid_to <= now and m.channel in {*self.channels} - {*mapped}}


def heard_devices(connection: psycopg.Connection, since: datetime, device: str = "") -> list[HeardDevice]:
    """Devices whose id begins with `device`, the latest heard first."""
    rows = connection.execute(statement("devices_heard"), {"since": since, "device": device})
    return [
        HeardDevice(id_, dialect, seen, readings, channels or [""], [_mapped(*mapping) for mapping in mappings])
        for id_, dialect, seen, readings, channels, mappings in rows
    ]


def heard_ids(connection: psycopg.Connection) -> list[str]:
    """The ids of all devices that were ever heard."""
    return [id_ for (id_,) in connection.execute(statement("device_ids"))]


def _mapped(channel: str, point: str, valid_from_s: float, valid_to_s: float) -> Mapped:
    return Mapped(channel, point, datetime.fromtimestamp(valid_from_s, UTC), datetime.fromtimestamp(valid_to_s, UTC))
