"""Sharing keys: by which rule a community says who consumed whose energy. Formulas and sources in docs/sharing.md."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

PPM: Final = 1_000_000
"""The whole production, in the parts per million in which shares are written.

A key may count it in finer parts, its `whole`; what a community declares never does.
"""
HIGHEST_WEIGHT: Final = 1_000_000


class Surplus(StrEnum):
    """Whose is a share that a member cannot use: the producers' (France, Austria) or its own (Spain)."""

    TO_PRODUCERS = "to_producers"
    TO_MEMBERS = "to_members"


@dataclass(frozen=True, slots=True)
class ProRataKey:
    """Each member's share follows its consumption in the step: the legal default in France."""

    surplus: Surplus = Surplus.TO_PRODUCERS


@dataclass(frozen=True, slots=True)
class StaticKey:
    """Each member's share is a fixed part of production; what a member cannot use becomes surplus.

    `shares_ppm`: parts per million by point id, at most 1,000,000 together.
    """

    shares_ppm: Mapping[str, int] = field(default_factory=dict)
    surplus: Surplus = Surplus.TO_PRODUCERS
    whole: int = PPM


@dataclass(frozen=True, slots=True)
class CustomKey:
    """Shares that the organising entity gives for each step; a step without any shares nothing.

    `steps_ppm`: by start of a step (aware UTC) what a static key says once.
    """

    steps_ppm: Mapping[datetime, Mapping[str, int]] = field(default_factory=dict)
    surplus: Surplus = Surplus.TO_PRODUCERS
    whole: int = PPM


@dataclass(frozen=True, slots=True)
class MatrixKey:
    """Each producer shares by parts of its own.

    `shares_ppm`: by producer and by member, at most 1,000,000 of a producer. `steps_ppm`: by start of a step (aware
    UTC), the whole matrix that counts in that step instead.
    """

    shares_ppm: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    steps_ppm: Mapping[datetime, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    surplus: Surplus = Surplus.TO_PRODUCERS
    whole: int = PPM


@dataclass(frozen=True, slots=True)
class PriorityKey:
    """Levels in order: the first is served as far as production goes, then the next with what is left.

    `levels`: of each the weights by point id, whole numbers from 1 to 1,000,000. Inside a level everyone takes the
    weight's part of what is left, but not more than its need; those who have it leave, and the others go on.
    """

    levels: tuple[Mapping[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """A round of an iterations key: which part of the production it offers, by fixed shares or, without any, pro rata.

    Pro rata is of the consumption in the step as it was before the first round.
    """

    fraction_ppm: int
    shares_ppm: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class IterationsKey:
    """Rounds one after the other; what nobody can use of a round is offered again in the next (Belgium)."""

    rounds: tuple[Round, ...] = ()
    surplus: Surplus = Surplus.TO_PRODUCERS
    whole: int = PPM


@dataclass(frozen=True, slots=True)
class HourlyMinKey:
    """In each hour the lesser of what was injected and what was withdrawn is shared (Italy).

    The law splits it among nobody; here each has its part of it pro rata of what it withdrew in the hour.
    """


SharingKey: TypeAlias = (
    ProRataKey | StaticKey | CustomKey | MatrixKey | PriorityKey | IterationsKey | HourlyMinKey
)  # fmt: skip


KnownKey: TypeAlias = StaticKey | CustomKey | MatrixKey
"""A key that says its parts beforehand, whoever will withdraw how much."""


def surplus_of(key: SharingKey) -> Surplus:
    """Whose an unused share is; where nobody is offered more than it can use, the question does not arise."""
    return Surplus.TO_PRODUCERS if isinstance(key, PriorityKey | HourlyMinKey) else key.surplus


def points_of(key: SharingKey) -> frozenset[str]:
    """The points that a key names, producers too."""
    return givers_of(key) | takers_of(key)


def givers_of(key: SharingKey) -> frozenset[str]:
    """The points that a key names as producers."""
    if not isinstance(key, MatrixKey):
        return frozenset()
    return frozenset(producer for matrix in (key.shares_ppm, *key.steps_ppm.values()) for producer in matrix)


def takers_of(key: SharingKey) -> frozenset[str]:
    """The points that a key names as members who have a share."""
    match key:
        case ProRataKey() | HourlyMinKey():
            return frozenset()
        case StaticKey(shares_ppm):
            return frozenset(shares_ppm)
        case CustomKey(steps_ppm):
            return frozenset(point for shares in steps_ppm.values() for point in shares)
        case MatrixKey(shares_ppm, steps_ppm):
            matrices = [shares_ppm, *steps_ppm.values()]
            return frozenset(point for matrix in matrices for shares in matrix.values() for point in shares)
        case PriorityKey(levels):
            return frozenset(point for level in levels for point in level)
        case IterationsKey(rounds):
            return frozenset(point for part in rounds for point in part.shares_ppm or ())


def renamed(key: SharingKey, names: Mapping[str, str]) -> SharingKey:
    """The same key with new names of points in the place of old ones: the shares still add up."""

    def under(shares: Mapping[str, int]) -> dict[str, int]:
        return {names.get(point, point): part for point, part in shares.items()}

    def under_both(matrix: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
        return {names.get(producer, producer): under(shares) for producer, shares in matrix.items()}

    match key:
        case ProRataKey() | HourlyMinKey():
            return key
        case StaticKey(shares_ppm):
            return replace(key, shares_ppm=under(shares_ppm))
        case CustomKey(steps_ppm):
            return replace(key, steps_ppm={start: under(shares) for start, shares in steps_ppm.items()})
        case MatrixKey(shares_ppm, steps_ppm):
            dated = {start: under_both(matrix) for start, matrix in steps_ppm.items()}
            return replace(key, shares_ppm=under_both(shares_ppm), steps_ppm=dated)
        case PriorityKey(levels):
            return PriorityKey(tuple(under(level) for level in levels))
        case IterationsKey(rounds):
            parts = (
                part if part.shares_ppm is None else replace(part, shares_ppm=under(part.shares_ppm)) for part in rounds
            )
            return replace(key, rounds=tuple(parts))


def fault_of(key: SharingKey) -> str | None:
    """Say why a key cannot be applied to anything; None when it can."""
    return next(_faults(key), None)


def _faults(key: SharingKey) -> Iterator[str]:
    match key:
        case ProRataKey() | HourlyMinKey():
            return
        case StaticKey(shares_ppm):
            yield from _faults_of_shares(shares_ppm, key.whole, "the shares of the key")
        case CustomKey(steps_ppm):
            for start, shares in steps_ppm.items():
                yield from _faults_of_shares(shares, key.whole, f"the shares at {start:%Y-%m-%dT%H:%MZ}")
        case MatrixKey(shares_ppm, steps_ppm):
            for at, by_producer in [("", shares_ppm), *((f" at {t:%Y-%m-%dT%H:%MZ}", m) for t, m in steps_ppm.items())]:
                for producer, shares in by_producer.items():
                    yield from _faults_of_shares(shares, key.whole, f"the shares of {producer}{at}")
        case PriorityKey(levels):
            yield from _faults_of_levels(levels)
        case IterationsKey(rounds):
            if not rounds:
                yield "the key has no rounds"
            fractions = {f"round {place}": part.fraction_ppm for place, part in enumerate(rounds, start=1)}
            yield from _faults_of_shares(fractions, key.whole, "the fractions of the rounds")
            for place, part in enumerate(rounds, start=1):
                yield from _faults_of_shares(part.shares_ppm or {}, key.whole, f"the shares of round {place}")


def _faults_of_shares(shares: Mapping[str, int], whole: int, what: str) -> Iterator[str]:
    if (total := sum(shares.values())) > whole:
        yield f"{what} add up to {total / whole:.4%}, more than the whole production"
    for point, part in shares.items():
        if part < 0:
            yield f"the share of {point} is negative"


def _faults_of_levels(levels: tuple[Mapping[str, int], ...]) -> Iterator[str]:
    if not levels:
        yield "the key has no levels"
    seen: set[str] = set()
    for level in levels:
        for point, weight in level.items():
            if not 1 <= weight <= HIGHEST_WEIGHT:
                yield f"the weight of {point} is {weight}, and not from 1 to {HIGHEST_WEIGHT}"
            if point in seen:
                yield f"{point} is in several levels"
            seen.add(point)
