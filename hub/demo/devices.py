"""The devices of the simulated territory: which family each is of, when it speaks, and what its registers stand at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from energy.model import Community, DeviceMapping, MeteringPoint, Role, Territory
from energy.time import EPOCH, PARIS, Span, local_midnight
from energy.validity import Validity
from hub.demo.counters import ORIGIN
from hub.demo.homes import EXPORT, OFF_PEAK, PEAK, PRODUCTION, counters_of
from hub.demo.noise import draw
from hub.demo.weather import PLACES, Place


class Family(StrEnum):
    """Kinds of devices, each with a way to speak of its own."""

    LINKY = "linky"
    LINKY_HISTORIQUE = "linky_historique"
    OPENDTU = "opendtu"
    SHELLY = "shelly"
    HUB = "hub"


FAMILY_OF_ID: Final = {
    "0000001": Family.LINKY,
    "0000002": Family.LINKY_HISTORIQUE,
    "0000009": Family.OPENDTU,
    "shellypro3em-": Family.SHELLY,
}
"""What the ids in territory.toml begin with; other devices speak the hub's own format."""
CLOCKLESS: Final = frozenset({Family.OPENDTU, Family.LINKY_HISTORIQUE})
"""Families whose messages carry no time."""
TWO_TARIFFS_SHARE: Final = 0.6
POWER_FLICKER: Final = 0.06


@dataclass(frozen=True, slots=True)
class Device:
    """One device at one point of the simulation."""

    id: str
    family: Family
    point: MeteringPoint
    place: Place
    zone: ZoneInfo
    validity: Validity

    @property
    def two_tariffs(self) -> bool:
        """Whether the contract tells cheap hours from the others."""
        may = self.point.category == "home" and self.point.role is Role.CONSUMER
        return may and draw(f"contract/{self.id}") < TWO_TARIFFS_SHARE

    @property
    def delay(self) -> timedelta:
        """How long after the full step the device speaks: its own few seconds; a Shelly keeps to the full minute."""
        if self.family is Family.SHELLY:
            return timedelta(milliseconds=10 * round(11 + 30 * draw(f"delay/{self.id}")))
        return timedelta(seconds=round(3 + 40 * draw(f"delay/{self.id}")))


@dataclass(frozen=True, slots=True)
class Indexes:
    """Registers of a device at an instant [Wh], and its power: import positive, production or export negative [W]."""

    off_peak_wh: float
    peak_wh: float
    export_wh: float
    production_wh: float
    power_w: float


def devices_of(territory: Territory) -> Iterator[Device]:
    """Every device that the territory maps to a point, in file order."""
    points = {point.id: point for point in territory.points}
    homes = {membership.point: membership.community for membership in territory.memberships}
    communities = {community.id: community for community in territory.communities}
    for mapping in territory.mappings:
        community = communities.get(homes.get(mapping.point, ""))
        yield _device(mapping, points[mapping.point], community)


def stamps(device: Device, span: Span, step: timedelta, delay: timedelta) -> Iterator[datetime]:
    """Instants in a span at which a device speaks: each step plus a delay, and when it is put up or taken down.

    The installer notes both registers at a swap, so that no energy is lost between the two devices.
    """
    start, end = max(span.start, device.validity.valid_from), min(span.end, device.validity.valid_to)
    if device.validity.valid_from in span:
        yield device.validity.valid_from
    at = EPOCH + (start - EPOCH - delay) // step * step + delay
    while at < end:
        # The instant of installation has been given already, should it fall on a step.
        if at >= start and at != device.validity.valid_from:
            yield at
        at += step
    if device.validity.valid_to in span:
        yield device.validity.valid_to


def indexes(device: Device, at: datetime) -> Indexes:
    """What the registers of a device stand at; each counts from its installation, the older ones from somewhere."""
    counters = counters_of(device.point, device.place, device.zone)
    counted = {name: _counted(device, name, at) for name in counters}
    power_w = sum(c.power_w(at) * (1 if name in (OFF_PEAK, PEAK) else -1) for name, c in counters.items())
    flicker = 1 + POWER_FLICKER * (draw(f"{device.id}/{at.timestamp():.0f}") - 0.5)
    return Indexes(
        off_peak_wh=counted.get(OFF_PEAK, 0.0),
        peak_wh=counted.get(PEAK, 0.0),
        export_wh=counted.get(EXPORT, 0.0),
        production_wh=counted.get(PRODUCTION, 0.0),
        power_w=power_w * flicker,
    )


def _counted(device: Device, name: str, at: datetime) -> float:
    counter = counters_of(device.point, device.place, device.zone)[name]
    first = draw(f"index/{device.id}/{name}")
    installed = device.validity.valid_from
    if installed > local_midnight(ORIGIN, device.zone):
        # A new meter has been tested at the factory; a register at exactly 0 would look like an outage.
        return counter.energy_wh(at) - counter.energy_wh(installed) + 100 + round(800 * first)
    return counter.energy_wh(at) + round(20_000_000 * first)


def _device(mapping: DeviceMapping, point: MeteringPoint, community: Community | None) -> Device:
    place = PLACES.get(community.id if community else "", PLACES["concarneau"])
    zone = ZoneInfo(community.zone) if community else PARIS
    families = (family for start, family in FAMILY_OF_ID.items() if mapping.device.startswith(start))
    return Device(mapping.device, next(families, Family.HUB), point, place, zone, mapping.validity)
