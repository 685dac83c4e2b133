"""Settled months by the interface, and by `hub settlements`."""

import json
from collections.abc import Iterator

import pytest

from store.connect import connect
from tests.conftest import AskForTemplate
from tests.filled_hub import refusal, serving
from tests.hub_command import call_hub, refused
from tests.metering import apply, exhaust
from tests.servers import Postgres
from tests.settled import (
    STEPS,
    TERRITORY,
    Valley,
    closed_month,
    curve,
    mark_all,
    month_template,
)


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with closed_month(database_server, template) as valley:
        yield valley


def test_they_are_served_and_shown(valley: Valley) -> None:
    url, connection, worker = valley
    curve(url, connection)
    exhaust(worker)
    with serving(url) as client:
        base = "/v1/communities/valley/settlements"
        newest, first = client.get(base).json()["settlements"]
        assert (newest["version"], newest["reason"], newest["changed"]) == (2, "regularisation", 6)
        assert newest["consumption_kwh"] == 479.16
        assert {**first, "made_at": ""} == {
            "month": "2026-01", "start": "2025-12-31T23:00:00Z", "end": "2026-01-31T23:00:00Z", "version": 1,
            "made_at": "", "reason": "first", "changed": 0, "consumption_kwh": 476.16, "production_kwh": 119.04,
            "allocated_kwh": 119.04,
        }  # fmt: skip
        lines = client.get(base, params={"format": "csv"}).text.splitlines()
        assert lines[0].startswith("month,start,end,version,made_at,reason,changed,")
        assert len(lines) == 3
        for version, consumption in ((1, 0.64), (2, 1.14)):
            answer = client.get(f"{base}/2026-01/{version}/balance").json()
            assert (answer["month"], answer["version"], len(answer["rows"])) == ("2026-01", version, STEPS)
            (row,) = [row for row in answer["rows"] if row["start"] == "2026-01-10T00:00:00Z"]
            assert (row["consumption_kwh"], row["status"]) == (consumption, "settled")
            points = {row["point"]: row for row in client.get(f"{base}/2026-01/{version}/points").json()["points"]}
            assert points["home"]["import_kwh"] == round(STEPS * 0.4 + (version - 1) * 3, 3)
            assert points["roof"]["import_kwh"] is None
            assert [points[point]["role"] for point in ("home", "roof")] == ["consumer", "producer"]
            assert {(row["present"], row["expected"], row["completeness"]) for row in points.values()} == {
                (STEPS, STEPS, 1.0)
            }
            assert (row["self_consumption_rate"], row["completeness"]) == (1.0, 1.0)
            assert row["coverage_rate"] == row["self_sufficiency_rate"] == round(0.16 / consumption, 6)
            qualities = [points[point]["quality"] for point in ("flat", "home", "roof")]
            assert qualities == [0, 10 * (version - 1), 0], "the curve is questionable"
        csv = client.get(f"{base}/2026-01/1/points", params={"format": "csv"})
        assert csv.headers["content-disposition"] == 'attachment; filename="valley-2026-01-v1-points.csv"'
        assert csv.text.splitlines()[1].startswith("flat,home,consumer,178.56,,")
        assert csv.text.splitlines()[0].endswith(",surplus_kwh,present,expected,completeness,quality")
        for address in ("2026-01/3/balance", "2026-02/1/points"):
            assert "settled month" in refusal(client.get(f"{base}/{address}"), 404)
        assert "month" in refusal(client.get(f"{base}/January/1/balance"), 400)
    code, shown, _ = call_hub("settlements", "valley", settings={"HUB_DATABASE_URL": url})
    assert code == 0
    title, second, initial, _ = [line.split() for line in shown.splitlines()]
    assert title[:2] == ["month", "version"]
    assert second[:2] + second[4:] == ["2026-01", "2", "regularisation", "6", "479.160", "119.040", "119.040"]
    assert initial[:2] + initial[4:] == ["2026-01", "1", "first", "-", "476.160", "119.040", "119.040"]


def test_whose_production_it_was_is_served_of_each_version(valley: Valley) -> None:
    url, connection, worker = valley
    curve(url, connection)
    exhaust(worker)
    connection.execute(
        "INSERT INTO allocation_pair_revision"
        " SELECT community_no, start, version, 99, 98, 1 FROM balance_revision LIMIT 1"
    )
    with serving(url) as client:
        base = "/v1/communities/valley/settlements"
        for version, apart in ((1, 0.001), (2, 0.0)):
            answer = client.get(f"{base}/2026-01/{version}/producers").json()
            assert (answer["version"], answer["start"]) == (version, "2025-12-31T23:00:00Z")
            assert (answer["allocated_kwh"], answer["unattributed_kwh"]) == (119.04, -apart)
            pairs = {(row["producer"], row["point"]): row["allocated_kwh"] for row in answer["producers"]}
            assert pairs.pop(("removed-99", "removed-98"), 0.0) == apart
            assert pairs == {("roof", "flat"): 59.52, ("roof", "home"): 59.52}
        csv = client.get(f"{base}/2026-01/2/producers", params={"format": "csv"})
        assert csv.headers["content-disposition"] == 'attachment; filename="valley-2026-01-v2-producers.csv"'
        assert csv.text == "producer,point,allocated_kwh\nroof,flat,59.52\nroof,home,59.52\n"


def test_they_are_told_as_json(valley: Valley) -> None:
    url, connection, worker = valley
    curve(url, connection)
    exhaust(worker)
    code, shown, _ = call_hub("settlements", "valley", "--json", settings={"HUB_DATABASE_URL": url})
    (second, initial), community = json.loads(shown)["settlements"], json.loads(shown)["community"]
    assert (code, community, second["version"], second["consumption_wh"]) == (0, "valley", 2, 479_160)
    assert (initial["start"], initial["month"]) == ("2025-12-31T23:00:00Z", "2026-01")


def test_a_version_that_lacks_a_member_says_how_much_of_it_is_known(valley: Valley) -> None:
    """Of a member who is awaited, and of whom that version has nothing, all is null; the first version stays whole."""
    url, connection, worker = valley
    connection.execute("DELETE FROM interval WHERE point_no = (SELECT no FROM point WHERE id = 'flat')")
    mark_all(connection)
    exhaust(worker)
    with serving(url) as client:
        for version, known in ((1, STEPS), (2, 0)):
            address = f"/v1/communities/valley/settlements/2026-01/{version}"
            points = {row["point"]: row for row in client.get(f"{address}/points").json()["points"]}
            flat = points["flat"]
            assert (flat["present"], flat["expected"], flat["completeness"]) == (known, STEPS, known / STEPS)
            assert (flat["share_kwh"] is None) == (flat["import_kwh"] is None) == (known == 0)
            steps = client.get(f"{address}/balance").json()["rows"]
            assert {row["completeness"] for row in steps} == {1.0 if known else 0.666666}


def test_without_a_settled_month_that_is_said(migrated_url: str) -> None:
    with connect(migrated_url) as connection:
        apply(connection, TERRITORY)
    code, shown, _ = call_hub("settlements", "valley", settings={"HUB_DATABASE_URL": migrated_url})
    assert (code, shown.partition(":")[0]) == (0, "no month of valley is settled yet")
    assert "nowhere" in refused("settlements", "nowhere", HUB_DATABASE_URL=migrated_url)
