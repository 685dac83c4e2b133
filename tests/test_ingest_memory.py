"""What ingestion remembers between messages: it must neither poison what follows, nor outlive what it was true of."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from energy.errors import UndecodableMessage
from energy.model import Message
from ingest.append import Appender
from ingest.broker import Broker
from ingest.decode import KEPT_TOPICS, LONGEST_KEPT_TOPIC, Decoder
from ingest.session import LATE_S, Session
from store.connect import connect
from store.kept import read_kept, trim_kept, write_kept
from store.readings import prepare
from store.sites import site_of
from tests.appending import NOON, Store, open_store, told
from tests.dialect_examples import FOLDER
from tests.hub_process import addresses, count, running_hub, wait_until, waits_for_lock
from tests.publishing import speaking, stored
from tests.servers import Mosquitto

BIRTHS: Final = ("NBIRTH", "DBIRTH")


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    with open_store(migrated_url) as opened:
        yield opened


def sparkplug(kind: str) -> Message:
    """The first recorded message of a kind that gives readings, or that is a birth of a node."""
    for example in json.loads((FOLDER / "sparkplug_b.json").read_text()):
        if example["topic"].split("/")[2] == kind and "error" not in example and isinstance(example["payload"], dict):
            return Message(example["topic"], b64decode(example["payload"]["base64"]), NOON)
    raise AssertionError(kind)


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low]) if not rest else bytes([low | 0x80]) + varint(rest)


def restamped(message: Message, at_ms: int) -> bytes:
    """The payload with another timestamp: it is the first field, and the last of two in one message counts."""
    return message.payload + b"\x08" + varint(at_ms)


def test_a_message_that_cannot_be_kept_is_refused_alone(store: Store) -> None:
    """A birth with a topic as long as MQTT allows would not fit into an index, and fail all that comes after."""
    long = Message(f"spBv1.0/g/NBIRTH/{'n' * 60_000}", sparkplug("NBIRTH").payload, NOON)
    good = [told(f"meter-{number}", import_wh=number) for number in range(20)]
    counts = store.append(*good[:10], long, *good[10:])
    assert (counts.stored, counts.rejected_messages) == (20, 1)
    (reason,) = store.rows("SELECT reason FROM rejected_message")[0]
    assert "too long to be kept" in reason
    assert len(sparkplug("NBIRTH").topic) < LONGEST_KEPT_TOPIC


def test_a_batch_that_failed_keeps_nothing_for_later_ones(migrated_url: str) -> None:
    birth, appender = sparkplug("DBIRTH"), Appender()
    with connect(migrated_url) as connection:
        prepare(connection)
        connection.execute("ALTER TABLE kept_message RENAME TO elsewhere")
        with pytest.raises(psycopg.errors.UndefinedTable):
            appender.append(connection, [birth])
        connection.execute("ALTER TABLE elsewhere RENAME TO kept_message")
        appender.append(connection, [told("a", import_wh=1)])
        assert read_kept(connection) == {}
        appender.append(connection, [birth])
        assert read_kept(connection) == {birth.topic: birth.payload}


def test_data_from_before_its_birth_is_refused_and_an_old_birth_replaces_nothing() -> None:
    birth, data = sparkplug("DBIRTH"), sparkplug("DDATA")
    decoder = Decoder()
    decoder.decode(birth)
    decoder.decode(data)
    later = restamped(birth, 4_000_000_000_000)
    decoder.decode(Message(birth.topic, later, NOON))
    with pytest.raises(UndecodableMessage, match="older than the birth"):
        decoder.decode(data)
    decoder.decode(birth)
    assert decoder.newly_kept[birth.topic] == later


def test_what_is_kept_is_bounded_in_memory_and_in_the_store(migrated_url: str) -> None:
    decoder = Decoder()
    decoder.learn({f"spBv1.0/g/NBIRTH/{number}": b"" for number in range(KEPT_TOPICS + 500)})
    assert len(decoder._kept) == KEPT_TOPICS  # pyright: ignore[reportPrivateUsage]
    with connect(migrated_url) as connection:
        for number in range(5):
            write_kept(connection, {f"topic/{number}": b"x"})
        trim_kept(connection, 3)
        assert list(read_kept(connection)) == ["topic/2", "topic/3", "topic/4"]


def test_a_database_that_went_back_gets_new_numbers(migrated_url: str) -> None:
    """A backup that was restored, a standby that took over: a number may mean another series there."""
    appender = Appender()
    with connect(migrated_url) as connection:
        prepare(connection)
        appender.begin()
        appender.append(connection, [told("a", import_wh=1)])
        connection.execute("TRUNCATE device, series, reading RESTART IDENTITY CASCADE")
        connection.execute(
            "INSERT INTO device (id, dialect, first_seen_at, last_seen_at) VALUES ('b', '', now(), now())"
        )
        connection.execute("INSERT INTO series (device_no, quantity) VALUES (1, 'import_energy')")
    with connect(migrated_url) as connection:
        prepare(connection)
        appender.begin()
        appender.append(connection, [told("a", import_wh=2)])
    assert [(device, wh) for device, _, wh in stored(migrated_url)] == [("a", 2)]


def test_a_role_that_only_a_later_version_knows_is_left_out() -> None:
    known = {"quantity": "import_energy", "factor": 1000}
    site = site_of("p", "", "", "", {"a": {"quantity": "flux_capacity", "factor": 1}, "b": known})
    assert list(site.roles) == ["b"]


FILTERS: Final[list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = [
    ("everything: what needs its order is read apart", ("#",), ("$share/g/#", "spBv1.0/#", "hub/v1/+/relay")),
    ("no more than was asked for", ("spBv1.0/a/#",), ("$share/g/spBv1.0/a/#", "spBv1.0/a/#")),
    ("nothing of the kind", ("tele/+/SENSOR",), ("$share/g/tele/+/SENSOR",)),
    ("relays", ("hub/v1/#",), ("$share/g/hub/v1/#", "hub/v1/+/relay")),
]


@pytest.mark.parametrize(("why", "topics", "filters"), FILTERS, ids=[row[0] for row in FILTERS])
def test_the_filters_of_a_worker(why: str, topics: tuple[str, ...], filters: tuple[str, ...]) -> None:
    first = Broker("h", 1, "w", topics, group="g")
    second = Broker("h", 1, "w-2", topics, group="g", reads_in_order=False)
    assert first.filters == filters, why
    assert second.filters == filters[: len(topics)]
    assert [second.leaves_to_others(t) for t in ("spBv1.0/a/DDATA/n", "hub/v1/g/relay", "hub/v1/g")] == [
        True,
        True,
        False,
    ]
    assert not first.leaves_to_others("spBv1.0/a/DDATA/n")


def test_what_comes_after_a_long_silence_of_ours_is_of_unknown_age() -> None:
    now = [100.0]
    sent: list[Any] = []
    session = Session(sent.extend, lambda: sent.append("?"), lambda: now[0])
    session.open(resumed=False)

    def hear(mid: int) -> Any:
        return session.receive(Message("t", b"", NOON), mid, qos=1)

    first = [hear(mid) for mid in (1, 2)]
    now[0] += LATE_S - 1
    session.acknowledge(first)
    assert sent == [1, 2], "soon enough"
    first = [hear(mid) for mid in (3, 4)]
    now[0] += LATE_S + 1
    session.acknowledge(first)
    assert sent[2:] == [3, 4, "?"]
    held = [hear(mid) for mid in (5, 6)]
    assert [d.message.retain for d in (*first, *held)] == [False, False, True, True]
    assert session.answer() is None, "the window is as full as it was: there may be more"
    session.acknowledge(held)
    assert session.answer() is not None
    assert not hear(7).message.retain


@pytest.mark.slow
def test_readings_without_stamp_that_the_broker_held_back_for_a_busy_database_get_no_false_one(
    migrated_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The database is locked for longer than is tolerable, and the window of the broker is full."""
    settings = {**addresses(migrated_url, mosquitto), "mqtt_in_flight": 20}
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub, speaking(mosquitto.port) as speaker:
        with psycopg.connect(migrated_url) as blocker:
            blocker.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
            for number in range(200):
                speaker.publish(f"hub/v1/clockless-{number:03}", b'{"import_wh": 5}')
            speaker.say(range(10))
            speaker.finish()
            wait_until(lambda: waits_for_lock(migrated_url), "batch that waits for the lock")
            held_since = blocker.execute("SELECT clock_timestamp()").fetchone()
            late = "SELECT clock_timestamp() - %s > make_interval(secs => %s)"
            wait_until(
                lambda: blocker.execute(late, (held_since and held_since[0], LATE_S + 1)).fetchone() == (True,), "it"
            )
            released = blocker.execute("SELECT clock_timestamp()").fetchone()
        wait_until(lambda: count(migrated_url, "reading") >= 30, "what was heard, and what has stamps")
        hub.wait_for("handed over what it kept")
        speaker.publish("hub/v1/clockless-after", b'{"import_wh": 5}')
        wait_until(lambda: any(device == "clockless-after" for device, _, _ in stored(migrated_url)), "the last")
        assert hub.terminate() == 0
    rows = stored(migrated_url)
    clockless = [at for device, at, _ in rows if device.startswith("clockless-") and device != "clockless-after"]
    assert 0 < len(clockless) < 200
    assert released is not None
    assert all(at < released[0] for at in clockless), "none was stamped with the end of the lock"
    assert len([row for row in rows if row[0].startswith("meter-")]) == 10, "stamps are stamps"
