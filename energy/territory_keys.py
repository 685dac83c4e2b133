"""Sharing keys as a territory file writes them: in percent, which is kept as whole parts per million."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from energy.errors import InvalidInput
from energy.keys import (
    PPM,
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
    fault_of,
    givers_of,
    points_of,
    takers_of,
)
from energy.model import PPM_PER_PERCENT, Role
from energy.territory_file import KeyEntry, StepEntry, instant_of
from energy.time import floor_to_step, rfc3339

ENTRIES: Final = {
    "prorata": {},
    "static": {"shares_percent": "the share of each point"},
    "custom": {"step": "the shares of each step"},
    "matrix": {"matrix_percent": "the share of each point in each producer"},
    "priority": {"levels": "the weights of the points of each level"},
    "iterations": {"round": "what each round offers"},
    "hourly_min": {},
}
"""By type of key, what it needs besides, and what that is."""
NO_SURPLUS: Final = ("priority", "hourly_min")


def key_from(
    entry: KeyEntry,
    where: str,
    zone: ZoneInfo,
    step: timedelta,
    points: set[str] | None,
    members: Mapping[str, Role],
) -> SharingKey:
    """Make the key that an entry means.

    Args:
        entry: what the file says; `where` opens the sentence when something is wrong.
        zone, step: of the community: steps of a key without an offset are local, and each is one of settlement.
        points: all that the file declares; None where it declares none.
        members: the roles of those who are ever in the community.

    Raises:
        InvalidInput: an entry that is missing or of another type of key, points that are not members, or not of the
            role that they have in it, shares above the whole, times at which no step starts, levels of nobody.
    """
    needs = ENTRIES[entry.type]
    a_key = f"{'an' if entry.type[0] in 'ih' else 'a'} {entry.type} key"
    for name in ("shares_percent", "step", "matrix_percent", "levels", "round"):
        is_dated_matrix = entry.type == "matrix" and name == "step"
        if getattr(entry, name) and name not in needs and not is_dated_matrix:
            raise InvalidInput(f"{where}: {a_key} has no {name}")
        if name in needs and not getattr(entry, name):
            raise InvalidInput(f"{where}: {a_key} needs {name}, {needs[name]}")
    if entry.surplus is not Surplus.TO_PRODUCERS and entry.type in NO_SURPLUS:
        raise InvalidInput(f"{where}: {a_key} leaves no share unused, so it has no surplus")
    key = _key(entry, where, zone, step)
    _require_members(key, f"{where}: {_named_in(entry)}", points, members)
    if isinstance(key, StaticKey) and (total := sum(key.shares_ppm.values())) > PPM:
        raise InvalidInput(f"{where}: shares_percent add up to {total / PPM_PER_PERCENT:.10g} %, more than 100 %")
    if fault := fault_of(key):
        raise InvalidInput(f"{where}: {fault}")
    return key


def _require_members(key: SharingKey, where: str, points: set[str] | None, members: Mapping[str, Role]) -> None:
    """Refuse points that a key names and that are not there, or cannot do what it says of them."""
    for point in sorted(points_of(key)):
        if points is not None and point not in points:
            raise InvalidInput(f"{where} names {point!r}, which is not a declared point")
        if point not in members:
            raise InvalidInput(f"{where} names {point!r}, which is never a member there")
    for point in sorted(givers_of(key)):
        if members[point] is Role.CONSUMER:
            raise InvalidInput(f"{where} shares what {point!r} produces, which is a consumer")
    for point in sorted(takers_of(key)):
        if members[point] is Role.PRODUCER:
            raise InvalidInput(f"{where} gives a share to {point!r}, which is a producer")


def _key(entry: KeyEntry, where: str, zone: ZoneInfo, step: timedelta) -> SharingKey:
    match entry.type:
        case "prorata":
            key = ProRataKey(entry.surplus)
        case "static":
            key = StaticKey(_ppm(entry.shares_percent), entry.surplus)
        case "custom" | "matrix":
            key = _of_steps(entry, where, zone, step)
        case "priority":
            key = PriorityKey(tuple(dict(level) for level in entry.levels))
            for place, level in enumerate(key.levels, start=1):
                if not level:
                    raise InvalidInput(f"{where}: level {place} names nobody")
        case "iterations":
            rounds = ((part.fraction_percent, part.shares_percent) for part in entry.round)
            parts = (Round(_part(f), None if shares is None else _ppm(shares)) for f, shares in rounds)
            key = IterationsKey(tuple(parts), entry.surplus)
        case "hourly_min":
            key = HourlyMinKey()
    return key


def _of_steps(entry: KeyEntry, where: str, zone: ZoneInfo, step: timedelta) -> CustomKey | MatrixKey:
    wanted, other = ("shares_percent", "matrix_percent")[:: 1 if entry.type == "custom" else -1]
    steps: dict[datetime, StepEntry] = {}
    for said in entry.step:
        at = instant_of(said.at, zone, where)
        if at != floor_to_step(at, step):
            minutes = step // timedelta(minutes=1)
            raise InvalidInput(f"{where}: step {rfc3339(at)} is not the start of a step of {minutes} minutes")
        if at in steps:
            raise InvalidInput(f"{where}: step {rfc3339(at)} is there twice")
        if getattr(said, other):
            raise InvalidInput(f"{where}: step {rfc3339(at)} of a {entry.type} key has {wanted}, no {other}")
        steps[at] = said
    if entry.type == "custom":
        return CustomKey({at: _ppm(said.shares_percent) for at, said in steps.items()}, entry.surplus)
    dated = {at: _matrix(said.matrix_percent) for at, said in steps.items()}
    return MatrixKey(_matrix(entry.matrix_percent), dated, entry.surplus)


def _named_in(entry: KeyEntry) -> str:
    return next(iter(ENTRIES[entry.type]), entry.type)


def _matrix(matrix: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, int]]:
    return {producer: _ppm(shares) for producer, shares in matrix.items()}


def _ppm(shares: Mapping[str, float]) -> dict[str, int]:
    return {point: _part(percent) for point, percent in shares.items()}


def _part(percent: float) -> int:
    """Rounded down, so that six times 16.66667 % is not more than the whole."""
    return int(Decimal(str(percent)) * PPM_PER_PERCENT)
