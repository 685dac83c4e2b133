"""Somebody is forgotten: nothing tells of them any more, and what others settled and what was released stays."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from energy.errors import NotFound
from energy.model import Quantity
from store import erasure, readings
from store.connect import connect
from store.readings import SeriesBook
from store.retention import alone
from tests.forgetting import (
    ABOUT_OTHERS,
    ABOUT_THEM,
    CELLAR,
    HOLDER,
    METER,
    NEEDLES,
    NOON,
    PAST,
    POINT,
    QUARTERS,
    SWAPPED,
    TODAY,
    WITHOUT,
    day_of,
    fill,
    found_in,
)
from tests.hub_command import call_hub, refused
from tests.metering import append, process, register, stored

INTERVALS: Final = 2 * QUARTERS


@pytest.fixture
def valley(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection]]:
    with connect(both_migrated_url) as connection:
        fill(both_migrated_url, connection)
        yield both_migrated_url, connection


def rows(connection: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def published(connection: psycopg.Connection) -> list[list[tuple[Any, ...]]]:
    """Balances and releases, every column."""
    queries = ("SELECT * FROM balance ORDER BY 1, 2", "SELECT * FROM release", "SELECT * FROM release_file")
    return [rows(connection, query) for query in queries]


def of_others(connection: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    everything = stored(connection)
    return {table: [row for row in everything[table] if POINT not in row] for table in ("interval", "allocation")}


def hub(url: str, *words: str) -> str:
    code, stdout, stderr = call_hub(*words, settings={"HUB_DATABASE_URL": url})
    assert code == 0, stderr
    return stdout


def test_nothing_tells_of_them_and_what_others_have_stays(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    assert {word for _, _, word in found_in(connection)} == {*NEEDLES}
    before, others = published(connection), of_others(connection)
    assert len(before[0]) == 48
    # What waits and what failed is about them too.
    connection.execute("INSERT INTO stale (kind, ref_no, day, error) SELECT 'series', no, %s, 'x' FROM series", [PAST])
    connection.execute("INSERT INTO stale (kind, ref_no, day, error) VALUES ('community', 1, %s, %s)", [PAST, POINT])
    hub(url, "forget", HOLDER, "--yes", "--now")
    assert found_in(connection) == []
    assert published(connection) == before
    assert of_others(connection) == others
    process(url)
    assert published(connection) == before
    assert of_others(connection) == others

    counts = rows(connection, "SELECT no, points, devices, readings, intervals, allocations, messages FROM erasure")
    readings_gone = 2 * 2 * (QUARTERS + 1) + QUARTERS // 2
    # All about them that was refused, or kept but for what is kept of the shared meter; and a reading.
    messages_gone = len(ABOUT_THEM) + len(ABOUT_THEM) - 1 + 1
    assert counts == [(1, 1, 3, readings_gone, INTERVALS, 48, messages_gone)]
    left = {topic for topic, _ in ABOUT_OTHERS}
    assert {topic for (topic,) in rows(connection, "SELECT topic FROM rejected_message")} == left
    assert {topic for (topic,) in rows(connection, "SELECT topic FROM kept_message")} == left | {
        f"meters/{SWAPPED}/state"
    }
    assert rows(connection, "SELECT device FROM rejected_reading") == [("flat-meter",)]
    assert {prefix for (prefix,) in rows(connection, "SELECT prefix FROM site")} == {
        "barn", f"yard/{METER}0", "home/4217/maison-42179"
    }  # fmt: skip
    swapped = (
        "SELECT min(r.at), count(*) FROM reading AS r JOIN series AS s ON s.no = r.series_no"
        f" JOIN device AS d ON d.no = s.device_no WHERE d.id = '{SWAPPED}'"
    )
    assert rows(connection, swapped) == [(NOON, QUARTERS // 2 + 1 + QUARTERS + 1)]
    assert rows(connection, "SELECT count(*) FROM reading WHERE series_no NOT IN (SELECT no FROM series)") == [(0,)]
    assert rows(connection, "SELECT count(*) FROM reading_revision") == [(0,)]


def test_it_is_shown_first(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    everything = stored(connection)
    shown = hub(url, "forget", HOLDER)
    assert f"holder {HOLDER}: 1 point ({POINT})" in shown
    assert f"device {METER} (last heard {TODAY:%Y-%m-%d}T00:00:00Z): all of it" in shown
    assert f"device {SWAPPED} (last heard {TODAY:%Y-%m-%d}T00:00:00Z): what it measured there" in shown
    assert f"{2 * 2 * (QUARTERS + 1) + QUARTERS // 2} readings, " in shown
    assert "48 allocations, 1 membership, 16 messages refused or kept" in shown
    assert f"{len(ABOUT_OTHERS)} refused messages that name none of these devices stay" in shown
    assert "site home/4217/maison-4217, which serves these devices alone" in shown
    assert "the name in the sharing keys of community valley" in shown
    assert "Balances of valley stay as they are from now on, for the others, as long as" in shown
    assert shown.endswith(f"Nothing was changed. `hub forget {HOLDER} --yes` removes all this, for good.\n")
    assert stored(connection) == everything
    assert len(found_in(connection)) > 10
    done = hub(url, "forget", HOLDER, "--yes")
    assert f"{HOLDER} is forgotten: {2 * 2 * (QUARTERS + 1) + QUARTERS // 2} readings, " in done
    assert f"its points ({POINT}) out of the territory file now" in done
    assert f"Messages that still come from {CELLAR} (last heard {TODAY:%Y-%m-%d}T00:00:00Z), {METER} (last" in done
    assert f"{SWAPPED} (last" not in done, "it is still the neighbour's"
    assert "docs/keeping.md" in done
    assert refused("forget", HOLDER, HUB_DATABASE_URL=url).startswith(f"no holder is called {HOLDER!r}")


def test_the_community_goes_on_without_them(valley: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    """The key keeps a share for nobody, which stays with the production; the file without them is what is there."""
    url, connection = valley
    before = published(connection)
    hub(url, "forget", HOLDER, "--yes")
    (rule,) = rows(connection, "SELECT rule FROM sharing_key")[0]
    assert rule == {"type": "static", "shares_ppm": {"erased-1-1": 400_000, "flat": 600_000}}
    file = tmp_path / "territory.toml"
    file.write_text(WITHOUT)
    assert (
        hub(url, "apply", str(file)).splitlines()[0] == "~ static key of community valley (erased-1-1: 40 % -> nothing)"
    )
    # Late readings of the others, and new ones.
    append(connection, register("flat-meter", [1], PAST + timedelta(minutes=20)))
    tomorrow = TODAY + timedelta(days=1)
    append(connection, day_of("flat-meter", 50, tomorrow))
    append(connection, day_of(SWAPPED, 10, tomorrow))
    append(connection, day_of("roof-meter", 90, tomorrow, quantity=Quantity.PV_ENERGY))
    process(url)
    assert rows(connection, "SELECT * FROM stale") == []
    after = published(connection)
    assert after[0][:48] == before[0]
    assert after[1:] == before[1:]
    new = [row for row in stored(connection)["balance"] if row[1] >= tomorrow]
    assert len(new) == 24
    # Nobody is offered the other 40 % of 360 Wh; of its 216 Wh the flat uses all, for it needs 240.
    assert {row[2:9] for row in new} == {(240, 360, 216, 24, 144, 2, 2)}


def test_it_may_end_anywhere_and_begin_again(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    before, others = published(connection), of_others(connection)
    with connect(url) as killed:
        found = erasure.find_holder(killed, HOLDER)
        erasure.freeze(killed, found, TODAY)
    process(url)
    assert published(connection) == before
    with connect(url) as killed:
        found = erasure.find_holder(killed, HOLDER)
        assert list(islice(erasure.forget_readings(killed, found, most=50), 3)) == [50, 50, 50]
    append(connection, register(CELLAR, [1], PAST + timedelta(minutes=7)))  # marks the day
    process(url)
    assert published(connection) == before
    # The last step fails at its end: nothing of it is done.
    connection.execute(
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$;"
        "CREATE TRIGGER never BEFORE DELETE ON holder FOR EACH ROW EXECUTE FUNCTION never()"
    )
    code, _, stderr = call_hub("forget", HOLDER, "--yes", settings={"HUB_DATABASE_URL": url})
    assert code == 1
    assert "killed" in stderr
    assert rows(connection, "SELECT count(*) FROM erasure") == [(0,)]
    assert {POINT, METER} <= {word for _, _, word in found_in(connection)}
    connection.execute("DROP TRIGGER never ON holder")
    hub(url, "forget", HOLDER, "--yes")
    assert found_in(connection) == []
    assert published(connection) == before
    assert of_others(connection) == others


def test_who_stores_readings_meanwhile_makes_no_orphans(valley: tuple[str, psycopg.Connection]) -> None:
    """A process that ingests remembers numbers of series; after an erasure it asks for them anew."""
    url, connection = valley
    with connect(url) as ingesting:
        readings.prepare(ingesting)
        book = SeriesBook()

        def ingest(at_min: int) -> None:
            batch = register(CELLAR, [20_000 + at_min], TODAY + timedelta(days=1, minutes=at_min))
            with ingesting.transaction():
                appended = readings.append(ingesting, book, batch)
            readings.remember(book, appended)

        ingest(1)
        assert book.numbers
        # It waits while somebody stores, so that nothing is stored between its last look and its end.
        with ingesting.transaction():
            readings.append(ingesting, book, register(CELLAR, [30_000], TODAY + timedelta(days=1, minutes=2)))
            with connect(url) as other:
                other.execute("SET lock_timeout = '300ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    erasure.forget_rest(other, HOLDER, None, TODAY, 0)
        hub(url, "forget", HOLDER, "--yes")
        assert found_in(connection) == []
        ingest(3)
    devices = "SELECT d.id, count(*) FROM device d JOIN series s ON s.device_no = d.no JOIN reading ON series_no = s.no"
    assert rows(connection, f"{devices} WHERE d.id = '{CELLAR}' GROUP BY d.id") == [(CELLAR, 1)]
    assert rows(connection, "SELECT count(*) FROM reading WHERE series_no NOT IN (SELECT no FROM series)") == [(0,)]
    assert "not mapped" in hub(url, "devices", CELLAR)
    assert f"{CELLAR} is forgotten: 1 reading, " in hub(url, "forget", "--device", CELLAR, "--yes")
    assert found_in(connection) == []
    assert rows(connection, "SELECT points, devices, readings FROM erasure WHERE no = 2") == [(0, 1, 1)]


def test_a_device_of_somebody_is_not_forgotten_alone(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    sentence = refused("forget", "--device", METER, "--yes", HUB_DATABASE_URL=url)
    assert sentence.startswith(f"device {METER} measures a point of holder {HOLDER}: forget the holder, or")
    assert refused("forget", "--device", "nothing", HUB_DATABASE_URL=url).startswith("device 'nothing' was never heard")
    assert refused("forget", HUB_DATABASE_URL=url) == "give either the id of a HOLDER, or --device ID"
    assert refused("forget", HOLDER, "--device", METER, HUB_DATABASE_URL=url) == refused("forget", HUB_DATABASE_URL=url)
    with alone(connection, "forget"):
        assert refused("forget", HOLDER, "--yes", HUB_DATABASE_URL=url).startswith("another `hub forget` is at work")
    assert len(found_in(connection)) > 10


def test_the_reading_at_a_handover_is_also_of_who_had_the_meter_before(valley: tuple[str, psycopg.Connection]) -> None:
    """Without it the last quarter of an hour before the handover would be lost when that day is computed again."""
    url, connection = valley
    before = [row for row in stored(connection)["interval"] if row[0] == POINT]
    hub(url, "forget", "neighbour", "--yes")
    swapped = f"""
        SELECT min(r.at), max(r.at) FROM reading AS r JOIN series AS s ON s.no = r.series_no
        JOIN device AS d ON d.no = s.device_no WHERE d.id = '{SWAPPED}'
    """
    assert rows(connection, swapped) == [(PAST, NOON)]
    connection.execute("INSERT INTO stale (kind, ref_no, day) SELECT 'series', no, %s FROM series", [PAST])
    process(url)
    assert [row for row in stored(connection)["interval"] if row[0] == POINT] == before


def test_the_neighbour_can_be_forgotten_too(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    hub(url, "forget", HOLDER, "--yes")
    hub(url, "forget", "neighbour", "--yes")
    assert found_in(connection, ("neighbour", "flat-meter", "roof-meter", SWAPPED)) == []
    for table in ("reading", "interval", "device", "point", "holder"):
        assert rows(connection, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert len(rows(connection, "SELECT FROM balance")) == 48
    with pytest.raises(NotFound):
        erasure.find_holder(connection, "neighbour")
    with pytest.raises(NotFound):
        erasure.find_device(connection, SWAPPED)
