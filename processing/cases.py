"""Worked cases of sharing, as `hub allocate` reads them: by the form of tests/data/allocation/cases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import polars as pl

from energy.errors import InvalidInput
from energy.frames import INTERVALS
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
)

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
FINEST: Final = 10**12
"""Parts of the unit of a case in which it is computed at most, where it is not Wh."""
LARGEST_SUM: Final = 10**14
WHOLE: Final = 10**15
"""The whole production, in the parts in which shares of a case are counted: as fine as numbers in JSON are read."""
METHODS: Final = {
    "prorata": "prorata", "dynamic_prorata": "prorata", "static": "static", "static_after_netting": "static",
    "custom": "custom", "matrix": "matrix", "priority": "priority", "iterations": "iterations",
    "hourly_min": "hourly_min",
}  # fmt: skip
STEPS_MIN: Final = (15, 30, 60)

Amounts = dict[str, Fraction]


@dataclass(frozen=True, slots=True)
class Case:
    """A case that can be computed: INTERVALS in parts of its unit, of which `scale` are one, and the key.

    `homes` are, for each interval, what each home made and used behind its meter; [] where the case has none.
    """

    method: str
    unit: str
    scale: int
    step: timedelta
    intervals: pl.DataFrame
    key: SharingKey
    homes: list[dict[str, tuple[Fraction, Fraction]]]


def read_case(case: Mapping[str, Any]) -> Case:
    """Read a case of the kind `allocation`.

    Raises:
        InvalidInput: an unknown method, or something that is missing or no number.
    """
    method = case.get("method")
    if method is None:
        raise InvalidInput(f"the case names no method; there are {', '.join(METHODS)}")
    if not isinstance(method, str) or method not in METHODS:
        raise InvalidInput(f"the method {method!r:.40} is not known; there are {', '.join(METHODS)}")
    steps = case.get("intervals")
    if not isinstance(steps, list) or not steps:
        raise InvalidInput("the case has no intervals")
    minutes = case.get("interval_minutes", 15)
    if minutes not in STEPS_MIN:
        raise InvalidInput(f"interval_minutes is {minutes!r:.40}, not 15, 30 or 60")
    step = timedelta(minutes=minutes)
    homes = [_homes(interval, place) for place, interval in enumerate(steps, start=1)]
    flows = [_flows(interval, homes[place - 1], place) for place, interval in enumerate(steps, start=1)]
    key = _key(METHODS[method], case, steps, step)
    unit = str(case.get("unit", "Wh"))
    scale = _scale(unit, flows)
    rows = [
        (START + place * step, point, _whole(used.get(point), scale), _whole(made.get(point), scale))
        for place, (used, made) in enumerate(flows)
        for point in used | made
    ]
    intervals = pl.DataFrame(rows, schema=INTERVALS, orient="row")
    return Case(method, unit, scale, step, intervals, key, homes if any(homes) else [])


def number(value: object, where: str) -> Fraction:
    """A number of a case, exactly as it is written.

    Raises:
        InvalidInput: it is none, negative, or more than can be computed.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise InvalidInput(f"{where} is {value!r:.40}, which is no amount")
    if value > LARGEST_SUM:
        raise InvalidInput(f"{where} is more than can be computed")
    return Fraction(str(value))


def table(value: object, where: str) -> dict[str, Any]:
    """A table of a case.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(value, dict):
        raise InvalidInput(f"{where} is missing, or not a table by point")
    return value


def _amounts(value: object, where: str) -> dict[str, Fraction | None]:
    return {p: None if v is None else number(v, f"{where} of {p}") for p, v in table(value, where).items()}


def _homes(interval: object, place: int) -> dict[str, tuple[Fraction, Fraction]]:
    homes = table(interval, f"interval {place}").get("homes", {})
    where = f"interval {place}, homes"
    found: dict[str, tuple[Fraction, Fraction]] = {}
    for name, home in table(homes, where).items():
        flows = ((table(home, where).get(flow), f"{where}, {flow} of {name}") for flow in ("production", "consumption"))
        made, used = (number(*flow) for flow in flows)
        found[name] = (made, used)
    return found


def _flows(
    interval: Mapping[str, Any], homes: Mapping[str, tuple[Fraction, Fraction]], place: int
) -> tuple[dict[str, Fraction | None], dict[str, Fraction | None]]:
    """Consumption and production by point; of homes what their meters see: the one less the other."""
    if homes and "production" not in interval and "consumption" not in interval:
        made = {name: max(made - used, Fraction()) for name, (made, used) in homes.items()}
        return {name: max(used - made, Fraction()) for name, (made, used) in homes.items()}, {**made}
    flows = [_amounts(interval.get(flow), f"interval {place}, {flow}") for flow in ("consumption", "production")]
    return flows[0], flows[1]


def _scale(unit: str, flows: Iterable[tuple[Mapping[str, Fraction | None], ...]]) -> int:
    """Parts of the unit that are counted: whole Wh, or of other units as small ones as there is room for."""
    amounts = [[v for of in both for v in of.values() if v is not None] for both in flows]
    largest = max((sum(step, Fraction()) for step in amounts), default=Fraction())
    if largest > LARGEST_SUM:
        raise InvalidInput("the amounts of an interval add up to more than can be computed")
    whole = all(v.denominator == 1 for step in amounts for v in step)
    if unit == "Wh" and whole:
        return 1
    scale = FINEST
    while scale > 1 and largest * scale > LARGEST_SUM:
        scale //= 10
    return scale


def _whole(value: Fraction | None, scale: int) -> int | None:
    return None if value is None else round(value * scale)


def _key(kind: str, case: Mapping[str, Any], steps: list[Any], step: timedelta) -> SharingKey:
    rules = [str(rule) for rule in Surplus]
    named = case.get("surplus_rule", Surplus.TO_PRODUCERS)
    if named not in rules:
        raise InvalidInput(f"the surplus_rule {named!r:.40} is not known; there are {' and '.join(rules)}")
    surplus = Surplus(named)
    match kind:
        case "prorata":
            return ProRataKey(surplus)
        case "hourly_min":
            return HourlyMinKey()
        case "priority":
            levels = case.get("levels")
            if not isinstance(levels, list):
                raise InvalidInput("levels is missing: a list of tables, the weight of each point")
            return PriorityKey(tuple({p: _weight(w, p) for p, w in table(of, "levels").items()} for of in levels))
        case "iterations":
            rounds = case.get("rounds", case.get("iterations"))
            if not isinstance(rounds, list):
                raise InvalidInput("rounds is missing: a list of tables with fraction, and keys or none for pro rata")
            return IterationsKey(tuple(_round(of, place) for place, of in enumerate(rounds, 1)), surplus, WHOLE)
        case "matrix":
            given = {START + n * step: interval.get("keys", case.get("keys")) for n, interval in enumerate(steps)}
            matrices = {
                start: {k: _shares(of, f"keys of {k}") for k, of in table(keys, "keys").items()}
                for start, keys in given.items()
            }
            return MatrixKey({}, matrices, surplus, WHOLE)
        case _:
            return _keys_of_steps(case, steps, step, surplus)


def _keys_of_steps(case: Mapping[str, Any], steps: list[Any], step: timedelta, surplus: Surplus) -> SharingKey:
    shares: dict[datetime, dict[str, int]] = {}
    for place, interval in enumerate(steps):
        where = f"interval {place + 1}, keys"
        of_homes = {name: home.get("key") for name, home in interval.get("homes", {}).items()}
        shares[START + place * step] = _shares(interval.get("keys", case.get("keys", of_homes or None)), where)
    first = shares[START]
    if case.get("method") != "custom" and all(of == first for of in shares.values()):
        return StaticKey(first, surplus, WHOLE)
    return CustomKey(shares, surplus, WHOLE)


def _shares(value: object, where: str) -> dict[str, int]:
    return {p: int(number(v, f"{where} of {p}") * WHOLE) for p, v in table(value, where).items()}


def _weight(value: object, point: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(f"the weight of {point} is {value!r:.40}, not a whole number")
    return value


def _round(value: object, place: int) -> Round:
    where = f"round {place}"
    part = table(value, where)
    keys = part.get("keys")
    fraction = int(number(part.get("fraction"), f"{where}, fraction") * WHOLE)
    return Round(fraction, None if keys is None else _shares(keys, f"{where}, keys"))
