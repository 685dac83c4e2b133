"""The primary rules of the disclosure policy: recorded cases, edges, laws, and a slow twin."""

import json
from dataclasses import asdict
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.model import HolderKind
from processing.disclosure import (
    LINKING,
    POLICY,
    Contribution,
    Decision,
    Granularity,
    Measure,
    Reason,
    Status,
    band,
    decide,
    link,
    round_half_even,
)

CASES = Path(__file__).parent / "data" / "disclosure"
NATURAL, LEGAL, PUBLIC = HolderKind.NATURAL, HolderKind.LEGAL, HolderKind.PUBLIC
MONTH, DAY, HOUR, HALF_HOUR = Granularity.MONTH, Granularity.DAY, Granularity.HOUR, Granularity.HALF_HOUR
TOWN_HALL = Contribution("town hall", PUBLIC, 1_000_000, consent=True)


def read(name: str) -> dict[str, Any]:
    return json.loads((CASES / name).read_text(encoding="utf-8"))


def homes(*energies_wh: int, kind: HolderKind = NATURAL) -> list[Contribution]:
    return [Contribution(f"{kind}{i}", kind, energy_wh, consent=True) for i, energy_wh in enumerate(energies_wh)]


def decision(status: Status) -> Decision:
    return Decision(status, (), 0, 0, None, None, None, None, None)


@pytest.mark.parametrize("case", read("primary.json")["cases"], ids=lambda case: case["why"])
def test_recorded_cells_are_decided_as_recorded(case: dict[str, Any]) -> None:
    cell = [Contribution(holder, HolderKind(kind), energy_wh) for holder, kind, energy_wh in case["contributions"]]
    got = asdict(decide(cell, Granularity(case["granularity"])))
    expected = case["expected"] | {"reasons": tuple(case["expected"]["reasons"])}
    assert {k: round(v, 4) if isinstance(v, float) else v for k, v in got.items()} == expected


EDGES: list[tuple[str, list[Contribution], Granularity, list[Reason]]] = [
    ("0.1 kWh is not active: nine homes", homes(*[5_000] * 9, 100), MONTH, [Reason.MIN_HOLDERS]),
    ("one watt-hour more is active", homes(*[5_000] * 9, 101), MONTH, []),
    ("a share of exactly 85 % passes", homes(85_000, *[1_500] * 10), MONTH, []),
    ("above 85 % does not", homes(85_001, *[1_500] * 10), MONTH, [Reason.DOMINANCE_1]),
    ("two with exactly 90 % pass", homes(50_000, 40_000, *[1_000] * 10), MONTH, []),
    ("two above 90 % do not", homes(50_000, 40_001, *[1_000] * 10), MONTH, [Reason.DOMINANCE_2]),
    ("the rest is exactly 10 % of the largest", homes(80_000, 70_000, *[800] * 10), MONTH, [Reason.DOMINANCE_2]),
    ("a watt-hour less", homes(80_001, 70_000, *[800] * 10), MONTH, [Reason.DOMINANCE_2, Reason.P_PERCENT]),
    ("a large consenting town hall dominates nobody", [*homes(*[5_000] * 10), TOWN_HALL], MONTH, []),
    ("and does not count", [*homes(*[5_000] * 9), TOWN_HALL], MONTH, [Reason.MIN_HOLDERS]),
    ("without consent it counts", [*homes(*[5_000] * 9), Contribution("school", PUBLIC, 5_000)], MONTH, []),
    ("like a company", [*homes(400, 500, kind=LEGAL), Contribution("school", PUBLIC, 500)], MONTH, []),
    (
        "two companies are too few",
        homes(500, 500, kind=LEGAL),
        MONTH,
        [Reason.MIN_HOLDERS, Reason.DOMINANCE_2, Reason.P_PERCENT],
    ),
    (
        "a home that used nothing still brings its own k",
        [*homes(0), *homes(*[500] * 4, kind=LEGAL)],
        MONTH,
        [Reason.MIN_HOLDERS],
    ),
    ("only a consenting public roof: nobody to protect", [TOWN_HALL], MONTH, []),
    ("even on a month without sun", [Contribution("roof", PUBLIC, 0, consent=True)], MONTH, []),
    ("nobody", [], MONTH, [Reason.NO_CONTRIBUTIONS, Reason.MIN_HOLDERS]),
    (
        "the town hall must not show that every home is empty",
        [*homes(*[0] * 12), TOWN_HALL],
        MONTH,
        [Reason.ZERO_TOTAL, Reason.MIN_HOLDERS],
    ),
    (
        "a holder whose meters cancel out is not active",
        [*homes(*[5_000] * 10), Contribution("natural0", NATURAL, -5_000)],
        MONTH,
        [Reason.MIN_HOLDERS],
    ),
    (
        "called private once and public once: private",
        [Contribution("x", NATURAL, 900, consent=True), Contribution("x", PUBLIC, 900, consent=True)],
        MONTH,
        [Reason.MIN_HOLDERS, Reason.DOMINANCE_1, Reason.DOMINANCE_2, Reason.P_PERCENT],
    ),
    (
        "a home behind another cell too does not count",
        [*homes(*[5_000] * 9), Contribution("x", NATURAL, 5_000, elsewhere=True)],
        MONTH,
        [Reason.MIN_HOLDERS],
    ),
    ("ten others are enough", [*homes(*[5_000] * 10), Contribution("x", NATURAL, 5_000, elsewhere=True)], MONTH, []),
    (
        "through one of its meters is enough for that",
        [*homes(*[5_000] * 9), Contribution("x", NATURAL, 900, elsewhere=True), Contribution("x", NATURAL, 900)],
        MONTH,
        [Reason.MIN_HOLDERS],
    ),
    ("a day takes fifteen", homes(*[5_000] * 14), DAY, [Reason.MIN_HOLDERS]),
    ("an hour takes twenty", homes(*[5_000] * 20), HOUR, []),
    ("a half-hour takes thirty", homes(*[5_000] * 29), HALF_HOUR, [Reason.MIN_HOLDERS]),
    ("one with 29 % is too visible by the hour", homes(13_500, *[1_000] * 33), HOUR, [Reason.DOMINANCE_1]),
    ("but not by the day", homes(13_500, *[1_000] * 33), DAY, []),
    ("everyone at the limit", homes(*[9_000_000_000_000_000] * 400), HALF_HOUR, []),
]


@pytest.mark.parametrize(("why", "cell", "granularity", "reasons"), EDGES, ids=[edge[0] for edge in EDGES])
def test_edges(why: str, cell: list[Contribution], granularity: Granularity, reasons: list[Reason]) -> None:
    got = decide(cell, granularity)
    assert (list(got.reasons), got.status) == (reasons, Status.WITHHELD if reasons else Status.PUBLISH), why


def test_public_energy_is_in_the_value_but_not_in_the_band() -> None:
    got = decide([*homes(*[5_000] * 10), TOWN_HALL], MONTH)
    assert (got.rounded_wh, got.band, got.n_active_protected) == (1_050_000, "10-14", 10)
    alone = decide([TOWN_HALL], MONTH)
    assert (alone.rounded_wh, alone.band, alone.k_required) == (1_000_000, None, 0)


@pytest.mark.parametrize("case", read("identities.json")["cases"], ids=lambda case: case["why"])
def test_linked_measures_fall_together(case: dict[str, Any]) -> None:
    decisions = {m: decision(Status.PUBLISH) for m in LINKING}
    for side in ("consumption", "production"):
        decisions[Measure(side)] = decision(Status.PUBLISH if side in case["passing"] else Status.WITHHELD)
    expected = set(case["published"]) | ({"coverage_rate"} if len(case["passing"]) == 2 else set())
    assert link(decisions) == expected


@pytest.mark.parametrize("failing", sorted(LINKING))
def test_one_failing_or_undecided_link_takes_the_others_along(failing: Measure) -> None:
    energies = [Measure.CONSUMPTION, Measure.PRODUCTION, *LINKING]
    decisions = {m: decision(Status.WITHHELD if m is failing else Status.PUBLISH) for m in energies}
    expected = {Measure.CONSUMPTION, Measure.PRODUCTION, Measure.COVERAGE_RATE}
    assert link(decisions) == expected
    del decisions[failing]
    assert link(decisions) == expected


def test_default_numbers_are_the_recorded_ones() -> None:
    recorded = read("policy.json")
    recorded["bands"] = tuple(tuple(limits) for limits in recorded["bands"])
    assert asdict(POLICY) == {name: value for name, value in recorded.items() if name != "source"}


@pytest.mark.parametrize(
    ("holders", "expected"),
    [(0, None), (2, None), (3, "3-4"), (9, "5-9"), (10, "10-14"), (49, "30-49"), (99, "50-99"), (100, "100+")],
)
def test_bands_have_no_hole(holders: int, expected: str | None) -> None:
    assert band(holders) == expected


ENERGIES = st.integers(-300, 300) | st.integers(-(10**9), 10**9)
CELLS = st.lists(
    st.builds(
        Contribution,
        st.integers(0, 45).map(str),
        st.sampled_from(HolderKind),
        ENERGIES,
        consent=st.booleans(),
        elsewhere=st.sampled_from([False, False, False, True]),
    ),
    max_size=80,
)
PUBLISHABLE = st.lists(st.integers(4_000, 6_000), max_size=60).map(lambda energies: homes(*energies))
GRANULARITIES = st.sampled_from(Granularity)


def reasons_of_the_slow_twin(cell: list[Contribution], granularity: Granularity) -> set[str]:
    """The rules again, as they are written in the policy: fractions, one holder at a time."""
    limits, total = POLICY.limits[granularity], {c.holder: 0 for c in cell}
    for c in cell:
        total[c.holder] += c.energy_wh
    protected = {c.holder for c in cell if c.kind != "public" or not c.consent}
    elsewhere = {c.holder for c in cell if c.elsewhere}
    active = {h: abs(total[h]) for h in protected if abs(total[h]) > 100}
    k = limits.k if any(c.kind == "natural" for c in cell) or not cell else limits.k_legal if protected else 0
    reasons = set() if cell else {"no_contributions"}
    reasons |= {"zero_total"} if protected and all(total[h] == 0 for h in protected) else set()
    reasons |= {"min_holders"} if len(set(active) - elsewhere) < k else set()
    if active:
        first, second = (*sorted(active.values(), reverse=True), 0)[:2]
        everything = sum(active.values())
        reasons |= {"dominance_1"} if Fraction(first, everything) > Fraction(limits.dominance_1_ppm, 10**6) else set()
        reasons |= {"dominance_2"} if Fraction(first + second, everything) > Fraction(9, 10) else set()
        reasons |= {"p_percent"} if Fraction(everything - first - second, first) < Fraction(1, 10) else set()
    return reasons


@settings(deadline=None)
@given(CELLS | PUBLISHABLE, GRANULARITIES)
def test_decisions_are_those_of_the_slow_twin(cell: list[Contribution], granularity: Granularity) -> None:
    assert set(decide(cell, granularity).reasons) == reasons_of_the_slow_twin(cell, granularity)


@settings(deadline=None)
@given(CELLS | PUBLISHABLE, GRANULARITIES, st.randoms(use_true_random=False))
def test_order_does_not_matter(cell: list[Contribution], granularity: Granularity, random: Any) -> None:
    shuffled = random.sample(cell, len(cell))
    assert decide(shuffled, granularity) == decide(cell, granularity)


@settings(deadline=None)
@given(CELLS | PUBLISHABLE, GRANULARITIES, st.integers(-100, 100), st.sampled_from(HolderKind))
def test_a_holder_below_the_threshold_adds_nobody(
    cell: list[Contribution], granularity: Granularity, energy_wh: int, kind: HolderKind
) -> None:
    more = [*cell, Contribution("one more", kind, energy_wh)]
    assert decide(more, granularity).n_active_protected == decide(cell, granularity).n_active_protected


@settings(deadline=None)
@given(CELLS | PUBLISHABLE, GRANULARITIES)
def test_publishing_needs_k_and_withholding_says_nothing(cell: list[Contribution], granularity: Granularity) -> None:
    got = decide(cell, granularity)
    if got.status is Status.PUBLISH:
        assert got.n_active_protected >= got.k_required
        assert got.k_required >= POLICY.limits[granularity].k_legal or got.n_active_protected == 0
        assert got.rounded_wh is not None
    else:
        assert got.reasons
        assert (got.rounded_wh, got.band) == (None, None)


@settings(deadline=None)
@given(CELLS | PUBLISHABLE)
def test_what_is_published_fine_is_publishable_coarse(cell: list[Contribution]) -> None:
    published = [decide(cell, granularity).status is Status.PUBLISH for granularity in Granularity]
    assert published == sorted(published)


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12), st.sampled_from([-1, 0, 1]), st.sampled_from([100, 1_000, 10_000]))
def test_rounding_is_exact_and_half_to_even(halves: int, beside_wh: int, step_wh: int) -> None:
    energy_wh = halves * step_wh // 2 + beside_wh
    expected = (Decimal(energy_wh) / step_wh).quantize(Decimal(1), ROUND_HALF_EVEN) * step_wh
    assert round_half_even(energy_wh, step_wh) == expected
