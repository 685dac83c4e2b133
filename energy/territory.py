"""Read `territory.toml`: communities, holders, points, devices, keys and sites, as people write and share them."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from energy.errors import InvalidInput
from energy.model import Community, DeviceMapping, Holder, KeyVersion, Membership, MeteringPoint, Role, Territory
from energy.participation import require_whole_points
from energy.territory_file import CommunityEntry, KeyEntry, PointEntry, TerritoryFile, describe_fault, zone_named
from energy.territory_keys import key_from
from energy.territory_sites import nearest, sites_from
from energy.territory_tariffs import tariffs_from
from energy.time import rfc3339
from energy.validity import FOREVER_AGO, Validity

BARE_WORD: Final = "Invalid value"
"""How tomllib calls a value that is none, as a rule text without quotes."""


def parse_territory(text: str, name: str = "territory.toml") -> Territory:
    """Read the text of a territory file.

    Raises:
        InvalidInput: not TOML, an unknown or missing entry, a reference to nothing, overlapping dates; the first
            fault is named with its place in the file.
    """
    declared: dict[str, Any] = {}
    try:
        declared = tomllib.loads(text.removeprefix("\ufeff"))  # what some editors put first
        return territory_from(TerritoryFile.model_validate(declared))
    except tomllib.TOMLDecodeError as error:
        quotes = "; text goes in quotes" if BARE_WORD in str(error) else ""
        raise InvalidInput(f"{name} is not valid TOML: {error}{quotes}") from error
    except ValidationError as error:
        raise InvalidInput(f"{name}, {describe_fault(error.errors()[0], declared)}") from error
    except InvalidInput as error:
        raise InvalidInput(f"{name}, {error}") from error


def territory_from(file: TerritoryFile) -> Territory:
    """Make the declared things of a file that has the right shape.

    Raises:
        InvalidInput: a name used twice, a reference to nothing, shares above 100 %, dates that overlap, or a site
            that makes no sense.
    """
    zones = {community.id: zone_named(community.zone, f"community {community.id}") for community in file.community}
    _unique("community", (c.id for c in file.community))
    _unique("holder", (h.id for h in file.holder))
    _unique("point", (p.id for p in file.point))
    _unique("site", (s.prefix for s in file.site))
    holders = dict.fromkeys(h.id for h in file.holder)
    points = {p.id for p in file.point}
    for point in file.point:
        if point.holder not in holders:
            near = nearest(point.holder, holders)
            raise InvalidInput(f"point {point.id}: holder {point.holder!r} is not declared{near}")
        for community in _communities_of(point):
            if community not in zones:
                near = nearest(community, zones)
                raise InvalidInput(f"point {point.id}: community {community!r} is not declared{near}")
    members = {c.id: {p.id: p.role for p in file.point if c.id in _communities_of(p)} for c in file.community}
    territory = Territory(
        communities=tuple(Community(c.id, c.name, c.place, c.zone, c.step_min, c.simulated) for c in file.community),
        holders=tuple(Holder(h.id, h.kind, h.consent) for h in file.holder),
        points=tuple(
            MeteringPoint(
                p.id,
                p.holder,
                p.name,
                p.role,
                p.category,
                None if p.limit_kva is None else round(p.limit_kva * 1000),
                tuple(sorted({*p.groups})),
            )
            for p in file.point
        ),
        mappings=tuple(m for p in file.point for m in _mappings(p, zones)),
        sites=tuple(sites_from(file.site)),
        memberships=tuple(m for p in file.point for m in _memberships(p, zones)),
        keys=tuple(k for c in file.community for k in _keys(c, zones[c.id], points, members[c.id])),
        tariffs=tuple(t for c in file.community for t in tariffs_from(c, zones[c.id])),
    )
    _no_overlap("device {} {}", (((m.device, m.channel), m.validity, m.point) for m in territory.mappings))
    _no_overlap("membership of {} in {}", (((m.point, m.community), m.validity, "") for m in territory.memberships))
    require_whole_points(territory.memberships)
    _no_overlap("key of community {}", (((k.community,), k.validity, "") for k in territory.keys))
    _no_overlap("tariff of community {}", (((t.community,), t.tariff.validity, "") for t in territory.tariffs))
    return territory


def times_without_key(territory: Territory) -> list[str]:
    """Say at which times a community has members and no key: what they share cannot be computed then."""
    said: dict[str, str] = {}
    for membership in territory.memberships:
        covered_until = membership.validity.valid_from
        versions = (key.validity for key in territory.keys if key.community == membership.community)
        for validity in sorted(versions, key=lambda validity: validity.valid_from):
            if validity.valid_from <= covered_until:
                covered_until = max(covered_until, validity.valid_to)
        if covered_until < membership.validity.valid_to:
            since = "" if covered_until == FOREVER_AGO else f" from {rfc3339(covered_until)} on"
            said[membership.community] = (
                f"community {membership.community}: no key applies{since}, though {membership.point} is a member then;"
                " steps without a key have no balance until a [[community.key]] covers them"
            )
    return list(said.values())


def _communities_of(point: PointEntry) -> list[str]:
    return [m.community for m in point.membership] + ([point.community] if point.community else [])


def _site_zone(point: PointEntry, zones: dict[str, ZoneInfo]) -> ZoneInfo:
    return next((zones[c] for c in _communities_of(point)), ZoneInfo("Europe/Paris"))


def _mappings(point: PointEntry, zones: dict[str, ZoneInfo]) -> Iterable[DeviceMapping]:
    zone = _site_zone(point, zones)
    for device in point.device:
        validity = device.validity(zone, f"point {point.id}, device {device.id}")
        yield DeviceMapping(point.id, device.id, device.channel, device.measures, validity)


def _memberships(point: PointEntry, zones: dict[str, ZoneInfo]) -> Iterable[Membership]:
    if point.community:
        yield Membership(point.community, point.id)
    for membership in point.membership:
        where = f"point {point.id}, membership of {membership.community}"
        validity = membership.validity(zones[membership.community], where)
        yield Membership(membership.community, point.id, validity, membership.participation_percent)


def _keys(
    community: CommunityEntry, zone: ZoneInfo, points: set[str], members: Mapping[str, Role]
) -> Iterable[KeyVersion]:
    step = timedelta(minutes=community.step_min)
    for entry in community.key or [KeyEntry(type="prorata")]:
        where = f"community {community.id}, key {entry.type}"
        yield KeyVersion(community.id, key_from(entry, where, zone, step, points, members), entry.validity(zone, where))


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput(f"{what} {name} is declared twice")
        seen.add(name)


def _no_overlap(what: str, dated: Iterable[tuple[tuple[str, ...], Validity, str]]) -> None:
    """Refuse entries of the same names that overlap; each also says of which point it is, or nothing."""
    last: dict[tuple[str, ...], tuple[Validity, str]] = {}
    for names, validity, point in sorted(dated, key=lambda entry: (entry[0], entry[1].valid_from)):
        before, other = last.get(names, (None, ""))
        if before is not None and validity.valid_from < before.valid_to:
            begins = validity.valid_from
            since = "from the beginning" if begins == FOREVER_AGO else f"at {rfc3339(begins)}"
            points = f"both of point {point}" if point == other else f"of points {other} and {point}"
            of = f", {points}" if point else ""
            raise InvalidInput(f"{what.format(*names).strip()}: two entries overlap {since}{of}")
        last[names] = (validity, point)
