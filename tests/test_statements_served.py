"""Statements as the interface and the command show them, with what is being made anew."""

import json
from collections.abc import Iterator
from decimal import Decimal

import polars as pl
import pytest

from tests.conftest import AskForTemplate
from tests.filled_hub import refusal, serving
from tests.hub_command import call_hub
from tests.metering import apply, exhaust
from tests.priced import PRICED, make_all, marked
from tests.servers import Postgres
from tests.settled import TERRITORY, Valley, month_template, whole_month


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with whole_month(database_server, template) as valley:
        yield valley


def test_they_are_served(valley: Valley) -> None:
    url, connection, _ = valley
    apply(connection, PRICED)
    make_all(valley)
    with serving(url) as client:
        months = {"start": "2026-01-01", "end": "2026-02-01"}
        answer = client.get("/v1/communities/valley/value", params=months).json()
        assert (answer["first_month"], answer["last_month"]) == ("2026-01", "2026-01")
        assert answer["rows"][1] == {
            "month": "2026-01", "point": "home", "category": "home", "import_kwh": 297.6, "allocated_kwh": 59.52,
            "sold_kwh": None, "surplus_kwh": None, "saving_eur": "6.332800000", "revenue_eur": None,
            "local_value_eur": "5.952000000", "retail_value_eur": "14.880000000",
            "present": 744, "expected": 744, "completeness": 1.0,
        }  # fmt: skip
        assert {**answer["totals"], "month": "2026-01"} == answer["months"][0]
        assert answer["totals"]["saving_eur"] == "12.665600000"
        assert answer["totals"]["revenue_eur"] == answer["totals"]["local_value_eur"] == "11.904000000"
        assert answer["totals"]["local_value_rate"] == 0.4
        csv = client.get("/v1/communities/valley/value", params={**months, "format": "csv"})
        assert csv.headers["content-disposition"] == 'attachment; filename="valley-value.csv"'
        assert (
            csv.text.splitlines()[2]
            == "2026-01,home,home,297.6,59.52,,,6.332800000,,5.952000000,14.880000000,744,744,1.0"
        )
        parquet = client.get("/v1/communities/valley/value", params={**months, "format": "parquet"})
        assert pl.read_parquet(parquet.content)["saving_eur"].sum() == Decimal("12.6656")
        fair = client.get("/v1/communities/valley/equity", params={**months, "period": "season"}).json()
        assert {row["period"] for row in fair["rows"]} == {"2026-winter"}
        assert (fair["rows"][0]["group_kind"], fair["rows"][0]["members"], fair["rows"][0]["jain"]) == ("all", 2, 1.0)
        empty = client.get("/v1/communities/valley/value", params={"start": "2030-01-01"}).json()
        assert (empty["rows"], empty["months"], empty["totals"]) == ([], [], None)
        assert "does not know 'from'" in refusal(
            client.get("/v1/communities/valley/value", params={"from": "2026-01"}), 400
        )


def test_what_is_being_made_anew_is_told(valley: Valley) -> None:
    """From the change of a key on, over the recomputation of its balances, until the statement is made."""
    url, connection, worker = valley
    make_all(valley)
    words = ("value", "valley", "--from", "2026-01", "--to", "2026-01")
    months = {"start": "2026-01-01", "end": "2026-02-01"}

    def told() -> list[list[str]]:
        code, text, _ = call_hub(*words, "--json", settings={"HUB_DATABASE_URL": url})
        paths = ("value", "equity", "equity?period=season")
        answers = [client.get(f"/v1/communities/valley/{path}", params=months).json() for path in paths]
        assert code == 0
        return [json.loads(text)["pending_months"], *(answer["pending_months"] for answer in answers)]

    with serving(url) as client:
        assert told() == [[]] * 4
        apply(connection, TERRITORY.replace("home = 50, flat = 50", "home = 60, flat = 40"))
        assert marked(connection) == []
        assert told() == [["2026-01"]] * 4, "balances wait"
        exhaust(worker)
        assert marked(connection) != []
        assert told() == [["2026-01"]] * 4, "the statement waits"
        _, shown, _ = call_hub(*words, settings={"HUB_DATABASE_URL": url})
        assert "! being made anew: 2026-01; for some" in shown
        make_all(valley)
        assert told() == [[]] * 4


def test_half_a_month_is_no_month(valley: Valley) -> None:
    """Of the flat nothing is known in the first half; of a roof that is a member from the 25th on nothing at all."""
    url, connection, worker = valley
    connection.execute(
        "DELETE FROM interval USING point AS p WHERE p.no = point_no AND p.id = 'flat' AND start < '2026-01-15T23:00Z'"
    )
    newcomer = (
        '[[point]]\nid = "shed"\nholder = "town"\nname = "Shed"\nrole = "prosumer"\ncategory = "school"\n'
        'membership = [{ community = "valley", from = 2026-01-25 }]\n'
    )
    apply(connection, PRICED + newcomer)
    exhaust(worker)
    make_all(valley)
    with serving(url) as client:
        answer = client.get("/v1/communities/valley/value?start=2026-01-01&end=2026-02-01").json()
    known = {row["point"]: (row["present"], row["expected"], row["completeness"]) for row in answer["rows"]}
    assert known == {
        "flat": (384, 744, 0.516129), "home": (744, 744, 1.0), "roof": (744, 744, 1.0), "shed": (0, 336, 0.0)
    }  # fmt: skip
    shed = answer["rows"][-1]
    assert (shed["point"], shed["import_kwh"], shed["saving_eur"], shed["revenue_eur"]) == ("shed", None, None, None)
    totals = answer["totals"]
    assert (totals["present"], totals["expected"], totals["completeness"]) == (1872, 2568, 0.728971)
    assert totals["saving_eur"] is not None, "who is not known is not in the euros, and takes none away"
    months = ("--from", "2026-01", "--to", "2026-01")
    _, shown, _ = call_hub("value", "valley", *months, settings={"HUB_DATABASE_URL": url})
    assert [line for line in shown.splitlines() if line.startswith("!")] == [
        "! shed: 0% of what was awaited of 2026-01 is known",
        "! flat: 51% of what was awaited of 2026-01 is known",
    ]


def test_texts_in_downloads_are_no_formulas(valley: Valley) -> None:
    """A category is whatever somebody wrote; a spreadsheet would run what begins like a formula."""
    url, connection, _ = valley
    apply(connection, TERRITORY.replace('category = "home"', "category = '=1+1'"))
    make_all(valley)
    with serving(url) as client:
        for path in ("value", "equity"):
            csv = client.get(f"/v1/communities/valley/{path}?start=2026-01-01&end=2026-02-01&format=csv").text
            assert ",'=1+1," in csv
            assert ",=1+1," not in csv
        twice = client.get("/v1/communities/valley/value?start=2026-01-01&start=2025-01-01")
        assert refusal(twice, 400).startswith("start: it is asked for more than once")


def test_they_are_shown_by_the_command(valley: Valley) -> None:
    url, connection, _ = valley
    apply(connection, PRICED)
    make_all(valley)
    words = ("value", "valley", "--from", "2026-01", "--to", "2026-01")
    code, shown, _ = call_hub(*words, settings={"HUB_DATABASE_URL": url})
    lines = [line.split() for line in shown.splitlines()]
    assert code == 0
    assert "!" not in shown, "all of the month is known"
    assert ["home", "59.520", "6.33", "-", "-"] in lines
    assert ["roof", "-", "-", "119.040", "11.90"] in lines
    assert ["all", "119.040", "12.67", "119.040", "11.90"] in lines
    assert "local value retained: 40.0% (11.90 EUR to local producers, of 29.76 EUR)" in shown
    assert "all members  2026-01" in shown
    code, text, _ = call_hub(*words, "--json", settings={"HUB_DATABASE_URL": url})
    assert json.loads(text)["rows"][1]["saving_eur"] == "6.332800000"
    code, shown, _ = call_hub("value", "valley", "--from", "2030-01", settings={"HUB_DATABASE_URL": url})
    assert (code, shown) == (0, "valley has no statement of 2030-01: the newest is of 2026-01 (--from 2026-01)\n")
    code, shown, _ = call_hub("value", "valley", "--from", "2025-12", settings={"HUB_DATABASE_URL": url})
    assert shown.startswith("valley, 2025-12 to 20"), "to the last whole month"
    assert ["roof", "-", "-", "119.040", "11.90"] in [line.split() for line in shown.splitlines()]
