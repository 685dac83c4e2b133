"""The messages of the demo: real dialects, every trouble, and a truth that decoding finds again to the reading."""

from collections import Counter as Tally
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import polars as pl
import pytest

from energy.errors import UndecodableMessage
from energy.frames import ROUTES
from energy.model import REGISTERS, Message, Role, Territory
from energy.territory import parse_territory
from energy.time import PARIS, STEP, Span, local_day
from hub.demo import trouble
from hub.demo.devices import devices_of, stamps
from hub.demo.event import Event, truth
from hub.demo.homes import counters_of
from hub.demo.speak import ReadingKey
from hub.demo.territory import territory_text
from hub.demo.week import day_span, events, last_day, live_events
from ingest.decode import decode, unwrap
from ingest.plausible import split_plausible
from processing.intervals import intervals_from_registers

TODAY = date(2026, 11, 22)
YESTERDAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 22, 14, 7, 11, tzinfo=UTC)
WEEK = Span(NOW - timedelta(days=7), NOW)
CLOCK_CHANGES = [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 11, 21), 96)]
NEW_METER = "shellypro3em-000000002032"
OLD_METER = "shellypro3em-000000002031"


@cache
def territory(swap_days_ago: int = 3, today: date = TODAY) -> Territory:
    return parse_territory(territory_text(today, swap_days_ago))


@cache
def week() -> tuple[Event, ...]:
    return tuple(events(territory(), WEEK))


@cache
def day(of: date) -> tuple[Event, ...]:
    return tuple(events(territory(1, of + timedelta(days=1)), day_span(of)))


def stored(told: tuple[Event, ...]) -> tuple[dict[ReadingKey, float], dict[ReadingKey, float], int]:
    """What a hub makes of events: registers of whole devices kept, those set aside, and messages refused."""
    kept: dict[ReadingKey, float] = {}
    aside: dict[ReadingKey, float] = {}
    refused = 0
    for event in told:
        try:
            messages = unwrap(Message(event.topic, event.payload, event.at))
            split = [split_plausible(decode(message), message.received_at) for message in messages]
        except UndecodableMessage:
            refused += 1
            assert event.quarantined, event
            continue
        assert not event.quarantined, event
        found = [(kept, reading) for part in split for reading in part.accepted]
        found += [(aside, rejected.reading) for part in split for rejected in part.rejected]
        for heap, reading in found:
            if reading.quantity in REGISTERS and not reading.phase:
                assert reading.at is not None
                key = ReadingKey(reading.device, reading.quantity, reading.channel, reading.tariff, reading.at)
                assert heap.setdefault(key, reading.value) == reading.value
    return kept, aside, refused


@pytest.mark.parametrize("told", [week, lambda: day(YESTERDAY)], ids=["week", "day"])
def test_decoding_every_event_gives_exactly_the_truth(told) -> None:
    expected = truth(told())
    kept, aside, refused = stored(told())
    assert kept == expected.readings
    assert aside == expected.implausible
    assert refused == expected.quarantined >= 3
    assert len(expected.implausible) == 1
    assert expected.messages == len(told())


@pytest.mark.parametrize(("of", "quarters"), CLOCK_CHANGES)
def test_days_of_a_clock_change_have_their_own_number_of_quarters(of, quarters) -> None:
    for device in (d for d in devices_of(territory()) if d.point.id != "mornant-shop-01"):
        assert len(list(stamps(device, local_day(of, PARIS), STEP, device.delay))) == quarters
    kept, _, _ = stored(day(of))
    assert kept == truth(day(of)).readings


@pytest.mark.parametrize(
    ("why", "now", "last"),
    [
        ("in the afternoon it is yesterday", datetime(2026, 11, 22, 14, 0, tzinfo=UTC), date(2026, 11, 21)),
        (
            "just after midnight yesterday's last readings are to come",
            datetime(2026, 11, 22, 23, 20, tzinfo=UTC),
            date(2026, 11, 21),
        ),
        ("half an hour later they have come", datetime(2026, 11, 22, 23, 30, tzinfo=UTC), date(2026, 11, 22)),
        ("summer time: the local day ends earlier", datetime(2026, 7, 1, 22, 30, tzinfo=UTC), date(2026, 7, 1)),
    ],
)
def test_last_day_is_the_last_one_whose_readings_are_all_in_the_past(why, now, last) -> None:
    assert last_day(now) == last, why
    assert day_span(last).end <= now < day_span(last + timedelta(days=1)).end


def test_readings_enclose_every_interval_of_the_day() -> None:
    told, whole = truth(day(YESTERDAY)).readings, local_day(YESTERDAY, PARIS)
    for device in devices_of(territory(1)):
        span = Span(max(whole.start, device.validity.valid_from), min(whole.end, device.validity.valid_to))
        heard = sorted(key.at for key in told if key.device == device.id)
        assert heard[0] <= span.start
        assert heard[-1] >= span.end
        # The late device's readings are all there, only later; so no gap is longer than a step.
        assert max(after - before for before, after in pairwise(heard)) <= STEP


def test_every_interval_of_the_day_can_be_made() -> None:
    told = [(*key[:4], key.at, value) for key, value in truth(day(YESTERDAY)).readings.items() if value]
    frame = pl.DataFrame(told, ["device", "quantity", "channel", "tariff", "at", "value"], orient="row")
    series = frame.select("device", "quantity", "tariff").unique(maintain_order=True).with_row_index("series_no")
    roles = {point.id: point.role for point in territory(1).points}
    numbers = {point: number for number, point in enumerate(roles)}
    flows = {"import_energy": "import", "export_energy": "export", "pv_energy": "export"}
    routes = [
        (no, numbers[m.point], flows[quantity], tariff, None, *astuple(m.validity), "register")
        for no, device, quantity, tariff in series.iter_rows()
        for m in territory(1).mappings
        if m.device == device
    ]
    intervals = intervals_from_registers(
        frame.join(series, on=["device", "quantity", "tariff"]).select(
            pl.col("series_no").cast(pl.Int32), pl.col("at").dt.cast_time_unit("us"), "value"
        ),
        pl.DataFrame(routes, ROUTES, orient="row"),
    )
    whole = local_day(YESTERDAY, PARIS)
    made = intervals.filter(pl.col("start").is_between(whole.start, whole.end, closed="left"), pl.col("quality") == 0)
    quarters = {(point, flow): number for point, flow, number in made.group_by("point_no", "flow").len().iter_rows()}
    for point, role in roles.items():
        awaited = {Role.CONSUMER: ["import"], Role.PRODUCER: ["export"], Role.PROSUMER: ["import", "export"]}[role]
        assert [quarters[numbers[point], flow] for flow in awaited] == [96] * len(awaited), point


def test_events_come_in_order_of_publication_and_always_alike() -> None:
    assert [event.at for event in week()] == sorted(event.at for event in week())
    before = day(YESTERDAY)
    counters_of.cache_clear()
    assert tuple(events(territory(1), day_span(YESTERDAY))) == before


@pytest.mark.parametrize("told", [week, lambda: day(YESTERDAY)], ids=["week", "day"])
def test_every_trouble_happens(told) -> None:
    named = {
        text
        for name, text in vars(trouble).items()
        if name.isupper() and isinstance(text, str) and ": " in text and not name.startswith("_")
    }
    assert len(named) == 10
    assert {event.why for event in told()} == named | {""}


def test_late_messages_come_hours_later_out_of_order_but_before_the_day_ends() -> None:
    late = [event for event in day(YESTERDAY) if event.why == trouble.LATE]
    said = [key.at for event in late for key, _ in event.readings[:1]]
    assert len({key.device for event in late for key, _ in event.readings}) == len(trouble.LATE_POINTS)
    assert said != sorted(said)
    assert max(event.at - at for event, at in zip(late, said, strict=True)) > timedelta(hours=4)
    assert all(event.at < local_day(YESTERDAY, PARIS).end for event in late)


def test_repeated_messages_are_the_same_to_the_byte() -> None:
    copies = Tally((event.topic, event.payload) for event in week())
    repeated = {(event.topic, event.payload) for event in week() if event.why == trouble.REPEATED}
    assert len(repeated) > 600
    assert {copies[message] for message in repeated} == {2, 3}
    assert {message for message, times in copies.items() if times > 1} == repeated


def test_both_meters_tell_their_register_at_the_swap() -> None:
    swap = datetime(2026, 11, 19, 9, tzinfo=UTC)
    told = {key.device: value for key, value in truth(week()).readings.items() if key.at == swap and value}
    old_wh, new_wh = told[OLD_METER], told[NEW_METER]
    assert 0 < new_wh < 1000 < old_wh
    devices = {key.device: key.at for key in truth(week()).readings if key.at > swap}
    assert OLD_METER not in devices


def test_an_outage_shows_zero_and_then_the_register_again() -> None:
    roof = "000000920001"
    told = sorted((key.at, value) for key, value in truth(week()).readings.items() if key.device == roof)
    values = [value for _, value in told]
    assert values.count(0) in range(6, 13)
    assert [value for value in values if value] == sorted(value for value in values if value)
    assert all(at.astimezone(PARIS).hour == 23 for at, value in told if not value)


def test_a_day_without_trouble_is_only_readings() -> None:
    told = tuple(events(territory(1), day_span(YESTERDAY), trouble=False))
    expected = truth(told)
    assert {event.why for event in told} == {"", trouble.SWAP_FIRST, trouble.SWAP_LAST}
    assert expected.quarantined == len(expected.implausible) == 0
    assert len(truth(day(YESTERDAY)).readings.keys() - expected.readings.keys()) == 1, (
        "the good one beside the implausible"
    )
    assert expected.readings.keys() <= truth(day(YESTERDAY)).readings.keys()


def test_truth_refuses_two_values_for_one_reading() -> None:
    key, value = week()[0].readings[0]
    with pytest.raises(ValueError, match="is both"):
        truth([week()[0], replace(week()[0], readings=((key, value + 1),))])


# --- live


def test_live_ticks_follow_one_another_without_gap_or_repetition() -> None:
    edges = [NOW + timedelta(seconds=s) for s in (0, 1.5, 2, 7, 20, 59, 61, 90, 120)]
    ticks = [event for start, end in pairwise(edges) for event in live_events(territory(), Span(start, end))]
    whole = live_events(territory(), Span(edges[0], edges[-1]))
    assert Tally(ticks) == Tally(whole)
    spoke = Tally(event.topic for event in whole)
    assert spoke["tele/tasmota_110001/SENSOR"] == 12
    assert spoke["solar/000000910001/0/power"] == spoke["solar/000000910001/0/yieldtotal"] == 12
    assert spoke["shellypro3em-000000001005/events/rpc"] == 12 + 2


def test_live_registers_go_on_where_the_week_ended() -> None:
    before = {key[:4]: value for key, value in sorted(truth(week()).readings.items(), key=lambda kv: kv[0].at)}
    live = live_events(territory(), Span(NOW, NOW + timedelta(minutes=1)))
    assert {key[:4] for event in live for key, _ in event.readings} == {key for key in before if key[0] != OLD_METER}
    for event in live:
        decode(Message(event.topic, event.payload, event.at))
        for key, value in event.readings:
            assert 0 <= value - before[key[:4]] < 15_000
