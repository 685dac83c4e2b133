"""A community with members needs a key: a gap is told when the territory is applied, and when energy flows in it."""

import logging
from datetime import datetime
from typing import Final

import psycopg
import pytest

from energy.territory import parse_territory, times_without_key
from store import spans
from tests.metering import DAY, HOUR, append, apply, exhaust, register, stored, worker_on

HEAD = """
[[holder]]
id = "someone"
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
membership = [{{ community = "here"{dates} }}]
[[community]]
id = "here"
name = "Here"
place = "Here"
{keys}
"""
ALWAYS = '[[community.key]]\ntype = "prorata"'
UNTIL = '[[community.key]]\ntype = "prorata"\nto = 2026-01-01'
SINCE = '[[community.key]]\ntype = "prorata"\nfrom = 2026-01-01'
LATER = '[[community.key]]\ntype = "prorata"\nfrom = 2026-02-01'
ACCEPTED = [
    ("no key at all is the legal default", "", ""),
    ("one key for ever", "", ALWAYS),
    ("one after the other", "", f"{UNTIL}\n{SINCE}"),
    ("in any order of the file", "", f"{SINCE}\n{UNTIL}"),
    ("a key that begins with the first member", ", from = 2026-01-01", SINCE),
    ("a key that ends with the last member", ", to = 2026-01-01", UNTIL),
]
TOLD = [
    ("a key that begins after the members", "", SINCE, "no key applies, though home is a member"),
    ("a key that ends before them", "", UNTIL, "no key applies from 2025-12-31T23:00:00Z on"),
    ("a month between two keys", "", f"{UNTIL}\n{LATER}", "no key applies from 2025-12-31T23:00:00Z on"),
    ("a month before the key", ", from = 2026-01-01", LATER, "no key applies from 2025-12-31T23:00:00Z on"),
]


@pytest.mark.parametrize(("why", "dates", "keys"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_keys_that_cover_the_members(why: str, dates: str, keys: str) -> None:
    assert times_without_key(parse_territory(HEAD.format(dates=dates, keys=keys))) == [], why


@pytest.mark.parametrize(("why", "dates", "keys", "sentence"), TOLD, ids=[row[0] for row in TOLD])
def test_a_time_without_key_is_told(why: str, dates: str, keys: str, sentence: str) -> None:
    (said,) = times_without_key(parse_territory(HEAD.format(dates=dates, keys=keys)))
    assert said.startswith(f"community here: {sentence}"), why


HOUR_LONG: Final = """
device = [{ id = "meter" }]
[[community]]
id = "here"
name = "Here"
place = "Here"
zone = "UTC"
step_min = 60
"""
WHOLE: Final = HEAD.partition("[[community]]")[0].format(dates="") + HOUR_LONG + ALWAYS
GAP: Final = (
    WHOLE
    + "\nto = 2026-01-05T02:00:00Z"
    + "\n"
    + SINCE.replace("2026-01-01", "2026-01-05T04:00:00Z")
    + "\nto = 2026-01-05T05:00:00Z\n"
)


def balances(connection: psycopg.Connection) -> list[tuple[datetime, int]]:
    """Start and consumption of each balance, after the check that its allocations say the same."""
    found = stored(connection)
    shown = [(row[1], row[2]) for row in found["balance"]]
    assert [(row[2], row[3]) for row in found["allocation"]] == shown
    return shown


def test_steps_between_two_keys_lose_their_figures_and_the_others_keep_theirs(
    any_migrated_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with worker_on(any_migrated_url) as (connection, worker):
        apply(connection, WHOLE)
        append(connection, register("meter", [0, 10, 30, 60, 100, 150, 210], every=HOUR))
        exhaust(worker)
        whole = [(DAY + i * HOUR, 10 * (i + 1)) for i in range(6)]
        assert balances(connection) == whole
        assert caplog.messages == []

        apply(connection, GAP)
        exhaust(worker)
        assert balances(connection) == [whole[i] for i in (0, 1, 4)], "no old figure stays where no key applies"
        assert spans.count(connection) == (0, 0), "nothing fails, nothing waits"
        (sentence,) = caplog.messages
        assert sentence.startswith(
            "community here: no sharing key covers 3 steps with energy, 2026-01-05T02:00:00Z to 2026-01-05T05:00:00Z;"
        )

        append(connection, register("meter", [280], DAY + 7 * HOUR))
        exhaust(worker)
        assert caplog.messages == [sentence], "of each day it is said once, not with each reading"

        apply(connection, WHOLE)
        exhaust(worker)
        assert balances(connection) == [*whole, (DAY + 6 * HOUR, 70)]
