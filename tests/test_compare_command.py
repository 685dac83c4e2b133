"""`hub compare` from its file of keys to its table, reports and files, over a month that is worked out by hand."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from store.connect import connect
from tests.conftest import AskForTemplate
from tests.hub_command import call_hub, refused, run_hub
from tests.metering import apply
from tests.servers import Postgres
from tests.settled import TERRITORY, Valley, month_template, whole_month

KEYS: Final = """
[[key]]
name = "prorata"
title = "In proportion"
title_fr = "Au prorata"
type = "prorata"
[[key]]
name = "home-first"
type = "priority"
levels = [{ home = 1 }, { flat = 1 }]
[[key]]
name = "as-today"
type = "static"
shares_percent = { home = 50, flat = 50 }
"""
TARIFF: Final = """
[[community.tariff]]
retail_eur_per_kwh = "0.25"
local_eur_per_kwh = "0.15"
"""
MONTH: Final = ("--from", "2026-01", "--to", "2026-01")
FOUND: Final = [
    # In each of 744 hours the roof makes 160 Wh, the home takes 400 and the flat 240. Today each has half.
    ("today", "home", 59.52, 0.0),
    ("today", "flat", 59.52, 0.0),
    ("prorata", "home", 74.4, 14.88),
    ("prorata", "flat", 44.64, -14.88),
    ("home-first", "home", 119.04, 59.52),
    ("home-first", "flat", 0.0, -59.52),
    ("as-today", "home", 59.52, 0.0),
    ("as-today", "flat", 59.52, 0.0),
]
REFUSED: Final = [
    (
        "[[key]]\nname = 'a'\ntype = 'static'\nshares_percent = { nobody = 50 }",
        "names 'nobody', which is never a member",
    ),
    ("[[key]]\nname = 'a'\ntype = 'prorata'\n[[key]]\nname = 'a'\ntype = 'prorata'", "two keys have this name"),
    ("[[key]]\nname = 'today'\ntype = 'prorata'", "always compared; choose another name"),
    ("[[key]]\nname = 'a'\ntype = 'prorata'\nfrom = 2026-01-01", "has no `from` or `to`"),
    ("[[key]]\ntype = 'prorata'", "key number 1, name: this entry is missing"),
    ("[[key]]\nname = 'a'\ntype = 'static'\nshares_percent = { home = 90, flat = 20 }", "more than 100 %"),
    ("[[key]]\nname = 'a'\ntype = 'priority'\nlevels = [{}, { home = 1 }]", "key a: level 1 names nobody"),
    (
        "[[key]]\nname = 'q'\ntype = 'custom'\nstep = [{ at = 2026-01-15T12:30:00, shares_percent.home = 100 }]",
        "key q: step 2026-01-15T11:30:00Z is not the start of a step of 60 minutes",
    ),
    ("[[keys]]", "no key is proposed; write each as [[key]], with `name` and `type`"),
    ("", "no key is proposed"),
    ("key = []", "key: give 1 or more of them (got [])"),
    ("[[key", "is not valid TOML"),
]


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with whole_month(database_server, template) as valley:
        yield valley


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "keys.toml"
    file.write_text(KEYS)
    return file


def compare(url: str, keys: Path, *words: str) -> str:
    settings = {"HUB_DATABASE_URL": url}
    code, stdout, stderr = call_hub("compare", "valley", "--keys", str(keys), *MONTH, *words, settings=settings)
    assert (code, stderr) == (0, "")
    return stdout


def test_the_figures(valley: Valley, keys: Path) -> None:
    found = json.loads(compare(valley[0], keys, "--names", "--json"))
    members = {(row["key"], row["member"]): row for row in found["members"]}
    for key, point, allocated_kwh, difference_kwh in FOUND:
        row = members[key, point.capitalize()]
        assert (row["allocated_kwh"], row["difference_kwh"]) == (allocated_kwh, difference_kwh), (key, point)
        assert row["saving_eur"] is None
    assert [row["key"] for row in found["keys"]] == ["today", "prorata", "home-first", "as-today"]
    for row in found["keys"]:
        assert (row["production_kwh"], row["allocated_kwh"], row["surplus_kwh"]) == (119.04, 119.04, 0.0)
        assert (row["self_consumption_rate"], row["self_sufficiency_rate"]) == (1.0, 0.25)
    assert [(row["gaining"], row["losing"]) for row in found["keys"]] == [(0, 0), (1, 1), (1, 1), (0, 0)]
    assert members["home-first", "Roof"]["sold_kwh"] == 119.04
    assert found["present"] == found["expected"] == 3 * 744


def test_what_it_is_worth(valley: Valley, keys: Path) -> None:
    """10 ct saved for each kWh that comes from the roof instead of the supplier, and 15 ct paid for it."""
    url, connection, _ = valley
    apply(connection, TERRITORY.replace("[[point]]", f"{TARIFF}[[point]]", 1))
    found = json.loads(compare(url, keys, "--names", "--json"))
    members = {(row["key"], row["member"]): row for row in found["members"]}
    assert members["home-first", "Home"]["saving_eur"] == "11.90"
    assert members["home-first", "Home"]["difference_eur"] == "5.95"
    assert members["home-first", "Flat"]["difference_eur"] == "-5.95"
    assert members["today", "Roof"]["revenue_eur"] == "17.86"
    assert {row["saving_eur"] for row in found["keys"]} == {"11.90"}
    assert {row["local_value_rate"] for row in found["keys"]} == {0.6}


def test_points_of_public_holders_are_a_group(valley: Valley, keys: Path) -> None:
    """The flat withdraws 60 of 160 Wh, and has half of what is shared."""
    url, connection, _ = valley
    apply(connection, TERRITORY.replace('{ id = "martin" }', '{ id = "martin", kind = "public" }', 1))
    equity = json.loads(compare(url, keys, "--names", "--json"))["equity"]
    assert {
        (row["key"], row["parity"]) for row in equity if row["group_name"] == "public" and row["key"] != "prorata"
    } == {
        ("today", 1.333333),
        ("as-today", 1.333333),
        ("home-first", 0.0),
    }


def test_the_files(valley: Valley, keys: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "report"
    stdout = compare(valley[0], keys, "--out", str(out))
    assert stdout.splitlines()[0] == "Valley, in January 2026"
    names = ["equity.csv", "keys.csv", "members.csv", "months.csv", "report.en.html", "report.fr.html"]
    assert sorted(file.name for file in out.iterdir()) == names
    everything = stdout + "".join(file.read_text() for file in out.iterdir())
    for name in ("Home", "Flat", "Roof"):
        assert f">{name}<" not in everything, "members go by pseudonyms"
        assert f",{name}," not in everything
    with (out / "members.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["member"] for row in rows} == {"M1", "M2", "M3"}
    assert {row["category"] for row in rows} == {""}
    assert "Au prorata" in (out / "report.fr.html").read_text()
    table = compare(valley[0], keys, "--lang", "fr")
    assert table.startswith("Valley, en janvier 2026")
    heads = [line.split()[-4:] for line in table.splitlines() if "home-first" in line]
    assert heads == [["aujourd’hui", "prorata", "home-first", "as-today"]] * 2
    assert "(aujourd’hui)" in table
    assert " * " in table
    assert "le meilleur de la ligne pour l’ensemble" in table


def test_json_where_the_terminal_has_no_accents(valley: Valley, keys: Path) -> None:
    keys.write_text(KEYS.replace("Au prorata", "Répartie"))
    settings = {"HUB_DATABASE_URL": valley[0], "PYTHONIOENCODING": "ascii"}
    code, stdout, stderr = run_hub(
        "compare", "valley", "--keys", str(keys), *MONTH, "--json", "--names", settings=settings
    )
    assert (code, stderr) == (0, "")
    assert json.loads(stdout)["titles"]["prorata"]["fr"] == "Répartie"


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_mistakes_in_the_file(valley: Valley, keys: Path, text: str, why: str) -> None:
    keys.write_text(text)
    sentence = refused("compare", "valley", "--keys", str(keys), HUB_DATABASE_URL=valley[0])
    assert sentence.startswith("keys.toml")
    assert why in sentence


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--to", "0001-01"), "--to '0001-01' is not a month"),
        (("--from", "2026-01", "--to", "9999-12"), "--to '9999-12' is not a month"),
        (("--from", "2026-1"), "--from '2026-1' is not a month: write it as 2026-01"),
        (("--from", "2026-03", "--to", "2026-01"), "the last month (2026-01) is before the first (2026-03)"),
        (("--from", "2010-01", "--to", "2026-01"), "more than 60 months"),
        (("--from", "2025-06", "--to", "2025-06"), "nothing is known of the energy of valley from 2025-06 to 2025-06"),
    ],
)
def test_months_that_cannot_be_compared(valley: Valley, keys: Path, words: tuple[str, ...], why: str) -> None:
    assert why in refused("compare", "valley", "--keys", str(keys), *words, HUB_DATABASE_URL=valley[0])


def test_a_time_without_a_key(valley: Valley, keys: Path) -> None:
    """Only what a key covers is compared; where none does there is nothing to compare with."""
    url, connection, _ = valley
    dated = TERRITORY.replace('type = "static"', 'type = "static"\nfrom = 2026-01-31')
    apply(connection, dated)
    found = json.loads(compare(url, keys, "--json"))
    assert (found["steps_without_key"], found["keys"][0]["production_kwh"]) == (720, 24 * 0.16)
    with connect(url) as other:
        apply(other, TERRITORY.replace('type = "static"', 'type = "static"\nfrom = 2026-02-01'))
    sentence = refused("compare", "valley", "--keys", str(keys), *MONTH, HUB_DATABASE_URL=url)
    assert "no sharing key was in force in valley" in sentence
