"""Days, times and months as a person writes them on the line of a command."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from energy.errors import InvalidInput
from energy.time import Span, local_date, local_day, local_month, month_named, parse_instant


def day_or_time(text: str, zone: ZoneInfo) -> Span | datetime:
    """The local day that a person named, as its span, or the instant.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        if len(text) == len("2026-01-05"):
            return local_day(date.fromisoformat(text), zone)
        return parse_instant(text, zone)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{text!r} is neither a day nor a time: write 2026-01-05, or 2026-01-05T10:00 ({zone.key} time)"
        ) from error


def month_of(text: str | None, zone: ZoneInfo, now: datetime, option: str = "--month") -> Span:
    """The local month that a person named by an option, or the last whole one.

    Raises:
        InvalidInput: it is no month.
    """
    if text is not None:
        return local_month(month_named(text, option), zone)
    this_month = local_date(now, zone).replace(day=1)
    return local_month(this_month - timedelta(days=1), zone)
