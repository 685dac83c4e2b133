"""A community with members needs a key: a gap is told when the territory is applied, not only when energy flows."""

import pytest

from energy.territory import parse_territory, times_without_key

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
