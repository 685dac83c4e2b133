"""The dataset of months: who is in the panel, what is rounded, what stays published, and bytes."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.columns import columns
from processing.datasets import (
    BALANCE_BY_MONTH,
    FIGURES,
    MEMBER_MONTHS,
    MONTH_ENDS,
    build_balance_by_month,
    csv_bytes,
    decide_months,
    parquet_bytes,
    parse_parquet,
)
from processing.disclosure import POLICY, Measure
from tests.member_months import DUE, EXAMPLE, build, homes, member, month_ends, roof


def reasons(members: list[dict[str, Any]], as_of: datetime = DUE) -> tuple[str, ...]:
    (decided,) = decide_months(pl.DataFrame(members, MEMBER_MONTHS), month_ends(members), as_of)
    return decided.reasons


EXAMPLE_CSV = """\
community,month,consumption_kwh,production_kwh,allocated_kwh,residual_kwh,surplus_kwh,self_consumption_rate,self_sufficiency_rate,coverage_rate,holders,publication,policy
amont,2026-03,,,,,,,,,,withheld,hub-sdc-1.0
aval,2026-03,,900.0,,,,,,,,published,hub-sdc-1.0
coteau,2026-03,3010.0,,,,,,,,10-14,published,hub-sdc-1.0
vallon,2026-03,3010.0,1530.0,1200.0,1810.0,330.0,0.784,0.399,0.508,10-14,published,hub-sdc-1.0
"""


def test_the_example_as_csv() -> None:
    assert csv_bytes(build(EXAMPLE)).decode() == EXAMPLE_CSV


def test_columns_are_those_of_the_dictionary() -> None:
    types = {"string": pl.String, "number": pl.Float64}
    assert {name: types[columns()[name].type] for name in BALANCE_BY_MONTH} == dict(BALANCE_BY_MONTH)


TEN = homes(10)
OUT_OF_PANEL: list[tuple[str, dict[str, Any]]] = [
    ("no consent", {"consent": False}),
    ("consent unknown", {"consent": None}),
    ("joined on the second day", {"present_all_month": False}),
    ("presence unknown", {"present_all_month": None}),
    ("one step short of 90 %", {"measured_share": 2672 / 2972}),
    ("never measured: 0 / 0", {"measured_share": float("nan")}),
    ("share unknown", {"measured_share": None}),
    ("more than everything measured: the share is wrong", {"measured_share": 1.01}),
    ("flow unknown, which is not zero", {"consumption_wh": None}),
]


@pytest.mark.parametrize(("why", "changes"), OUT_OF_PANEL, ids=[row[0] for row in OUT_OF_PANEL])
def test_a_tenth_holder_outside_the_panel_does_not_help(why: str, changes: dict[str, Any]) -> None:
    assert build(TEN)["publication"].to_list() == ["published"]
    assert build([*TEN[:9], TEN[9] | changes])["publication"].to_list() == ["withheld"], why


def test_ninety_percent_measured_is_enough() -> None:
    assert build(homes(10, measured_share=2592 / 2880))["holders"].to_list() == ["10-14"]


def test_a_month_waits_for_late_readings() -> None:
    assert build(TEN, as_of=DUE)["publication"].to_list() == ["published"]
    too_early = DUE - timedelta(microseconds=1)
    assert build(TEN, as_of=too_early)["publication"].to_list() == ["withheld"]
    assert reasons(TEN, as_of=too_early) == ("too_early",)


def test_a_month_without_an_end_or_without_members_is_withheld() -> None:
    members, no_ends = pl.DataFrame(TEN, MEMBER_MONTHS), MONTH_ENDS.to_frame()
    assert build_balance_by_month(members, no_ends, DUE, None)["publication"].to_list() == ["withheld"]
    assert build_balance_by_month(members.clear(), month_ends(TEN), DUE, None)["publication"].to_list() == ["withheld"]


def test_energy_shared_with_someone_outside_the_panel_is_not_given_away() -> None:
    """Production less surplus less allocated would be the eleventh home's 100 kWh."""
    members = [*TEN, member("eleventh", consent=False), roof(1_100_000, 400_000)]
    row = build(members).row(0, named=True)
    assert {name for name in FIGURES if row[name] is not None} == {"consumption_kwh", "production_kwh", "coverage_rate"}
    assert reasons(members) == ("unbalanced_panel",)


def test_members_whose_own_books_do_not_balance_show_their_consumption_only() -> None:
    """A residual that is not consumption less allocated means a flow is missing somewhere."""
    members = [*TEN[:9], TEN[9] | {"residual_wh": 150_999}, roof(1_000_000, 0)]
    row = build(members).row(0, named=True)
    assert (row["consumption_kwh"], row["allocated_kwh"]) == (2510, None)
    assert reasons(members) == ("unbalanced_panel",)


def test_one_who_takes_nearly_all_that_is_shared_is_not_shown() -> None:
    """Consumption and production pass; what was allocated is one home's."""
    members = [*homes(11, allocated_wh=1_000, residual_wh=250_000), roof(261_000, 0)]
    members[0] |= {"allocated_wh": 251_000, "residual_wh": 0}
    row = build(members).row(0, named=True)
    assert (row["consumption_kwh"], row["production_kwh"], row["allocated_kwh"], row["residual_kwh"]) == (
        2760,
        260,
        None,
        None,
    )
    assert "allocated: dominance_1" in reasons(members)


def test_a_home_of_two_communities_counts_in_neither() -> None:
    """Two communities that differ by the people of one home would give that home away."""
    both = [m | {"community": community} for m in TEN for community in ("aval", "vallon")]
    eleventh = [member("eleventh", community="vallon"), *homes(10, "coteau")]
    frame = build([*both, *eleventh])
    assert frame.select("community", "publication").rows() == [
        ("aval", "withheld"),
        ("coteau", "published"),
        ("vallon", "withheld"),
    ]


def test_no_sun_and_no_rate() -> None:
    members = [*homes(10, allocated_wh=0, residual_wh=251_000), roof(0, 0)]
    row = build(members).row(0, named=True)
    assert (row["production_kwh"], row["allocated_kwh"], row["self_consumption_rate"], row["coverage_rate"]) == (
        0,
        None,
        None,
        0,
    )


def test_the_first_published_value_stays() -> None:
    first = build(TEN)
    assert build([*TEN, member("late")], first).equals(first), "v2 - v1 would be the late home"
    withheld = build(TEN[:9])
    assert build(TEN, withheld).equals(first), "nothing was said yet, so now it may be"
    april = [m | {"month": "2026-04"} for m in TEN]
    assert build(april, first)["month"].to_list() == ["2026-03", "2026-04"], "months stay when their members are gone"
    stricter = replace(POLICY, id="stricter", bands=((3, None),))
    assert build([*TEN, *april], first, policy=stricter)["policy"].to_list() == ["hub-sdc-1.0", "stricter"]


@pytest.mark.parametrize(
    ("why", "members", "ends"),
    [
        ("a holder twice", pl.DataFrame([*TEN, TEN[0]], MEMBER_MONTHS), month_ends(TEN)),
        ("a month twice", pl.DataFrame(TEN, MEMBER_MONTHS), pl.concat([month_ends(TEN)] * 2)),
        ("a column missing", pl.DataFrame(TEN, MEMBER_MONTHS).drop("consent"), month_ends(TEN)),
        ("energy as a float", pl.DataFrame(TEN, MEMBER_MONTHS).cast({"surplus_wh": pl.Float64}), month_ends(TEN)),
    ],
)
def test_wrong_frames_are_refused(why: str, members: pl.DataFrame, ends: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"twice|missing|not Int64"):
        build_balance_by_month(members, ends, DUE, None)


LOW_K = replace(POLICY, limits={g: replace(limits, k=2, k_legal=2) for g, limits in POLICY.limits.items()})


@st.composite
def territories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few communities with a few holders each, some in several; each one's books balance or nearly."""
    members = []
    for community in ("aval", "coteau", "vallon"):
        for holder in draw(st.sets(st.sampled_from("abcdefgh"))):
            used, shared, left = (draw(st.integers(0, 60_000)) for _ in range(3))
            mine = {"consumption_wh": used + shared, "allocated_wh": shared, "residual_wh": used}
            made = {"production_wh": shared + left, "surplus_wh": left}
            flows = draw(st.sampled_from([mine, mine | made, mine | made, mine | made | {"consent": False}]))
            members.append(member(holder, draw(st.sampled_from(["natural", "legal", "public"])), community, **flows))
    return members


@settings(deadline=None, max_examples=50)
@given(territories(), st.randoms(use_true_random=False))
def test_laws_of_every_row(members: list[dict[str, Any]], random: Any) -> None:
    frame = build(members, policy=LOW_K)
    shuffled = build(random.sample(members, len(members)), policy=LOW_K)
    assert csv_bytes(shuffled) == csv_bytes(frame)
    assert parquet_bytes(shuffled) == parquet_bytes(frame)
    for row in frame.iter_rows(named=True):
        known = {name for name in FIGURES if row[name] is not None}
        assert bool(known) == (row["publication"] == "published")
        assert row["holders"] is None or known
        assert known <= {"consumption_kwh", "production_kwh", "coverage_rate"} or "allocated_kwh" in known
        assert all(row[name] >= 0 for name in known)
        assert all(row[name] % 10 == 0 for name in known if name.endswith("_kwh"))
        if "allocated_kwh" in known:
            assert row["allocated_kwh"] + row["residual_kwh"] == row["consumption_kwh"]
            assert row["allocated_kwh"] + row["surplus_kwh"] == row["production_kwh"]
            for rate, whole in (
                ("self_consumption_rate", "production_kwh"),
                ("self_sufficiency_rate", "consumption_kwh"),
            ):
                expected = row["allocated_kwh"] / row[whole] if row[whole] else None
                assert row[rate] == (None if expected is None else pytest.approx(expected, abs=0.0005001))


@settings(deadline=None, max_examples=50)
@given(territories())
def test_no_sum_or_difference_of_communities_isolates_fewer_than_k(members: list[dict[str, Any]]) -> None:
    decided = decide_months(pl.DataFrame(members, MEMBER_MONTHS), month_ends(members), DUE, LOW_K)
    published = [d.community for d in decided if Measure.CONSUMPTION in d.publishable]
    behind = {
        community: {
            m["holder"]
            for m in members
            if m["community"] == community and m["consent"] and m["kind"] != "public" and m["consumption_wh"] > 100
        }
        for community in published
    }
    for weights in itertools.product((-1, 0, 1), repeat=len(published)):
        net = dict(zip(published, weights, strict=True))
        isolated = {
            h for holders in behind.values() for h in holders if sum(net[c] for c in published if h in behind[c])
        }
        assert not any(weights) or not any(behind[c] for c in published if net[c]) or len(isolated) >= 2


def test_bytes_do_not_depend_on_how_the_frame_was_made() -> None:
    frame = build(EXAMPLE)
    pieces = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert pieces.n_chunks() == 2
    assert parquet_bytes(pieces) == parquet_bytes(frame) == parquet_bytes(build(EXAMPLE))
    assert parse_parquet(parquet_bytes(frame)).equals(frame)
    assert parse_parquet(parquet_bytes(frame.clear())).equals(frame.clear())
