"""Read `territory.toml`: communities, holders, points, devices and keys, as people write and share them."""

import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from energy.errors import InvalidInput
from energy.model import (
    FOREVER,
    FOREVER_AGO,
    Community,
    DeviceMapping,
    Holder,
    HolderKind,
    KeyVersion,
    Measures,
    Membership,
    MeteringPoint,
    ProRataKey,
    Role,
    SharingKey,
    StaticKey,
    Territory,
    Validity,
)
from energy.time import local_midnight

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
DeviceId = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
PPM_PER_PERCENT = 10_000


class _Door(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Dated(_Door):
    """`from` and `to` are local dates or instants with an offset; `to` is exclusive."""

    from_: datetime | date | None = Field(default=None, alias="from")
    to: datetime | date | None = None

    def validity(self, zone: ZoneInfo, where: str) -> Validity:
        start = FOREVER_AGO if self.from_ is None else _instant(self.from_, zone)
        end = FOREVER if self.to is None else _instant(self.to, zone)
        if end <= start:
            raise InvalidInput(f"{where}: `to` ({self.to}) must be later than `from` ({self.from_})")
        return Validity(start, end)


class _Key(_Dated):
    type: Literal["prorata", "static"]
    shares_percent: dict[Id, float] = Field(default_factory=dict)


class _Community(_Door):
    id: Id
    name: Text
    place: Text
    zone: str = "Europe/Paris"
    step_min: Literal[15, 30, 60] = 15
    simulated: bool = False
    key: list[_Key] = Field(default_factory=list)


class _Holder(_Door):
    id: Id
    kind: HolderKind = HolderKind.NATURAL
    consent: bool = False


class _Device(_Dated):
    id: DeviceId
    channel: str = ""
    measures: Measures = Measures.GRID


class _Membership(_Dated):
    community: Id


class _Point(_Door):
    id: Id
    holder: Id
    name: Text
    role: Role = Role.CONSUMER
    category: Text
    limit_kva: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    community: Id | None = None
    membership: list[_Membership] = Field(default_factory=list)
    device: list[_Device] = Field(default_factory=list)


class TerritoryFile(_Door):
    """The shape of territory.toml; the admin API accepts the same."""

    community: list[_Community] = Field(default_factory=list)
    holder: list[_Holder] = Field(default_factory=list)
    point: list[_Point] = Field(default_factory=list)


def parse_territory(text: str, name: str = "territory.toml") -> Territory:
    """Read the text of a territory file.

    Raises:
        InvalidInput: not TOML, an unknown or missing entry, a reference to nothing, overlapping dates; the first
            fault is named with its place in the file.
    """
    try:
        return territory_from(TerritoryFile.model_validate(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{name} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{name}, {place}: {first['msg']} (got {first['input']!r:.80})") from error
    except InvalidInput as error:
        raise InvalidInput(f"{name}, {error}") from error


def territory_from(file: TerritoryFile) -> Territory:
    """Make the declared things of a file that has the right shape.

    Raises:
        InvalidInput: a name used twice, a reference to nothing, shares above 100 %, or dates that overlap.
    """
    zones = {community.id: _zone(community) for community in file.community}
    _unique("community", (c.id for c in file.community))
    _unique("holder", (h.id for h in file.holder))
    _unique("point", (p.id for p in file.point))
    holders = {h.id for h in file.holder}
    points = {p.id for p in file.point}
    for point in file.point:
        if point.holder not in holders:
            raise InvalidInput(f"point {point.id}: holder {point.holder!r} is not declared")
        for community in _communities_of(point):
            if community not in zones:
                raise InvalidInput(f"point {point.id}: community {community!r} is not declared")
    territory = Territory(
        communities=tuple(Community(c.id, c.name, c.place, c.zone, c.step_min, c.simulated) for c in file.community),
        holders=tuple(Holder(h.id, h.kind, h.consent) for h in file.holder),
        points=tuple(
            MeteringPoint(
                p.id, p.holder, p.name, p.role, p.category, None if p.limit_kva is None else round(p.limit_kva * 1000)
            )
            for p in file.point
        ),
        mappings=tuple(m for p in file.point for m in _mappings(p, zones)),
        memberships=tuple(m for p in file.point for m in _memberships(p, zones)),
        keys=tuple(k for c in file.community for k in _keys(c, zones[c.id], points)),
    )
    _no_overlap("device", ((f"{m.device} {m.channel}".strip(), m.validity) for m in territory.mappings))
    _no_overlap("membership of", ((f"{m.point} in {m.community}", m.validity) for m in territory.memberships))
    _no_overlap("key of community", ((k.community, k.validity) for k in territory.keys))
    return territory


def _instant(value: datetime | date, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        return local_midnight(value, zone)
    return (value.replace(tzinfo=zone) if value.tzinfo is None else value).astimezone(UTC)


def _zone(community: _Community) -> ZoneInfo:
    if community.zone not in available_timezones():
        raise InvalidInput(f"community {community.id}: {community.zone!r} is not a time zone (example: Europe/Paris)")
    return ZoneInfo(community.zone)


def _communities_of(point: _Point) -> list[str]:
    return [m.community for m in point.membership] + ([point.community] if point.community else [])


def _site_zone(point: _Point, zones: dict[str, ZoneInfo]) -> ZoneInfo:
    return next((zones[c] for c in _communities_of(point)), ZoneInfo("Europe/Paris"))


def _mappings(point: _Point, zones: dict[str, ZoneInfo]) -> Iterable[DeviceMapping]:
    zone = _site_zone(point, zones)
    for device in point.device:
        validity = device.validity(zone, f"point {point.id}, device {device.id}")
        yield DeviceMapping(point.id, device.id, device.channel, device.measures, validity)


def _memberships(point: _Point, zones: dict[str, ZoneInfo]) -> Iterable[Membership]:
    if point.community:
        yield Membership(point.community, point.id)
    for membership in point.membership:
        where = f"point {point.id}, membership of {membership.community}"
        yield Membership(membership.community, point.id, membership.validity(zones[membership.community], where))


def _keys(community: _Community, zone: ZoneInfo, points: set[str]) -> Iterable[KeyVersion]:
    for entry in community.key or [_Key(type="prorata")]:
        where = f"community {community.id}, key {entry.type}"
        yield KeyVersion(community.id, _key(entry, where, points), entry.validity(zone, where))


def _key(entry: _Key, where: str, points: set[str]) -> SharingKey:
    if entry.type == "prorata":
        if entry.shares_percent:
            raise InvalidInput(f"{where}: a prorata key has no shares_percent")
        return ProRataKey()
    shares_ppm: dict[str, int] = {}
    for point, percent in entry.shares_percent.items():
        if point not in points:
            raise InvalidInput(f"{where}: shares_percent names {point!r}, which is not a declared point")
        if percent < 0:
            raise InvalidInput(f"{where}: the share of {point} is negative ({percent})")
        shares_ppm[point] = round(percent * PPM_PER_PERCENT)
    if (total := sum(shares_ppm.values())) > 100 * PPM_PER_PERCENT:
        raise InvalidInput(f"{where}: shares_percent add up to {total / PPM_PER_PERCENT:g} %, more than 100 %")
    return StaticKey(shares_ppm)


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput(f"{what} {name} is declared twice")
        seen.add(name)


def _no_overlap(what: str, dated: Iterable[tuple[str, Validity]]) -> None:
    last: dict[str, Validity] = {}
    for name, validity in sorted(dated, key=lambda entry: (entry[0], entry[1].valid_from)):
        before = last.get(name)
        if before is not None and validity.valid_from < before.valid_to:
            raise InvalidInput(f"{what} {name}: two entries overlap at {validity.valid_from.isoformat()}")
        last[name] = validity
