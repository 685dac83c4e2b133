"""`hub stale`: what waits, what was set aside and why, and another try."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from energy.model import Quantity, Reading
from energy.time import rfc3339
from processing.run import Worker
from store import spans
from store.connect import connect
from tests.hub_command import call_hub
from tests.metering import DAY, append, apply, exhaust, process, register, worker_on
from tests.test_frozen import TERRITORY

LATER: Final = DAY + timedelta(days=1)
REASON: Final = "KeyNotValid: no sharing key\n covers the step"
NOTHING: Final = "nothing waits: all that was heard is computed"
FAR: Final = datetime(2100, 1, 1, tzinfo=UTC)
Valley = tuple[str, psycopg.Connection, Worker]


@pytest.fixture
def valley(migrated_url: str) -> Iterator[Valley]:
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        yield migrated_url, connection, worker


def stale(url: str, *words: str) -> str:
    code, shown, said = call_hub("stale", *words, settings={"HUB_DATABASE_URL": url})
    assert code == 0, said
    return shown


def told(url: str, *words: str) -> list[dict[str, Any]]:
    return json.loads(stale(url, "--json", *words))


def set_aside(connection: psycopg.Connection) -> None:
    """A day of the community and one of a curve have failed."""
    connection.execute(
        "INSERT INTO stale (kind, ref_no, day, attempts, not_before, error)"
        " SELECT 'community', no, %(day)s::date, 7, %(at)s, %(error)s FROM community"
        " UNION ALL SELECT 'curve', no, %(day)s::date + 1, 1, %(at)s, 'broken' FROM point WHERE id = 'roof'",
        {"day": DAY.date(), "at": FAR, "error": REASON},
    )


def test_each_kind_is_told_with_whose_it_is(valley: Valley) -> None:
    url, connection, _ = valley
    assert stale(url).splitlines() == [NOTHING]
    assert told(url) == []
    append(connection, register("h", [1], LATER))
    append(connection, register("r", [1], DAY, quantity=Quantity.PV_ENERGY))
    append(connection, [Reading("stranger", Quantity.IMPORT_ENERGY, 1, DAY, channel="em1", tariff="night")])
    set_aside(connection)
    connection.execute("INSERT INTO stale (kind, ref_no, day) VALUES ('curve', 99, %s)", [DAY.date()])
    found = told(url)
    first, second = f"{DAY:%Y-%m-%d}", f"{LATER:%Y-%m-%d}"
    assert [(row["status"], row["kind"], row["what"], row["points"], row["day"], row["attempts"]) for row in found] == [
        ("set aside", "community", "valley", [], first, 7),
        ("set aside", "curve", "roof", ["roof"], second, 1),
        ("waiting", "curve", "removed-99", [], first, 0),
        ("waiting", "series", "r pv_energy", ["roof"], first, 0),
        ("waiting", "series", "stranger/em1 import_energy night", [], first, 0),
        ("waiting", "series", "h import_energy", ["home"], second, 0),
    ]
    assert [(row["next_try_at"] == rfc3339(FAR), row["error"]) for row in found[:3]] == [
        (True, REASON), (True, "broken"), (False, None)
    ]  # fmt: skip
    title, one, *rest, summary = stale(url).splitlines()
    assert title.split()[:4] == ["day", "kind", "what", "points"]
    assert one.split(maxsplit=7) == [first, "community", "valley", "-", "7", "2100-01-01", "00:00:00", one[-43:]]
    assert one.endswith("KeyNotValid: no sharing key covers the step"), "on one line"
    assert [line.split()[2] for line in rest] == ["roof", "removed-99", "r", "stranger/em1", "h"]
    assert summary.startswith("6 days to be computed by `hub process`; 2 of them could not be")


def test_a_long_list_is_cut_and_counted(valley: Valley) -> None:
    url, connection, _ = valley
    connection.execute("INSERT INTO stale (kind, ref_no, day) SELECT 'community', 1, DATE '2026-01-01' + g"
                       " FROM generate_series(1, 70) AS g")  # fmt: skip
    lines = stale(url).splitlines()
    assert lines[-2:] == ["... and 20 more, which --json lists", "70 days to be computed by `hub process`"]
    assert len(told(url)) == 70


def test_what_was_set_aside_is_tried_at_once_when_asked(valley: Valley) -> None:
    url, connection, worker = valley
    append(connection, register("h", range(0, 100 * 9, 100)))
    append(connection, register("r", range(0, 40 * 9, 40), quantity=Quantity.PV_ENERGY))
    set_aside(connection)
    exhaust(worker)
    assert spans.count(connection) == (1, 1), "the new mark of the community's day took its failure along"
    set_aside(connection)
    assert process(url) == 0, "it is not due for a long time"
    with connect(url) as ears:
        ears.execute("LISTEN stale")
        assert stale(url, "--retry").startswith("due now of what was set aside: 3 days\n")
        heard = {notice.payload for notice in ears.notifies(timeout=5, stop_after=2)}
    assert heard == {"community", "curve"}, "the workers are woken"
    exhaust(worker)
    assert spans.count(connection) == (0, 0)
    assert (
        stale(url, "--retry")
        == "due now of what was set aside: 0 days\nnothing waits: all that was heard is computed\n"
    )


def test_what_a_worker_has_in_hand_is_not_waited_for(valley: Valley) -> None:
    url, connection, _ = valley
    set_aside(connection)
    connection.execute("UPDATE stale SET not_before = now() WHERE kind = 'curve'")
    with connection.transaction():
        assert len(spans.claim(connection, "curve", 1)) == 1
        assert stale(url, "--retry").startswith("due now of what was set aside: 1 day\n")
