"""From when to when something that a community declared counts: a key, a membership, a tariff, a device."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

FOREVER_AGO: Final = datetime(1, 1, 2, tzinfo=UTC)
FOREVER: Final = datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Validity:
    """Half-open validity [valid_from, valid_to) in UTC; open ends are FOREVER_AGO and FOREVER."""

    valid_from: datetime = FOREVER_AGO
    valid_to: datetime = FOREVER


ALWAYS: Final = Validity()
