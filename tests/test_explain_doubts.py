"""`hub explain` of what is questionable: production in the dark, and power that stands still."""

import json
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from energy.model import Quantity, Reading
from processing.flags import Place
from processing.run import Worker
from store.connect import connect
from tests.hub_command import call_hub
from tests.metering import append, apply

POWERED: Final = """
community = [{ id = "valley", name = "Valley", place = "Somewhere" }]
holder = [{ id = "someone" }]
[[point]]
id = "roof"
holder = "someone"
name = "Roof"
category = "home"
role = "producer"
community = "valley"
device = [{ id = "roof-1", measures = "production" }]
"""
FROZEN: Final = [600.0 + i for i in range(96)] + [700.0] * 25 + [800.0 + i for i in range(71)]
"""Power every ten minutes from 06:00 in Paris: frozen from 22:00 to 02:00 of the next day."""


@pytest.mark.parametrize("place", [None, ("45.9", "6.1")], ids=["nowhere", "at a place"])
def test_power_that_froze_before_the_span(migrated_url: str, place: tuple[str, str] | None) -> None:
    """Explained from midnight on, what is stored is what the readings give: doubts reach hours around the span."""
    start = datetime(2026, 1, 12, 5, tzinfo=UTC)
    with connect(migrated_url) as connection:
        apply(connection, POWERED)
        told = [
            Reading("roof-1", Quantity.PV_POWER, value, start + i * timedelta(minutes=10))
            for i, value in enumerate(FROZEN)
        ]
        append(connection, told)
        worker = Worker(migrated_url, connection, place and Place(float(place[0]), float(place[1])))
        while worker.work_once():
            pass
        worker.close()
    environment = {"HUB_DATABASE_URL": migrated_url}
    if place:
        environment |= {"HUB_LATITUDE": place[0], "HUB_LONGITUDE": place[1]}
    told = {
        option: call_hub("explain", "roof", "2026-01-13T00:00", "2026-01-13T05:00", *option, settings=environment)
        for option in (("--json",), ("--lang", "en"), ("--lang", "fr"))
    }
    assert {(code, problems) for code, _, problems in told.values()} == {(0, "")}
    (flow,) = json.loads(told["--json",][1])["flows"]
    assert all(quarter["is_current"] for quarter in flow["quarters"])
    doubted = [quarter["quality"] == 10 for quarter in flow["quarters"]]
    assert doubted == ([True] * 20 if place else [True] * 9 + [False] * 11)
    night = ["night"] if place else []
    assert [quarter["doubts"] for quarter in flow["quarters"]] == [[*night, "frozen"]] * 9 + [night] * 11
    english, french = (told["--lang", language][1].replace("\u00a0", " ").splitlines() for language in ("en", "fr"))
    still = "the power did not change for 3 hours or longer"
    if place:
        dark = "quality 10, questionable: produced while the sun was well below the horizon"
        assert english[1] == "Of 20 quarter-hours: 0 measured, 20 questionable."
        assert english[-20].endswith(f" ({dark} and {still}).")
        assert english[-1].endswith(f" ({dark}).")
        assert french[-1].endswith(" (qualité 10, douteuse : produit alors que le soleil était bien au-dessous de"
                                   " l’horizon).")  # fmt: skip
    else:
        assert english[1] == "Of 20 quarter-hours: 0 measured, 11 computed from power, 9 questionable."
        assert english[-20].endswith(f" (quality 10, questionable: {still}).")
