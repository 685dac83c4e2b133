"""Settling a community: who takes part in a step, by which key, and whether the step is settled; then a slow twin."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeAlias

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.agreements import Agreement, Member
from energy.errors import KeyNotValid
from energy.frames import BALANCE, FLOW_INTERVALS, INTERVALS, SETTLED_ALLOCATION
from energy.keys import ProRataKey, StaticKey
from energy.model import Role
from energy.validity import Validity
from processing.balance import settle
from processing.sharing import share

T0 = datetime(2026, 3, 14, 12, tzinfo=UTC)
QUARTER, HALF, HOUR = timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)
CONSUMER, PRODUCER, PROSUMER = Role.CONSUMER, Role.PRODUCER, Role.PROSUMER
PRORATA = [Agreement(ProRataKey(), Validity())]

Flow: TypeAlias = tuple[int, str, Sequence[int | None]]
"""(point number, flow, energy of each quarter since noon [Wh]; None where it is missing)."""


def quarter(number: int) -> datetime:
    return T0 + number * QUARTER


def frame(*flows: Flow, qualities: dict[int, int] | None = None) -> pl.DataFrame:
    """FLOW_INTERVALS; `qualities` by point number, 0 where not said."""
    rows = [
        (no, flow, quarter(i), wh, (qualities or {}).get(no, 0), "register")
        for no, flow, energies in flows
        for i, wh in enumerate(energies)
        if wh is not None
    ]
    return pl.DataFrame(rows, schema=FLOW_INTERVALS, orient="row")


def member(no: int, role: Role = CONSUMER, since: int | None = None, until: int | None = None) -> Member:
    """Point number n is point "pn", a member from one quarter to another."""
    return Member(no, f"p{no}", role, during(since, until))


def during(since: int | None = None, until: int | None = None) -> Validity:
    always = Validity()
    start = always.valid_from if since is None else quarter(since)
    return Validity(start, always.valid_to if until is None else quarter(until))


HOME, ROOF, BOTH = member(1), member(2, PRODUCER), member(3, PROSUMER)
DRAWN, FED = (1, "import", [100, 100, 100, 100]), (2, "export", [60, 60, 60, 200])

Step: TypeAlias = tuple[int, int, int, int, int, int, int, int, bool]
"""(quarter, consumption, production, allocated, residual, surplus [Wh], present, expected, settled)."""

STEPS: list[tuple[str, list[Flow], list[Member], timedelta, list[Step]]] = [
    ("nothing known, no step", [], [HOME, ROOF], QUARTER, []),
    ("nobody takes part, no step", [DRAWN, FED], [], QUARTER, []),
    ("each quarter is shared alone", [DRAWN, FED], [HOME, ROOF], QUARTER,
        [(i, 100, 60, 60, 40, 0, 2, 2, True) for i in range(3)] + [(3, 100, 200, 100, 0, 100, 2, 2, True)]),
    ("by the half-hour, what one quarter lacks the other gives", [DRAWN, FED], [HOME, ROOF], HALF,
        [(0, 200, 120, 120, 80, 0, 2, 2, True), (2, 200, 260, 200, 0, 60, 2, 2, True)]),
    ("by the hour", [DRAWN, FED], [HOME, ROOF], HOUR, [(0, 400, 380, 380, 20, 0, 2, 2, True)]),
    ("producers without consumers: all is surplus", [(2, "export", [70])], [ROOF], QUARTER,
        [(0, 0, 70, 0, 0, 70, 1, 1, True)]),
    ("consumers without producers: all is bought", [(1, "import", [70])], [HOME], QUARTER,
        [(0, 70, 0, 0, 70, 0, 1, 1, True)]),
    ("a late meter does not block the others", [DRAWN, (2, "export", [60])], [HOME, ROOF], QUARTER,
        [(0, 100, 60, 60, 40, 0, 2, 2, True)] + [(i, 100, 0, 0, 100, 0, 1, 2, False) for i in (1, 2, 3)]),
    ("a step with a quarter missing is missing", [(1, "import", [100, None, 100, 100]), FED], [HOME, ROOF], HALF,
        [(0, 0, 120, 0, 0, 120, 1, 2, False), (2, 200, 260, 200, 0, 60, 2, 2, True)]),
    ("a step that nobody was heard in is absent", [(1, "import", [100, None, 100])], [HOME], QUARTER,
        [(0, 100, 0, 0, 100, 0, 1, 1, True), (2, 100, 0, 0, 100, 0, 1, 1, True)]),
    ("zero is known", [(1, "import", [0]), (2, "export", [0])], [HOME, ROOF], QUARTER,
        [(0, 0, 0, 0, 0, 0, 2, 2, True)]),
    ("a prosumer's two flows are awaited", [(3, "import", [50, 50]), (3, "export", [80])], [BOTH], QUARTER,
        [(0, 50, 80, 50, 0, 30, 2, 2, True), (1, 50, 0, 0, 50, 0, 1, 2, False)]),
    ("what a roof draws for itself is not consumption", [(2, "import", [5]), (2, "export", [9])], [ROOF], QUARTER,
        [(0, 0, 9, 0, 0, 9, 1, 1, True)]),
    ("what a consumer feeds in is not production", [(1, "import", [5]), (1, "export", [9])], [HOME], QUARTER,
        [(0, 5, 0, 0, 5, 0, 1, 1, True)]),
    ("who is no member has no part", [DRAWN, (9, "import", [900])], [HOME], HOUR, [(0, 400, 0, 0, 400, 0, 1, 1, True)]),
    ("a member from then on, to then", [DRAWN], [member(1, since=1, until=3)], QUARTER,
        [(i, 100, 0, 0, 100, 0, 1, 1, True) for i in (1, 2)]),
    ("one who leaves is not awaited any more", [DRAWN, FED], [HOME, member(2, PRODUCER, until=1)], QUARTER,
        [(0, 100, 60, 60, 40, 0, 2, 2, True)] + [(i, 100, 0, 0, 100, 0, 1, 1, True) for i in (1, 2, 3)]),
    ("a member for part of a step is none in it", [DRAWN, FED], [HOME, member(2, PRODUCER, since=1)], HALF,
        [(0, 200, 0, 0, 200, 0, 1, 1, True), (2, 200, 260, 200, 0, 60, 2, 2, True)]),
    ("who comes back counts once", [DRAWN], [member(1, until=1), member(1, since=3)], QUARTER,
        [(i, 100, 0, 0, 100, 0, 1, 1, True) for i in (0, 3)]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "flows", "members", "step", "expected"), STEPS, ids=[row[0] for row in STEPS])
def test_steps(why: str, flows: list[Flow], members: list[Member], step: timedelta, expected: list[Step]) -> None:
    settled = settle(frame(*flows), members, PRORATA, step)
    rows = settled.balance.drop("quality").iter_rows()
    assert [((start - T0) // QUARTER, *figures) for start, *figures in rows] == expected, why
    assert dict(settled.balance.schema) == dict(BALANCE)
    assert dict(settled.allocation.schema) == dict(SETTLED_ALLOCATION)


def test_the_worst_quality_wins_in_a_step_and_among_members() -> None:
    flows = frame(DRAWN, FED, qualities={2: 9})
    assert settle(flows, [HOME, ROOF], PRORATA, HOUR).balance["quality"].to_list() == [9]
    assert settle(flows, [HOME], PRORATA, HOUR).balance["quality"].to_list() == [0]
    mixed = flows.with_columns(quality=pl.when(pl.col("start") == quarter(1)).then(10).otherwise(0).cast(pl.Int16))
    assert settle(mixed, [HOME, ROOF], PRORATA, HALF).balance["quality"].to_list() == [10, 0]


def test_each_member_has_the_worst_quality_of_its_own_flows_that_count() -> None:
    told = frame((3, "import", [50, 50, 50, 50]), (3, "export", [80, 80]), (1, "export", [5] * 4), DRAWN, FED)
    marked = [(3, "import", 0, 8), (3, "export", 1, 9), (1, "export", 0, 10), (1, "import", 3, 14)]
    marks = pl.DataFrame(
        [(no, flow, quarter(i), quality) for no, flow, i, quality in marked],
        schema={name: FLOW_INTERVALS[name] for name in ("point_no", "flow", "start", "quality")},
        orient="row",
    )
    flows = told.update(marks, on=["point_no", "flow", "start"])
    settled = settle(flows, [HOME, ROOF, BOTH], PRORATA, HALF)
    worst = settled.allocation.select("start", "point", "quality").rows()
    assert [((start - T0) // QUARTER, point, quality) for start, point, quality in worst] == [
        (0, "p1", 0), (0, "p2", 0), (0, "p3", 9), (2, "p1", 14), (2, "p2", 0), (2, "p3", 0),
    ]  # fmt: skip
    assert settled.balance["quality"].to_list() == [9, 14]


def test_a_flow_not_known_is_null_in_the_allocation_and_not_zero() -> None:
    allocation = settle(frame((3, "import", [50]), FED), [BOTH, ROOF], PRORATA, QUARTER).allocation.head(2)
    columns = allocation.select("point", "import_wh", "export_wh", "allocated_wh", "residual_wh", "surplus_wh")
    assert columns.rows() == [("p2", None, 60, 0, None, 10), ("p3", 50, None, 50, 0, None)]


ALL, NONE = StaticKey({"p1": 1_000_000}), StaticKey({"p1": 0})
AGREED: list[tuple[str, list[Agreement], timedelta, list[int]]] = [
    ("one key", [Agreement(ALL, during())], QUARTER, [60, 60, 60, 100]),
    ("a key that changes", [Agreement(ALL, during(until=2)), Agreement(NONE, during(since=2))], QUARTER,
        [60, 60, 0, 0]),
    ("in any order", [Agreement(NONE, during(since=2)), Agreement(ALL, during(until=2))], QUARTER, [60, 60, 0, 0]),
    ("within a step: the key at its start shares all of it",
        [Agreement(ALL, during(until=1)), Agreement(NONE, during(since=1))], HALF, [120, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "agreements", "step", "allocated"), AGREED, ids=[row[0] for row in AGREED])
def test_the_key_in_force(why: str, agreements: list[Agreement], step: timedelta, allocated: list[int]) -> None:
    settled = settle(frame(DRAWN, FED), [HOME, ROOF], agreements, step)
    assert settled.balance["allocated_wh"].to_list() == allocated, why


REFUSED: list[tuple[str, list[Agreement], str]] = [
    (
        "two keys at once",
        [Agreement(ALL, during()), Agreement(NONE, during(since=2))],
        "several .* step at .*T12:30:00Z",
    ),
    (
        "two keys and a gap",
        [Agreement(ALL, during(until=1)), Agreement(NONE, during(until=1))],
        "several .* step at .*T12:00:00Z",
    ),
    ("shares above the whole", [Agreement(StaticKey({"p1": 1_000_001}), during())], "more than the whole production"),
]


@pytest.mark.parametrize(("why", "agreements", "sentence"), REFUSED, ids=[row[0] for row in REFUSED])
def test_keys_that_do_not_fit_the_time(why: str, agreements: list[Agreement], sentence: str) -> None:
    with pytest.raises(KeyNotValid, match=sentence):
        settle(frame(DRAWN, FED), [HOME, ROOF], agreements, QUARTER)


UNCOVERED: list[tuple[str, list[Agreement], timedelta, list[int]]] = [
    ("no key at all", [], QUARTER, [0, 15, 30, 45]),
    ("a key that ends too early", [Agreement(ALL, during(until=3))], QUARTER, [45]),
    ("a gap", [Agreement(ALL, during(until=1)), Agreement(ALL, during(since=2))], QUARTER, [15]),
    ("the key at the start of a step covers all of it", [Agreement(ALL, during(until=1))], HALF, [30]),
    ("a key that begins within a step leaves it out", [Agreement(ALL, during(since=1))], HALF, [0]),
]


@pytest.mark.parametrize(("why", "agreements", "step", "bare"), UNCOVERED, ids=[row[0] for row in UNCOVERED])
def test_steps_without_a_key_have_no_balance_and_the_others_have_theirs(
    why: str, agreements: list[Agreement], step: timedelta, bare: list[int]
) -> None:
    flows = frame(DRAWN, FED)
    settled = settle(flows, [HOME, ROOF], agreements, step)
    whole = settle(flows, [HOME, ROOF], [Agreement(ALL, during())], step)
    assert [int(start.minute) for start in settled.without_key] == bare, why
    covered = ~pl.col("start").is_in(settled.without_key.implode())
    assert settled.balance.equals(whole.balance.filter(covered)), why
    assert settled.allocation.equals(whole.allocation.filter(covered)), why
    assert whole.without_key.is_empty()


def test_a_time_without_energy_needs_no_key() -> None:
    settled = settle(frame(), [HOME], [], QUARTER)
    assert settled.balance.is_empty()
    assert settled.without_key.is_empty()


def test_a_frame_of_another_shape_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="column quality is missing"):
        settle(frame().drop("quality"), [HOME], PRORATA, QUARTER)


# The slow twin: one step at a time, one member at a time; who gets what is that of test_sharing.

energies = st.lists(st.none() | st.integers(0, 500), max_size=12)
flows = st.dictionaries(st.tuples(st.integers(1, 5), st.sampled_from(["import", "export"])), energies, max_size=8)
edges = st.none() | st.integers(0, 12)


@st.composite
def memberships(draw: st.DrawFn) -> list[Member]:
    members = []
    for no in draw(st.sets(st.integers(1, 5))):
        role, since, until = draw(st.sampled_from(list(Role))), draw(edges), draw(edges)
        if since is None or until is None or since < until:
            members.append(member(no, role, since, until))
    return members


def twin(told: dict[tuple[int, str], list[int | None]], members: list[Member], quarters: int) -> list[Step]:
    steps: list[Step] = []
    awaited_of = {CONSUMER: ["import"], PRODUCER: ["export"], PROSUMER: ["import", "export"]}
    for first in range(0, 12, quarters):
        taking_part = [
            m for m in members
            if m.validity.valid_from <= quarter(first) and quarter(first + quarters) <= m.validity.valid_to
        ]  # fmt: skip
        known: dict[tuple[str, str], int] = {}
        awaited = [(m, flow) for m in taking_part for flow in awaited_of[m.role]]
        for m, flow in awaited:
            parts = told.get((m.point_no, flow), [])[first : first + quarters]
            whole = [wh for wh in parts if wh is not None]
            if len(whole) == quarters:
                known[m.point, flow] = sum(whole)
        if known:
            rows = [
                (quarter(first), point, known.get((point, "import")), known.get((point, "export")))
                for point in sorted({point for point, _ in known})
            ]
            shared = share(pl.DataFrame(rows, schema=INTERVALS, orient="row"), ProRataKey())
            allocated = sum(shared["allocated_wh"].to_list())
            drawn = sum(wh for (_, flow), wh in known.items() if flow == "import")
            fed = sum(known.values()) - drawn
            figures = (drawn, fed, allocated, drawn - allocated, fed - allocated)
            steps.append((first, *figures, len(known), len(awaited), len(known) == len(awaited)))
    return steps


@settings(max_examples=150, deadline=None)
@given(flows, memberships(), st.sampled_from([1, 2, 4]), st.randoms(use_true_random=False))
def test_the_slow_twin_agrees(
    told: dict[tuple[int, str], list[int | None]], members: list[Member], quarters: int, random: Random
) -> None:
    table = frame(*((no, flow, energies) for (no, flow), energies in told.items()))
    shuffled = table[random.sample(range(table.height), table.height)]
    settled = settle(shuffled, random.sample(members, len(members)), PRORATA, quarters * QUARTER)
    rows = settled.balance.drop("quality").iter_rows()
    assert [((start - T0) // QUARTER, *figures) for start, *figures in rows] == twin(told, members, quarters)
    assert settled.allocation.select("start", "point").rows() == sorted(
        settled.allocation.select("start", "point").rows()
    )
