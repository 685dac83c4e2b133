"""What the hub talks about: messages, readings, points, holders, communities and memberships."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from energy.keys import SharingKey
from energy.tariffs import TariffVersion
from energy.time import PARIS
from energy.validity import ALWAYS, Validity

PPM_PER_PERCENT: Final = 10_000


class Quantity(StrEnum):
    """What a reading measures. Signs: active power + import / - export; battery power + discharge; PV + generation.

    `*_energy` are cumulative registers, unless the name says otherwise: `_day` resets daily, `_interval` is per period.
    """

    IMPORT_ENERGY = "import_energy"
    EXPORT_ENERGY = "export_energy"
    PV_ENERGY = "pv_energy"
    CONSUMPTION_ENERGY = "consumption_energy"
    HEAT_ENERGY = "heat_energy"
    IMPORT_ENERGY_INTERVAL = "import_energy_interval"
    EXPORT_ENERGY_INTERVAL = "export_energy_interval"
    PV_ENERGY_DAY = "pv_energy_day"
    ACTIVE_POWER = "active_power"
    IMPORT_POWER = "import_power"
    EXPORT_POWER = "export_power"
    IMPORT_POWER_AVG = "import_power_avg"
    EXPORT_POWER_AVG = "export_power_avg"
    LOAD_POWER = "load_power"
    PV_POWER = "pv_power"
    PV_DC_POWER = "pv_dc_power"
    BATTERY_POWER = "battery_power"
    BATTERY_SOC = "battery_soc"
    APPARENT_POWER = "apparent_power"
    EXPORT_APPARENT_POWER = "export_apparent_power"
    VOLTAGE = "voltage"
    CURRENT = "current"
    POWER_FACTOR = "power_factor"
    PULSES = "pulses"
    GAS_VOLUME = "gas_volume"
    WATER_VOLUME = "water_volume"


UNITS: Final[dict[Quantity, str]] = {
    Quantity.BATTERY_SOC: "%",
    Quantity.APPARENT_POWER: "VA",
    Quantity.EXPORT_APPARENT_POWER: "VA",
    Quantity.VOLTAGE: "V",
    Quantity.CURRENT: "A",
    Quantity.POWER_FACTOR: "1",
    Quantity.PULSES: "1",
    Quantity.GAS_VOLUME: "m3",
    Quantity.WATER_VOLUME: "m3",
}


def unit_of(quantity: Quantity) -> str:
    """Unit in which the hub keeps a quantity: Wh, W, VA, V, A, %, m3 or 1."""
    if quantity in UNITS:
        return UNITS[quantity]
    return "Wh" if "energy" in quantity else "W"


REGISTERS: Final = frozenset(
    {Quantity.IMPORT_ENERGY, Quantity.EXPORT_ENERGY, Quantity.PV_ENERGY, Quantity.CONSUMPTION_ENERGY}
)
"""Cumulative counters from which interval energy is made."""
INTERVAL_SOURCES: Final = REGISTERS | {
    Quantity.IMPORT_ENERGY_INTERVAL,
    Quantity.EXPORT_ENERGY_INTERVAL,
    Quantity.IMPORT_POWER_AVG,
    Quantity.EXPORT_POWER_AVG,
    Quantity.IMPORT_POWER,
    Quantity.EXPORT_POWER,
    Quantity.ACTIVE_POWER,
    Quantity.PV_POWER,
}
"""All from which interval energy may be made: the others only where a flow has no register."""
LONGEST_STILLNESS: Final = timedelta(days=31)
"""A register that shows the same value again proves that nothing flowed in between; up to this long."""
TECHNICAL: Final = frozenset({Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER_FACTOR})
"""Decoded always, stored only where a setting asks for them."""


NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ChannelRole:
    """What a channel measures whose name its user chose; `factor` is how many of the hub's unit one of its units is.

    A negative factor turns the sign round.
    """

    quantity: Quantity
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """What a territory says about the topics below a prefix: who publishes there, by which clock, and what names mean.

    Without `dialect` the hub recognises it by itself. `name` is put before the ids of the devices there, where several
    sites call theirs the same. `roles` are by the name that the dialect documents for them.
    """

    prefix: str
    dialect: str = ""
    zone: str = ""
    name: str = ""
    roles: Mapping[str, ChannelRole] = field(default_factory=dict)


class Message(msgspec.Struct, frozen=True, gc=False):
    """One MQTT message as it came. `received_at` is None when nobody knows when it was heard.

    What the hub knows besides: `base` is the site's prefix where the topic was rewritten to begin with the dialect's
    own, `roles` what names chosen by the site's user measure, `earlier` the last payloads on topics that the dialect
    keeps.
    """

    topic: str
    payload: bytes
    received_at: datetime | None = None
    retain: bool = False
    zone: ZoneInfo = PARIS
    base: str = ""
    roles: Mapping[str, ChannelRole] = NOTHING
    earlier: Mapping[str, bytes] = NOTHING


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One value of one quantity of one device. `at` is None when the message carries no time of its own.

    A struct and not a dataclass: some thousands are made per second, eight times as fast.
    """

    device: str
    quantity: Quantity
    value: float
    at: datetime | None = None
    phase: str = ""
    channel: str = ""
    tariff: str = ""
    dialect: str = ""


class Role(StrEnum):
    """What a metering point does on the grid: the flows its balance waits for."""

    CONSUMER = "consumer"
    PRODUCER = "producer"
    PROSUMER = "prosumer"


class Measures(StrEnum):
    """What a device sees of its point: the grid connection (both flows) or a production feeding the grid."""

    GRID = "grid"
    PRODUCTION = "production"


class HolderKind(StrEnum):
    """Whom the disclosure policy protects: natural and legal persons; public bodies have consented in writing."""

    NATURAL = "natural"
    LEGAL = "legal"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Holder:
    """A person or legal entity: the unit of protection in everything published."""

    id: str
    kind: HolderKind
    consent: bool = False


@dataclass(frozen=True, slots=True)
class MeteringPoint:
    """A point of connection to the grid (in France its PRM, 14 characters, always text).

    `groups`: in order, those to which it belongs when it is asked whether sharing is fair to them.
    """

    id: str
    holder: str
    name: str
    role: Role
    category: str
    limit_w: int | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceMapping:
    """From when to when a device (or one channel of it) measured a point: meters get swapped."""

    point: str
    device: str
    channel: str = ""
    measures: Measures = Measures.GRID
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class Community:
    """People who share local production by a key they chose together; it settles at its own step."""

    id: str
    name: str
    place: str
    zone: str = "Europe/Paris"
    step_min: int = 15
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """From when to when a point takes part in a community, and how much of its energy does."""

    community: str
    point: str
    validity: Validity = ALWAYS
    participation_percent: int = 100


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """The sharing key of a community over a stretch of time."""

    community: str
    key: SharingKey
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class Territory:
    """Everything `hub apply` declares, each collection in file order."""

    communities: tuple[Community, ...] = ()
    holders: tuple[Holder, ...] = ()
    points: tuple[MeteringPoint, ...] = ()
    mappings: tuple[DeviceMapping, ...] = ()
    sites: tuple[Site, ...] = ()
    memberships: tuple[Membership, ...] = ()
    keys: tuple[KeyVersion, ...] = ()
    tariffs: tuple[TariffVersion, ...] = ()
