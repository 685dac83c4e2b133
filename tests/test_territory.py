"""territory.toml: what a good one declares, and for every kind of broken one, a sentence that names the culprit."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import InvalidInput
from energy.keys import ProRataKey, StaticKey
from energy.model import (
    ChannelRole,
    Community,
    DeviceMapping,
    Holder,
    HolderKind,
    KeyVersion,
    Measures,
    Membership,
    MeteringPoint,
    Quantity,
    Role,
    Site,
    Territory,
)
from energy.territory import parse_territory
from energy.time import rfc3339
from energy.validity import FOREVER, FOREVER_AGO, Validity
from tests.broken_territories import BROKEN, HOLDER, POINT, STATIC, with_device, with_key

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
role = "prosumer"
device = [{ id = "inverter", measures = "production" }]
membership = [
  { community = "island", from = 2025-10-26, to = 2026-01-01T00:00:00+01:00, participation_percent = 30 },
  { community = "valley", participation_percent = 70 },
]

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
            MeteringPoint("12345678901234", "town", "Roof", Role.PROSUMER, "solar"),
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
            Membership("island", "12345678901234", Validity(at("2025-10-26T00:00Z"), at("2025-12-31T23:00Z")), 30),
            Membership("valley", "12345678901234", participation_percent=70),
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
