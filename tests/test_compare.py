"""Keys replayed on the same months: against numbers worked out by hand, against `settle`, and by laws."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.agreements import Agreement, Member
from energy.frames import COMPARED_POINTS, FLOW_INTERVALS, FLOWS
from energy.keys import PriorityKey, ProRataKey, SharingKey, StaticKey, Surplus
from energy.model import Role
from energy.proposals import TODAY, Proposal
from energy.tariffs import Tariff
from energy.validity import Validity
from processing.balance import settle
from processing.compare import Month, alternatives, gather, months_between, replay
from processing.compare_rows import rows_of
from processing.compare_tables import Comparison, compare, without_telling

PARIS: Final = ZoneInfo("Europe/Paris")
QUARTER: Final = timedelta(minutes=15)
HALF_HOUR: Final = timedelta(minutes=30)
((NAME, JANUARY),) = months_between(date(2026, 1, 1), date(2026, 1, 31), PARIS)
IDS: Final = ("a", "b", "c", "roof")
MEMBERS: Final = [
    Member(place, point, Role.PRODUCER if point == "roof" else Role.CONSUMER, Validity())
    for place, point in enumerate(IDS)
]
POINTS: Final = pl.DataFrame(
    [("a", "A", "home", "consumer", ["tenants"]), ("b", "B", "home", "consumer", []),
     ("c", "C", "school", "consumer", []), ("roof", "R", "school", "producer", [])],
    COMPARED_POINTS, orient="row",
)  # fmt: skip
NOW: Final = [Agreement(StaticKey({"a": 500_000, "b": 500_000}), Validity())]
TARIFF: Final = Tariff(Validity(), Decimal("0.25"), Decimal("0.15"))
KEYS: Final[dict[str, SharingKey]] = {
    "prorata": ProRataKey(),
    "c-first": PriorityKey(({"c": 1}, {"a": 1, "b": 1})),
    "spain": StaticKey({"a": 900_000}, Surplus.TO_MEMBERS),
    "as-today": StaticKey({"a": 500_000, "b": 500_000}),
}


def flows(steps: list[dict[str, int | None]], start: datetime = JANUARY.start) -> pl.DataFrame:
    """FLOW_INTERVALS of half-hours, each quarter half of it; None is not known."""
    rows = [
        (IDS.index(point), "export" if point == "roof" else "import", start + place * HALF_HOUR + part * QUARTER,
         wh // 2, 0, "register")
        for place, step in enumerate(steps)
        for point, wh in step.items()
        if wh is not None
        for part in (0, 1)
    ]  # fmt: skip
    return pl.DataFrame(rows, FLOW_INTERVALS, orient="row")


def compared(
    steps: list[dict[str, int | None]],
    keys: dict[str, SharingKey] = KEYS,
    agreements: list[Agreement] = NOW,
    tariffs: list[Tariff] | None = None,
) -> Comparison:
    month = gather(NAME, JANUARY, flows(steps), MEMBERS, agreements, HALF_HOUR)
    proposals = [Proposal(name, name, name, key) for name, key in keys.items()]
    replayed = [(one.name, replay(month, one, tariffs or [], PARIS)) for one in alternatives(agreements, proposals)]
    return compare(replayed, [month], POINTS)


STEPS: Final[list[dict[str, int | None]]] = [
    {"a": 2000, "b": 4000, "c": 2000, "roof": 8000},
    {"a": 6000, "b": None, "c": 2000, "roof": 4000},
]
"""Two half-hours; in the second nobody knows what b took."""
SHARED: Final = {
    # half of 8,000 each, of which a can use 2,000; then half of 4,000 for a, and b is not there
    "today": {"a": 4000, "b": 4000, "c": 0},
    # all of 8,000 are consumed; then 4,000 in proportion to 6,000 and 2,000
    "prorata": {"a": 5000, "b": 4000, "c": 3000},
    # c has all that it needs; then a and b share 6,000 of 8,000 and 2,000 of 4,000
    "c-first": {"a": 4000, "b": 4000, "c": 4000},
    # a has nine tenths: 7,200, of which it uses 2,000; then 3,600
    "spain": {"a": 5600, "b": 0, "c": 0},
    "as-today": {"a": 4000, "b": 4000, "c": 0},
}


@pytest.mark.parametrize("key", SHARED)
def test_by_hand(key: str) -> None:
    found = compared(STEPS, tariffs=[TARIFF])
    members = {row["point"]: row for row in found.members.filter(pl.col("key") == key).iter_rows(named=True)}
    assert {point: members[point]["allocated_wh"] for point in "abc"} == SHARED[key]
    (row,) = found.keys.filter(pl.col("key") == key).to_dicts()
    total = sum(SHARED[key].values())
    assert (row["production_wh"], row["consumption_wh"], row["surplus_wh"]) == (12_000, 16_000, 12_000 - total)
    assert (row["self_consumption_rate"], row["self_sufficiency_rate"]) == (total / 12_000, total / 16_000)
    for point in "abc":
        difference_wh = SHARED[key][point] - SHARED["today"][point]
        assert members[point]["difference_wh"] == difference_wh
        assert members[point]["saving_eur"] == Decimal(SHARED[key][point]) * Decimal("0.0001"), "10 ct a kWh"
        assert members[point]["difference_eur"] == Decimal(difference_wh) * Decimal("0.0001")
    changes = [SHARED[key][point] - SHARED["today"][point] for point in "abc"]
    assert (row["gaining"], row["losing"]) == (sum(c >= 1000 for c in changes), sum(c <= -1000 for c in changes))
    assert (row["most_gained_wh"], row["most_lost_wh"]) == (max(0, *changes), max(0, *(-c for c in changes)))


def test_a_share_that_a_producer_keeps_is_not_taken_from_what_it_sold() -> None:
    """What test_value says of one step."""
    rows = [(JANUARY.start, 0, 300, None), (JANUARY.start, 1, 100, 500), (JANUARY.start, 2, None, 500)]
    month = Month(NAME, pl.DataFrame(rows, FLOWS, orient="row"), pl.Series(["a", "both", "pv"]), 4, 4, 0)
    key = StaticKey({"a": 500_000, "both": 400_000}, Surplus.TO_MEMBERS)
    (today,) = alternatives([Agreement(key, Validity())], [])
    found = replay(month, today, [TARIFF], PARIS)
    assert found.select("point", "allocated_wh", "sold_wh", "revenue_eur").rows() == [
        ("a", 300, None, Decimal(0)),
        ("both", 100, 450, Decimal("0.0675")),
        ("pv", None, 450, Decimal("0.0675")),
    ]


def test_what_is_known() -> None:
    found = compared(STEPS)
    halves = (JANUARY.end - JANUARY.start) // HALF_HOUR
    assert (found.known, found.expected, found.without_key) == (7, 4 * halves, 0)
    assert replace(found, known=99_999, expected=100_000).known_rate == 0.999, "not all of it"
    assert replace(found, known=0, expected=0).known_rate is None
    assert not found.has_euros
    groups = found.equity.filter(pl.col("key") == "today").select("group_kind", "group_name", "members").rows()
    assert groups == [
        ("all", "", 3), ("season", "winter", 3), ("category", "home", 2), ("category", "school", 1),
        ("group", "tenants", 1),
    ]  # fmt: skip


def test_who_is_who_is_not_told_where_members_go_by_lot() -> None:
    rows = rows_of(without_telling(compared(STEPS)), {point: f"M{place}" for place, point in enumerate(IDS)})
    assert {row["category"] for row in rows["members"]} == {None}
    assert {row["group_kind"] for row in rows["equity"]} == {"all", "season"}


TOLD: Final[list[tuple[str, dict[str, str], dict[str, str], set[str]]]] = [
    ("three and more of each, and of the rest", {"home": "aaabbb", "shop": "ccc"}, {"b": "tenants"},
        {"home", "shop", "tenants"}),
    ("of all but the homes the school", {"home": "aaabbb", "school": "c"}, {"a": "tenants"}, {"tenants"}),
    ("of all but homes and shops the school", {"home": "aaaaaa", "shop": "bbbb", "school": "c"}, {}, {"home"}),
    ("two who are no tenants", {"home": "aaaaaaabb"}, {"a": "tenants"}, {"home"}),
    ("the one home that is no tenant", {"home": "aaaab", "shop": "ccc"}, {"a": "tenants"}, {"home", "shop"}),
    ("two who are in both groups", {"home": "aaabbccc"}, {"ab": "tenants", "bc": "public"}, {"home", "public"}),
    ("three in all", {"home": "aaa"}, {"a": "tenants"}, {"home", "tenants"}),
    ("two in all", {"home": "aa"}, {}, set()),
]  # fmt: skip
"""Members of each category, a letter each, the letters that each group has, and which of them are told."""


@pytest.mark.parametrize(("why", "categories", "groups", "told"), TOLD, ids=[row[0] for row in TOLD])
def test_few_are_not_told_by_groups_nor_by_what_is_left_between_them(
    why: str, categories: dict[str, str], groups: dict[str, str], told: set[str]
) -> None:
    of = [(category, letter) for category, letters in categories.items() for letter in letters]
    rows = [
        (f"p{place:02}", "", category, "consumer", [name for letters, name in groups.items() if letter in letters])
        for place, (category, letter) in enumerate(of)
    ]
    points = pl.DataFrame(rows, COMPARED_POINTS, orient="row")
    flow = [(JANUARY.start, place, 1000, None) for place in range(len(of))]
    month = Month(NAME, pl.DataFrame(flow, FLOWS, orient="row"), points["point"], len(of), len(of), 0)
    replayed = [(one.name, replay(month, one, [], PARIS)) for one in alternatives(NOW, [])]
    left = without_telling(compare(replayed, [month], points)).equity
    assert set(left["group_name"]) - {"", "winter"} == told, why


def test_several_keys_in_force_and_none() -> None:
    """The key at the start of a step shares it; steps that none covers are in no comparison, and are counted."""
    begin = JANUARY.start
    agreements = [
        Agreement(ProRataKey(), Validity(begin, begin + HALF_HOUR)),
        Agreement(StaticKey({"c": 1_000_000}), Validity(begin + 2 * HALF_HOUR)),
    ]
    step: dict[str, int | None] = {"a": 2000, "b": 2000, "c": 2000, "roof": 1200}
    found = compared([step, step, step], agreements=agreements)
    allocated = found.members.filter(pl.col("key") == TODAY)["allocated_wh"].to_list()
    assert (allocated, found.without_key) == ([400, 400, 1600, None], 1)
    assert found.keys["production_wh"].to_list() == [2400] * (1 + len(KEYS))


def test_membership_dates() -> None:
    members = [Member(0, "a", Role.CONSUMER, Validity(JANUARY.start + HALF_HOUR)), *MEMBERS[1:]]
    month = gather(NAME, JANUARY, flows(STEPS), members, NOW, HALF_HOUR)
    assert month.flows.filter(pl.col("point_no") == 0)["import_wh"].to_list() == [6000]
    assert month.expected == 4 * ((JANUARY.end - JANUARY.start) // HALF_HOUR) - 1


def test_months_are_those_of_the_calendar_in_whole_hours() -> None:
    (march,) = months_between(date(2026, 3, 9), date(2026, 3, 9), PARIS)
    assert march[0] == "2026-03"
    assert march[1].end - march[1].start == timedelta(hours=31 * 24 - 1), "the clocks go forward"
    spans = months_between(date(2025, 11, 30), date(2026, 2, 1), ZoneInfo("Asia/Kolkata"))
    assert [name for name, _ in spans] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert all(one.end == following.start for (_, one), (_, following) in pairwise(spans))
    assert spans[0][1].start == datetime(2025, 10, 31, 19, tzinfo=UTC), "half an hour after midnight there"


WH: Final = st.none() | st.integers(0, 5).map(lambda n: 2 * n) | st.integers(0, 10**9).map(lambda n: 2 * n)
WEIGHTS: Final = st.dictionaries(st.sampled_from("abc"), st.integers(1, 300_000), min_size=1)
ANY_KEY: Final = st.one_of(
    st.just(ProRataKey()),
    st.builds(StaticKey, WEIGHTS, st.sampled_from(Surplus)),
    WEIGHTS.map(lambda weights: PriorityKey((weights,))),
)


@given(
    st.lists(st.fixed_dictionaries(dict.fromkeys(IDS, WH)), min_size=1, max_size=5),
    st.dictionaries(st.sampled_from("xyz"), ANY_KEY, max_size=3),
    ANY_KEY,
)
@settings(deadline=None, max_examples=60)
def test_laws(steps: list[dict[str, int | None]], keys: dict[str, SharingKey], now: SharingKey) -> None:
    """Today against itself changes nothing; members add up to their community; `settle` says the same."""
    agreements = [Agreement(now, Validity())]
    if not any(wh is not None for step in steps for wh in step.values()):
        return
    found = compared(steps, {**keys, "same": now}, agreements)
    of_today, same = (found.members.filter(pl.col("key") == key).drop("key") for key in (TODAY, "same"))
    assert of_today.equals(same)
    assert set(same["difference_wh"].drop_nulls()) <= {0}
    for row in found.keys.iter_rows(named=True):
        of_key = found.members.filter(pl.col("key") == row["key"])
        for column in ("consumption_wh", "production_wh", "allocated_wh"):
            assert row[column] == of_key[column].sum()
        assert row["allocated_wh"] + row["surplus_wh"] == row["production_wh"]
        assert row["difference_wh"] == of_key["difference_wh"].sum()
    balance = settle(flows(steps), MEMBERS, agreements, HALF_HOUR).balance
    assert found.keys["allocated_wh"][0] == balance["allocated_wh"].sum()
    assert found.keys["surplus_wh"][0] == (balance["production_wh"] - balance["allocated_wh"]).sum()


def test_a_month_that_a_tariff_prices_in_part_has_no_euros() -> None:
    """Of c all that is known has a price, of the others not; what c saved is not what the month is worth."""
    priced = replace(TARIFF, validity=Validity(JANUARY.start + HALF_HOUR))
    steps = [{**STEPS[0], "c": None}, STEPS[1]]
    found = compared(steps, tariffs=[priced])
    for table in (found.keys, found.members, found.months):
        assert set(table["net_eur"]) == {None}
    whole = compared(steps, tariffs=[TARIFF])
    assert whole.keys["net_eur"].null_count() == 0


def test_what_a_supplier_gives_for_nothing_has_no_rate() -> None:
    free = replace(TARIFF, retail_eur_per_kwh=Decimal(0))
    assert set(compared(STEPS, tariffs=[free]).keys["local_value_rate"]) == {None}
    assert compared(STEPS, tariffs=[TARIFF]).keys["local_value_rate"].to_list() == [0.6] * (1 + len(KEYS))


def test_a_month_has_the_euros_of_all_its_steps() -> None:
    """Where midnight is at half past by UTC, the first half-hour is of the month before, with what it saved."""
    zone = ZoneInfo("Asia/Kolkata")
    ((name, span),) = months_between(date(2026, 1, 1), date(2026, 1, 1), zone)
    month = gather(name, span, flows(STEPS[:1], span.end - HALF_HOUR), MEMBERS, NOW, HALF_HOUR)
    (today,) = alternatives(NOW, [])
    found = replay(month, today, [replace(TARIFF, fees_eur_per_month=Decimal(1))], zone)
    assert found.select("point", "allocated_wh", "saving_eur").rows() == [
        ("a", 2000, Decimal("-0.8")), ("b", 4000, Decimal("-0.6")), ("c", 0, Decimal(-1)), ("roof", None, None),
    ]  # fmt: skip


def test_less_than_half_a_cent_is_nothing() -> None:
    found = compared(STEPS, tariffs=[TARIFF])
    little = replace(found, members=found.members.with_columns(net_eur=pl.lit(Decimal("-0.004"))))
    assert {row["net_eur"] for row in rows_of(little, dict.fromkeys(IDS, "M"))["members"]} == {"0.00"}


def test_nothing_known() -> None:
    empty = Month(
        NAME, gather(NAME, JANUARY, flows([]), MEMBERS, NOW, HALF_HOUR).flows, pl.Series([], dtype=pl.String), 0, 0, 0
    )
    assert replay(empty, alternatives(NOW, [])[0], [TARIFF], PARIS).is_empty()
    assert replay(empty, alternatives([], [])[0], [TARIFF], PARIS).is_empty(), "no key was ever in force"
