"""`hub retention` and `hub forget`: what would go is shown first, and goes with --yes."""

import argparse
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from energy.errors import InvalidInput, Unavailable
from energy.time import floor_to_step, rfc3339
from hub.counted import counted
from hub.services import keeping_of, stop_on_signals
from hub.settings import Settings
from hub.tables import columns
from store import erasure, retention
from store.connect import connect
from store.erasure import Extent, Found, FoundDevice
from store.registry import Change, removed_points, touched_communities, touched_points
from store.rejected import trim
from store.retention import Cutoffs, Keeping, Kind, Old, Removed

STOPPED: Final = 130
MOST_NAMED: Final = 3
ROWS: Final = {
    "readings": ("reading", "readings"),
    "revisions": ("old value of a reading", "old values of readings"),
    "curves": ("value of the operator's files", "values of the operator's files"),
    "intervals": ("interval", "intervals"),
    "allocations": ("allocation", "allocations"),
    "balances": ("balance", "balances"),
    "rejected": ("rejected message or reading", "rejected messages and readings"),
}
"""What is removed is called: one, and more."""
NOTHING_CHANGED: Final = "Nothing was changed."
ON_THE_WAY: Final = (
    "Messages that still come from {devices} are stored anew, as of devices of nobody: unplug them, or take their"
    " logins away at the broker; then `hub forget --device ID --yes` removes what came since."
)
STILL_THERE: Final = (
    "Backups, the log of the database, Grafana and what the broker retains may still know: docs/keeping.md says what"
    " to do about each."
)


def run_retention(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show what is older than the settings keep, or remove it."""
    now = datetime.now(UTC)
    keeping = keeping_of(settings)
    with connect(settings.database_url) as connection:
        if not arguments.yes:
            print(_overview(connection, keeping, now))
            return 0
        with retention.alone(connection, "retention") as is_ours:
            if not is_ours:
                raise Unavailable("another process, perhaps `hub process`, is removing what is old; let it finish")
            return _remove(connection, keeping, now, is_now=arguments.now)


def run_forget(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show what is known about a holder, or a device of nobody, or remove it."""
    holder, device = arguments.holder, arguments.device
    if (holder is None) == (device is None):
        raise InvalidInput("give either the id of a HOLDER, or --device ID")
    hour = floor_to_step(datetime.now(UTC), timedelta(hours=1))
    with connect(settings.database_url) as connection:
        found = erasure.find_holder(connection, holder) if device is None else erasure.find_device(connection, device)
        if not arguments.yes:
            print(_would_go(found, erasure.measure(connection, found, hour)))
            return 0
        with retention.alone(connection, "forget") as is_ours:
            if not is_ours:
                raise Unavailable("another `hub forget` is at work; let it finish")
            erasure.freeze(connection, found, hour, is_now=arguments.now)
            return _forget(connection, found, holder, device, hour)


def what_stays(connection: psycopg.Connection, changes: Sequence[Change]) -> list[str]:
    """Say of changes what they no longer reach, because what it was made of is gone."""
    removed = removed_points(changes)
    points = {point for change in changes for point in touched_points(change)} - {*removed}
    communities = {community for change in changes for community in touched_communities(change)}
    going = retention.read_going(connection, removed)
    lines = [
        f"intervals of {point} before {rfc3339(before)} go with the point, and cannot be computed again: what they were"
        f" made of was removed; the balances of {_communities(of)} before that stay as computed"
        for point, before, of in going
    ]
    communities -= {community for _, _, of in going for community in of}
    before: dict[tuple[str, datetime], list[str]] = {}
    for kind, id_, frozen_before in retention.read_frozen(connection, points, communities):
        before.setdefault((kind, frozen_before), []).append(id_)
    said = {"point": "intervals of", "community": "the balances of community"}
    return lines + [
        f"{said[kind]} {_some(ids)} before {rfc3339(instant)} stay as computed: what they were made of was removed"
        for (kind, instant), ids in before.items()
    ]


def _communities(ids: Sequence[str]) -> str:
    return f"{'community' if len(ids) == 1 else 'communities'} {_some(ids)}"


def _overview(connection: psycopg.Connection, keeping: Keeping, now: datetime) -> str:
    cutoffs = keeping.cutoffs(now)
    kinds: list[tuple[Kind, int, datetime | None]] = [
        ("readings", keeping.readings, cutoffs.readings),
        ("intervals", keeping.intervals, cutoffs.intervals),
        ("balances", keeping.balances, cutoffs.balances),
        ("rejected", keeping.rejected, now - timedelta(days=keeping.rejected)),
    ]
    rows = [("", "kept", "oldest", "goes before", "what goes")]
    has_chunks = False
    for kind, days, before in kinds:
        old = retention.read_old(connection, kind, before, keeping.rejected_bytes)
        has_chunks = has_chunks or old.chunks is not None
        rows.append((kind, counted(days, "day") if days else "for ever", _day(old.oldest_at), _day(before), _goes(old)))
    lines = columns(rows)
    if has_chunks:
        lines.append("Whole chunks go; rows in one that reaches beyond the day stay until all of it is older.")
    goes = any(row[-1] != "nothing" for row in rows[1:])
    after = "`hub retention --yes` removes it; so does `hub process`, every hour." if goes else "Nothing would go."
    return "\n".join([*lines, f"{NOTHING_CHANGED} {after}"])


def _remove(connection: psycopg.Connection, keeping: Keeping, now: datetime, *, is_now: bool) -> int:
    stop = threading.Event()
    stop_on_signals(stop)
    total: dict[str, Removed] = {}
    try:
        if rejected := trim(connection, timedelta(days=keeping.rejected), keeping.rejected_bytes):
            total["rejected"] = Removed("rejected", rejected)
        cutoffs: Cutoffs = keeping.cutoffs(now)
        retention.freeze(connection, cutoffs, is_now=is_now)
        for removed in retention.remove(connection, cutoffs):
            before = total.get(removed.kind, Removed(removed.kind))
            total[removed.kind] = Removed(removed.kind, before.rows + removed.rows, before.chunks + removed.chunks)
            print(f"{_removed(total[removed.kind])} removed so far", file=sys.stderr)
            if stop.is_set():
                break
    finally:  # what is gone is told, whatever comes between
        if total:
            print("\n".join(f"{_removed(done)} removed" for done in total.values()))
    if stop.is_set():
        print("interrupted; run it again to go on")
        return STOPPED
    if not total:
        print("nothing is older than it is kept")
    return 0


def _forget(
    connection: psycopg.Connection, found: Found, holder: str | None, device: str | None, hour: datetime
) -> int:
    stop = threading.Event()
    stop_on_signals(stop)
    readings = 0
    for rows in erasure.forget_readings(connection, found):
        readings += rows
        print(f"{counted(readings, 'reading')} removed so far", file=sys.stderr)
        if stop.is_set():
            print("interrupted; run it again to go on")
            return STOPPED
    extent = erasure.forget_rest(connection, holder, device, hour, readings)
    print(_has_gone(found, extent))
    return 0


def _would_go(found: Found, extent: Extent) -> str:
    lines = (
        [f"holder {found.holder}: {counted(len(found.points), 'point')}{_list(found.points)}"] if found.holder else []
    )
    lines += [_device_text(device) for device in found.devices]
    lines += [
        f"{counted(extent.readings, 'reading')}, {counted(extent.intervals, 'interval')},"
        f" {counted(extent.allocations, 'allocation')}, {counted(extent.memberships, 'membership')},"
        f" {counted(extent.messages, 'message')} refused or kept for later ones"
    ]
    lines += _left(extent)
    lines += [f"site {prefix}, which serves these devices alone" for prefix in found.sites]
    lines += [f"the name in the sharing keys of community {community}; the shares stay" for community in extent.keys]
    if found.communities:
        lines.append(
            f"Balances of {_some(found.communities)} stay as they are from now on, for the others, as long as the"
            " points took part and up to this hour: what comes late changes them no more."
        )
    if extent.waiting_days:
        lines.append(
            f"! {counted(extent.waiting_days, 'day')} of them {'waits' if extent.waiting_days == 1 else 'wait'} to be"
            " computed: let `hub process` finish first, or give --now and they stay as they are"
        )
    word = found.holder or f"--device {found.devices[0].id}"
    return "\n".join([*lines, f"{NOTHING_CHANGED} `hub forget {word} --yes` removes all this, for good."])


def _has_gone(found: Found, extent: Extent) -> str:
    lines = [
        f"{found.holder or found.devices[0].id} is forgotten: {counted(extent.readings, 'reading')},"
        f" {counted(extent.intervals, 'interval')}, {counted(extent.allocations, 'allocation')} and"
        f" {counted(extent.messages, 'message')} are gone"
    ]
    if found.holder:
        lines.append(
            f"Take {found.holder} and its points{_list(found.points)} out of the territory file now, and out of the"
            " shares_percent of a key: the next `hub apply` would declare them again."
        )
    if found.sites:
        lines.append(f"Take the sites there out of it too: {_some(found.sites)}.")
    heard = [device for device in found.devices if device.last_seen_at is not None and device.is_alone]
    if heard:
        lines.append(ON_THE_WAY.format(devices=_some([_last_heard(device) for device in heard])))
    return "\n".join([*lines, *_left(extent), STILL_THERE])


def _left(extent: Extent) -> list[str]:
    """What could not be told to be about somebody."""
    if not extent.messages_left:
        return []
    messages = counted(extent.messages_left, "refused message")
    verb, name = ("stays", "names") if extent.messages_left == 1 else ("stay", "name")
    return [
        f"{messages} that {name} none of these devices {verb}: `hub rejected list` shows whether one is theirs too."
    ]


def _device_text(device: FoundDevice) -> str:
    which = "all of it" if device.is_alone else "what it measured there; it measured others' points too, and that stays"
    return f"device {_last_heard(device)}: {which}"


def _last_heard(device: FoundDevice) -> str:
    return f"{device.id} (last heard {rfc3339(device.last_seen_at) if device.last_seen_at else 'never'})"


def _removed(done: Removed) -> str:
    one, more = ROWS[done.kind]
    parts = [f"{counted(done.chunks, 'chunk')} of {more}"] if done.chunks else []
    parts += [f"{done.rows:,} {one if done.rows == 1 else more}"] if done.rows or not parts else []
    return " and ".join(parts)


def _goes(old: Old) -> str:
    if old.before is None or not (old.rows or old.chunks):
        return "nothing"
    size = f"about {old.size_bytes / 1e6:,.1f} MB"
    if old.chunks is None:
        return f"{counted(old.rows, 'row')}, {size}"
    rows = f"about {counted(old.rows, 'row')}, " if old.rows else ""  # the server has not counted new chunks yet
    return f"{counted(old.chunks, 'chunk')}, {rows}{size}"


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "-"


def _list(names: Sequence[str] | dict[str, int]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
