"""Points in several communities: the parts that these have of a point are never more than the whole together."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from energy.errors import InvalidInput
from energy.model import Membership
from energy.time import rfc3339
from energy.validity import FOREVER_AGO

WHOLE_PERCENT: Final = 100


def require_whole_points(memberships: Iterable[Membership]) -> None:
    """Refuse memberships of a point that hold at the same time and have more than all of it together.

    Raises:
        InvalidInput: the first such point and instant, and what each community has of it then.
    """
    by_point: defaultdict[str, list[Membership]] = defaultdict(list)
    for membership in memberships:
        by_point[membership.point].append(membership)
    for point, theirs in by_point.items():
        for at in sorted(membership.validity.valid_from for membership in theirs):
            held = [m for m in theirs if m.validity.valid_from <= at < m.validity.valid_to]
            if (total := sum(m.participation_percent for m in held)) > WHOLE_PERCENT:
                since = "from the beginning" if at == FOREVER_AGO else f"from {rfc3339(at)} on"
                parts = " and ".join(f"{m.participation_percent} % in {m.community}" for m in held)
                raise InvalidInput(
                    f"point {point}: {since} it takes part with {parts}, {total} % together; write"
                    " participation_percent in each [[point.membership]] so that they add up to 100 at most"
                )
