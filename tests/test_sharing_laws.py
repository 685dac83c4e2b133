"""The laws of sharing for every key, and its twin in fractions: within one Wh of the ideal, for any input."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any, TypeAlias

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import KeyNotValid
from energy.frames import INTERVALS
from energy.key_rules import key_of, rule_of
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
    points_of,
    renamed,
    surplus_of,
)
from processing import sharing
from processing.cases import WHOLE
from processing.offers import FINE
from processing.sharing import share, share_by_producer
from tests.sharing_keys import NAMES, T0, keys_in, matrices, surpluses
from tests.sharing_oracle import ideal

LIMIT = 275_000_000
"""Wh of a point in a quarter of an hour that are plausible at most."""

Step: TypeAlias = Mapping[str, tuple[int | None, int | None]]


def frame(steps: Sequence[Step], minutes: int = 60) -> pl.DataFrame:
    rows = [
        (T0 + i * timedelta(minutes=minutes), point, *flows)
        for i, step in enumerate(steps)
        for point, flows in step.items()
    ]
    return pl.DataFrame(rows, schema=INTERVALS, orient="row")


energies = st.one_of(
    st.none(), st.integers(0, 9), st.integers(0, 3000), st.integers(0, LIMIT), st.just(LIMIT), st.integers(0, 10**12)
)
steps_of = st.dictionaries(st.sampled_from(NAMES), st.tuples(energies, energies), max_size=12)


keys = st.one_of(keys_in(PPM), keys_in(WHOLE))


@settings(max_examples=250, deadline=None)
@given(st.lists(steps_of, max_size=3), keys)
def test_the_laws_and_the_ideal(several: list[Step], key: SharingKey) -> None:
    got = share(frame(several), key)
    for place, step in enumerate(several):
        at = T0 + place * timedelta(hours=1)
        check_step(step, key, at, got.filter(pl.col("start") == at))


def check_step(step: Step, key: SharingKey, at: datetime, got: pl.DataFrame) -> None:
    columns: dict[str, dict[str, Any]] = {
        name.removesuffix("_wh"): dict(zip(got["point"], got[name], strict=True)) for name in got.columns[2:]
    }
    c = {point: wh for point, (wh, _) in step.items() if wh is not None}
    g = {point: wh for point, (_, wh) in step.items() if wh is not None}
    a, s, surplus = columns["allocated"], columns["share"], columns["surplus"]
    assert got["point"].to_list() == sorted(step)
    assert sum(a.values()) + sum(wh for wh in surplus.values() if wh is not None) == sum(g.values()), "conservation"
    assert sum(a.values()) <= min(sum(g.values()), sum(c.values()))
    assert sum(s.values()) <= sum(g.values())
    assert all(value is None or value >= 0 for of in columns.values() for value in of.values())
    for point in step:
        assert a[point] == min(c.get(point, 0), s[point])
        assert columns["unused_share"][point] == s[point] - a[point]
        assert columns["residual"][point] == (c[point] - a[point] if point in c else None)
        keeps = surplus_of(key) is Surplus.TO_MEMBERS and point in c
        assert (surplus[point] is None) == (point not in g and not keeps)
    exact = ideal(c, g, key, at)
    # Of a matrix it is each pair that is rounded, so within one Wh for each producer.
    wh = Fraction(max(len(g), 1) if isinstance(key, MatrixKey) else 1)
    if isinstance(key, IterationsKey):  # rounds hand on parts of a Wh
        wh += Fraction(2 * len(key.rounds) * (len(c) + 1), FINE)
    assert all(abs(s[i] - exact.share[i]) <= wh for i in c), (s, exact.share)
    assert all(abs(a[i] - exact.allocated[i]) <= wh for i in c)
    assert all(a[i] <= wh or exact.allocated[i] for i in c), "who is offered nothing gets nothing"
    off = sum((abs(a[i] - exact.allocated[i]) for i in c), Fraction()) if a else Fraction()
    assert all(abs(surplus[k] - exact.surplus[k]) <= 2 + off for k in g)
    if isinstance(key, ProRataKey | HourlyMinKey):
        assert sum(a.values()) == min(sum(g.values()), sum(c.values())), "nothing is left that anyone could use"
    if isinstance(key, PriorityKey):
        named = {i for i in c if i in points_of(key)}
        assert sum(a.values()) == min(sum(g.values()), sum(c[i] for i in named))


@settings(max_examples=80, deadline=None)
@given(st.lists(steps_of, min_size=1, max_size=3), keys, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_who_is_absent_matters(
    several: list[Step], key: SharingKey, random: Random
) -> None:
    expected = share(frame(several), key)
    rows = frame([{**step, "absent": (None, None)} for step in several]).rows()
    got = share(pl.DataFrame(random.sample(rows, len(rows)), schema=INTERVALS, orient="row"), key)
    assert got.filter(pl.col("point") != "absent").equals(expected)


@settings(max_examples=100, deadline=None)
@given(st.lists(steps_of, min_size=1, max_size=4), keys)
def test_batches_change_nothing(several: list[Step], key: SharingKey) -> None:
    expected = share(frame(several, 30), key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "BATCH_ROWS", 1)
        assert share(frame(several, 30), key).equals(expected)


@settings(max_examples=80, deadline=None)
@given(steps_of, keys, st.integers(2, 10**6))
def test_a_thousand_times_as_much_is_shared_alike(step: Step, key: SharingKey, times: int) -> None:
    def scaled(wh: int | None, factor: int) -> int | None:
        return None if wh is None else wh % LIMIT * factor

    less, more = ({p: (scaled(c, k), scaled(g, k)) for p, (c, g) in step.items()} for k in (1, times))
    got = share(frame([more]), key)["allocated_wh"] - share(frame([less]), key)["allocated_wh"] * times
    assert got.abs().max() in (None, 0) or got.abs().max() <= times + 2  # pyright: ignore[reportOperatorIssue]


@settings(max_examples=100, deadline=None)
@given(steps_of, st.builds(MatrixKey, matrices, st.just({}), surpluses))
def test_pairs_add_up_to_what_everyone_got_and_gave(step: Step, key: MatrixKey) -> None:
    found, whole = share_by_producer(frame([step]), key), share(frame([step]), key)
    c = {point: wh for point, (wh, _) in step.items() if wh is not None}
    g = {point: wh for point, (_, wh) in step.items() if wh is not None}
    exact = ideal(c, g, key)
    for name in ("share_wh", "allocated_wh"):
        by_point = dict(found.group_by("point").agg(pl.col(name).sum()).iter_rows())
        assert by_point == {p: wh for p, wh in whole.select("point", name).iter_rows() if p in by_point}
        assert sum(by_point.values()) == whole[name].sum()
    assert found.filter(pl.col("allocated_wh") > pl.col("share_wh")).is_empty()
    for producer, point, share_wh in found.select("producer", "point", "share_wh").iter_rows():
        assert abs(share_wh - g[producer] * Fraction(key.shares_ppm[producer][point], PPM)) <= 1
    if key.surplus is Surplus.TO_PRODUCERS:
        used = dict(found.group_by("producer").agg(pl.col("allocated_wh").sum()).iter_rows())
        left = dict(whole.select("point", "surplus_wh").iter_rows())
        assert all(left[k] == g[k] - used.get(k, 0) for k in g)
    assert {(k, i) for k, i in exact.pairs if exact.pairs[k, i] > 1} <= set(
        found.select("producer", "point").iter_rows()
    )


# (why, key, step, allocated in order of point, surplus in order of point)
A_B = {"a": (100, None), "b": (900, None)}
PV = {"pv": (None, 1000)}
TWO_ROOFS = {"r1": (None, 100), "r2": (None, 300)}
HALVES = {"a": 500_000, "b": 500_000}
BY_HAND: list[tuple[str, SharingKey, Step, list[int], list[int | None]]] = [
    ("the first level first", PriorityKey(({"b": 1}, {"a": 1})), A_B | {"pv": (None, 950)},
        [50, 900, 0], [None, None, 0]),
    ("the saturated leave, the others go on", PriorityKey(({"a": 1, "b": 1},)), A_B | PV,
        [100, 900, 0], [None, None, 0]),
    ("weights", PriorityKey(({"a": 1, "b": 3},)), A_B | {"pv": (None, 40)}, [10, 30, 0], [None, None, 0]),
    ("an odd Wh goes to the lower id", PriorityKey(({"a": 1, "b": 1},)), A_B | {"pv": (None, 5)},
        [3, 2, 0], [None, None, 0]),
    ("in no level: nothing", PriorityKey(({"a": 5},)), A_B | PV, [100, 0, 0], [None, None, 900]),
    ("a round's surplus is carried over", IterationsKey((Round(500_000, HALVES), Round(500_000, HALVES))), A_B | PV,
        [100, 575, 0], [None, None, 325]),  # b: 250, then half of 500 + 150
    ("pro rata of what was consumed before the first round", IterationsKey((Round(500_000, {"a": PPM}),
        Round(500_000))),
        {"a": (100, None), "b": (300, None)} | {"pv": (None, 400)}, [100, 225, 0], [None, None, 75]),
    ("an unused share stays the member's", StaticKey(HALVES, Surplus.TO_MEMBERS), A_B | PV, [100, 500, 0], [400, 0, 0]),
    ("what nobody is offered is the producers'", StaticKey({"a": 500_000}, Surplus.TO_MEMBERS), A_B | PV,
        [100, 0, 0], [400, 0, 500]),
    ("pairs: each roof has members of its own", MatrixKey({"r1": {"a": PPM}, "r2": {"b": 500_000}}),
        {"a": (40, None), "b": (200, None)} | TWO_ROOFS, [40, 150, 0, 0], [None, None, 60, 150]),
    ("pairs: what a member uses is pro rata of its offers", MatrixKey({"r1": {"a": PPM}, "r2": {"a": PPM}}),
        {"a": (40, None)} | TWO_ROOFS, [40, 0, 0], [None, 90, 270]),
    ("custom: the shares of the step", CustomKey({T0: {"a": 10_000}}), A_B | PV, [10, 0, 0], [None, None, 990]),
    ("custom: none for the step", CustomKey({T0 + timedelta(hours=1): {"a": PPM}}), A_B | PV,
        [0, 0, 0], [None, None, 1000]),
    ("a battery charges and discharges", ProRataKey(), {"bat": (300, 0), "a": (100, None), "pv": (None, 200)},
        [50, 150, 0], [None, 0, 0]),
    ("and is a producer then", ProRataKey(), {"bat": (0, 300), "a": (100, None)}, [100, 0], [None, 200]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "key", "step", "allocated", "surplus"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_by_hand(why: str, key: SharingKey, step: Step, allocated: list[int], surplus: list[int | None]) -> None:
    got = share(frame([step]), key)
    assert (got["allocated_wh"].to_list(), got["surplus_wh"].to_list()) == (allocated, surplus), why


def test_the_hour_counts_and_not_its_quarters() -> None:
    quarters: list[Step] = [{"a": (100, None), "pv": (None, 0)}, {"a": (0, None), "pv": (None, 80)}]
    assert share(frame(quarters, 15), HourlyMinKey())["allocated_wh"].sum() == 80
    assert share(frame(quarters, 60), HourlyMinKey())["allocated_wh"].sum() == 0


def test_everyone_at_the_limit() -> None:
    """1,000 points and the widest weights: products have 128 bits."""
    step = {f"p{i:04}": (LIMIT, LIMIT) for i in range(1000)}
    for key in (
        ProRataKey(),
        StaticKey(dict.fromkeys(step, 1000)),
        PriorityKey((dict.fromkeys(step, 999_983),)),
        IterationsKey((Round(PPM, dict.fromkeys(step, 1000)),)),
        HourlyMinKey(),
    ):
        got = share(frame([step]), key)
        assert got["allocated_wh"].to_list() == [LIMIT] * 1000, key
        assert got["surplus_wh"].sum() == 0


REFUSED: list[tuple[SharingKey, str]] = [
    (CustomKey({T0: {"a": PPM, "b": 1}}), "the shares at 2026-03-14T12:00Z add up to 100.0001%"),
    (MatrixKey({"pv": {"a": PPM, "b": 1}}), "the shares of pv add up to"),
    (MatrixKey({}, {T0: {"pv": {"a": -1}}}), "the share of a is negative"),
    (PriorityKey(), "the key has no levels"),
    (PriorityKey(({"a": 0},)), "the weight of a is 0"),
    (PriorityKey(({"a": 1}, {"a": 1})), "a is in several levels"),
    (IterationsKey(), "the key has no rounds"),
    (IterationsKey((Round(PPM), Round(1))), "the fractions of the rounds add up to 100.0001%"),
    (IterationsKey((Round(PPM, {"a": PPM + 1}),)), "the shares of round 1 add up to"),
]


@pytest.mark.parametrize(("key", "sentence"), REFUSED, ids=[row[1] for row in REFUSED])
def test_keys_that_cannot_be_applied(key: SharingKey, sentence: str) -> None:
    with pytest.raises(KeyNotValid, match=sentence):
        share(frame([A_B]), key)


@settings(max_examples=50, deadline=None)
@given(keys)
def test_made_up_keys_can_be_applied(key: SharingKey) -> None:
    assert fault_of(key) is None
    assert points_of(key) <= set(NAMES)


@settings(max_examples=100, deadline=None)
@given(keys_in(PPM))
def test_what_is_stored_is_the_same_key(key: SharingKey) -> None:
    assert key_of(json.loads(json.dumps(rule_of(key)))) == key


@settings(max_examples=100, deadline=None)
@given(st.lists(steps_of, max_size=2), keys)
def test_other_names_share_alike(several: list[Step], key: SharingKey) -> None:
    """As when somebody is forgotten: the name goes from the key, and nothing else changes."""
    names = {point: f"x-{point}" for point in NAMES}
    others = [{names[point]: flows for point, flows in step.items()} for step in several]
    assert points_of(renamed(key, names)) == {names[point] for point in points_of(key)}
    assert share(frame(others), renamed(key, names)).drop("point").equals(share(frame(several), key).drop("point"))
