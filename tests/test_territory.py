"""territory.toml: what a good one declares, and for every kind of broken one, a sentence that names the culprit."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import InvalidInput
from energy.model import (
    FOREVER,
    FOREVER_AGO,
    ChannelRole,
    Community,
    DeviceMapping,
    Holder,
    HolderKind,
    KeyVersion,
    Measures,
    Membership,
    MeteringPoint,
    ProRataKey,
    Quantity,
    Role,
    Site,
    StaticKey,
    Territory,
    Validity,
)
from energy.territory import parse_territory
from energy.time import rfc3339

GOOD = """
holder = [{ id = "anna" }, { id = "town", kind = "public", consent = true }]

[[community]]
id = "valley"
name = "La Vallée"
place = "Mornant, Rhône"
step_min = 30
simulated = true
key = [
  { type = "prorata", to = 2025-01-01 },
  { type = "static", from = 2025-01-01, shares_percent = { home = 33.3333, "12345678901234" = 0.0001 } },
]

[[community]]
id = "island"
name = "The island"
place = "Horta"
zone = "Atlantic/Azores"

[[point]]
id = "home"
holder = "anna"
name = "Home 1"
category = "home"
role = "prosumer"
limit_kva = 9.5
community = "valley"
device = [
  { id = "old meter", to = 2025-03-30T03:30:00 },
  { id = "shelly/1", channel = "em1:0", from = 2025-03-30T01:30:00Z },
]

[[point]]
id = "12345678901234"
holder = "town"
name = "Roof"
category = "solar"
role = "producer"
device = [{ id = "inverter", measures = "production" }]
membership = [{ community = "island", from = 2025-10-26, to = 2026-01-01T00:00:00+01:00 }, { community = "valley" }]

[[site]]
prefix = "school/dtu"
dialect = "opendtu"
zone = "Europe/Vienna"
name = "school"

[[site]]
prefix = "/envoy/json"

[site.role]
chn0 = { quantity = "import_energy", unit = "kWh" }
chn1 = { quantity = "active_power", inverted = true }
"""


def test_a_good_file_declares_what_it_says() -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text)

    year, swap = at("2024-12-31T23:00Z"), at("2025-03-30T01:30Z")
    assert parse_territory(GOOD) == Territory(
        communities=(
            Community("valley", "La Vallée", "Mornant, Rhône", "Europe/Paris", 30, simulated=True),
            Community("island", "The island", "Horta", "Atlantic/Azores"),
        ),
        holders=(Holder("anna", HolderKind.NATURAL), Holder("town", HolderKind.PUBLIC, consent=True)),
        points=(
            MeteringPoint("home", "anna", "Home 1", Role.PROSUMER, "home", 9500),
            MeteringPoint("12345678901234", "town", "Roof", Role.PRODUCER, "solar"),
        ),
        mappings=(
            DeviceMapping("home", "old meter", validity=Validity(valid_to=swap)),
            DeviceMapping("home", "shelly/1", "em1:0", validity=Validity(swap)),
            DeviceMapping("12345678901234", "inverter", measures=Measures.PRODUCTION),
        ),
        sites=(
            Site("school/dtu", "opendtu", "Europe/Vienna", "school"),
            Site(
                "/envoy/json",
                roles={
                    "chn0": ChannelRole(Quantity.IMPORT_ENERGY, 1000),
                    "chn1": ChannelRole(Quantity.ACTIVE_POWER, -1),
                },
            ),
        ),
        memberships=(
            Membership("valley", "home"),
            Membership("island", "12345678901234", Validity(at("2025-10-26T00:00Z"), at("2025-12-31T23:00Z"))),
            Membership("valley", "12345678901234"),
        ),
        keys=(
            KeyVersion("valley", ProRataKey(), Validity(valid_to=year)),
            KeyVersion("valley", StaticKey({"home": 333_333, "12345678901234": 1}), Validity(year)),
            KeyVersion("island", ProRataKey()),
        ),
    )


def test_an_empty_file_declares_nothing_and_a_byte_order_mark_is_nothing() -> None:
    assert parse_territory("") == Territory()
    assert parse_territory("\ufeff" + GOOD) == parse_territory(GOOD)


HOLDER = '[[holder]]\nid = "h"\n'
COMMUNITY = '[[community]]\nid = "c"\nname = "C"\nplace = "P"\n'
POINT = '[[point]]\nid = "p"\nholder = "h"\nname = "N"\ncategory = "home"\ncommunity = "c"\n'


def with_key(key: str) -> str:
    return f"{HOLDER}{COMMUNITY}key = [{key}]\n{POINT}"


def with_device(*devices: str) -> str:
    return f"{HOLDER}{COMMUNITY}{POINT}device = [{', '.join(f'{{ {device} }}' for device in devices)}]\n"


STATIC = '{{ type = "static", shares_percent = {{ {} }} }}'
ANOTHER = POINT.replace('"p"', '"q"').replace('community = "c"\n', "")
BROKEN: list[tuple[str, str, str]] = [
    ("not TOML", "community = [", "territory.toml is not valid TOML: Invalid value"),
    ("a line of not TOML", HOLDER + "what is this", "(at line 3, column 6)"),
    ("an entry told twice", COMMUNITY + 'id = "d"\n', "is not valid TOML: Cannot overwrite a value"),
    ("an unknown table", '[[comunity]]\nid = "c"\n', "territory.toml, comunity: no such entry is known here"),
    ("an unknown entry", COMMUNITY + 'colour = "red"\n', "community c, colour: no such entry is known here; check its"),
    ("a missing entry", '[[community]]\nid = "c"\nname = "C"\n', "community c, place: this entry is missing"),
    ("a missing id: counted from one", HOLDER + "[[holder]]\n", "holder number 2, id: this entry is missing"),
    ("one table for a list", '[holder]\nid = "h"\n', "holder: Input should be a valid list (got {'id': 'h'})"),
    ("an id with a space", '[[holder]]\nid = "a b"\n', "holder a b, id: only a-z, A-Z, 0-9, dot, dash and underscore"),
    ("an id with an accent", '[[holder]]\nid = "café"\n', "(got 'café')"),
    ("an id with a line break", '[[holder]]\nid = "a\\n"\n', "holder 'a\\n', id: only a-z, A-Z, 0-9"),
    ("an empty id", '[[holder]]\nid = ""\n', "id: String should have at least 1 character"),
    ("an id too long", f'[[holder]]\nid = "{"x" * 65}"\n', "id: String should have at most 64 characters"),
    ("one of a page", f'[[holder]]\nid = "{"x" * 5000}"\n', "xxx', id: String should have at most"),
    ("an unknown entry of two lines", '"colour\\nred" = 1\n', "territory.toml, 'colour\\nred': no such entry"),
    ("a number for an id: a PRM without quotes", "[[holder]]\nid = 14\n", "holder number 1, id: Input should be a"),
    ("a name that is no line", COMMUNITY.replace('"C"', '"a\\u0000b"'), "name: no line breaks and no control"),
    ("a kind of holder that does not exist", HOLDER + 'kind = "cat"\n', "holder h, kind: Input should be 'natural', "),
    ("a consent that is no yes or no", HOLDER + 'consent = "no"\n', "consent: Input should be a valid boolean"),
    ("a step that does not exist", COMMUNITY + "step_min = 45\n", "step_min: Input should be 15, 30 or 60 (got 45)"),
    ("a time zone that does not exist", COMMUNITY + 'zone = "Europe/Mornant"\n',
        "community c: 'Europe/Mornant' is not a time zone (example: Europe/Paris)"),
    ("a role that does not exist", HOLDER + COMMUNITY + POINT + 'role = "x"\n', "point p, role: Input should be"),
    ("a power of nothing", HOLDER + COMMUNITY + POINT + "limit_kva = 0\n", "limit_kva: Input should be greater than"),
    ("a power that is no number", HOLDER + COMMUNITY + POINT + "limit_kva = nan\n", "point p, limit_kva: Input should"),
    ("a device without id", with_device('channel = "1"'), "point p, device number 1, id: this entry is missing"),
    ("a device that measures nothing", with_device('id = "d", measures = "x"'), "device d, measures: Input should be"),
    ("a channel of control characters", with_device('id = "d", channel = "\\t"'), "channel: no line breaks and no"),
    ("two communities of a name", COMMUNITY + COMMUNITY, "community c is declared twice"),
    ("two holders", HOLDER + HOLDER, "holder h is declared twice"),
    ("two points", HOLDER + COMMUNITY + POINT + POINT, "point p is declared twice"),
    ("a holder that is not declared", COMMUNITY + POINT, "point p: holder 'h' is not declared"),
    ("a community that is not declared", HOLDER + POINT, "point p: community 'c' is not declared"),
    ("a membership of nothing", HOLDER + COMMUNITY + POINT + 'membership = [{ community = "d" }]\n',
        "point p: community 'd' is not declared"),
    ("a date that is a number", with_device('id = "d", from = 2025'),
        "point p, device d, from: write a date (2025-01-31) or an instant (2025-01-31T12:00:00+01:00) (got 2025)"),
    ("a date that is only a time", with_device('id = "d", from = 07:30:00'), "device d, from: write a date"),
    ("a date in words", with_device('id = "d", to = "yesterday"'), "device d, to: write a date"),
    ("a day that does not exist", with_device('id = "d", to = "2025-02-30"'), "device d, to: write a date"),
    ("a day that TOML does not know", with_device('id = "d", to = 2025-02-30'), "is not valid TOML: Invalid date"),
    ("an end before the beginning", with_device('id = "d", from = 2025-01-02, to = 2025-01-01'),
        "point p, device d: `to` (2025-01-01) must be later than `from` (2025-01-02)"),
    ("an end at the beginning", HOLDER + COMMUNITY + ANOTHER
        + 'membership = [{ community = "c", from = 2025-01-02, to = 2025-01-02 }]\n', "point q, membership of c: `to`"),
    ("a device twice at a time", with_device('id = "d", to = 2025-02-01', 'id = "d", from = 2025-01-01'),
        "device d: two entries overlap at 2024-12-31T23:00:00Z"),
    ("a channel twice for ever", with_device('id = "d", channel = "1"', 'id = "d", channel = "1"'),
        "device d 1: two entries overlap from the beginning"),
    ("a member in two ways", HOLDER + COMMUNITY + POINT + 'membership = [{ community = "c", from = 2025-01-01 }]\n',
        "membership of p in c: two entries overlap at 2024-12-31T23:00:00Z"),
    ("two keys at a time", with_key('{ type = "prorata" }, { type = "prorata", from = 2025-01-01 }'),
        "key of community c: two entries overlap at"),
    ("a key that does not exist", with_key('{ type = "fair" }'), "key number 1, type: Input should be 'prorata' or"),
    ("a key for a point that is not declared", with_key(STATIC.format("x = 5")), "names 'x', which is not a declared"),
    ("a key for a point elsewhere", with_key(STATIC.format("q = 5")) + ANOTHER, "names 'q', which is never a member"),
    ("more than 100 %", with_key(STATIC.format("p = 60, q = 40.0001")) + ANOTHER + 'community = "c"\n',
        "community c, key static: shares_percent add up to 100.0001 %, more than 100 %"),
    ("more than 100 % for one", with_key(STATIC.format("p = 101")), "shares_percent, p: Input should be less than or"),
    ("less than nothing", with_key(STATIC.format("p = -1")), "shares_percent, p: Input should be greater than or"),
    ("a share that is no number", with_key(STATIC.format("p = nan")), "p: Input should be a finite number (got nan)"),
    ("a share in words", with_key(STATIC.format('p = "half"')), "p: Input should be a valid number (got 'half')"),
    ("a share of yes", with_key(STATIC.format("p = true")), "p: Input should be a valid number (got True)"),
    ("a share of an impossible id", with_key(STATIC.format('"a b" = 1')), "number 1, shares_percent, a b: only a-z"),
    ("a static key without shares", with_key('{ type = "static" }'), "a static key needs shares_percent"),
    ("a pro rata key with shares", with_key('{ type = "prorata", shares_percent = { p = 1 } }'),
        "community c, key prorata: a prorata key has no shares_percent"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "sentence"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_file_gives_one_sentence_that_names_the_culprit(why: str, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_territory(text)
    said = str(refusal.value)
    assert sentence in said, why
    assert said.startswith("territory.toml"), why
    assert "\n" not in said, why
    assert len(said) < 250, why


def test_the_sentence_names_the_file_as_the_caller_does() -> None:
    with pytest.raises(InvalidInput, match=r"^valley.toml, holder h is declared twice$"):
        parse_territory(HOLDER + HOLDER, "valley.toml")


VALIDITIES: list[tuple[str, str, str, str]] = [
    ("a local date", "from = 2025-07-14", "2025-07-13T22:00:00Z", rfc3339(FOREVER)),
    ("a date as text, as JSON has it", 'from = "2025-07-14"', "2025-07-13T22:00:00Z", rfc3339(FOREVER)),
    ("a local instant", "from = 2025-07-14T12:00:00", "2025-07-14T10:00:00Z", rfc3339(FOREVER)),
    ("an instant with offset", "to = 2025-07-14T12:00:00-03:00", rfc3339(FOREVER_AGO), "2025-07-14T15:00:00Z"),
    ("the instant as text", 'to = "2025-07-14T12:00:00Z"', rfc3339(FOREVER_AGO), "2025-07-14T12:00:00Z"),
    (
        "midnight of a clock change",
        "from = 2025-03-30, to = 2025-03-31",
        "2025-03-29T23:00:00Z",
        "2025-03-30T22:00:00Z",
    ),
    ("the last day there is means no end", "to = 9999-12-31", rfc3339(FOREVER_AGO), rfc3339(FOREVER)),
    ("far west too", "to = 9999-12-31T23:00:00-05:00", rfc3339(FOREVER_AGO), rfc3339(FOREVER)),
    ("the first day there is means no beginning", "from = 0001-01-01", rfc3339(FOREVER_AGO), rfc3339(FOREVER)),
]


@pytest.mark.parametrize(("why", "dates", "start", "end"), VALIDITIES, ids=[row[0] for row in VALIDITIES])
def test_dates(why: str, dates: str, start: str, end: str) -> None:
    (mapping,) = parse_territory(with_device(f'id = "d", {dates}')).mappings
    assert (rfc3339(mapping.validity.valid_from), rfc3339(mapping.validity.valid_to)) == (start, end), why


def test_entries_that_meet_do_not_overlap_and_names_are_not_glued() -> None:
    met = parse_territory(with_device('id = "d", to = 2025-01-01', 'id = "d", from = 2025-01-01'))
    assert met.mappings[0].validity.valid_to == met.mappings[1].validity.valid_from
    assert len(parse_territory(with_device('id = "d e"', 'id = "d", channel = "e"')).mappings) == 2


SHARES: list[tuple[str, int, str, int]] = [
    ("thirds", 3, "33.333333", 333_333),
    ("sixths as people round them", 6, "16.66667", 166_666),
    ("sevenths", 7, "14.285714", 142_857),
    ("a decimal that no double holds", 1, "4.35", 43_500),
    ("nor this one", 1, "57.8", 578_000),
    ("less than a millionth is nothing", 1, "0.00009", 0),
    ("everything", 1, "100", 1_000_000),
]


@pytest.mark.parametrize(("why", "count", "percent", "ppm"), SHARES, ids=[row[0] for row in SHARES])
def test_shares_are_rounded_down_to_millionths(why: str, count: int, percent: str, ppm: int) -> None:
    points = "".join(POINT.replace('"p"', f'"p{i}"') for i in range(count))
    key = STATIC.format(", ".join(f"p{i} = {percent}" for i in range(count)))
    (version,) = parse_territory(with_key(key).removesuffix(POINT) + points).keys
    assert version.key == StaticKey({f"p{i}": ppm for i in range(count)}), why


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dates(date(2000, 1, 1), date(2100, 1, 1)), min_size=4, max_size=4))
def test_two_stretches_are_accepted_exactly_when_they_do_not_overlap(days: list[date]) -> None:
    a, b, c, d = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days)
    if a < b and c < d:
        text = with_device(*(f'id = "d", from = {s:%Y-%m-%d}, to = {e:%Y-%m-%d}' for s, e in ((a, b), (c, d))))
        if max(a, c) < min(b, d):
            with pytest.raises(InvalidInput, match="device d: two entries overlap"):
                parse_territory(text)
        else:
            assert len(parse_territory(text).mappings) == 2
