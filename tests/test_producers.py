"""Whose production each member had: worked steps, then for any key the laws, and how far pairs are from the formula."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import TypeAlias

import polars as pl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import producers
from energy.frames import GIVEN, INTERVALS
from energy.keys import HourlyMinKey, MatrixKey, ProRataKey, SharingKey, StaticKey, Surplus
from energy.model import Quantity
from processing.producers import MOST_PAIRS, give
from processing.run import Worker
from processing.sharing import share
from store.communities import read_community
from store.erasure import find_holder, forget_rest, freeze
from tests.filled_hub import refusal, serving
from tests.metering import DAY, append, apply, exhaust, register, stored, worker_on
from tests.test_sharing_laws import LIMIT, T0, Step, frame, keys, steps_of

Pair: TypeAlias = tuple[str, str, int]
ANY_SIZE = 10**9

CASES: list[tuple[str, SharingKey, Step, list[Pair]]] = [
    ("one producer gives all that anyone had", ProRataKey(), {"a": (300, None), "b": (100, None), "pv": (None, 200)},
        [("pv", "a", 150), ("pv", "b", 50)]),
    ("everybody has the same mix, but for the watt-hour that cannot be halved", ProRataKey(),
        {"a": (300, None), "b": (100, None), "k": (None, 150), "m": (0, 50)},
        [("k", "a", 113), ("k", "b", 37), ("m", "a", 37), ("m", "b", 13)]),
    ("what is surplus was given to nobody", StaticKey({"a": 500_000}),
        {"a": (100, None), "k": (None, 300), "m": (0, 100)},
        [("k", "a", 75), ("m", "a", 25)]),
    ("a member keeps what it cannot use: that was not allocated either", StaticKey({"a": 10**6}, Surplus.TO_MEMBERS),
        {"a": (100, None), "k": (None, 300), "m": (0, 100)}, [("k", "a", 75), ("m", "a", 25)]),
    ("of a matrix each pair is the key's", MatrixKey({"k": {"a": 10**6}, "m": {"b": 10**6}}),
        {"a": (100, None), "b": (100, None), "k": (None, 60), "m": (None, 130)}, [("k", "a", 60), ("m", "b", 100)]),
    ("nobody consumes, nobody gives", ProRataKey(), {"a": (0, None), "k": (None, 300)}, []),
    ("a silent producer gives nothing", ProRataKey(), {"a": (10, None), "k": (None, None), "m": (None, 4)},
        [("m", "a", 4)]),
    ("a watt-hour is one producer's", ProRataKey(), {"a": (1, None), "k": (None, 1), "m": (None, 1)}, [("k", "a", 1)]),
    ("everyone at the limit", ProRataKey(), dict.fromkeys(("a", "b"), (LIMIT, LIMIT)),
        [("a", "a", LIMIT // 2), ("a", "b", LIMIT // 2), ("b", "a", LIMIT // 2), ("b", "b", LIMIT // 2)]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "step", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_step(key: SharingKey, step: Step, expected: list[Pair]) -> None:
    found = give(share(frame([step]), key), key)
    assert found.select("producer", "point", "allocated_wh").rows() == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(steps_of, max_size=3), keys, st.sampled_from([15, 60]))
def test_pairs_add_up_to_what_was_had_and_given(several: list[Step], key: SharingKey, minutes: int) -> None:
    shared = share(frame(several, minutes), key)
    found = give(shared, key, ANY_SIZE)
    assert found.schema == GIVEN
    assert found["allocated_wh"].min() is None or found.filter(pl.col("allocated_wh") <= 0).is_empty()
    had = found.group_by("start", "point").agg(pl.col("allocated_wh").sum()).sort("start", "point")
    assert had.equals(shared.filter(pl.col("allocated_wh") > 0).select("start", "point", "allocated_wh"))
    if getattr(key, "surplus", Surplus.TO_PRODUCERS) is Surplus.TO_PRODUCERS:
        of_hour = pl.col("start").dt.truncate("1h" if isinstance(key, HourlyMinKey) else "1m")
        gave = found.group_by(of_hour, point="producer").agg(given=pl.col("allocated_wh").sum())
        used = shared.group_by(of_hour, "point").agg(given=(pl.col("export_wh") - pl.col("surplus_wh")).sum())
        used = used.filter(pl.col("given") > 0)
        assert gave.sort("start", "point").equals(used.sort("start", "point"))


steps_of_producers = st.tuples(
    st.lists(st.one_of(st.integers(0, 9), st.integers(0, LIMIT)), min_size=1, max_size=12),
    st.lists(st.one_of(st.integers(1, 9), st.integers(1, LIMIT)), min_size=1, max_size=20),
)


@settings(max_examples=100, deadline=None)
@given(steps_of_producers)
def test_each_pair_is_near_the_formula(step: tuple[list[int], list[int]]) -> None:
    """a_i * g_k / G in fractions: under every key but one by pairs, all members have the same mix."""
    consumed, made = step
    rows = [(T0, f"c{i:02}", wh, None) for i, wh in enumerate(consumed)]
    rows += [(T0, f"k{k:02}", None, wh) for k, wh in enumerate(made)]
    shared = share(pl.DataFrame(rows, INTERVALS, orient="row"), ProRataKey())
    found = Counter({(k, i): wh for _, k, i, wh in give(shared, ProRataKey(), ANY_SIZE).iter_rows()})
    allocated = dict(shared.select("point", "allocated_wh").iter_rows())
    for k, wh in enumerate(made):
        for i in range(len(consumed)):
            formula = Fraction(allocated[f"c{i:02}"] * wh, sum(made))
            off = abs(found[f"k{k:02}", f"c{i:02}"] - formula)
            assert off < 1 + sum(Fraction(1, n) for n in range(1, len(made))), "the bound of docs/sharing.md"


def test_steps_of_too_many_pairs_are_left_out_but_those_of_a_key_by_pairs() -> None:
    few: Mapping[str, tuple[int | None, int | None]] = {"a": (10, None), "k": (None, 10)}
    many = {f"c{i}": (10, None) for i in range(MOST_PAIRS // 2 + 1)} | {"k": (None, 10), "m": (None, 10)}
    shared = share(frame([few, many]), ProRataKey())
    assert give(shared, ProRataKey()).rows() == [(T0, "k", "a", 10)]
    assert give(shared, ProRataKey(), ANY_SIZE)["start"].max() == T0 + timedelta(hours=1)
    matrix = MatrixKey({"k": {"c1": 10**6}, "m": {"c2": 10**6}})
    assert give(share(frame([many]), matrix), matrix).height == 2


TERRITORY = """
holder = [{ id = "anna" }, { id = "bruno" }, { id = "town" }]
[[community]]
id = "valley"
name = "Valley"
place = "Here"
[[point]]
id = "flat"
holder = "bruno"
name = "Flat"
category = "home"
community = "valley"
device = [{ id = "flat-meter" }]
[[point]]
id = "home"
holder = "anna"
name = "Home"
category = "home"
community = "valley"
device = [{ id = "home-meter" }]
[[point]]
id = "mill"
holder = "town"
name = "Mill"
role = "producer"
category = "hydro"
community = "valley"
device = [{ id = "mill-meter", measures = "production" }]
[[point]]
id = "roof"
holder = "anna"
name = "Roof"
role = "producer"
category = "solar_roof"
community = "valley"
device = [{ id = "roof-meter", measures = "production" }]
"""
METERS = {"flat-meter": 30, "home-meter": 90, "mill-meter": 20, "roof-meter": 40}
MATRIX = """
[[community.key]]
type = "matrix"
matrix_percent = { mill = { flat = 100 }, roof = { home = 100 } }
[[point]]
id = "flat"
"""


@pytest.fixture
def valley(migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, Worker]]:
    """Four quarters of an hour of 30 and 90 Wh consumed, 20 and 40 Wh produced; pro rata."""
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        for device, wh in METERS.items():
            quantity = Quantity.PV_ENERGY if wh in (20, 40) else Quantity.IMPORT_ENERGY
            append(connection, register(device, range(0, 5 * wh, wh), quantity=quantity))
        exhaust(worker)
        yield migrated_url, connection, worker


def pairs(connection: psycopg.Connection) -> list[tuple[str, str, int]]:
    """Sums over all steps."""
    found: Counter[tuple[str, str]] = Counter()
    for _, _, producer, point, wh in stored(connection)["allocation_pair"]:
        found[producer, point] += wh
    return [(*pair, wh) for pair, wh in sorted(found.items())]


def test_what_the_worker_stores_is_served(valley: tuple[str, psycopg.Connection, Worker]) -> None:
    url, connection, worker = valley
    # A quarter: 60 Wh for 30 and 90, so 15 and 45; the mill gives a third of it.
    by_prorata = [("mill", "flat", 20), ("mill", "home", 60), ("roof", "flat", 40), ("roof", "home", 120)]
    assert pairs(connection) == by_prorata
    asked = {"start": f"{DAY:%Y-%m-%d}", "step": "year"}
    with serving(url) as hub:
        answer = hub.get("/v1/communities/valley/producers", params=asked).json()
        assert [(row["producer"], row["point"], row["allocated_kwh"] * 1000) for row in answer["rows"]] == by_prorata
        assert {(row["start"], row["status"]) for row in answer["rows"]} == {("2025-12-31T23:00:00Z", "settled")}
        assert (answer["allocated_kwh"], answer["unattributed_kwh"]) == (0.24, 0.0)
        text = hub.get("/v1/communities/valley/producers", params={**asked, "format": "csv"}).text
        assert text.splitlines()[:2] == [
            "start,producer,point,allocated_kwh,status",
            "2025-12-31T23:00:00Z,mill,flat,0.02,settled",
        ]
        rules = hub.get("/v1/communities/valley/keys").json()["keys"]
        assert rules == [
            {"key_no": 1, "rule": {"type": "prorata"}, "validities": [{"valid_from": None, "valid_to": None}]}
        ]
        points = hub.get("/v1/communities/valley/points", params={"start": asked["start"]}).json()["points"]
        shown = {row["point"]: (row["keys"], row["self_sufficiency_rate"], row["status"]) for row in points}
        assert shown["home"] == ([1], 0.5, "provisional"), "the day is not over"

        apply(connection, TERRITORY.replace('[[point]]\nid = "flat"\n', MATRIX, 1))
        exhaust(worker)
        rule = {"type": "matrix"}
        assert read_community(connection, "valley").rule == rule, "read with every request: not the parts of each step"
        assert pairs(connection) == [("mill", "flat", 80), ("roof", "home", 160)]
        rules = hub.get("/v1/communities/valley/keys").json()["keys"]
        assert [(rule["key_no"], rule["rule"]["type"], len(rule["validities"])) for rule in rules] == [
            (1, "prorata", 0),
            (2, "matrix", 1),
        ], "what was shared by a rule that is gone can still be explained"
    apply(connection, TERRITORY)
    assert connection.execute("SELECT no, rule->>'type' FROM key_version ORDER BY no").fetchall() == [
        (1, "prorata"),
        (2, "matrix"),
    ], "the same rule keeps its number"


def test_more_rows_than_a_request_may_have_are_refused(
    valley: tuple[str, psycopg.Connection, Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"start": f"{DAY:%Y-%m-%d}", "step": "15min"}
    with serving(valley[0]) as hub:
        address = "/v1/communities/valley/producers"
        monkeypatch.setattr(producers, "MOST_ROWS", 16)
        assert len(hub.get(address, params=asked).json()["rows"]) == 16
        monkeypatch.setattr(producers, "MOST_ROWS", 15)
        assert "more than 15 rows" in refusal(hub.get(address, params={**asked, "format": "csv"}), 400)


def test_who_is_forgotten_is_in_no_pair(valley: tuple[str, psycopg.Connection, Worker]) -> None:
    _, connection, _ = valley
    connection.execute(
        "INSERT INTO allocation_pair_revision SELECT community_no, start, 2, producer_no, point_no, allocated_wh"
        " FROM allocation_pair"
    )
    after = DAY + timedelta(days=1)
    found = find_holder(connection, "anna")
    freeze(connection, found, after)
    forget_rest(connection, "anna", None, after, 0)
    assert pairs(connection) == [("mill", "flat", 20)]
    assert connection.execute("SELECT DISTINCT producer_no, point_no FROM allocation_pair_revision").fetchall() == [
        (3, 1)
    ]
