"""Sharing keys as they are stored and published: JSON with `type` and what the key says, shares in ppm."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from energy.errors import InvalidInput
from energy.keys import (
    CustomKey,
    HourlyMinKey,
    IterationsKey,
    MatrixKey,
    PriorityKey,
    ProRataKey,
    Round,
    SharingKey,
    StaticKey,
    Surplus,
    points_of,
    renamed,
    surplus_of,
)
from energy.model import PPM_PER_PERCENT
from energy.time import rfc3339


def rule_of(key: SharingKey) -> dict[str, Any]:
    """A sharing key as it is stored and published; whose the surplus is only where it is not the producers'."""
    rule = _rule(key)
    return rule if surplus_of(key) is Surplus.TO_PRODUCERS else {**rule, "surplus": str(surplus_of(key))}


def _rule(key: SharingKey) -> dict[str, Any]:
    match key:
        case ProRataKey():
            rule = {"type": "prorata"}
        case StaticKey(shares_ppm):
            rule = {"type": "static", "shares_ppm": _sorted(shares_ppm)}
        case CustomKey(steps_ppm):
            steps = {rfc3339(start): _sorted(shares) for start, shares in sorted(steps_ppm.items())}
            rule = {"type": "custom", "steps_ppm": steps}
        case MatrixKey(shares_ppm, steps_ppm):
            steps = {rfc3339(start): _sorted_matrix(matrix) for start, matrix in sorted(steps_ppm.items())}
            rule = {"type": "matrix", "matrix_ppm": _sorted_matrix(shares_ppm), "steps_ppm": steps}
        case PriorityKey(levels):
            rule = {"type": "priority", "levels": [_sorted(level) for level in levels]}
        case IterationsKey(rounds):
            rule = {"type": "iterations", "rounds": [_round(part) for part in rounds]}
        case HourlyMinKey():
            rule = {"type": "hourly_min"}
    return rule


def _round(part: Round) -> dict[str, Any]:
    shares = {} if part.shares_ppm is None else {"shares_ppm": _sorted(part.shares_ppm)}
    return {"fraction_ppm": part.fraction_ppm, **shares}


def _sorted(values: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(values.items()))


def _sorted_matrix(matrix: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {producer: _sorted(shares) for producer, shares in sorted(matrix.items())}


def key_of(rule: Mapping[str, Any]) -> SharingKey:
    """The sharing key that a stored rule means.

    Raises:
        InvalidInput: a type that this version does not know.
    """
    surplus = Surplus(rule.get("surplus", Surplus.TO_PRODUCERS))
    match rule:
        case {"type": "prorata"}:
            key = ProRataKey(surplus)
        case {"type": "static", "shares_ppm": shares_ppm}:
            key = StaticKey(dict(shares_ppm), surplus)
        case {"type": "custom", "steps_ppm": steps}:
            key = CustomKey({_instant(start): dict(shares) for start, shares in steps.items()}, surplus)
        case {"type": "matrix", "matrix_ppm": matrix, "steps_ppm": steps}:
            dated = {_instant(start): dict(by_producer) for start, by_producer in steps.items()}
            key = MatrixKey(dict(matrix), dated, surplus)
        case {"type": "priority", "levels": levels}:
            key = PriorityKey(tuple(dict(level) for level in levels))
        case {"type": "iterations", "rounds": rounds}:
            parts = (Round(part["fraction_ppm"], part.get("shares_ppm")) for part in rounds)
            key = IterationsKey(tuple(parts), surplus)
        case {"type": "hourly_min"}:
            key = HourlyMinKey()
        case _:
            raise InvalidInput(f"a stored sharing key has the unknown type {rule.get('type')!r}")
    return key


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def words_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What a stored rule says, as people read it: shares in percent by point, under their step, producer or round.

    They are apart from what is of the rule as a whole, under no name; so is the part that a round offers.
    """
    match key_of(rule):
        case ProRataKey() | HourlyMinKey():
            parts = {}
        case StaticKey(shares_ppm):
            parts = _percent(shares_ppm)
        case CustomKey(steps_ppm):
            parts = {rfc3339(start): _percent(shares) for start, shares in steps_ppm.items()}
        case MatrixKey(shares_ppm, steps_ppm):
            dated = {rfc3339(start): _percent_by_producer(matrix) for start, matrix in steps_ppm.items()}
            parts = {**_percent_by_producer(shares_ppm), **dated}
        case PriorityKey(levels):
            parts = {f"level {place}": level for place, level in enumerate(levels, start=1)}
        case IterationsKey(rounds):
            parts = {f"round {place}": _offer(part) for place, part in enumerate(rounds, start=1)}
    whole = {name: rule[name] for name in ("type", "surplus") if name in rule}
    return {**whole, "": parts} if parts else whole


def _offer(part: Round) -> dict[str, str]:
    fraction, shares_ppm = _part(part.fraction_ppm), part.shares_ppm
    return {"": f"{fraction} pro rata"} if shares_ppm is None else {"": fraction, **_percent(shares_ppm)}


def _part(ppm: int) -> str:
    return f"{ppm / PPM_PER_PERCENT:.10g} %"


def _percent(shares_ppm: Mapping[str, int]) -> dict[str, str]:
    return {point: _part(ppm) for point, ppm in shares_ppm.items()}


def _percent_by_producer(matrix_ppm: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, str]]:
    return {producer: _percent(shares) for producer, shares in matrix_ppm.items()}


def points_in(rule: Mapping[str, Any]) -> frozenset[str]:
    """The points that a stored rule names."""
    return points_of(key_of(rule))


def renamed_rule(rule: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A stored rule with new names of points in the place of old ones."""
    return rule_of(renamed(key_of(rule), names))
