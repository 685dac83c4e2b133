"""Days and times as a person writes them on the line of a command."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from energy.errors import InvalidInput
from energy.time import Span, local_day, parse_instant


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
