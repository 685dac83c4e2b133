"""Forget a person, or a device: find all that is about them, and remove it so that what others settled stays.

In three steps, each committed, so that it can be ended anywhere and begun again: the communities are frozen, readings
go bit by bit, and all the rest goes at once.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from energy.errors import InvalidInput, NotFound, Unavailable
from energy.key_rules import points_in, renamed_rule
from energy.validity import FOREVER, FOREVER_AGO
from store import spans
from store.erasure_names import Needle, is_of_nobody_else, names_of, needle_of
from store.queries import statement
from store.registry import lock_territory
from store.retention import NUMBERS_AT_ONCE, ROWS_AT_ONCE, remove_readings


class FoundDevice(NamedTuple):
    """A device: when it was last heard, None for never; whether all of it goes; and since and until when it counts."""

    id: str
    last_seen_at: datetime | None
    is_alone: bool
    since: datetime = FOREVER_AGO
    until: datetime = FOREVER


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody, or a device that is nobody's: numbers of points by id, the devices, and the communities.

    `sites`: prefixes below which only these devices publish.
    """

    holder: str | None
    points: dict[str, int]
    communities: tuple[str, ...]
    devices: tuple[FoundDevice, ...]
    sites: tuple[str, ...]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the points."""
        return list(self.points.values())

    @property
    def whole_devices(self) -> list[str]:
        """The devices of which everything goes."""
        return [device.id for device in self.devices if device.is_alone]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much would go, or went. `keys` name the communities whose sharing keys lose a name.

    `messages_left`: refused messages that name none of the devices.
    """

    readings: int = 0
    intervals: int = 0
    allocations: int = 0
    memberships: int = 0
    messages: int = 0
    messages_left: int = 0
    keys: tuple[str, ...] = ()
    waiting_days: int = 0


def find_holder(connection: psycopg.Connection, holder: str) -> Found:
    """All that is known to be about a holder.

    Raises:
        NotFound: nobody is called so.
    """
    parameters = {"holder": holder}
    if connection.execute(statement("holder_exists"), parameters).fetchone() != (True,):
        raise NotFound(f"no holder is called {holder!r}; their ids are in the territory file, beside their points")
    rows = connection.execute(statement("erasure_points"), parameters).fetchall()
    points = {id_: no for no, id_, _ in rows}
    communities = sorted({community for _, _, found in rows for community in found})
    devices = connection.execute(statement("erasure_devices"), {"points": list(points.values())}).fetchall()
    found = [
        FoundDevice(id_, seen_at, is_alone) if is_alone else FoundDevice(id_, seen_at, is_alone, since, until)
        for id_, seen_at, is_alone, since, until in devices
    ]
    return _with_sites(connection, holder, points, communities, found)


def find_device(connection: psycopg.Connection, device: str) -> Found:
    """A device that measures nobody's point.

    Raises:
        NotFound: it was never heard. InvalidInput: it measures somebody's point.
    """
    seen_at, is_known, holder = _row(connection, "erasure_device", {"device": device})
    if holder is not None:
        raise InvalidInput(
            f"device {device} measures a point of holder {holder}: forget the holder, or first take the device out of"
            " the territory file and run `hub apply`"
        )
    if not is_known:
        raise NotFound(f"device {device!r} was never heard; `hub devices` lists those that were")
    return _with_sites(connection, None, {}, [], [FoundDevice(device, seen_at, is_alone=True)])


def measure(connection: psycopg.Connection, found: Found, before: datetime) -> Extent:
    """How much would go, with what the communities settled before an hour kept as it is. Counts row by row."""
    (readings,) = _row(connection, "erasure_readings", _columns(_windows(connection, found)))
    intervals, allocations, memberships = _row(connection, "erasure_count", {"points": found.numbers})
    (waiting,) = _row(connection, "erasure_waits_for", {"points": found.numbers, "before": before})
    digests, topics = _messages(connection, found, _needles(connection, found))
    (rejected,) = _row(connection, "erasure_rejected_count", {"points": found.numbers, "devices": found.whole_devices})
    (refused,) = _row(connection, "erasure_refused_count", {})
    messages, left = len(digests) + len(topics) + rejected, refused - len(digests)
    keys = _communities_of(_keys(connection, found))
    return Extent(readings, intervals, allocations, memberships, messages, left, keys, waiting)


def freeze(connection: psycopg.Connection, found: Found, before: datetime, *, is_now: bool = False) -> None:
    """Keep what the communities settled before an hour as it is, whatever becomes of this member's intervals.

    Args:
        is_now: keep it so although some of it still waits to be computed.

    Raises:
        Unavailable: days that would be kept as they are wait to be computed.
    """
    parameters = {"points": found.numbers, "before": before}
    with connection.transaction():
        lock_territory(connection)
        (waiting,) = _row(connection, "erasure_waits_for", parameters)
        if waiting and not is_now:
            days = "1 day waits" if waiting == 1 else f"{waiting:,} days wait"
            raise Unavailable(
                f"{days} to be computed, and would stay as they are for all members of {', '.join(found.communities)}:"
                " let `hub process` come to an end with them first, or give --now if it cannot wait"
            )
        connection.execute(statement("erasure_freeze"), parameters)


def forget_readings(connection: psycopg.Connection, found: Found, most: int = ROWS_AT_ONCE) -> Iterator[int]:
    """Remove readings bit by bit, each bit committed; tell how many went each time."""
    windows = _windows(connection, found)
    for first in range(0, len(windows), NUMBERS_AT_ONCE):
        while rows := remove_readings(connection, windows[first : first + NUMBERS_AT_ONCE], most):
            yield rows


def forget_rest(
    connection: psycopg.Connection, holder: str | None, device: str | None, before: datetime, readings: int
) -> Extent:
    """Remove all the rest in one transaction, with what came meanwhile, and record that somebody was forgotten.

    Workers, changes of the territory and those who store readings wait for it.

    Args:
        before: hour before which the communities are kept as they are. readings: how many are gone already.

    Raises:
        NotFound, InvalidInput: as `find_holder` and `find_device`.
    """
    with connection.transaction():
        lock_territory(connection)
        connection.execute(statement("series_change"))
        found = find_device(connection, device or "") if holder is None else find_holder(connection, holder)
        ids = {"points": found.numbers, "devices": found.whole_devices, "before": before}
        connection.execute(statement("erasure_freeze"), ids)
        days = connection.execute(statement("erasure_days"), ids).fetchall()
        needles = _needles(connection, found)
        readings += sum(forget_readings(connection, found))
        connection.execute(statement("erasure_revisions"), _columns(_windows(connection, found)))
        connection.execute(statement("erasure_marks"), ids)
        messages = _forget_messages(connection, found, needles)
        connection.execute(statement("erasure_devices_remove"), ids)
        connection.execute(statement("erasure_sites_remove"), {"prefixes": [*found.sites]})
        connection.execute(statement("erasure_comparisons"), ids)
        intervals, allocations = _row(connection, "erasure_computed", ids)
        counts = {
            "points": len(found.points), "devices": len(found.devices), "readings": readings,
            "intervals": intervals, "allocations": allocations, "messages": messages,
        }  # fmt: skip
        (record_no,) = _row(connection, "erasure_record", counts)
        keys = _rename_in_keys(connection, found, record_no)
        connection.execute(statement("erasure_points_remove"), ids)
        if holder is not None:
            connection.execute(statement("remove_holder"), {"id": holder})
        connection.execute(statement("erasure_errors"), {"patterns": [needle.in_errors for needle in needles]})
        spans.mark(connection, "community", days)
        (left,) = _row(connection, "erasure_refused_count", {})
    return Extent(readings, intervals, allocations, messages=messages, messages_left=left, keys=keys)


def _with_sites(
    connection: psycopg.Connection,
    holder: str | None,
    points: dict[str, int],
    communities: Sequence[str],
    devices: Sequence[FoundDevice],
) -> Found:
    found = Found(holder, points, tuple(communities), tuple(devices), ())
    others = [id_ for is_device, id_ in _others(connection, found) if is_device]
    names = [name for id_ in found.whole_devices for name in names_of(id_, (), others)]
    parameters = {"names": names, "devices": found.whole_devices, "others": others}
    rows = connection.execute(statement("erasure_sites"), parameters).fetchall()
    return replace(found, sites=tuple(prefix for (prefix,) in rows))


def _others(connection: psycopg.Connection, found: Found) -> list[tuple[bool, str]]:
    """What is called by a name and is not theirs: whether it is a device, and its id."""
    parameters = {
        "devices": [device.id for device in found.devices],
        "points": [*found.points],
        "holder": found.holder,
        "prefixes": [*found.sites],
    }
    return connection.execute(statement("erasure_others"), parameters).fetchall()


def _needles(connection: psycopg.Connection, found: Found) -> list[Needle]:
    """Where messages name them: by their devices, and by the ids of holder and points where these mean nobody else."""
    others = _others(connection, found)
    devices = [id_ for is_device, id_ in others if is_device]
    sites = [name for _, _, _, name, _ in connection.execute(statement("territory_site")).fetchall()]
    needles = [
        needle_of(name, devices, device.since, device.until)
        for device in found.devices
        for name in names_of(device.id, sites, devices)
    ]
    ids = [id_ for id_ in (found.holder, *found.points) if id_ and is_of_nobody_else(id_, (id_ for _, id_ in others))]
    return needles + [needle_of(id_, devices) for id_ in ids]


def _windows(connection: psycopg.Connection, found: Found) -> list[tuple[int, datetime, datetime]]:
    parameters = {"points": found.numbers, "devices": found.whole_devices}
    return connection.execute(statement("erasure_windows"), parameters).fetchall()


def _columns(windows: Sequence[tuple[int, datetime, datetime]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in windows] for place, name in enumerate(("series", "sinces", "untils"))}


def _messages(connection: psycopg.Connection, found: Found, needles: Sequence[Needle]) -> tuple[list[bytes], list[str]]:
    """Digests of refused messages, and topics of messages kept for later ones, that name somebody.

    What is kept for later ones says what a device is, at any time: not what one said that went to somebody else.
    """
    rejected = connection.execute(statement("erasure_rejected_messages"), _named(needles, found.sites)).fetchall()
    always = [needle for needle in needles if (needle.since, needle.until) == (FOREVER_AGO, FOREVER)]
    kept = connection.execute(statement("erasure_kept_messages"), _named(always, found.sites)).fetchall()
    return [digest for (digest,) in rejected], [topic for (topic,) in kept]


def _named(needles: Sequence[Needle], sites: Sequence[str]) -> dict[str, list[Any]]:
    return {
        "in_topics": [needle.in_topics for needle in needles],
        "in_payloads": [needle.in_payloads for needle in needles],
        "sinces": [needle.since for needle in needles],
        "untils": [needle.until for needle in needles],
        "prefixes": [*sites],
    }


def _forget_messages(connection: psycopg.Connection, found: Found, needles: Sequence[Needle]) -> int:
    digests, topics = _messages(connection, found, needles)
    ids = {"points": found.numbers, "devices": found.whole_devices}
    connection.execute(statement("erasure_kept_remove"), {"topics": topics})
    messages = connection.execute(statement("erasure_messages_remove"), {"digests": digests}).rowcount
    return len(topics) + messages + connection.execute(statement("erasure_rejected_readings"), ids).rowcount


def _keys(connection: psycopg.Connection, found: Found) -> list[tuple[int, str, dict[str, Any]]]:
    """The rules of sharing keys that name the points: (community number, community, rule)."""
    return [key for key in connection.execute(statement("erasure_keys")) if points_in(key[-1]) & {*found.points}]


def _communities_of(keys: Sequence[tuple[int, str, dict[str, Any]]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(community for _, community, _ in keys))


def _rename_in_keys(connection: psycopg.Connection, found: Found, record_no: int) -> tuple[str, ...]:
    """Put a name that tells nobody in the place of each point: the shares still add up."""
    names = {point: f"erased-{record_no}-{place}" for place, point in enumerate(found.points, start=1)}
    keys = _keys(connection, found)
    for community_no, _, rule in keys:
        rules = {"old": json.dumps(rule), "new": json.dumps(renamed_rule(rule, names))}
        connection.execute(statement("erasure_key_rewrite"), {"community_no": community_no, **rules})
    return _communities_of(keys)


def _row(connection: psycopg.Connection, name: str, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    """The one row of a query that always has one."""
    (row,) = connection.execute(statement(name), parameters).fetchall()
    return row
