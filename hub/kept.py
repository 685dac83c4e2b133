"""What is said where something is told of a time whose intervals are kept as they are."""

from datetime import datetime


def changes_nothing(what: str, point: str, before: datetime, *, number: int = 1) -> str:
    """The sentence about something, of a point, from before that time ended: `what`, or so many of it."""
    change = "it changes" if number == 1 else "they change"
    return (
        f"{what} of point {point} from before {before:%Y-%m-%d %H:%M} UTC, when its intervals are kept as they are"
        f" (`hub retention`): {change} nothing"
    )
