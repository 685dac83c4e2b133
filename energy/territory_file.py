"""The shape of territory.toml: what may be written where, and what to say when something else is."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import ErrorDetails, PydanticCustomError

from energy.errors import InvalidInput
from energy.faults import ID, expected
from energy.keys import HIGHEST_WEIGHT, Surplus
from energy.model import HolderKind, Measures, Role
from energy.tariffs import DECIMALS, HIGHEST_EUR
from energy.time import local_midnight, refuse_unclear
from energy.validity import FOREVER, FOREVER_AGO, Validity

LONGEST_WORD: Final = 64
MIDNIGHTS: Final = {"24:00": "00:00", "24:00:00": "00:00"}
EUR: Final = re.compile(rf"\d+(\.\d{{1,{DECIMALS}}})?", re.ASCII)


def _date_or_instant(value: object) -> object:
    """Pass dates and instants; pydantic alone would read a number, or digits as text, as seconds since 1970."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value) if len(value) == len("2025-01-31") else datetime.fromisoformat(value)
    except ValueError:
        pass
    if value is None or isinstance(value, date):
        return value
    raise PydanticCustomError("date_or_instant", "write a date (2025-01-31) or an instant (2025-01-31T12:00:00+01:00)")


def _eur(value: object) -> object:
    """Pass EUR as they are written, exactly; pydantic alone would also take 1e3 and yes."""
    plain = format(Decimal(repr(value)), "f") if isinstance(value, float) and isfinite(value) else value
    text = str(plain).strip() if isinstance(plain, int | str) and not isinstance(plain, bool) else ""
    if EUR.fullmatch(text) is None or Decimal(text) > HIGHEST_EUR:
        raise PydanticCustomError(
            "eur",
            'write EUR as 0.2516 or "0.2516": not negative, at most {highest} and at most {decimals} decimals',
            {"highest": f"{HIGHEST_EUR:,}", "decimals": DECIMALS},
        )
    return Decimal(text)


def _clock(value: object) -> object:
    """Pass times of the day to the minute; 24:00 is midnight."""
    try:
        at = value if isinstance(value, time) else time.fromisoformat(MIDNIGHTS.get(str(value), str(value)))
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or at.replace(second=0, microsecond=0) != at:
        raise PydanticCustomError("clock", 'write a time of the day to the minute, as "22:00"')
    return at


def _one_line(value: str) -> str:
    """Refuse what databases cannot store and tables cannot show."""
    if any(character < " " or character == "\x7f" for character in value):
        raise PydanticCustomError("one_line", "no line breaks and no control characters, please")
    return value


Id = Annotated[str, Field(min_length=1, max_length=64, pattern=ID)]
Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
DeviceId = Text
Channel = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
Word = Annotated[str, Field(max_length=64), AfterValidator(_one_line)]
YesNo = Annotated[bool, Field(strict=True)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, strict=True)]
WholePercent = Annotated[int, Field(ge=1, le=100, strict=True)]
Kva = Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)]
Eur = Annotated[Decimal, BeforeValidator(_eur)]
Clock = Annotated[time, BeforeValidator(_clock)]
Weight = Annotated[int, Field(ge=1, le=HIGHEST_WEIGHT, strict=True)]
Instant = Annotated[datetime | date, BeforeValidator(_date_or_instant)]
Dated = Annotated[datetime | date | None, BeforeValidator(_date_or_instant)]


class Entry(BaseModel):
    """A table of the file: every entry in it must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatedEntry(Entry):
    """`from` and `to` are local dates or instants, local too when they have no offset; `to` is exclusive."""

    from_: Dated = Field(default=None, alias="from")
    to: Dated = None

    def validity(self, zone: ZoneInfo, where: str) -> Validity:
        """The validity meant, in the zone of the community; `where` opens the sentence when there is none."""
        start = FOREVER_AGO if self.from_ is None else instant_of(self.from_, zone, where)
        end = FOREVER if self.to is None else instant_of(self.to, zone, where)
        if end <= start:
            raise InvalidInput(f"{where}: `to` ({self.to}) must be later than `from` ({self.from_})")
        return Validity(start, end)


class StepEntry(Entry):
    """What a custom key, or a key by pairs, says of one step: its start, and shares in percent of the production."""

    at: Instant
    shares_percent: dict[Id, Percent] = Field(default_factory=dict)
    matrix_percent: dict[Id, dict[Id, Percent]] = Field(default_factory=dict)


class RoundEntry(Entry):
    """A round of an iterations key: its part of the production, by fixed shares or, without any, pro rata."""

    fraction_percent: Percent
    shares_percent: dict[Id, Percent] | None = None


class KeyEntry(DatedEntry):
    """How a community shares; which entries belong to which type is for energy.territory_keys to say."""

    type: Literal["prorata", "static", "custom", "matrix", "priority", "iterations", "hourly_min"]
    surplus: Surplus = Surplus.TO_PRODUCERS
    shares_percent: dict[Id, Percent] = Field(default_factory=dict)
    matrix_percent: dict[Id, dict[Id, Percent]] = Field(default_factory=dict)
    step: list[StepEntry] = Field(default_factory=list)
    levels: list[dict[Id, Weight]] = Field(default_factory=list)
    round: list[RoundEntry] = Field(default_factory=list)


class BandEntry(Entry):
    """Hours of the local day with prices of their own; `days` are those on which it begins."""

    name: Word
    start: Clock
    end: Clock
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] | None = Field(default=None, min_length=1)
    retail_eur_per_kwh: Eur
    local_eur_per_kwh: Eur | None = None


class TariffEntry(DatedEntry):
    """What energy costs; what the prices mean is for energy.tariffs to say."""

    retail_eur_per_kwh: Eur
    local_eur_per_kwh: Eur
    fees_eur_per_kwh: Eur = Decimal(0)
    fees_eur_per_month: Eur = Decimal(0)
    surplus_eur_per_kwh: Eur = Decimal(0)
    band: list[BandEntry] = Field(default_factory=list)


class CommunityEntry(Entry):
    """A community, its keys, without any the legal default, and its tariffs."""

    id: Id
    name: Text
    place: Text
    zone: str = "Europe/Paris"
    step_min: Literal[15, 30, 60] = 15
    simulated: YesNo = False
    key: list[KeyEntry] = Field(default_factory=list)
    tariff: list[TariffEntry] = Field(default_factory=list)


class HolderEntry(Entry):
    """A person or legal entity."""

    id: Id
    kind: HolderKind = HolderKind.NATURAL
    consent: YesNo = False


class DeviceEntry(DatedEntry):
    """A device, or one channel of it, that measures the point."""

    id: DeviceId
    channel: Channel = ""
    measures: Measures = Measures.GRID


class MembershipEntry(DatedEntry):
    """A stretch of time in a community, and the part of the point's energy that takes part."""

    community: Id
    participation_percent: WholePercent = 100


class PointEntry(Entry):
    """A metering point; `community` means a membership without beginning and end."""

    id: Id
    holder: Id
    name: Text
    role: Role = Role.CONSUMER
    category: Text
    groups: list[Annotated[Word, Field(min_length=1)]] = Field(default_factory=list)
    limit_kva: Kva | None = None
    community: Id | None = None
    membership: list[MembershipEntry] = Field(default_factory=list)
    device: list[DeviceEntry] = Field(default_factory=list)


class RoleEntry(Entry):
    """What a channel measures whose name people chose, in which unit, and whether its sign is the wrong way round."""

    quantity: Text
    unit: Text | None = None
    inverted: YesNo = False


class SiteEntry(Entry):
    """The topics at and below a prefix: the dialect spoken there, the zone of its clocks, the roles of its channels."""

    prefix: Text
    dialect: Word = ""
    zone: Word = ""
    name: Word = ""
    role: dict[Text, RoleEntry] = Field(default_factory=dict)


class TerritoryFile(Entry):
    """The shape of territory.toml; the admin API accepts the same."""

    community: list[CommunityEntry] = Field(default_factory=list)
    holder: list[HolderEntry] = Field(default_factory=list)
    point: list[PointEntry] = Field(default_factory=list)
    site: list[SiteEntry] = Field(default_factory=list)


def describe_fault(fault: ErrorDetails, declared: Mapping[str, Any]) -> str:
    """What is wrong with the shape of a file, and where: entries by their id or prefix, or counted from one."""
    place: list[str] = []
    inside: Any = declared
    for part in fault["loc"]:
        if isinstance(part, int):
            inside = inside[part]
            name = inside.get("id", inside.get("prefix")) if isinstance(inside, dict) else None
            place[-1] += f" {_word(name)}" if isinstance(name, str) else f" number {part + 1}"
        elif part != "[key]":
            inside = inside.get(part) if isinstance(inside, dict) else None
            place.append(_word(part))
    got = "" if fault["type"] == "missing" else f" (got {fault['input']!r:.80})"
    return f"{', '.join(place)}: {expected(fault)}{got}"


def zone_named(name: str, where: str) -> ZoneInfo:
    """The time zone of a name; `where` opens the sentence when there is none.

    Raises:
        InvalidInput: no such zone.
    """
    if name not in _known_zones():
        raise InvalidInput(f"{where}: {name!r} is not a time zone (example: Europe/Paris)")
    return ZoneInfo(name)


@cache
def _known_zones() -> set[str]:
    return available_timezones()


def _word(text: str) -> str:
    """A word of the file as a sentence can hold it."""
    return text if text.isprintable() and len(text) <= LONGEST_WORD else repr(text[:LONGEST_WORD])


def instant_of(value: datetime | date, zone: ZoneInfo, where: str) -> datetime:
    """The instant that a date or a local time means; the first and last days there are mean no beginning and no end.

    Raises:
        InvalidInput: a local time that the clocks of the zone skip or show twice; `where` opens the sentence.
    """
    try:
        if not isinstance(value, datetime):
            at = local_midnight(value, zone)
        elif value.tzinfo is None:
            local = value.replace(tzinfo=zone)
            refuse_unclear(f"{where}: {value.isoformat()}", local, zone)
            at = local.astimezone(UTC)
        else:
            at = value.astimezone(UTC)
    except OverflowError:
        at = FOREVER_AGO if value.year == 1 else FOREVER
    return min(max(at, FOREVER_AGO), FOREVER)
