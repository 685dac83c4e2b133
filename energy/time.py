"""The 15-minute UTC grid, and local days and months across clock changes.

Instants are aware, starts are UTC, ends are exclusive.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from energy.errors import InvalidInput

STEP: Final = timedelta(minutes=15)
STEP_S: Final = 900
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PARIS: Final = ZoneInfo("Europe/Paris")
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2999
"""Months of other years are slips of the pen, and their days may be in no calendar of another zone."""


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open stretch of time [start, end), both aware UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a span needs aware instants")
        if self.end < self.start:
            raise ValueError(f"a span cannot end ({self.end.isoformat()}) before it starts ({self.start.isoformat()})")

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


def floor_to_step(at: datetime, step: timedelta = STEP) -> datetime:
    """Last grid edge at or before an instant; the grid is counted from 1970 in UTC, so clock changes do not move it."""
    return EPOCH + (at - EPOCH) // step * step


def ceil_to_step(at: datetime, step: timedelta = STEP) -> datetime:
    """First grid edge at or after an instant."""
    return EPOCH - (EPOCH - at) // step * step


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """UTC instant at which a local day begins; where midnight is skipped, the first instant of the day."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def local_day(day: date, zone: ZoneInfo) -> Span:
    """Span of a local calendar day: 23, 24 or 25 hours."""
    return Span(local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone))


def local_month(day: date, zone: ZoneInfo) -> Span:
    """Span of the local calendar month that holds a day."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Span(local_midnight(first, zone), local_midnight(following, zone))


def local_date(at: datetime, zone: ZoneInfo) -> date:
    """Local calendar date of an instant."""
    return at.astimezone(zone).date()


def month_named(text: str, what: str) -> date:
    """The first day of a month that a person wrote as 2026-01; `what` opens the sentence when it is none.

    Raises:
        InvalidInput: it is no month.
    """
    try:
        month = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
        if len(text) == len("2026-01") and FIRST_YEAR <= month.year <= LAST_YEAR:
            return month
    except ValueError:
        pass
    raise InvalidInput(f"{what} {text!r} is not a month: write it as 2026-01")


def utc_day(day: date) -> Span:
    """Span of a UTC day: the unit in which changed time is marked stale."""
    start = datetime.combine(day, time.min, UTC)
    return Span(start, start + timedelta(days=1))


def utc_days(span: Span) -> Iterator[date]:
    """UTC dates that a span touches, in order; an empty span touches none."""
    day = span.start.astimezone(UTC).date()
    while max(utc_day(day).start, span.start) < span.end:
        yield day
        day += timedelta(days=1)


def parse_instant(text: str, zone: ZoneInfo | None = None) -> datetime:
    """Read an ISO 8601 / RFC 3339 instant as aware UTC; a naive one is read as local time of `zone`.

    Raises:
        ValueError: not an instant, naive where no zone is known, or outside the years 1 to 9999 in UTC.
        InvalidInput: naive, and the clocks of the zone skip that time or show it twice.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        if zone is None:
            raise ValueError(f"{text!r} has no UTC offset")
        at = at.replace(tzinfo=zone)
        refuse_unclear(text, at, zone)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is outside the years 1 to 9999 in UTC") from error


def refuse_unclear(text: str, local: datetime, zone: ZoneInfo) -> None:
    """Refuse a local time that two offsets could be meant for: nobody guesses which of them a person had in mind.

    Raises:
        InvalidInput: the clocks of the zone skip that time or show it twice.
    """
    first, second = local.replace(fold=0), local.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None or before == after:
        return
    happens = "comes twice" if before > after else "does not exist"
    raise InvalidInput(
        f"{text} {happens} in {zone.key}, where the clocks change then: write the offset with it, as"
        f" {first.isoformat()} or {second.isoformat()}"
    )


def offset_if_twice(local: datetime) -> str:
    """The offset from UTC of an aware local time that comes twice, as ' (UTC+02:00)'; '' of all others."""
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return ""
    return f" (UTC{local.isoformat()[-6:]})"


def instant_from_epoch(seconds: float) -> datetime:
    """Instant from seconds since 1970, to the microsecond.

    Raises:
        ValueError: outside the years that a datetime can hold.
    """
    try:
        return EPOCH + timedelta(microseconds=round(seconds * 1e6))
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{seconds!r} is not a time in seconds since 1970") from error


def rfc3339(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with a Z, with fractions only when there are some."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
