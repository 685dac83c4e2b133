"""The UTC grid and the local calendar: days of 23, 24 and 25 hours, midnights skipped or met twice, before 1970."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from energy.errors import InvalidInput
from energy.time import (
    PARIS,
    STEP,
    STEP_S,
    Span,
    ceil_to_step,
    floor_to_step,
    instant_from_epoch,
    local_date,
    local_day,
    local_midnight,
    local_month,
    month_named,
    offset_if_twice,
    parse_instant,
    rfc3339,
    utc_day,
    utc_days,
)

VIENNA, LISBON, AZORES = ZoneInfo("Europe/Vienna"), ZoneInfo("Europe/Lisbon"), ZoneInfo("Atlantic/Azores")
SPRING, AUTUMN = date(2025, 3, 30), date(2025, 10, 26)
HOUR = timedelta(hours=1)

DAYS: list[tuple[str, date, ZoneInfo, str, int]] = [
    ("an ordinary day", date(2025, 6, 15), PARIS, "2025-06-14T22:00:00Z", 96),
    ("Paris in spring", SPRING, PARIS, "2025-03-29T23:00:00Z", 92),
    ("Paris in autumn", AUTUMN, PARIS, "2025-10-25T22:00:00Z", 100),
    ("the next spring", date(2026, 3, 29), PARIS, "2026-03-28T23:00:00Z", 92),
    ("the next autumn", date(2026, 10, 25), PARIS, "2026-10-24T22:00:00Z", 100),
    ("the day after is ordinary again", date(2025, 10, 27), PARIS, "2025-10-26T23:00:00Z", 96),
    ("Vienna keeps Paris time", SPRING, VIENNA, "2025-03-29T23:00:00Z", 92),
    ("Vienna in autumn", AUTUMN, VIENNA, "2025-10-25T22:00:00Z", 100),
    ("Lisbon in spring", SPRING, LISBON, "2025-03-30T00:00:00Z", 92),
    ("Lisbon in autumn", AUTUMN, LISBON, "2025-10-25T23:00:00Z", 100),
    ("the Azores skip midnight", SPRING, AZORES, "2025-03-30T01:00:00Z", 92),
    ("the Azores meet midnight twice: the first counts", AUTUMN, AZORES, "2025-10-26T00:00:00Z", 100),
    ("UTC never changes", SPRING, ZoneInfo("UTC"), "2025-03-30T00:00:00Z", 96),
    ("a clock change of half an hour", date(2025, 4, 6), ZoneInfo("Australia/Lord_Howe"), "2025-04-05T13:00:00Z", 98),
    ("a date that Samoa left out", date(2011, 12, 30), ZoneInfo("Pacific/Apia"), "2011-12-30T10:00:00Z", 0),
]


@pytest.mark.parametrize(("why", "day", "zone", "start", "quarters"), DAYS, ids=[row[0] for row in DAYS])
def test_local_days(why: str, day: date, zone: ZoneInfo, start: str, quarters: int) -> None:
    span = local_day(day, zone)
    assert rfc3339(span.start) == start, why
    assert (span.end - span.start) / STEP == quarters, why


MONTHS: list[tuple[str, date, ZoneInfo, str, str, int]] = [
    ("Paris, 743 hours", date(2025, 3, 14), PARIS, "2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z", 743),
    ("Paris, 745 hours", date(2025, 10, 31), PARIS, "2025-09-30T22:00:00Z", "2025-10-31T23:00:00Z", 745),
    ("Vienna, the same", AUTUMN, VIENNA, "2025-09-30T22:00:00Z", "2025-10-31T23:00:00Z", 745),
    ("Lisbon, an hour later", AUTUMN, LISBON, "2025-09-30T23:00:00Z", "2025-11-01T00:00:00Z", 745),
    ("the Azores, another hour later", SPRING, AZORES, "2025-03-01T01:00:00Z", "2025-04-01T00:00:00Z", 743),
    ("a leap February", date(2024, 2, 29), PARIS, "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z", 696),
    ("December ends with the year", date(2025, 12, 1), PARIS, "2025-11-30T23:00:00Z", "2025-12-31T23:00:00Z", 744),
]


@pytest.mark.parametrize(("why", "day", "zone", "start", "end", "hours"), MONTHS, ids=[row[0] for row in MONTHS])
def test_local_months(why: str, day: date, zone: ZoneInfo, start: str, end: str, hours: int) -> None:
    span = local_month(day, zone)
    assert (rfc3339(span.start), rfc3339(span.end)) == (start, end), why
    assert (span.end - span.start) / HOUR == hours, why


zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
days = st.dates(date(2000, 1, 1), date(2037, 12, 31))


@settings(max_examples=500, deadline=None)
@given(days, zones)
def test_a_local_day_is_all_the_instants_of_its_date(day: date, zone: ZoneInfo) -> None:
    span = local_day(day, zone)
    assume(span.start < span.end)  # a date that was left out
    assert local_date(span.start, zone) == day
    assert local_date(span.end - timedelta(microseconds=1), zone) == day
    assert local_date(span.start - timedelta(microseconds=1), zone) < day
    assert local_day(day + timedelta(days=1), zone).start == span.end


@settings(max_examples=200, deadline=None)
@given(days, zones)
def test_a_local_month_is_its_days_end_to_end(day: date, zone: ZoneInfo) -> None:
    month = local_month(day, zone)
    first = day.replace(day=1)
    in_month = [d for i in range(31) if (d := first + timedelta(days=i)).month == first.month]
    assert (month.start, month.end) == (local_midnight(in_month[0], zone), local_day(in_month[-1], zone).end)
    assert sum((local_day(d, zone).end - local_day(d, zone).start for d in in_month), timedelta()) == (
        month.end - month.start
    )


GRID: list[tuple[str, str, timedelta, str, str]] = [
    ("on an edge", "2026-03-14T12:15:00Z", STEP, "2026-03-14T12:15:00Z", "2026-03-14T12:15:00Z"),
    ("just after", "2026-03-14T12:15:00.000001Z", STEP, "2026-03-14T12:15:00Z", "2026-03-14T12:30:00Z"),
    ("just before", "2026-03-14T12:29:59.999999Z", STEP, "2026-03-14T12:15:00Z", "2026-03-14T12:30:00Z"),
    ("by the hour", "2026-03-14T12:15:00Z", HOUR, "2026-03-14T12:00:00Z", "2026-03-14T13:00:00Z"),
    ("an offset changes nothing", "2026-03-14T12:20:00+05:45", STEP, "2026-03-14T06:30:00Z", "2026-03-14T06:45:00Z"),
    ("1970 itself", "1970-01-01T00:00:00Z", STEP, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ("just before 1970", "1969-12-31T23:59:59.999999Z", STEP, "1969-12-31T23:45:00Z", "1970-01-01T00:00:00Z"),
    ("long before", "1900-02-28T01:07:00Z", HOUR, "1900-02-28T01:00:00Z", "1900-02-28T02:00:00Z"),
]


@pytest.mark.parametrize(("why", "at", "step", "floor", "ceil"), GRID, ids=[row[0] for row in GRID])
def test_the_grid(why: str, at: str, step: timedelta, floor: str, ceil: str) -> None:
    instant = datetime.fromisoformat(at)
    assert (rfc3339(floor_to_step(instant, step)), rfc3339(ceil_to_step(instant, step))) == (floor, ceil), why


instants = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
steps = st.sampled_from([STEP, 2 * STEP, HOUR])


@given(instants, steps)
def test_edges_enclose_an_instant_and_are_counted_from_1970(at: datetime, step: timedelta) -> None:
    floor, ceil = floor_to_step(at, step), ceil_to_step(at, step)
    assert floor <= at <= ceil
    assert ceil - floor == (timedelta() if floor == at else step)
    assert floor.timestamp() % step.total_seconds() == 0
    assert timedelta(seconds=STEP_S) == STEP


TOUCHED: list[tuple[str, str, str, list[str]]] = [
    ("a day is one day", "2026-03-14T00:00:00Z", "2026-03-15T00:00:00Z", ["2026-03-14"]),
    ("its end is exclusive, to the microsecond", "2026-03-14T00:00:00Z", "2026-03-15T00:00:00.000001Z",
        ["2026-03-14", "2026-03-15"]),
    ("a moment around midnight", "2026-02-28T23:59:00Z", "2026-03-01T00:01:00Z", ["2026-02-28", "2026-03-01"]),
    ("dates are those of UTC", "2026-03-14T00:30:00+01:00", "2026-03-14T02:00:00+01:00", ["2026-03-13", "2026-03-14"]),
    ("nothing at midnight", "2026-03-14T00:00:00Z", "2026-03-14T00:00:00Z", []),
    ("nothing at noon", "2026-03-14T12:00:00Z", "2026-03-14T12:00:00Z", []),
]  # fmt: skip


@pytest.mark.parametrize(("why", "start", "end", "expected"), TOUCHED, ids=[row[0] for row in TOUCHED])
def test_utc_days_touched(why: str, start: str, end: str, expected: list[str]) -> None:
    span = Span(datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert [day.isoformat() for day in utc_days(span)] == expected, why


@given(instants, st.timedeltas(timedelta(), timedelta(days=5)))
def test_utc_days_are_those_that_overlap(start: datetime, length: timedelta) -> None:
    span = Span(start, start + length)
    around = [start.date() + timedelta(days=i) for i in range(-1, 7)]
    overlap = [day for day in around if max(utc_day(day).start, span.start) < min(utc_day(day).end, span.end)]
    assert list(utc_days(span)) == overlap


def test_a_span_is_half_open_and_runs_forward() -> None:
    span = utc_day(date(2026, 3, 14))
    assert span.start in span
    assert span.end not in span
    assert span.end - timedelta(microseconds=1) in span
    with pytest.raises(ValueError, match=r"cannot end .* before it starts"):
        Span(span.end, span.start)
    with pytest.raises(ValueError, match="aware"):
        Span(span.start.replace(tzinfo=None), span.end)


PARSED: list[tuple[str, str, ZoneInfo | None, str]] = [
    ("UTC", "2026-03-14T12:00:00Z", None, "2026-03-14T12:00:00Z"),
    ("an offset", "2026-03-14T12:00:00.25+01:00", None, "2026-03-14T11:00:00.250000Z"),
    ("local time, where the zone is known", "2026-07-14T12:00:00", PARIS, "2026-07-14T10:00:00Z"),
    ("an offset outranks the zone", "2026-07-14T12:00:00Z", PARIS, "2026-07-14T12:00:00Z"),
    ("the doubled hour, the first", "2025-10-26T02:30:00+02:00", PARIS, "2025-10-26T00:30:00Z"),
    ("the doubled hour, the second", "2025-10-26T02:30:00+01:00", PARIS, "2025-10-26T01:30:00Z"),
    ("just before the doubled hour", "2025-10-26T01:59:59", PARIS, "2025-10-25T23:59:59Z"),
    ("just after the doubled hour", "2025-10-26T03:00:00", PARIS, "2025-10-26T02:00:00Z"),
    ("just before the skipped hour", "2025-03-30T01:59:59", PARIS, "2025-03-30T00:59:59Z"),
    ("just after the skipped hour", "2025-03-30T03:00:00", PARIS, "2025-03-30T01:00:00Z"),
]


@pytest.mark.parametrize(("why", "text", "zone", "expected"), PARSED, ids=[row[0] for row in PARSED])
def test_instants_read_from_text(why: str, text: str, zone: ZoneInfo | None, expected: str) -> None:
    assert rfc3339(parse_instant(text, zone)) == expected, why


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2026-03-14T12:00:00", "has no UTC offset"),
        ("yesterday", "yesterday"),
        ("", "isoformat"),
        ("0001-01-01T00:00:00+05:00", "outside the years"),
        ("9999-12-31T23:59:59-05:00", "outside the years"),
    ],
)
def test_what_is_no_instant_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_instant(text)


UNCLEAR: list[tuple[str, str, ZoneInfo, str]] = [
    ("twice", "2026-10-25T02:30", PARIS,
        "2026-10-25T02:30 comes twice in Europe/Paris, where the clocks change then: write the offset with it, as"
        " 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"),
    ("the first instant that comes twice", "2026-10-25 02:00:00", PARIS, "2026-10-25 02:00:00 comes twice"),
    ("skipped", "2026-03-29T02:30", PARIS,
        "2026-03-29T02:30 does not exist in Europe/Paris, where the clocks change then: write the offset with it, as"
        " 2026-03-29T02:30:00+01:00 or 2026-03-29T02:30:00+02:00"),
    ("the last instant that is skipped", "2026-03-29T02:59:59.999999", PARIS, "does not exist"),
    ("a midnight that is skipped", "2025-03-30", AZORES, "2025-03-30 does not exist in Atlantic/Azores"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "zone", "sentence"), UNCLEAR, ids=[row[0] for row in UNCLEAR])
def test_local_times_that_clocks_skip_or_show_twice_are_refused(
    why: str, text: str, zone: ZoneInfo, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        parse_instant(text, zone)


@settings(max_examples=300, deadline=None)
@given(instants, zones)
def test_a_local_time_is_read_back_or_refused_where_its_offset_is_told(at: datetime, zone: ZoneInfo) -> None:
    local = at.astimezone(zone)
    text = local.replace(tzinfo=None).isoformat()
    if offset_if_twice(local):
        with pytest.raises(InvalidInput, match="comes twice"):
            parse_instant(text, zone)
    else:
        assert parse_instant(text, zone) == at


TWICE: list[tuple[str, str, str]] = [
    ("the first of two", "2026-10-25T00:30:00Z", " (UTC+02:00)"),
    ("the second of two", "2026-10-25T01:30:00Z", " (UTC+01:00)"),
    ("just before", "2026-10-24T23:59:59Z", ""),
    ("just after", "2026-10-25T02:00:00Z", ""),
    ("after the skipped hour", "2026-03-29T01:00:00Z", ""),
]


@pytest.mark.parametrize(("why", "at", "offset"), TWICE, ids=[row[0] for row in TWICE])
def test_the_offset_is_told_where_a_time_comes_twice(why: str, at: str, offset: str) -> None:
    assert offset_if_twice(datetime.fromisoformat(at).astimezone(PARIS)) == offset, why


@given(instants, st.integers(-14 * 60, 14 * 60))
def test_instants_come_back_from_their_text(at: datetime, offset_min: int) -> None:
    elsewhere = at.astimezone(timezone(timedelta(minutes=offset_min)))
    assert parse_instant(rfc3339(elsewhere)) == at
    assert rfc3339(elsewhere).endswith("Z")


def test_instants_from_seconds_since_1970() -> None:
    assert rfc3339(instant_from_epoch(1_700_000_000.25)) == "2023-11-14T22:13:20.250000Z"
    assert rfc3339(instant_from_epoch(-0.000001)) == "1969-12-31T23:59:59.999999Z"
    for refused in (float("nan"), float("inf"), 1e18, -1e18):
        with pytest.raises(ValueError, match="is not a time in seconds since 1970"):
            instant_from_epoch(refused)


@pytest.mark.parametrize(
    ("text", "month"), [("2026-01", date(2026, 1, 1)), ("2000-01", date(2000, 1, 1)), ("2999-12", date(2999, 12, 1))]
)
def test_a_month_as_a_person_writes_it(text: str, month: date) -> None:
    assert month_named(text, "--month") == month


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-01", "1999-12", "3000-01", "2026-01-01", "January", ""])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(InvalidInput, match=f"^--month '{text}' is not a month: write it as 2026-01$"):
        month_named(text, "--month")
