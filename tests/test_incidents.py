"""What happened to others, one data file a thread: through the real Appender and worker to the balance of the days."""

import json
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from energy.model import Message
from energy.time import Span, rfc3339
from store import spans
from store.balances import read_balance
from store.communities import read_community
from store.connect import FrameReader
from tests.appending import open_store
from tests.metering import QUARTER, apply, exhaust, stored, worker_on

FOLDER: Final = Path(__file__).parent / "data" / "incidents"
NAMED: Final = {"evcc-30592", "dsmr-reader-1837", "home-assistant-61480", "volttron-2443"}


def test_every_incident_is_there_and_says_why() -> None:
    incidents = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in FOLDER.glob("*.json")}
    assert set(incidents) >= NAMED
    assert all(incident["why"] and incident["source"] for incident in incidents.values())


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_what_happened_elsewhere_does_no_harm_here(both_migrated_url: str, file: Path) -> None:
    incident = json.loads(file.read_text(encoding="utf-8"))
    expected = incident["expected"]
    with worker_on(both_migrated_url) as (connection, worker), open_store(both_migrated_url) as store:
        apply(connection, "\n".join(incident["territory"]))
        for batch in incident["batches"]:
            store.append(*(message for stretch in batch for message in messages_of(stretch)))
            exhaust(worker)
            assert spans.count(connection) == (0, 0), "nothing waits, nothing failed"
        counts = {name: getattr(store.appender.counts, name) for name in store.appender.counts.__slots__}
        revised = store.rows(
            """
            SELECT d.id, v.at, v.old_value FROM reading_revision AS v
            JOIN series AS s ON s.no = v.series_no JOIN device AS d ON d.no = s.device_no ORDER BY 1, 2, 3
            """
        )
        found = stored(connection)["interval"]
        days = balance_of_days(both_migrated_url, connection)
    assert {name: count for name, count in counts.items() if count} == expected["counts"]
    assert [(device, rfc3339(at), value) for device, at, value in revised] == list(
        map(tuple, expected.get("revised", []))
    )
    assert stretches(found) == [(*row[:3], values(row[3]), *row[4:]) for row in expected["intervals"]]
    assert days == list(map(tuple, expected["days"]))


def values(told: Any) -> list[int]:
    """Values as a file says them: one by one, rising by a step, or all the same."""
    match told:
        case {"first": first, "step": step, "count": count}:
            return [first + i * step for i in range(count)]
        case {"each": each, "count": count}:
            return [each] * count
    return told


def messages_of(stretch: dict[str, Any]) -> list[Message]:
    """The messages of a device that tells its register at regular instants, heard when they were measured."""
    start, every = datetime.fromisoformat(stretch["start"]), timedelta(minutes=stretch["every_min"])
    topic, key = f"hub/v1/{stretch['device']}", stretch["key"]
    told = [(start + i * every, value) for i, value in enumerate(values(stretch["values"]))]
    return [Message(topic, json.dumps({"at": at.isoformat(), key: value}).encode(), at) for at, value in told]


def stretches(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of `interval` of one kind that follow one another without a gap, each stretch with its energies."""

    def place(numbered: tuple[int, tuple[Any, ...]]) -> tuple[Any, ...]:
        number, (point, flow, _, start, _, quality, method) = numbered
        return point, flow, start - number * QUARTER, quality, method

    found = [[row for _, row in group] for _, group in groupby(enumerate(rows), key=place)]
    return [
        (rows[0][0], rows[0][1], rfc3339(rows[0][3]), [row[4] for row in rows], rows[0][5], rows[0][6])
        for rows in found
    ]


def balance_of_days(url: str, connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Start, consumption, production and status of each local day of the community."""
    community = read_community(connection, "valley")
    span = connection.execute("SELECT min(start), max(start) + '15 minutes' FROM balance").fetchone()
    assert span is not None
    reader = FrameReader(url)
    rows = read_balance(reader, connection, community.no, Span(*span), "day", community.zone)
    reader.close()
    shown = rows.drop_nulls("start").select("start", "consumption_wh", "production_wh", "status")
    return [(rfc3339(start), *figures) for start, *figures in shown.iter_rows()]
