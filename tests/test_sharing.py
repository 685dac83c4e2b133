"""Sharing keys: recorded cases, edges, a slow twin in fractions, and the laws that hold for any input."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import KeyNotValid
from energy.frames import INTERVALS, SHARED
from energy.keys import PPM, ProRataKey, SharingKey, StaticKey
from processing.apportion import apportion
from processing.sharing import share

OWN = Path(__file__).parent / "data" / "allocation"
CASES = Path(__file__).parents[2] / "shared" / "cases" / "allocation"
T0 = datetime(2026, 3, 14, 12, tzinfo=UTC)
PRORATA = ProRataKey()

Flows: TypeAlias = tuple[str, int | None, int | None]
"""(point, import_wh, export_wh) in one step; null where the flow is not known."""


def frame(*steps: list[Flows]) -> pl.DataFrame:
    rows = [(T0 + i * timedelta(minutes=15), *flows) for i, step in enumerate(steps) for flows in step]
    return pl.DataFrame(rows, schema=INTERVALS, orient="row")


def column(allocation: pl.DataFrame, name: str) -> dict[str, int | None]:
    return dict(allocation.select("point", name).iter_rows())


# Recorded cases: whose consumption, whose production, what each must get.


def check_step(got: pl.DataFrame, expected: Mapping[str, Mapping[str, float]], tolerance: float, wh: int) -> None:
    for name, by_point in expected.items():
        found = column(got, f"{name}_wh")
        assert {p: found[p] for p in by_point} == pytest.approx({p: v * wh for p, v in by_point.items()}, abs=tolerance)


def step_of(case: Mapping[str, Any], wh: int = 1) -> list[Flows]:
    imports, exports = case["consumption_wh"], case["production_wh"]
    return [
        (p, round(imports[p] * wh) if p in imports else None, round(exports[p] * wh) if p in exports else None)
        for p in imports | exports
    ]


@pytest.mark.parametrize("file", sorted(OWN.glob("*.json")), ids=lambda file: file.stem)
def test_recorded_cases(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    key = PRORATA if case["key"] == "prorata" else StaticKey(case["key"])
    for step in case["steps"]:
        expected = {name.removesuffix("_wh"): by_point for name, by_point in step["expected"].items()}
        check_step(share(frame(step_of(step)), key), expected, tolerance=0, wh=1)


METHODS = {"dynamic_prorata", "static", "static_after_netting"}
FIGURES = ("share", "allocated", "residual", "surplus")


def shared_cases() -> list[dict[str, Any]]:
    if not CASES.is_dir():
        pytest.skip("the shared allocation cases are not beside this repository")
    cases = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(CASES.glob("*.json"))]
    return [case for case in cases if case.get("method") in METHODS]


def test_shared_cases_give_the_recorded_figures() -> None:
    cases = shared_cases()
    assert len(cases) >= 6, "the shared folder has lost its cases"
    for case in cases:
        wh = 1000  # a unit, or a kWh, as whole watt-hours: every recorded figure is a whole number of thousandths
        for step in case["intervals"]:
            flows = {"consumption_wh": step["consumption"], "production_wh": step["production"]}
            shares_ppm = {point: round(part * PPM) for point, part in step.get("keys", {}).items()}
            key = PRORATA if case["method"] == "dynamic_prorata" else StaticKey(shares_ppm)
            expected = {name: step["expected"][name] for name in FIGURES if name in step["expected"]}
            if rules := step.get("expected_surplus_by_rule"):
                expected["surplus"] = rules["pro_rata_of_production"]
            check_step(share(frame(step_of(flows, wh)), key), expected, case["tolerance"]["abs"] * wh, wh)


# Edges.

HALVES = StaticKey({"a": 500_000, "b": 500_000})
PV = ("pv", None, 1000)
TABLE: list[tuple[str, SharingKey, list[Flows], list[int]]] = [
    ("pro rata follows consumption", PRORATA, [("a", 100, None), ("b", 900, None), ("pv", None, 500)], [50, 450, 0]),
    ("nobody gets more than was consumed", PRORATA, [("a", 100, None), ("b", 300, None), PV], [100, 300, 0]),
    ("no production", PRORATA, [("a", 100, None), ("b", 300, None), ("pv", None, 0)], [0, 0, 0]),
    ("no consumption", PRORATA, [("a", 0, None), ("b", 0, None), PV], [0, 0, 0]),
    ("only producers", PRORATA, [PV], [0]),
    ("only consumers", PRORATA, [("a", 100, None)], [0]),
    ("a tie goes to the lower id", PRORATA, [("b", 5, None), ("a", 5, None), ("pv", None, 1)], [1, 0, 0]),
    ("two Wh, three equals", PRORATA, [("c", 5, None), ("b", 5, None), ("a", 5, None), ("pv", None, 2)], [1, 1, 0, 0]),
    ("ids are compared as text", PRORATA, [("p10", 5, None), ("p9", 5, None), ("pv", None, 1)], [1, 0, 0]),
    ("who is not known takes no part", PRORATA, [("a", 100, None), ("b", None, None), ("pv", None, 90)], [90, 0, 0]),
    ("a prosumer shares in its own production", PRORATA, [("a", 100, 60), ("b", 100, None)], [30, 30]),
    ("an unused share is not passed on", HALVES, [("a", 100, None), ("b", 900, None), PV], [100, 500, 0]),
    ("a share of someone not known neither", HALVES, [("a", 900, None), ("b", None, None), PV], [500, 0, 0]),
    ("nor of someone absent", HALVES, [("a", 900, None), PV], [500, 0]),
    ("who is not in the key gets nothing", HALVES, [("a", 100, None), ("c", 900, None), PV], [100, 0, 0]),
    ("a key for nobody", StaticKey(), [("a", 100, None), PV], [0, 0]),
    ("everything for one", StaticKey({"a": PPM}), [("a", 5000, None), PV], [1000, 0]),
    ("the smallest share", StaticKey({"a": 1}), [("a", 10, None), ("pv", None, 999_999)], [0, 0]),
    ("of enough is a Wh", StaticKey({"a": 1}), [("a", 10, None), ("pv", None, PPM)], [1, 0]),
    ("thirds: the odd Wh is promised to nobody", StaticKey({"a": 333_333, "b": 333_333, "c": 333_333}),
        [("a", 99, None), ("b", 99, None), ("c", 99, None), ("pv", None, 100)], [33, 33, 33, 0]),
    ("halves of an odd production: the tie goes to the lower id", HALVES,
        [("b", 9, None), ("a", 9, None), ("pv", None, 9)], [5, 4, 0]),
    ("everyone at the limit", PRORATA, [(f"p{i:02}", 10**9, 10**9) for i in range(20)], [10**9] * 20),
    ("and beyond", PRORATA, [(f"p{i:02}", 10**12, 10**12) for i in range(20)], [10**12] * 20),
    ("the same with a key", StaticKey({f"p{i:02}": 50_000 for i in range(20)}),
        [(f"p{i:02}", 10**12, 10**12) for i in range(20)], [10**12] * 20),
]  # fmt: skip


@pytest.mark.parametrize(("why", "key", "step", "allocated"), TABLE, ids=[row[0] for row in TABLE])
def test_edges(why: str, key: SharingKey, step: list[Flows], allocated: list[int]) -> None:
    got = share(frame(step), key)
    assert got["allocated_wh"].to_list() == allocated, why
    assert dict(got.schema) == dict(SHARED)


def test_surplus_is_split_pro_rata_of_production_with_ties_by_id() -> None:
    got = share(frame([("a", 1, None), ("q", None, 3), ("p", None, 3), ("r", None, 0), ("s", None, None)]), PRORATA)
    assert column(got, "surplus_wh") == {"a": None, "p": 2, "q": 3, "r": 0, "s": None}


def test_a_place_counts_for_less_than_any_remainder() -> None:
    """However far apart places are: else two rows could claim the one Wh that is left, and both would have it."""
    rows = pl.DataFrame({"group": [0, 0], "weight": [1, 2], "place": [0, 2]}, schema_overrides={"group": pl.UInt32})
    assert apportion(rows, pl.Series([2755])).to_list() == [918, 1837]


def test_a_point_cannot_be_twice_in_a_step() -> None:
    """It would be offered its share twice: more than there is."""
    with pytest.raises(ValueError, match="a is twice in the step at 2026-03-14T12:00:00Z"):
        share(frame([("a", 5, None), ("pv", None, 10), ("a", 5, None)]), StaticKey({"a": PPM}))


def test_no_steps_give_no_allocation() -> None:
    for key in (PRORATA, HALVES):
        assert share(frame(), key).equals(SHARED.to_frame())


REFUSED: list[tuple[str, StaticKey, str]] = [
    ("more than the whole", StaticKey({"a": 500_000, "b": 500_001}), "add up to 100.0001%, more than the whole"),
    ("less than nothing", StaticKey({"a": -1, "b": 5}), "the share of a is negative"),
]


@pytest.mark.parametrize(("why", "key", "sentence"), REFUSED, ids=[row[0] for row in REFUSED])
def test_keys_that_cannot_be_applied(why: str, key: StaticKey, sentence: str) -> None:
    with pytest.raises(KeyNotValid, match=sentence):
        share(frame([("a", 1, None)]), key)


# The slow twin: one step at a time, in fractions, from the formulas of docs/sharing.md.


def by_largest_remainder(total: int, exact: dict[str, Fraction]) -> dict[str, int]:
    parts = {point: int(part) for point, part in exact.items()}
    for point in sorted(exact, key=lambda p: (parts[p] - exact[p], p))[: total - sum(parts.values())]:
        parts[point] += 1
    return parts


def twin(
    step: list[Flows], key: SharingKey
) -> list[tuple[str, int | None, int | None, int, int, int | None, int | None, int]]:
    consumption = {point: c for point, c, _ in step if c is not None}
    production = {point: g for point, _, g in step if g is not None}
    whole, needed = sum(production.values()), sum(consumption.values())
    if isinstance(key, StaticKey):
        exact = {point: Fraction(whole * key.shares_ppm.get(point, 0), PPM) for point in consumption}
        promised = int(sum(exact.values()))
    else:
        exact = {point: Fraction(whole * c, needed) if needed else Fraction(0) for point, c in consumption.items()}
        promised = whole if needed else 0
    offered = by_largest_remainder(promised, exact)
    allocated = {point: min(c, offered[point]) for point, c in consumption.items()}
    shared = sum(allocated.values())
    used = by_largest_remainder(
        shared, {p: Fraction(shared * g, whole) if whole else Fraction(0) for p, g in production.items()}
    )
    return [
        (
            point, c, g, offered.get(point, 0), allocated.get(point, 0),
            None if c is None else c - allocated[point], None if g is None else g - used[point],
            offered.get(point, 0) - allocated.get(point, 0),
        )
        for point, c, g in sorted(step)
    ]  # fmt: skip


energies = st.one_of(st.none(), st.integers(0, 9), st.integers(0, 3000), st.integers(0, 10**12), st.just(10**12))
steps = st.dictionaries(st.sampled_from([f"p{i}" for i in range(12)]), st.tuples(energies, energies), max_size=12).map(
    lambda by_point: [(point, c, g) for point, (c, g) in by_point.items()]
)


@st.composite
def keys(draw: st.DrawFn) -> SharingKey:
    weights = draw(st.dictionaries(st.sampled_from([f"p{i}" for i in range(14)]), st.integers(0, 1000), min_size=1))
    whole = max(sum(weights.values()), draw(st.integers(1, 4000)))
    static = StaticKey({point: weight * PPM // whole for point, weight in weights.items()})
    return draw(st.sampled_from([PRORATA, static]))


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=3), keys())
def test_the_slow_twin_agrees(several: list[list[Flows]], key: SharingKey) -> None:
    got = share(frame(*several), key)
    expected = [(T0 + i * timedelta(minutes=15), *row) for i, step in enumerate(several) for row in twin(step, key)]
    assert got.rows() == expected


@settings(max_examples=200, deadline=None)
@given(steps, keys())
def test_nothing_is_lost_and_nothing_is_negative(step: list[Flows], key: SharingKey) -> None:
    got = share(frame(step), key)
    names = ("allocated_wh", "export_wh", "import_wh", "surplus_wh")
    shared, whole, needed, surplus = (sum(got[name].drop_nulls().to_list()) for name in names)
    assert shared + surplus == whole
    assert shared <= min(whole, needed)
    assert got.filter(pl.col("allocated_wh") + pl.col("residual_wh") != pl.col("import_wh")).is_empty()
    assert got.filter(pl.col("allocated_wh") > pl.col("share_wh")).is_empty()
    assert got.filter(pl.any_horizontal(pl.col(pl.Int64) < 0)).is_empty()
    if key == PRORATA:
        assert shared == min(whole, needed), "pro rata leaves nothing that anyone could use"


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, min_size=1, max_size=3), keys(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(several: list[list[Flows]], key: SharingKey, random: Random) -> None:
    rows = frame(*several).rows()
    shuffled = random.sample(rows, len(rows))
    assert share(pl.DataFrame(shuffled, schema=INTERVALS, orient="row"), key).equals(share(frame(*several), key))


@settings(max_examples=200, deadline=None)
@given(steps, st.integers(0, 10**6))
def test_more_production_lowers_nobody_by_more_than_rounding(step: list[Flows], more: int) -> None:
    less = share(frame([*step, ("sun", None, 0)]), PRORATA)
    got = share(frame([*step, ("sun", None, more)]), PRORATA)
    assert (got["allocated_wh"] - less["allocated_wh"] >= -1).all()
    assert got["allocated_wh"].sum() >= less["allocated_wh"].sum()
