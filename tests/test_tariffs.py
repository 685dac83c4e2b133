"""Tariffs: what is written is what is stored, to the last decimal; which band a minute is in; what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import InvalidInput
from energy.tariffs import DAY_MIN, EVERY_DAY, WEEK_MIN, Band, Tariff, band_by_minute, overlap_of
from energy.territory import parse_territory
from energy.territory_tariffs import tariff_of, tariff_rule_of
from energy.validity import FOREVER, Validity
from store.connect import connect
from store.registry import read_territory
from tests.metering import apply

HEAD: Final = """
holder = [{ id = "h" }]
point = [
  { id = "a", holder = "h", name = "A", category = "home", community = "c", groups = ["tenants", "poor", "tenants"] },
]
[[community]]
id = "c"
name = "C"
place = "here"
"""
PRICES: Final = "retail_eur_per_kwh = 0.2516\nlocal_eur_per_kwh = 0.12\n"
TARIFF: Final = f"[[community.tariff]]\n{PRICES}"
NIGHT: Final = '[[community.tariff.band]]\nname = "night"\nstart = "22:00"\nend = "06:00"\nretail_eur_per_kwh = 0.18\n'
NIGHT_BAND: Final = Band("night", time(22), time(6), EVERY_DAY, Decimal("0.18"))
SUNDAY: Final = frozenset({7})
WRITTEN: Final[list[tuple[str, str, Tariff]]] = [
    ("two prices", TARIFF, Tariff(Validity(), Decimal("0.2516"), Decimal("0.12"))),
    ("a number that no float holds exactly is read as it is written", TARIFF.replace("0.12", "0.1"),
        Tariff(Validity(), Decimal("0.2516"), Decimal("0.1"))),
    ("in quotes, with all its decimals", TARIFF.replace("0.12", '"0.123456"'),
        Tariff(Validity(), Decimal("0.2516"), Decimal("0.123456"))),
    ("whole EUR, and all the others", TARIFF + "from = 2026-01-01\nfees_eur_per_kwh = 0.01\nfees_eur_per_month = 2\n"
        "surplus_eur_per_kwh = 0\n",
        Tariff(Validity(datetime(2025, 12, 31, 23, tzinfo=UTC), FOREVER), Decimal("0.2516"), Decimal("0.12"),
            Decimal("0.01"), Decimal(2), Decimal(0))),
    ("a band over midnight", TARIFF + NIGHT,
        Tariff(Validity(), Decimal("0.2516"), Decimal("0.12"), bands=(NIGHT_BAND,))),
    ("bands come by name; TOML's own times; midnight is also 24:00",
        TARIFF + NIGHT.replace("22:00", "24:00") + '[[community.tariff.band]]\nname = "day off"\nstart = 06:00:00\n'
        'end = "22:00"\ndays = ["sun"]\nretail_eur_per_kwh = 0.2\nlocal_eur_per_kwh = 0.05\n',
        Tariff(Validity(), Decimal("0.2516"), Decimal("0.12"), bands=(
            Band("day off", time(6), time(22), SUNDAY, Decimal("0.2"), Decimal("0.05")),
            replace(NIGHT_BAND, start=time(0))))),
    ("24 minutes past noon is no midnight", TARIFF + NIGHT.replace("22:00", "12:24:00"),
        Tariff(Validity(), Decimal("0.2516"), Decimal("0.12"), bands=(replace(NIGHT_BAND, start=time(12, 24)),))),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "tariff"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_what_is_written_is_what_is_stored(why: str, text: str, tariff: Tariff) -> None:
    (version,) = parse_territory(HEAD + text).tariffs
    assert version.tariff == tariff, why
    assert tariff_of(tariff_rule_of(tariff), tariff.validity) == tariff


def test_a_database_gives_back_what_it_was_given(migrated_url: str) -> None:
    text = HEAD + TARIFF + "to = 2026-02-01\n" + NIGHT + TARIFF + "from = 2026-02-01\n"
    with connect(migrated_url) as connection:
        said = apply(connection, text)
        assert "+ tariff of community c to 2026-01-31T23:00:00Z" in said
        found, meant = read_territory(connection), parse_territory(text)
        assert found.tariffs == meant.tariffs
        assert found.points == meant.points
        assert found.points[0].groups == ("poor", "tenants")
        assert apply(connection, text) == []
        (change,) = apply(connection, text.replace("0.18", "0.19"))
        assert (
            change == "~ tariff of community c to 2026-01-31T23:00:00Z (bands, night, retail_eur_per_kwh: 0.18 -> 0.19)"
        )
        (change,) = apply(connection, text.replace("0.18", "0.19").replace('"poor", ', ""))
        assert change == "~ point a (groups: poor, tenants -> tenants)"
        texts = apply(connection, HEAD)
        assert texts.count("- tariff of community c from 2026-01-31T23:00:00Z") == 1


REFUSED: Final = [
    ("a comma", TARIFF.replace("0.12", '"0,12"'), "tariff number 1, local_eur_per_kwh: write EUR as 0.2516"),
    ("less than nothing", TARIFF.replace("0.12", "-0.12"), "not negative"),
    ("a tenth of a ten-thousandth of a cent", TARIFF.replace("0.12", "0.1234567"), "at most 6 decimals"),
    ("more than there is", TARIFF.replace("0.12", "100001"), "at most 100,000"),
    ("no number", TARIFF.replace("0.12", "nan"), "write EUR as"),
    ("yes", TARIFF.replace("0.12", "true"), "write EUR as"),
    ("digits of another script", TARIFF.replace("0.12", '"٠.١"'), "write EUR as"),
    ("no local price", "[[community.tariff]]\nretail_eur_per_kwh = 1\n", "local_eur_per_kwh: this entry is missing"),
    ("two at a time", TARIFF + TARIFF, "tariff of community c: two entries overlap from the beginning"),
    ("an end before its beginning", TARIFF + "from = 2026-02-01\nto = 2026-01-01\n", "`to` .* must be later"),
    ("half a minute", TARIFF + NIGHT.replace("22:00", "22:00:30"), "start: write a time of the day to the minute"),
    ("a 25th hour", TARIFF + NIGHT.replace("22:00", "25:00"), "start: write a time of the day to the minute"),
    ("no day", TARIFF + NIGHT + "days = []\n", "days"),
    ("a day that does not exist", TARIFF + NIGHT + 'days = ["samedi"]\n', "days"),
    ("a band twice", TARIFF + NIGHT + NIGHT, "two bands have one name"),
    ("bands that overlap after midnight", TARIFF + NIGHT + NIGHT.replace("night", "dawn").replace("22:00", "05:59"),
        "bands (night and dawn|dawn and night) overlap"),
    ("from Sunday into Monday", TARIFF + NIGHT + 'days = ["sun"]\n' + NIGHT.replace("night", "early")
        .replace("22:00", "00:00") + 'days = ["mon"]\n', "bands (night and early|early and night) overlap"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "sentence"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(why: str, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        parse_territory(HEAD + text)


def priced(*bands: Band) -> Tariff:
    return Tariff(Validity(), Decimal(1), Decimal(1), bands=bands)


def minute(day: int, hour: int, past: int = 0) -> int:
    return (day - 1) * DAY_MIN + hour * 60 + past


IN_BAND: Final = [
    ("its first minute", NIGHT_BAND, minute(1, 22), True),
    ("its last", NIGHT_BAND, minute(2, 5, 59), True),
    ("its end is exclusive", NIGHT_BAND, minute(2, 6), False),
    ("Monday morning is Sunday's night", NIGHT_BAND, minute(1, 0), True),
    ("the night that begins on Sunday goes on", Band("n", time(22), time(6), SUNDAY, Decimal(1)), minute(1, 5), True),
    ("the one before does not count", Band("n", time(22), time(6), SUNDAY, Decimal(1)), minute(7, 5), False),
    ("all of a day", Band("n", time(0), time(0), SUNDAY, Decimal(1)), minute(7, 12), True),
    ("and no more", Band("n", time(0), time(0), SUNDAY, Decimal(1)), minute(1, 0), False),
]


@pytest.mark.parametrize(("why", "band", "at", "is_in"), IN_BAND, ids=[row[0] for row in IN_BAND])
def test_which_band_a_minute_is_in(why: str, band: Band, at: int, is_in: bool) -> None:
    assert (band_by_minute(priced(band))[at] == 0) is is_in, why


CLOCK: Final = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))
BANDS: Final = st.lists(
    st.builds(
        Band, st.uuids().map(str), CLOCK, CLOCK, st.frozensets(st.integers(1, 7), min_size=1), st.just(Decimal(1))
    ),
    max_size=3,
)


def minutes_of(band: Band) -> list[int]:
    """Slow and obvious: minute by minute from where it begins."""
    found = []
    for day in band.days:
        at = minute(day, band.start.hour, band.start.minute)
        while True:
            found.append(at % WEEK_MIN)
            at += 1
            if at % DAY_MIN == band.end.hour * 60 + band.end.minute:
                break
    return found


@settings(deadline=None)
@given(bands=BANDS)
def test_bands_overlap_where_two_have_a_minute(bands: list[Band]) -> None:
    taken = [at for band in bands for at in minutes_of(band)]
    assert (overlap_of(tuple(bands)) is None) == (len(taken) == len(set(taken)))
    if len(taken) == len(set(taken)):
        assert sum(place >= 0 for place in band_by_minute(priced(*bands))) == len(taken)
