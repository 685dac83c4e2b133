"""What a community is settled by: who takes part in it, and by which keys it shares, each over a stretch of time."""

from dataclasses import dataclass

from energy.keys import SharingKey
from energy.model import Role
from energy.validity import Validity


@dataclass(frozen=True, slots=True)
class Member:
    """A point that takes part in a community, in its role; `point_no` is its number where it is stored."""

    point_no: int
    point: str
    role: Role
    validity: Validity


@dataclass(frozen=True, slots=True)
class Agreement:
    """A sharing key, the time over which the community applies it, and the number of its rule where it has one."""

    key: SharingKey
    validity: Validity
    key_no: int | None = None
