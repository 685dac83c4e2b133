"""The quarantine stays within its bounds: what was not heard for long goes, and beyond a size the longest unheard."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import psycopg
import pytest

from hub.bench.blast import Blast, packet
from store.connect import connect
from store.rejected import trim
from tests.hub_process import addresses, ask, count, running_hub, wait_until
from tests.servers import Mosquitto

NUMBER: Final = 10_000
LONG: Final = timedelta(days=3650)
HUGE: Final = 10**12
FILL: Final = """
    INSERT INTO rejected_message (digest, topic, payload, zone, reason, first_at, last_at)
    SELECT sha256(n::text::bytea), 'cellar/' || n, convert_to(repeat('x', %(size)s), 'UTF8'), 'UTC', 'why',
        '2000-01-01 UTC', now() - n * %(apart)s::interval
    FROM generate_series(1, %(number)s) AS n
"""
FILL_READINGS: Final = """
    INSERT INTO rejected_reading (device, quantity, phase, channel, tariff, at, value, reason, heard_at)
    SELECT 'd' || n, 'import_energy', '', '', '', now(), -n, repeat('y', 60), now() - n * %(apart)s::interval
    FROM generate_series(1, %(number)s) AS n
"""
KEPT: Final = "SELECT substr(topic, 8)::int AS n, length(payload) FROM rejected_message ORDER BY 1"
LAST_ONE: Final = "SELECT FROM rejected_message WHERE substr(payload, 1, 6) = '002999'"
KEPT_READINGS: Final = "SELECT substr(device, 2)::int AS n FROM rejected_reading ORDER BY 1"


@pytest.fixture
def connection(both_migrated_url: str) -> Iterator[psycopg.Connection]:
    with connect(both_migrated_url) as opened:
        yield opened


def fill(connection: psycopg.Connection, *, size: int = 1000, apart: timedelta = timedelta(minutes=1)) -> None:
    """Quarantine messages and readings, the n-th of which was last heard n times `apart` ago."""
    parameters = {"size": size, "apart": apart, "number": NUMBER}
    connection.execute(FILL, parameters)
    connection.execute(FILL_READINGS, parameters)


def kept(connection: psycopg.Connection) -> tuple[list[int], list[int]]:
    """The numbers of the messages and of the readings that are left."""
    messages = [row[0] for row in connection.execute(KEPT)]
    return messages, [row[0] for row in connection.execute(KEPT_READINGS)]


def test_within_the_bounds_nothing_goes(connection: psycopg.Connection) -> None:
    fill(connection)
    assert trim(connection, LONG, HUGE) == 0
    assert kept(connection) == (list(range(1, NUMBER + 1)),) * 2


def test_what_was_not_heard_for_too_long_goes(connection: psycopg.Connection) -> None:
    fill(connection)
    assert trim(connection, timedelta(minutes=6000, seconds=30), HUGE) == 2 * (NUMBER - 6000)
    assert kept(connection) == (list(range(1, 6001)),) * 2


@pytest.mark.parametrize("apart", [timedelta(minutes=1), timedelta()], ids=["one after the other", "all at once"])
def test_beyond_a_size_the_longest_unheard_go(connection: psycopg.Connection, apart: timedelta) -> None:
    fill(connection, apart=apart)
    trim(connection, LONG, 1_000_000)
    messages, readings = kept(connection)
    assert 850 <= len(messages) <= 1000, "of some 1.1 kB each"
    assert 3000 <= len(readings) <= 7000, "of some 200 bytes each"
    if apart:
        assert messages == list(range(1, len(messages) + 1)), "the newest are kept"
        assert readings == list(range(1, len(readings) + 1))
    assert trim(connection, LONG, 1_000_000) == 0


def test_a_message_larger_than_all_goes_and_those_heard_after_it_stay(connection: psycopg.Connection) -> None:
    connection.execute(FILL, {"size": 10, "apart": timedelta(minutes=1), "number": 3})
    connection.execute("UPDATE rejected_message SET payload = repeat('x', 2000000)::bytea WHERE topic = 'cellar/3'")
    assert trim(connection, LONG, 1_000_000) == 1
    assert kept(connection)[0] == [1, 2]


def test_what_is_being_heard_stays_and_nobody_waits_for_anybody(
    connection: psycopg.Connection, both_migrated_url: str
) -> None:
    fill(connection)
    with connect(both_migrated_url, autocommit=False) as hearing:
        hearing.execute("UPDATE rejected_message SET last_at = now() WHERE topic = 'cellar/10000'")
        connection.execute("SET lock_timeout = '5s'")
        assert trim(connection, timedelta(minutes=6000, seconds=30), HUGE) == 2 * (NUMBER - 6000) - 1
    assert kept(connection)[0] == [*range(1, 6001), NUMBER]


def test_a_hub_that_starts_keeps_the_newest_megabyte_and_says_so(
    both_migrated_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with connect(both_migrated_url) as connection:
        fill(connection)
    settings = {**addresses(both_migrated_url, mosquitto), "rejected_mb": 1}
    with running_hub("ingest", log=tmp_path / "log", settings=settings) as hub:
        hub.wait_for("the quarantine is full or old: ")
        hub.wait_for("of what was refused is forgotten")
        assert hub.terminate() == 0
    (size,) = ask(both_migrated_url, "SELECT sum(length(payload)) FROM rejected_message")[0]
    assert 800_000 < size <= 1_000_000
    assert 0 < count(both_migrated_url, "rejected_reading") < NUMBER


def test_a_flood_of_large_messages_is_bounded_while_it_comes(
    both_migrated_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    settings = {**addresses(both_migrated_url, mosquitto), "rejected_mb": 1, "batch": 20}
    flood = [packet(n, ("wine/7", b"%06d" % n + b"x" * 4000)) for n in range(3000)]
    with running_hub("ingest", log=tmp_path / "log", settings=settings) as hub:
        Blast(mosquitto.port).publish(flood)
        wait_until(lambda: ask(both_migrated_url, LAST_ONE) != [], "last message")
        assert hub.terminate() == 0
        assert hub.said.count("the quarantine is full or old: ") > 10
    (size,) = ask(both_migrated_url, "SELECT sum(length(payload)) FROM rejected_message")[0]
    assert 800_000 < size < 1_300_000, "of 12 MB; a fifth more may have come since the last look"
