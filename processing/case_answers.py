"""What `hub allocate` says to a case: figures by interval and point, totals and rates, in the words of the case."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.errors import InvalidInput
from energy.keys import MatrixKey
from energy.time import local_midnight
from processing.cases import Case, number, read_case, table
from processing.indicators import gini, jain
from processing.sharing import share, share_by_producer

FIGURES: Final = ("share", "allocated", "residual", "unused_share", "surplus")


def answer(case: object) -> dict[str, Any]:
    """Compute a case of any kind.

    Raises:
        InvalidInput: an unknown kind or method, or something that is missing or no number.
        KeyNotValid: a key that cannot be applied.
    """
    given = table(case, "the case")
    kind = given.get("kind", "allocation")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InvalidInput(f"the kind {kind!r:.40} is not known; there are {', '.join(KINDS)}")
    return {"id": given.get("id"), "kind": kind, **KINDS[kind](given)}


def _allocation(given: Mapping[str, Any]) -> dict[str, Any]:
    case = read_case(given)
    shared = share(case.intervals, case.key)
    steps = shared.partition_by("start", maintain_order=True, as_dict=True)
    starts = [case.intervals["start"][0] + place * case.step for place in range(len(given["intervals"]))]
    empty = shared.clear()
    intervals = [_interval(steps.get((start,), empty), case.scale) for start in starts]
    totals = _totals(shared, case.scale)
    if isinstance(case.key, MatrixKey):
        found = share_by_producer(case.intervals, case.key)
        for start, interval in zip(starts, intervals, strict=True):
            rows = found.filter(pl.col("start") == start).select("producer", "point", "allocated_wh").iter_rows()
            by_producer: dict[str, dict[str, Any]] = {}
            for producer, point, wh in rows:
                by_producer.setdefault(producer, {})[point] = _figure(Fraction(wh, case.scale))
            interval["allocated_by_producer"] = by_producer
    if case.homes:
        for interval, homes in zip(intervals, case.homes, strict=True):
            interval["individual_self_consumed"] = {name: _figure(min(both)) for name, both in homes.items()}
        totals |= _totals_of_homes(case, shared)
    return {"method": case.method, "unit": case.unit, "intervals": intervals, "totals": totals}


def _interval(rows: pl.DataFrame, scale: int) -> dict[str, Any]:
    """Figures of those who have any: shares of who withdraws, surplus of who injects."""
    takes = rows.filter(pl.col("import_wh").is_not_null())
    gives = rows.filter(pl.col("surplus_wh").is_not_null())
    return {
        name: {
            point: _figure(Fraction(wh, scale))
            for point, wh in (gives if name == "surplus" else takes).select("point", f"{name}_wh").iter_rows()
        }
        for name in FIGURES
    }


def _totals(shared: pl.DataFrame, scale: int) -> dict[str, Any]:
    sums = {name: _sum(shared, f"{name}_wh", scale) for name in ("import", "export", *FIGURES)}
    consumption, production = sums.pop("import"), sums.pop("export")
    return {
        "consumption": _figure(consumption),
        "production": _figure(production),
        **{name: _figure(value) for name, value in sums.items()},
        "self_consumption_rate": _rate(sums["allocated"], production),
        "self_sufficiency_rate": _rate(sums["allocated"], consumption),
        "coverage_rate": _rate(production, consumption),
    }


def _totals_of_homes(case: Case, shared: pl.DataFrame) -> dict[str, Any]:
    both = [pair for homes in case.homes for pair in homes.values()]
    alone = sum((min(pair) for pair in both), Fraction())
    allocated = _sum(shared, "allocated_wh", case.scale)
    return {
        "community_production": _figure(sum((made for made, _ in both), Fraction())),
        "community_consumption": _figure(sum((used for _, used in both), Fraction())),
        "self_consumed_incl_individual": _figure(alone + allocated),
        "shared": _figure(allocated),
        "sold_to_grid": _figure(_sum(shared, "surplus_wh", case.scale)),
        "need_before_sharing": _figure(_sum(shared, "import_wh", case.scale)),
    }


def _coefficient_file(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a key file of whole tenths of a percent, rounded down, does to what each would have been allocated."""
    fine = {**given, "method": given.get("method", "prorata"), "unit": "part"}
    exact = answer({**fine, "kind": "allocation"})
    intervals = []
    for interval, of_exact in zip(given["intervals"], exact["intervals"], strict=True):
        made = sum((number(wh, "production") for wh in interval["production"].values()), Fraction())
        allocated = {point: Fraction(str(wh)) for point, wh in of_exact["allocated"].items()}
        tenths = {point: int(wh * 1000 / made) if made else 0 for point, wh in allocated.items()}
        with_file = {point: min(made * part / 1000, allocated[point]) for point, part in tenths.items()}
        intervals.append(
            {
                "exact_allocated": of_exact["allocated"],
                "key_percent_1_decimal_floor": {point: part / 10 for point, part in tenths.items()},
                "sum_keys": sum(tenths.values()) / 10,
                "allocated_with_file": {point: _figure(wh) for point, wh in with_file.items()},
                "lost_to_surplus": _figure(sum(allocated.values(), Fraction()) - sum(with_file.values(), Fraction())),
                "surplus": _figure(made - sum(with_file.values(), Fraction())),
            }
        )
    return {"unit": given.get("unit", "Wh"), "intervals": intervals}


def _indicators(given: Mapping[str, Any]) -> dict[str, Any]:
    listed, vectors = given.get("vectors"), []
    if not isinstance(listed, list):
        raise InvalidInput("vectors is missing: a list of tables with a list x")
    for place, vector in enumerate(listed, start=1):
        values = table(vector, f"vector {place}").get("x")
        if not isinstance(values, list):
            raise InvalidInput(f"vector {place} has no list x")
        x = [float(number(value, f"vector {place}")) for value in values]
        vectors.append({"x": values, "jain": jain(x), "gini": gini(x)})
    return {"vectors": vectors}


def _calendar(given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        zone = ZoneInfo(given["timezone"])
        days = [date.fromisoformat(day["date"]) for day in given["days"]]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"the case needs a timezone and days with a date: {error}") from error
    lengths = {day: local_midnight(day + timedelta(days=1), zone) - local_midnight(day, zone) for day in days}
    steps = {"hours": 60, "half_hours": 30, "quarter_hours": 15}
    counted = (
        {name: length // timedelta(minutes=minutes) for name, minutes in steps.items()} for length in lengths.values()
    )
    return {"days": [{"date": day.isoformat(), **counts} for day, counts in zip(lengths, counted, strict=True)]}


def _sum(rows: pl.DataFrame, column: str, scale: int) -> Fraction:
    return Fraction(int(rows[column].sum()), scale)


def _figure(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _rate(part: Fraction, whole: Fraction) -> float | None:
    return float(part / whole) if whole else None


KINDS: Final[dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "allocation": _allocation,
    "coefficient_file": _coefficient_file,
    "indicators": _indicators,
    "calendar": _calendar,
}
