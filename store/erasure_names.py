"""How messages name somebody: by the whole name, and not where it is a part of what somebody else's is called.

The hub makes ids of what topics and payloads say, and puts the name of a site before it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from energy.validity import FOREVER, FOREVER_AGO

LONG_NAME: Final = 6
"""From so many letters on a name means its device wherever it stands; a shorter one only as a level, or a JSON text."""
_BEFORE: Final = r"(?:^|[^[:alnum:]_-]|\\[0-7]{3})"
"""What comes before a word. (A byte that is no text is shown as a backslash and three digits.)"""
_AFTER: Final = r"(?![[:alnum:]_-])"


class Needle(NamedTuple):
    """A name, and patterns of PostgreSQL for where it stands; only what was heard between two instants counts."""

    in_topics: str
    in_payloads: str
    in_errors: str
    since: datetime = FOREVER_AGO
    until: datetime = FOREVER


def names_of(device: str, sites: Iterable[str], others: Iterable[str]) -> list[str]:
    """A device's names: the whole id, the same without its site, and its serial alone where no other's ends so."""
    of_others = {end.lower() for other in others for end in _ends(other)}
    names = [device, *(device.removeprefix(f"{site}/") for site in sites if site and device.startswith(f"{site}/"))]
    for name in [*names]:
        serial = _ends(name)[-1]
        if len(serial) >= LONG_NAME and any(letter.isdigit() for letter in serial):
            names.append(serial)
    return [name for name in dict.fromkeys(names) if name == device or name.lower() not in of_others]


def needle_of(name: str, others: Iterable[str], since: datetime = FOREVER_AGO, until: datetime = FOREVER) -> Needle:
    """Where a name stands by itself, and not in a longer one of others: `meter` is not meant by `meter/2`."""
    ends = sorted({end for other in others for end in _ends(other) if end.lower() != name.lower()})
    longer = [end[len(name) :] for end in ends if end.lower().startswith(name.lower())]
    before = [end[: -len(name)] for end in ends if end.lower().endswith(name.lower())]
    is_long = len(name) >= LONG_NAME

    def pattern(first: str, last: str, *, is_payload: bool) -> str:
        def text(part: str) -> str:
            return _literal(_escaped(part) if is_payload else part)

        not_before = "".join(f"(?<!{text(part)})" for part in before)
        not_after = "".join(f"(?!{text(part)}{_AFTER})" for part in longer)
        return f"{first}{not_before}{text(name)}{not_after}{last}"

    word = _BEFORE, _AFTER
    return Needle(
        pattern(*(word if is_long else ("/", "/")), is_payload=False),
        pattern(*(word if is_long else ('"', '"')), is_payload=True),
        f"{_BEFORE}{_literal(name)}{_AFTER}",
        since,
        until,
    )


def is_of_nobody_else(name: str, others: Iterable[str]) -> bool:
    """Whether no level of what others' things are called is the same word."""
    return all(name.lower() not in other.lower().replace(":", "/").split("/") for other in others)


def _ends(id_: str) -> Sequence[str]:
    """The id and what follows each of its levels: a/b:c, b:c, c."""
    starts = [0, *(place.end() for place in re.finditer("[/:]", id_))]
    return [id_[start:] for start in starts if id_[start:]] or [id_]


def _escaped(text: str) -> str:
    """As PostgreSQL shows bytes in the format escape."""
    shown = {0x5C: "\\\\"}
    return "".join(shown.get(b, chr(b) if 0 < b < 0x80 else f"\\{b:03o}") for b in text.encode())


def _literal(text: str) -> str:
    """A pattern that means the text itself."""
    return re.sub(r"([][\\.^$*+?(){}|])", r"\\\1", text)
