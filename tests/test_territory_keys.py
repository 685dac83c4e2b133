"""Keys of a territory file: what each means, that it is stored as it is, what is refused, and how a change is told."""

import re
from datetime import UTC, datetime
from typing import Final

import pytest

from energy.errors import InvalidInput
from energy.key_rules import key_of, rule_of
from energy.keys import (
    CustomKey,
    HourlyMinKey,
    IterationsKey,
    MatrixKey,
    PriorityKey,
    ProRataKey,
    Round,
    SharingKey,
    StaticKey,
    Surplus,
)
from energy.territory import parse_territory
from store.registry import difference

HEAD = """
holder = [{ id = "h" }]
point = [
  { id = "a", holder = "h", name = "A", category = "home", community = "c" },
  { id = "b", holder = "h", name = "B", category = "home", community = "c" },
  { id = "pv", holder = "h", name = "PV", category = "solar", role = "producer", community = "c" },
  { id = "far", holder = "h", name = "Far", category = "home" },
]
[[community]]
id = "c"
name = "C"
place = "here"
[[community.key]]
"""
NOON = datetime(2026, 1, 31, 11, tzinfo=UTC)
KEYS: list[tuple[str, SharingKey]] = [
    ('type = "prorata"\nsurplus = "to_members"', ProRataKey(Surplus.TO_MEMBERS)),
    ('type = "static"\nshares_percent = { a = 60, b = 33.33333 }', StaticKey({"a": 600_000, "b": 333_333})),
    ('type = "custom"\nstep = [{ at = 2026-01-31T12:00:00, shares_percent = { a = 12.5 } }]',
        CustomKey({NOON: {"a": 125_000}})),
    ('type = "matrix"\nmatrix_percent = { pv = { a = 50, b = 50 } }',
        MatrixKey({"pv": {"a": 500_000, "b": 500_000}})),
    ('type = "matrix"\nmatrix_percent.pv = { a = 50 }\nstep = [{ at = 2026-01-31T11:00:00Z, matrix_percent.pv.b = 1 }]',
        MatrixKey({"pv": {"a": 500_000}}, {NOON: {"pv": {"b": 10_000}}})),
    ('type = "priority"\nlevels = [{ a = 1 }, { b = 3 }]', PriorityKey(({"a": 1}, {"b": 3}))),
    ('type = "iterations"\n'
        'round = [{ fraction_percent = 70, shares_percent = { a = 100 } }, { fraction_percent = 30 }]',
        IterationsKey((Round(700_000, {"a": 1_000_000}), Round(300_000)))),
    ('type = "hourly_min"', HourlyMinKey()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key"), KEYS, ids=[row[0].partition("\n")[0] for row in KEYS])
def test_what_is_written_is_what_is_stored(text: str, key: SharingKey) -> None:
    (version,) = parse_territory(HEAD + text).keys
    assert version.key == key
    assert key_of(rule_of(key)) == key


REFUSED = [
    ('type = "custom"', "a custom key needs step, the shares of each step"),
    ('type = "matrix"', "a matrix key needs matrix_percent"),
    ('type = "priority"', "a priority key needs levels"),
    ('type = "iterations"', "an iterations key needs round"),
    ('type = "hourly_min"\nshares_percent = { a = 1 }', "an hourly_min key has no shares_percent"),
    ('type = "priority"\nlevels = [{ a = 1 }]\nsurplus = "to_members"', "leaves no share unused"),
    ('type = "priority"\nlevels = [{ a = 1 }, { a = 1 }]', "a is in several levels"),
    ('type = "priority"\nlevels = [{ far = 1 }]', "levels names 'far', which is never a member there"),
    ('type = "matrix"\nmatrix_percent = { roof = { a = 1 } }', "names 'roof', which is not a declared point"),
    ('type = "matrix"\nmatrix_percent = { pv = { a = 60, b = 60 } }', "the shares of pv add up to 120.0000%"),
    ('type = "iterations"\nround = [{ fraction_percent = 70 }, { fraction_percent = 40 }]', "add up to 110.0000%"),
    (
        'type = "custom"\nstep = [{ at = 2026-01-31T12:00:00, matrix_percent.pv.a = 1 }]',
        "has shares_percent, no",
    ),
    (
        'type = "custom"\nstep = [{ at = 2026-01-31 }, { at = 2026-01-30T23:00:00Z }]',
        "step 2026-01-30T23:00:00Z is there twice",
    ),
    ('type = "prorata"\nfrom = 2026-03-29T02:30:00', "2026-03-29T02:30:00 does not exist in Europe/Paris"),
    ('type = "prorata"\nto = 2026-10-25T02:30:00', "2026-10-25T02:30:00 comes twice in Europe/Paris"),
    ('type = "priority"\nlevels = [{}]', "level 1 names nobody"),
    ('type = "priority"\nlevels = [{ a = 1 }, {}]', "level 2 names nobody"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=f"community c, key .*{re.escape(sentence)}"):
        parse_territory(HEAD + text)


# why, step of the community in minutes, when the step of the key begins, what is said of it
STEPS: Final = [
    ("a quarter of an hour", 15, "2026-01-15T12:45:00", ""),
    ("half an hour", 30, "2026-01-15T11:30:00Z", ""),
    ("an hour", 60, "2026-01-15T12:00:00", ""),
    ("half past", 60, "2026-01-15T12:30:00", "step 2026-01-15T11:30:00Z is not the start of a step of 60 minutes"),
    ("one of the quarters of an hour", 60, "2026-01-15T11:15:00Z", "is not the start of a step of 60 minutes"),
    ("at no quarter of an hour", 15, "2026-01-15T12:07:00Z", "12:07:00Z is not the start of a step of 15 minutes"),
    ("some seconds later", 15, "2026-01-15T12:00:30Z", "12:00:30Z is not the start of a step of 15 minutes"),
    ("an hour that the clocks skip", 60, "2026-03-29T02:00:00",
        "2026-03-29T02:00:00 does not exist in Europe/Paris, where the clocks change then: write the offset with it, as"
        " 2026-03-29T02:00:00+01:00 or 2026-03-29T02:00:00+02:00"),
    ("an hour that comes twice", 60, "2026-10-25T02:00:00",
        "2026-10-25T02:00:00 comes twice in Europe/Paris, where the clocks change then: write the offset with it, as"
        " 2026-10-25T02:00:00+02:00 or 2026-10-25T02:00:00+01:00"),
    ("the second of them", 60, "2026-10-25T02:00:00+01:00", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    "entries",
    ['type = "custom"\nstep = [{{ at = {at}, shares_percent.a = 100 }}]',
        'type = "matrix"\nmatrix_percent.pv.a = 100\nstep = [{{ at = {at}, matrix_percent.pv.b = 1 }}]'],
    ids=["custom", "matrix"],
)  # fmt: skip
@pytest.mark.parametrize(("why", "step_min", "at", "sentence"), STEPS, ids=[row[0] for row in STEPS])
def test_a_step_begins_where_one_of_the_community_does(
    why: str, step_min: int, at: str, sentence: str, entries: str
) -> None:
    text = HEAD.replace("[[community.key]]", f"step_min = {step_min}\n[[community.key]]") + entries.format(at=at)
    if not sentence:
        assert parse_territory(text).keys, why
        return
    with pytest.raises(InvalidInput, match=f"community c, key .*{re.escape(sentence)}"):
        parse_territory(text)


NOON_STEP: Final = "step = [{ at = 2026-01-31T12:00:00"
# why, a key, the key that takes its place, what is told of it
CHANGES: Final = [
    ("another share", 'type = "static"\nshares_percent = { a = 60 }', 'type = "static"\nshares_percent = { a = 50 }',
        "a: 60 % -> 50 %"),
    ("fixed parts become parts for each step", 'type = "static"\nshares_percent = { b = 50 }',
        f'type = "custom"\n{NOON_STEP}, shares_percent.a = 100 }}]',
        "type: static -> custom, b: 50 % -> nothing, 2026-01-31T11:00:00Z, a: nothing -> 100 %"),
    ("a step in which nobody has a share", f'type = "custom"\n{NOON_STEP} }}]',
        'type = "custom"\nstep = [{ at = 2026-01-31T13:00:00 }]',
        "2026-01-31T11:00:00Z: nobody -> nothing, 2026-01-31T12:00:00Z: nothing -> nobody"),
    ("a matrix, and one of a step",
        f'type = "matrix"\nmatrix_percent.pv.a = 50\n{NOON_STEP}, matrix_percent.pv.b = 1 }}]',
        f'type = "matrix"\nmatrix_percent.pv.a = 60\n{NOON_STEP}, matrix_percent.pv.b = 2.5 }}]',
        "pv, a: 50 % -> 60 %, 2026-01-31T11:00:00Z, pv, b: 1 % -> 2.5 %"),
    ("levels change places", 'type = "priority"\nlevels = [{ a = 1 }, { b = 3 }]',
        'type = "priority"\nlevels = [{ b = 3 }, { a = 2 }]',
        "level 1, a: 1 -> nothing, level 2, b: 3 -> nothing, level 1, b: nothing -> 3, level 2, a: nothing -> 2"),
    ("rounds",
        'type = "iterations"\nround = [{ fraction_percent = 70, shares_percent.a = 100 }, { fraction_percent = 30 }]',
        'type = "iterations"\nround = [{ fraction_percent = 60, shares_percent.a = 90 }, { fraction_percent = 40 }]',
        "round 1: 70 % -> 60 %, round 1, a: 100 % -> 90 %, round 2: 30 % pro rata -> 40 % pro rata"),
    ("whose an unused share is", 'type = "prorata"', 'type = "prorata"\nsurplus = "to_members"',
        "surplus: nothing -> to_members"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "before", "after", "told"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_change_is_told_with_its_time_and_unit(why: str, before: str, after: str, told: str) -> None:
    (change,) = difference(parse_territory(HEAD + before), parse_territory(HEAD + after))
    assert change.text == f"~ {change.row['rule']['type']} key of community c ({told})", why
