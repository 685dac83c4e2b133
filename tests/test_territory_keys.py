"""Keys of a territory file: what each means, that it is stored as it is, and what is refused."""

from datetime import UTC, datetime

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
    ('type = "custom"\nstep = [{ at = 2026-01-31 }, { at = 2026-01-31 }]', "a step is there twice"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=f"community c, key .*{sentence}"):
        parse_territory(HEAD + text)
