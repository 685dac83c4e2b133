"""What `hub devices` shows: who was heard, how often, whose point it measures, and what was refused."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

import psycopg

from energy.time import rfc3339
from hub.counted import counted
from hub.refused import advice, printable
from hub.tables import columns
from store.devices import HeardDevice, Mapped, heard_devices, heard_ids
from store.registry import Change
from store.rejected import Refusal, refusals

RATE_OVER: Final = timedelta(hours=1)
MOST_REFUSALS: Final = 20
ALIKE: Final = 0.8
"""How much of two ids must be the same for one to be taken for the other by mistake, from 0 to 1."""
NOBODY: Final = "nothing was heard yet: is the hub subscribed to the right broker, and do the devices publish there?"
ITSELF: Final = "as a whole"
"""What a device is called beside its channels."""


def devices(connection: psycopg.Connection, device: str, now: datetime) -> list[dict[str, Any]]:
    """Devices as JSON has them: those without a point first, those whose mapping ended last.

    In `not_mapped` "" is the device itself beside its channels.
    """
    return [
        {
            "device": d.id,
            "dialect": d.dialect,
            "last_heard": rfc3339(d.last_seen_at),
            "readings_per_hour": d.readings,
            "points": sorted({*d.mapped(now).values()}),
            "channels": [channel for channel in d.channels if channel],
            "not_mapped": [channel for channel in d.channels if channel not in d.mapped(now)],
            "ended": [
                {"channel": channel, "point": m.point, "until": rfc3339(m.valid_to)}
                for channel, m in sorted(d.ended(now).items())
            ],
        }
        for d in _in_order(heard_devices(connection, now - RATE_OVER, device), now)
    ]


def table(connection: psycopg.Connection, device: str, now: datetime) -> str:
    """Devices for people, and beneath them what was refused, by topic. Days are those of the zone of `now`."""
    heard = _in_order(heard_devices(connection, now - RATE_OVER, device), now)
    refused = refusals(connection, device)
    parts = ["\n".join(columns(_rows(heard, now))) if heard else _nobody(connection, device)]
    unmapped = sum(_rank(d, now) == 0 for d in heard)
    if unmapped:
        verb = "belongs" if unmapped == 1 else "belong"
        parts.append(
            f"{unmapped} of {len(heard)} {verb} to no metering point: add [[point.device]] entries to the territory"
            " file, then `hub apply`."
        )
    if refused:
        parts.append("Refused, and kept in quarantine (`hub rejected list` shows all):\n" + _refused(refused))
        parts += advice(refused)
    return "\n\n".join(parts)


def never_heard(connection: psycopg.Connection, changes: Sequence[Change]) -> list[str]:
    """Say which of the devices that changes add were never heard; nothing while no device at all was heard."""
    known = heard_ids(connection)
    added = dict.fromkeys(c.row["device"] for c in changes if c.table == "device_mapping" and c.action == "add")
    unheard = [device for device in added if device not in {*known}] if known else []
    near = {device: get_close_matches(device, known, cutoff=ALIKE) for device in unheard}
    return [f"device {device} has never been heard{_near(near[device])}" for device in unheard]


def _near(devices: Sequence[str]) -> str:
    return f"; near it: {', '.join(devices)}" if devices else ""


def point_text(device: HeardDevice, now: datetime) -> str:
    """Whose point a device measures, channel by channel where it has any."""
    mapped, ended = device.mapped(now), device.ended(now)
    if [*device.channels] == [""]:
        return mapped.get("") or (_until(ended[""], now) if ended else "not mapped")
    said = [f"{channel or ITSELF}: {mapped[channel]}" for channel in device.channels if channel in mapped]
    said += [f"{channel or ITSELF}: {_until(m, now)}" for channel, m in sorted(ended.items())]
    others = [channel for channel in device.channels if channel not in mapped and channel not in ended]
    if others and not said:
        said = ["not mapped"]
    elif others:
        said.append(f"{others[0] or ITSELF if len(others) == 1 else f'{len(others)} others'}: not mapped")
    said += [
        f"{m.channel or ITSELF}: {m.point}, but nothing is heard there"
        for m in device.mappings
        if m.channel not in device.channels and m.valid_from <= now < m.valid_to
    ]
    return ", ".join(said)


def _until(mapping: Mapped, now: datetime) -> str:
    day = mapping.valid_to.astimezone(now.tzinfo)
    year = "" if day.year == now.year else f" {day.year}"
    return f"until {day.day} {day:%b}{year}: {mapping.point}"


def _rank(device: HeardDevice, now: datetime) -> int:
    """In which part of the list a device comes: without a point, with one, with one no longer."""
    if device.mapped(now):
        return 1
    return 2 if device.ended(now) else 0


def _in_order(heard: Sequence[HeardDevice], now: datetime) -> list[HeardDevice]:
    return sorted(heard, key=lambda device: _rank(device, now))


def _nobody(connection: psycopg.Connection, device: str) -> str:
    others = len(heard_ids(connection)) if device else 0
    if not others:
        return NOBODY
    return (
        f"no device that was heard has an id beginning with {device!r};"
        f" `hub devices` lists {'the only one' if others == 1 else f'all {others}'}"
    )


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
                ", ".join(channel for channel in d.channels if channel) or "-",
                point_text(d, now),
            )
            for d in heard
        ),
    ]


def _refused(refused: Sequence[Refusal]) -> str:
    lines = [
        f"  {printable(r.topic)}: {printable(r.reason)} ({counted(r.times, 'time')})" for r in refused[:MOST_REFUSALS]
    ]
    if len(refused) > MOST_REFUSALS:
        lines.append(f"  and {len(refused) - MOST_REFUSALS} more")
    return "\n".join(lines)


def _ago(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{max(seconds, 0)} s ago"
