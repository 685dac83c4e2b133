"""The slow twin of the sharing engine: one step at a time, in fractions, from the formulas of docs/sharing.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TypeAlias

from energy.keys import (
    CustomKey,
    HourlyMinKey,
    IterationsKey,
    MatrixKey,
    PriorityKey,
    ProRataKey,
    SharingKey,
    StaticKey,
    Surplus,
    surplus_of,
)

Parts: TypeAlias = dict[str, Fraction]


@dataclass(frozen=True)
class Ideal:
    """What the formulas give before anything is rounded; `pairs` by producer and member, of a matrix only."""

    share: Parts
    allocated: Parts
    surplus: Parts
    pairs: dict[tuple[str, str], Fraction]


def ideal(
    consumption: Mapping[str, int], production: Mapping[str, int], key: SharingKey, start: datetime | None = None
) -> Ideal:
    """Share one step (of an hourly key: one hour), whose known flows are given. [Wh]"""
    c = {point: Fraction(wh) for point, wh in consumption.items()}
    g = {point: Fraction(wh) for point, wh in production.items()}
    made, needed = sum(g.values(), Fraction()), sum(c.values(), Fraction())
    offers: dict[tuple[str, str], Fraction] = {}
    match key:
        case ProRataKey():
            share = {i: over(made * c[i], needed) for i in c}
        case StaticKey(shares):
            share = {i: made * shares.get(i, 0) / key.whole for i in c}
        case CustomKey(steps):
            share = {i: made * steps.get(start, {}).get(i, 0) / key.whole for i in c} if start else {}
        case MatrixKey(shares, steps):
            matrix = steps.get(start, shares) if start else shares
            offers = {(k, i): g[k] * matrix.get(k, {}).get(i, 0) / key.whole for k in g for i in c}
            share = {i: sum((offers[k, i] for k in g), Fraction()) for i in c}
        case PriorityKey(levels):
            share = dict.fromkeys(c, Fraction())
            left = made
            for weights in levels:
                taken = fill({i: c[i] for i in weights if i in c}, weights, left)
                share |= taken
                left -= sum(taken.values())
        case IterationsKey():
            share = iterate(c, made, key)
        case HourlyMinKey():
            share = {i: over(min(made, needed) * c[i], needed) for i in c}
    allocated = {i: min(c[i], share[i]) for i in c}
    keeps = surplus_of(key) is Surplus.TO_MEMBERS
    gone = share if keeps else allocated
    unused = {i: share[i] - allocated[i] if keeps else Fraction() for i in c}
    pairs = {(k, i): over(allocated[i] * offer, share[i]) for (k, i), offer in offers.items()}
    if isinstance(key, MatrixKey):
        left_of = {k: g[k] - sum((offers if keeps else pairs)[k, i] for i in c) for k in g}
    else:
        left_of = {k: g[k] - over(sum(gone.values()) * g[k], made) for k in g}
    surplus = {p: left_of.get(p, Fraction()) + unused.get(p, Fraction()) for p in (c | g if keeps else g)}
    return Ideal(share, allocated, surplus, pairs)


def over(part: Fraction | int, whole: Fraction) -> Fraction:
    return Fraction(part) / whole if whole else Fraction()


def fill(need: Parts, weights: Mapping[str, int], amount: Fraction) -> Parts:
    """Round after round: each takes the lesser of its need and its part of what is left; the filled leave."""
    got: Parts = {}
    waiting = dict(need)
    while waiting:
        weight = sum(weights[i] for i in waiting)
        filled = {i: n for i, n in waiting.items() if n <= amount * weights[i] / weight}
        if not filled:
            return got | {i: amount * weights[i] / weight for i in waiting}
        got |= filled
        amount -= sum(filled.values())
        waiting = {i: n for i, n in waiting.items() if i not in filled}
    return got


def iterate(c: Parts, made: Fraction, key: IterationsKey) -> Parts:
    rest, carry = dict(c), Fraction()
    unused = dict.fromkeys(c, Fraction())
    needed = sum(c.values(), Fraction())
    for part in key.rounds:
        pool = made * part.fraction_ppm / key.whole + carry
        if part.shares_ppm is None:
            offered = {i: over(pool * c[i], needed) for i in c}
        else:
            offered = {i: pool * part.shares_ppm.get(i, 0) / key.whole for i in c}
        taken = {i: min(rest[i], offered[i]) for i in c}
        rest = {i: rest[i] - taken[i] for i in c}
        unused = {i: offered[i] - taken[i] for i in c}
        carry = pool - sum(taken.values())
    return {i: c[i] - rest[i] + unused[i] for i in c}
