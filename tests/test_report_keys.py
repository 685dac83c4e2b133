"""What the report says of each key in a sentence, and what it calls kinds of members."""

import re
from importlib.resources import files
from typing import Final

import pytest

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
from processing.report_keys import describe
from processing.report_kinds import KINDS, kind_of
from processing.report_numbers import Numbers
from tests.test_compare import JANUARY, KEYS

SAID: Final[list[tuple[SharingKey, str, str]]] = [
    (ProRataKey(), "in proportion to what it consumes then", "proportionnelle à ce qu’il consomme"),
    (StaticKey({"a": 100_000, "b": 250_000}), "from 10% to 25%", "de 10\xa0% à 25\xa0%"),
    (StaticKey({"a": 500_000, "b": 500_000}), "Each of the 2 members named", "Chacun des 2 membres nommés"),
    (StaticKey({"a": 166_666, "b": 125_000}), "from 12.5% to 16.67%", "de 12,5\xa0% à 16,67\xa0%"),
    (StaticKey({"c": 250_000}), "M9 has a fixed part of the production, 25%", "M9 a une part fixe"),
    (KEYS["spain"], "stays its own", "lui reste"),
    (ProRataKey(Surplus.TO_MEMBERS), "stays its own", "lui reste"),
    (KEYS["c-first"], "in 2 turns: first M9", "en 2 temps\xa0: d’abord M9"),
    (KEYS["c-first"], "then the other members named, in order", "puis les autres membres nommés, dans l’ordre"),
    (CustomKey({}), "sets the parts for each step", "fixe les parts à chaque pas"),
    (MatrixKey({"roof": {"a": 1}}), "Each producer", "Chaque producteur"),
    (
        IterationsKey((Round(600_000, {"a": 1}), Round(400_000))),
        "60% by fixed parts, 40% in",
        "60\xa0% selon des parts",
    ),
    (
        IterationsKey((Round(125_000),)),
        "in one round: 12.5% in proportion",
        "en un seul tour\xa0: 12,5\xa0% au prorata",
    ),
    (HourlyMinKey(), "In each hour", "À chaque heure"),
]
BY_LOT: Final[list[tuple[SharingKey, str, str]]] = [
    (StaticKey({"c": 250_000}), "One member has a fixed part", "Un membre a une part fixe"),
    (KEYS["c-first"], "in 2 turns: first one member", "en 2 temps\xa0: d’abord un membre"),
    (PriorityKey(({"a": 1, "b": 1}, {"c": 1})), "first 2 members", "d’abord 2 membres"),
]


FOR_THE_NAMED: Final[list[tuple[str, SharingKey, bool]]] = [
    ("turns", KEYS["c-first"], True),
    ("one turn", PriorityKey(({"a": 1, "b": 1},)), True),
    ("fixed parts", StaticKey({"a": 100_000, "b": 250_000}), True),
    ("the same parts", StaticKey({"a": 250_000, "b": 250_000}), True),
    ("one part", StaticKey({"a": 250_000}), True),
    ("parts that are kept", KEYS["spain"], True),
    ("parts by step", CustomKey({JANUARY.start: {"a": 1_000_000}}), True),
    ("pairs", MatrixKey({"roof": {"a": 1}}), True),
    ("rounds by fixed parts", IterationsKey((Round(600_000, {"a": 1}), Round(400_000, {"b": 1}))), True),
    ("a round for all", IterationsKey((Round(600_000, {"a": 1}), Round(400_000))), False),
    ("in proportion", ProRataKey(), False),
    ("by the hour", HourlyMinKey(), False),
]


@pytest.mark.parametrize(("key", "english", "french"), SAID)
def test_what_a_key_does(key: SharingKey, english: str, french: str) -> None:
    assert english in describe(key, Numbers("en"), {"c": "M9"})
    assert french in describe(key, Numbers("fr"), {"c": "M9"})


@pytest.mark.parametrize(("why", "key", "is_said"), FOR_THE_NAMED, ids=[row[0] for row in FOR_THE_NAMED])
def test_a_key_for_those_whom_it_names_says_so(why: str, key: SharingKey, is_said: bool) -> None:
    for labels in ({"a": "M1"}, None):
        assert ("Who is not named in the key has nothing." in describe(key, Numbers("en"), labels)) == is_said, why
        assert ("Qui n’est pas nommé dans la clé n’a rien." in describe(key, Numbers("fr"), labels)) == is_said, why


@pytest.mark.parametrize(("key", "english", "french"), BY_LOT)
def test_no_key_tells_who_is_who(key: SharingKey, english: str, french: str) -> None:
    """Of the school that is served first everybody would know its number."""
    assert english in describe(key, Numbers("en"), None)
    assert french in describe(key, Numbers("fr"), None)


def test_kinds_are_called_as_on_the_page_of_the_day() -> None:
    page = files("dashboards").joinpath("page/texts.js").read_text(encoding="utf-8")
    called = {word: names for word, *names in re.findall(r'"category\.(\w+)": \["([^"]+)", "([^"]+)"\]', page)}
    assert called == {word: [*names] for word, names in KINDS.items() if word in called}
    assert [kind_of(word, "fr") for word in ("tenants", "my_own-kind", "")] == ["Locataires", "My own kind", ""]
