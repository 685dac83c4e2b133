"""How much is known of the members of a community over a span, and how well, as the interface tells it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from energy.time import rfc3339
from store import spans
from store.connect import connect
from tests.conftest import AskForTemplate
from tests.filled_hub import filled_hub, serving
from tests.metering import process
from tests.servers import Postgres
from tests.valley import ABSENCE, fill


@pytest.fixture(scope="module")
def hub(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[httpx.Client]:
    with filled_hub(database_server, ask_for_template(database_server)) as client:
        yield client


def test_members_add_up_to_the_balance(hub: httpx.Client) -> None:
    asked = {"start": "2026-03-29", "end": "2026-03-31"}
    totals = hub.get("/v1/communities/quarterly/balance", params=asked).json()["totals"]
    shown = hub.get("/v1/communities/quarterly/points", params=asked).json()
    home, roof = shown["points"]
    assert (shown["start"], shown["end"]) == ("2026-03-28T23:00:00Z", "2026-03-30T22:00:00Z")
    assert home == {
        "point": "quarterly-home",
        "category": "home",
        "role": "consumer",
        "last_start": "2026-03-30T21:45:00Z",
        "import_kwh": totals["consumption_kwh"],
        "export_kwh": None,
        "share_kwh": home["share_kwh"],
        "allocated_kwh": totals["allocated_kwh"],
        "residual_kwh": totals["residual_kwh"],
        "surplus_kwh": None,
        "present": 188 - 24 - 12,  # 92 and 96 steps, six hours of silence, and three in which only the roof was heard
        "expected": 188,
        "completeness": 0.80851,
        "quality": 0,
        "status": "provisional",
        "self_sufficiency_rate": home["self_sufficiency_rate"],
        "keys": home["keys"],
    }
    assert home["self_sufficiency_rate"] == round(home["allocated_kwh"] / home["import_kwh"], 6)
    assert len(home["keys"]) == 1
    assert (roof["present"], roof["expected"], roof["completeness"]) == (164, 188, 0.87234)
    assert home["present"] + roof["present"] == totals["present"]
    assert home["expected"] + roof["expected"] == totals["expected"]
    assert home["share_kwh"] >= home["allocated_kwh"]
    assert (roof["role"], roof["import_kwh"], roof["export_kwh"]) == ("producer", None, totals["production_kwh"])
    assert (roof["allocated_kwh"], roof["surplus_kwh"]) == (0, totals["surplus_kwh"])


def test_a_member_that_nothing_is_known_of_is_listed_with_nothing(hub: httpx.Client) -> None:
    asked = {"start": rfc3339(ABSENCE[0]), "end": rfc3339(ABSENCE[1])}
    home, roof = hub.get("/v1/communities/quarterly/points", params=asked).json()["points"]
    assert (home.pop("point"), home.pop("category"), home.pop("role")) == ("quarterly-home", "home", "consumer")
    assert (home.pop("present"), home.pop("expected"), home.pop("completeness")) == (0, 12, 0)
    assert (home.pop("keys"), home.pop("status")) == ([], "provisional")
    assert set(home.values()) == {None}
    assert (roof["present"], roof["expected"], roof["completeness"], roof["quality"]) == (12, 12, 1, 0)


def test_the_worst_quality_of_a_member_is_told(migrated_url: str) -> None:
    """Of the flow that is awaited, by the source that counts, in the steps that are summed."""
    fill(migrated_url)
    noon = datetime(2026, 3, 31, 10, tzinfo=UTC)
    marked = [("import", "device", 4, 9), ("export", "device", 5, 10), ("import", "device", 30, 10)]
    with connect(migrated_url) as connection:
        for flow, source, step, quality in marked:
            connection.execute(
                """
                INSERT INTO interval
                SELECT no, %(flow)s, %(source)s, %(at)s, 1, %(quality)s, 'register' FROM point
                WHERE id = 'quarterly-home'
                ON CONFLICT (point_no, start, flow, source) DO UPDATE SET quality = excluded.quality
                """,
                {"flow": flow, "source": source, "at": noon + step * timedelta(minutes=15), "quality": quality},
            )
        (community_no,) = connection.execute("SELECT no FROM community WHERE id = 'quarterly'").fetchone() or (0,)

        def settle_anew() -> None:
            with connection.transaction():
                spans.mark(connection, "community", [(community_no, noon.date())])
            process(migrated_url)

        with serving(migrated_url) as hub:

            def told(hours: int) -> list[int | None]:
                asked = {"start": rfc3339(noon), "end": rfc3339(noon + timedelta(hours=hours))}
                shown = hub.get("/v1/communities/quarterly/points", params=asked).json()["points"]
                return [point["quality"] for point in shown]

            settle_anew()
            assert (told(1), told(3), told(8)) == ([0, 0], [9, 0], [10, 0])
            connection.execute(
                "INSERT INTO interval SELECT point_no, flow, 'operator', start, 1, 8, 'curve' FROM interval"
                " WHERE quality = 9"
            )
            settle_anew()
            assert (told(3), told(8)) == ([8, 0], [10, 0]), "the operator's curve counts"
            connection.execute("UPDATE allocation SET quality = NULL WHERE start = %s AND import_wh > 0", [noon])
            assert (told(1), told(8)) == ([None, 0], [None, 0]), "not known of all of it is not known"
