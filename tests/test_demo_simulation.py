"""The simulated territory of the demo: its file, the laws of its counters, plausible sun and plausible days."""

from collections import Counter as Tally
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.model import HolderKind, Role, Territory
from energy.territory import parse_territory
from energy.time import PARIS, local_day
from hub.demo.counters import CELLS_PER_HOUR, ORIGIN
from hub.demo.devices import Family, devices_of
from hub.demo.homes import EXPORT, OFF_PEAK, PEAK, PRODUCTION, counters_of
from hub.demo.noise import draw, wave
from hub.demo.territory import territory_text
from hub.demo.weather import PLACES, clear_sky, sun_elevation_deg

TODAY = date(2026, 11, 22)
NOVEMBER = [date(2026, 11, 9) + timedelta(days=i) for i in range(14)]
YEAR = [date(2026, 1, 4) + timedelta(days=11 * i) for i in range(33)]
DAY_LENGTHS = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 21)]


@cache
def territory() -> Territory:
    return parse_territory(territory_text(TODAY))


DEVICES = tuple(devices_of(territory()))
POINTS = tuple({device.point.id: device for device in DEVICES}.values())
instants = st.datetimes(datetime(2025, 1, 2), datetime(2026, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


# --- the territory file


def test_territory_is_three_simulated_communities_of_about_forty_points() -> None:
    file = territory()
    assert {(c.id, c.step_min) for c in file.communities} == {("concarneau", 15), ("mornant", 30), ("prats", 60)}
    assert all(c.simulated and c.name.endswith("(simulation)") and c.zone == "Europe/Paris" for c in file.communities)
    assert 38 <= len(file.points) <= 45
    assert {device.family for device in DEVICES} == set(Family)
    roles = Tally(point.role for point in file.points)
    assert roles[Role.PRODUCER] == 5
    assert roles[Role.PROSUMER] == 1


def test_homes_of_concarneau_have_holders_of_their_own_who_consented() -> None:
    holders = {holder.id: holder for holder in territory().holders}
    homes = [p.holder for p in territory().points if p.id.startswith("concarneau-home")]
    assert len(homes) >= 12
    assert len(set(homes)) == len(homes)
    assert all(holders[home].kind is HolderKind.NATURAL and holders[home].consent for home in homes)


def test_swap_moves_with_the_day_shown_and_nothing_else_does() -> None:
    swap = datetime(2026, 11, 19, 10, tzinfo=PARIS)
    old, new = [m.validity for m in territory().mappings if m.point == "mornant-shop-01"]
    assert old.valid_to == new.valid_from == swap
    other = parse_territory(territory_text(date(2027, 6, 1)))
    assert replace(other, mappings=()) == replace(territory(), mappings=())


# --- laws of the counters


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(POINTS), st.lists(instants, min_size=2, max_size=12))
def test_counters_never_fall_and_do_not_depend_on_where_reading_began(device, moments) -> None:
    fresh = counters_of.__wrapped__(device.point, device.place, device.zone)
    for name, counter in counters_of(device.point, device.place, device.zone).items():
        forwards = [counter.energy_wh(at) for at in sorted(moments)]
        assert all(before <= after for before, after in pairwise(forwards))
        assert [fresh[name].energy_wh(at) for at in sorted(moments, reverse=True)] == forwards[::-1]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(POINTS), st.dates(date(2025, 1, 2), date(2026, 12, 30)), st.integers(1, 275))
def test_counter_is_the_sum_of_its_power(device, of, cell) -> None:
    start = local_day(of, device.zone).start
    for counter in counters_of(device.point, device.place, device.zone).values():
        slow_wh = sum(w / CELLS_PER_HOUR for w in counter.cells_w(of)[:cell])
        counted_wh = counter.energy_wh(start + timedelta(minutes=5 * cell)) - counter.energy_wh(start)
        assert counted_wh == pytest.approx(slow_wh, abs=0.01)
        at = start + timedelta(minutes=5 * cell - 1)
        assert counter.power_w(at) == pytest.approx(counter.cells_w(of)[cell - 1])


@pytest.mark.parametrize("of", DAY_LENGTHS)
def test_a_day_counts_its_energy_whatever_its_length(of) -> None:
    whole = local_day(of, PARIS)
    for device in POINTS:
        for counter in counters_of(device.point, device.place, device.zone).values():
            counted_wh = counter.energy_wh(whole.end) - counter.energy_wh(whole.start)
            assert counted_wh == pytest.approx(counter.day_wh(of), abs=0.01)


def test_nothing_is_simulated_before_the_origin() -> None:
    counters = counters_of(POINTS[0].point, POINTS[0].place, POINTS[0].zone)
    with pytest.raises(ValueError, match="begins on"):
        counters[PEAK].energy_wh(local_day(ORIGIN, PARIS).start - timedelta(seconds=1))


def test_chance_is_the_same_on_every_machine() -> None:
    assert draw("a") == 0.12341972614707686
    assert wave("a", 3.0) == draw("a/3")
    assert min(draw("a/3"), draw("a/4")) <= wave("a", 3.7) <= max(draw("a/3"), draw("a/4"))


# --- plausible sun and days


@pytest.mark.parametrize(
    ("why", "place", "at", "elevation_deg"),
    [
        (
            "longest day, solar noon: 90 - latitude + 23.4",
            "concarneau",
            datetime(2026, 6, 21, 12, 18, tzinfo=UTC),
            65.6,
        ),
        ("shortest day, solar noon", "concarneau", datetime(2026, 12, 21, 12, 14, tzinfo=UTC), 18.7),
        ("equinox at noon in the east", "mornant", datetime(2026, 3, 20, 11, 49, tzinfo=UTC), 44.4),
        ("the south has the higher winter sun", "prats", datetime(2026, 12, 21, 11, 48, tzinfo=UTC), 24.2),
        ("deep night", "prats", datetime(2026, 11, 22, 0, 0, tzinfo=UTC), -67.5),
    ],
)
def test_sun_stands_where_almanacs_say(why, place, at, elevation_deg) -> None:
    assert sun_elevation_deg(PLACES[place], at) == pytest.approx(elevation_deg, abs=1.0), why
    assert (clear_sky(PLACES[place], at) > 0) is (elevation_deg > 0)


@pytest.mark.parametrize(
    ("category", "weekday_kwh", "sunday_kwh"),
    [
        ("home", (3, 25), (3, 25)),
        ("school", (80, 150), (10, 35)),
        ("town_hall", (35, 75), (8, 25)),
        ("shop", (20, 55), (8, 20)),
    ],
)
def test_daily_consumption_in_november(category, weekday_kwh, sunday_kwh) -> None:
    for device in (d for d in POINTS if d.point.category == category):
        counters = counters_of(device.point, device.place, device.zone)
        for of in NOVEMBER:
            day_kwh = sum(counters[name].day_wh(of) for name in (OFF_PEAK, PEAK) if name in counters) / 1000
            low, high = sunday_kwh if of.weekday() == 6 else weekday_kwh
            if of.weekday() != 5 or category == "home":
                assert low <= day_kwh <= high, (device.point.id, of)


def test_homes_use_six_to_eighteen_kwh_on_a_mean_november_day() -> None:
    homes = [d for d in POINTS if d.point.category == "home" and d.point.role is Role.CONSUMER]
    means_kwh = [
        sum(c.day_wh(of) for c in counters_of(d.point, d.place, d.zone).values() for of in NOVEMBER) / 14_000
        for d in homes
    ]
    assert all(5 <= mean_kwh <= 18 for mean_kwh in means_kwh)
    assert min(means_kwh) < 8
    assert max(means_kwh) > 11


def test_roofs_yield_what_november_allows_and_nothing_at_night() -> None:
    for device in (d for d in POINTS if d.family is Family.OPENDTU):
        roof = counters_of(device.point, device.place, device.zone)[PRODUCTION]
        yields = [roof.day_wh(of) / (device.point.limit_w or 0) for of in NOVEMBER]
        assert all(0.35 <= hours <= 2.8 for hours in yields)
        assert 0.5 <= sum(yields) / len(yields) <= 2.5
        evening, morning = datetime(2026, 11, 20, 18, tzinfo=UTC), datetime(2026, 11, 21, 6, tzinfo=UTC)
        assert roof.energy_wh(evening) == roof.energy_wh(morning)


def test_power_stays_under_the_subscribed_limit_all_year() -> None:
    for device in POINTS:
        counters = counters_of(device.point, device.place, device.zone)
        for of in YEAR:
            drawn = [counters[name].cells_w(of) for name in (OFF_PEAK, PEAK) if name in counters]
            fed = [counters[name].cells_w(of) for name in (EXPORT, PRODUCTION) if name in counters]
            for flow in (drawn, fed):
                peak_w = max((sum(cells) for cells in zip(*flow, strict=True)), default=0)
                assert peak_w <= (device.point.limit_w or 0), (device.point.id, of)


@pytest.mark.parametrize("community", ["concarneau", "mornant", "prats"])
def test_communities_share_and_have_a_surplus_at_some_noons(community) -> None:
    members = [d for d in POINTS if d.point.id.startswith(community)]
    surplus = sharing = 0
    for of in NOVEMBER:
        at = datetime(of.year, of.month, of.day, 11, 30, tzinfo=UTC)
        counters = [counters_of(d.point, d.place, d.zone) for d in members]
        drawn_w = sum(c[name].power_w(at) for c in counters for name in (OFF_PEAK, PEAK) if name in c)
        fed_w = sum(c[name].power_w(at) for c in counters for name in (EXPORT, PRODUCTION) if name in c)
        surplus += fed_w > drawn_w
        sharing += fed_w > 0.2 * drawn_w
    assert surplus >= 3
    assert sharing >= 10
