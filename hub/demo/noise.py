"""Repeatable chance: a name always draws the same number, so the simulation needs neither state nor a clock."""

from functools import lru_cache
from hashlib import blake2b
from math import floor
from typing import Final

SEED: Final = "enercommons demo 1"
"""Another text makes another territory of the same kind."""

_BYTES: Final = 6


@lru_cache(maxsize=50_000)
def draw(name: str) -> float:
    """Number in [0, 1) that belongs to a name."""
    digest = blake2b(f"{SEED}/{name}".encode(), digest_size=_BYTES).digest()
    return int.from_bytes(digest) / (1 << 8 * _BYTES)


def wave(name: str, x: float) -> float:
    """Smooth curve in [0, 1) that goes through a draw at every whole x."""
    left = floor(x)
    rest = x - left
    weight = rest * rest * (3 - 2 * rest)
    return (1 - weight) * draw(f"{name}/{left}") + weight * draw(f"{name}/{left + 1}")
