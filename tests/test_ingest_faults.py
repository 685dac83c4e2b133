"""Databases and brokers that go away and come back: the hub says so, goes on by itself, and loses nothing."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from energy.errors import Unavailable
from energy.time import PARIS
from ingest.append import Appender
from ingest.broker import broker_at
from ingest.listen import Listener
from tests.conftest import enter_or_do_without
from tests.databases import MIGRATED, make_migrated_template, new_database
from tests.hub_process import Hub, addresses, ask, count, running_hub, wait_until, wait_until_read, waits_for_lock
from tests.publishing import kept_for, speaking, stored
from tests.servers import Mosquitto, Postgres, running_postgres

UNACKNOWLEDGED = "nothing is acknowledged until it is back"


@pytest.fixture(scope="module")
def mortal_postgres(no_server_left: None) -> Iterator[Postgres]:
    """A PostgreSQL of this file, which its tests kill; all other tests have another one."""
    with ExitStack() as stack:
        server = enter_or_do_without(stack, running_postgres("wheel-16"))
        make_migrated_template(server)
        yield server


@pytest.fixture
def mortal_url(mortal_postgres: Postgres) -> Iterator[str]:
    """The address of a database with the schema of the hub on a server that may be killed."""
    with new_database(mortal_postgres, MIGRATED) as url:
        try:
            yield url
        finally:
            if mortal_postgres.process.running is None:
                mortal_postgres.process.start()


@pytest.fixture
def hub(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Hub]:
    with running_hub("ingest", log=tmp_path / "hub.log", settings=addresses(migrated_url, mosquitto)) as running:
        yield running


def wait_for_readings(url: str, number: int) -> None:
    wait_until(lambda: count(url, "reading") >= number, f"{number} readings")


def lines(hub: Hub, text: str) -> list[str]:
    """The lines of the hub's log that hold a text."""
    return [line for line in hub.said.splitlines() if text in line]


@pytest.mark.slow
def test_a_killed_database_is_waited_for(
    mortal_postgres: Postgres, mortal_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    settings = {**addresses(mortal_url, mosquitto), "mqtt_in_flight": 50, "batch": 20}
    with (
        running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub,
        speaking(mosquitto.port) as speaker,
    ):
        speaker.say(range(600))
        wait_for_readings(mortal_url, 100)
        mortal_postgres.process.kill()
        speaker.say(range(600, 900))
        hub.wait_for(UNACKNOWLEDGED)
        mortal_postgres.process.start()
        hub.wait_for("the database is back")
        wait_for_readings(mortal_url, 900)
        assert all("the database does not answer" in line for line in lines(hub, UNACKNOWLEDGED))
        assert len(hub.said.splitlines()) == len(lines(hub, " ingest.")), "every event is one line, without traceback"

        # Now the hub dies too, while it holds messages that the database has never seen.
        mortal_postgres.process.kill()
        speaker.say(range(900, 1200))
        speaker.finish()
        hub.wait_for(UNACKNOWLEDGED, times=len(lines(hub, UNACKNOWLEDGED)) + 1)
        hub.kill()
        mortal_postgres.process.start()
        hub.start()
        wait_for_readings(mortal_url, 1200)
        assert hub.terminate() == 0
    assert stored(mortal_url) == sorted(speaker.said)
    assert kept_for(mosquitto.port) == []


def test_a_standby_that_is_not_promoted_yet_is_waited_for(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    """After a failover the address may lead to a server that answers and refuses to write."""
    with speaking(mosquitto.port) as speaker:
        make_read_only(migrated_url, True)
        speaker.say(range(10))
        hub.wait_for("read-only transaction")
        make_read_only(migrated_url, False)
        wait_for_readings(migrated_url, 10)
        assert hub.terminate() == 0
    assert stored(migrated_url) == sorted(speaker.said)


def make_read_only(url: str, flag: bool) -> None:
    """Let new connections write or not, and end those that are open."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s"
    with psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=off") as operator:
        name = operator.info.dbname
        change = SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(Identifier(name), flag)
        operator.execute(change)
        operator.execute(others, (name,))


def rename(url: str, table: str, to: str) -> None:
    with psycopg.connect(url, autocommit=True) as operator:
        operator.execute(SQL("ALTER TABLE {} RENAME TO {}").format(Identifier(table), Identifier(to)))


def test_a_database_that_refuses_to_store_ends_the_hub_with_a_sentence(
    hub: Hub, migrated_url: str, mosquitto: Mosquitto
) -> None:
    with speaking(mosquitto.port) as speaker:
        rename(migrated_url, "reading", "elsewhere")
        speaker.say(range(10))
        assert hub.wait_for_end() == 1
        assert hub.said.splitlines()[-1].startswith("hub ingest: the database refuses to store readings (relation")
        assert "Traceback" not in hub.said
        rename(migrated_url, "elsewhere", "reading")
        hub.start()
        wait_for_readings(migrated_url, 10)
    assert stored(migrated_url) == sorted(speaker.said)


@pytest.mark.slow
def test_a_restarted_broker_is_connected_to_again(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    with speaking(mosquitto.port) as speaker:
        speaker.say(range(500))
        wait_for_readings(migrated_url, 1)
        mosquitto.process.stop()
        speaker.say(range(500, 1000))
        hub.wait_for("the broker is gone")
        mosquitto.process.start()
        speaker.finish()
        wait_for_readings(migrated_url, 1000)
        assert hub.terminate() == 0
    assert stored(migrated_url) == sorted(speaker.said)
    assert count(migrated_url, "reading_revision") == 0
    assert kept_for(mosquitto.port) == []


@pytest.mark.slow
def test_a_message_delivered_again_keeps_the_instant_at_which_it_was_heard(
    hub: Hub, migrated_url: str, mosquitto: Mosquitto
) -> None:
    """Messages without stamp, heard while the database is busy; the broker restarts before they are acknowledged."""
    with speaking(mosquitto.port) as speaker:
        with psycopg.connect(migrated_url) as blocker:
            blocker.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
            for number in range(30):
                speaker.publish(f"hub/v1/clockless-{number}", b'{"import_wh": 5}')
            speaker.finish()
            wait_until(lambda: waits_for_lock(migrated_url), "batch that waits for the lock")
            wait_until_read(mosquitto.port)
            mosquitto.process.stop()
            (unlocked_at,) = ask(migrated_url, "SELECT clock_timestamp()")[0]
            mosquitto.process.start()
            hub.wait_for("connected to the broker", times=2)
            wait_until_read(mosquitto.port)
        hub.wait_for("handed over what it kept")
        assert hub.terminate() == 0
    assert [(device, wh) for device, _, wh in stored(migrated_url)] == sorted(
        (f"clockless-{number}", 5) for number in range(30)
    )
    assert max(at for _, at, _ in stored(migrated_url)) < unlocked_at
    assert kept_for(mosquitto.port) == []


@pytest.mark.slow
def test_a_committed_message_that_could_not_be_acknowledged_is_not_stored_twice(
    hub: Hub, migrated_url: str, mosquitto: Mosquitto
) -> None:
    """The broker is away at the commit, then the hub is killed: the next one gets all messages again."""
    with speaking(mosquitto.port) as speaker:
        with psycopg.connect(migrated_url) as blocker:
            blocker.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
            speaker.say(range(30))
            speaker.publish("hub/v1/clockless", b'{"import_wh": 5}')
            speaker.finish()
            wait_until(lambda: waits_for_lock(migrated_url), "batch that waits for the lock")
            wait_until_read(mosquitto.port)
            mosquitto.process.stop()
        wait_for_readings(migrated_url, 31)
        before = stored(migrated_url)
        hub.kill()
        mosquitto.process.start()
        hub.start()
        hub.wait_for("handed over what it kept for us: 31 messages")
        assert hub.terminate() == 0
    assert "30 more were there already, 1 of unknown age were left out" in hub.said
    assert stored(migrated_url) == before
    assert kept_for(mosquitto.port) == []


def close_door(broker: Mosquitto) -> None:
    """Start the broker again, now with a password for the user hub and for nobody else."""
    passwords = broker.directory / "passwords"
    tool = shutil.which("mosquitto_passwd")
    assert tool, "it comes with mosquitto"
    subprocess.run([tool, "-b", "-c", str(passwords), "hub", "right"], check=True, capture_output=True)
    passwords.chmod(0o644)
    settings = (broker.directory / "mosquitto.conf").read_text()
    closed = settings.replace("allow_anonymous true", f"allow_anonymous false\npassword_file {passwords}")
    set_up(broker, closed)


def set_up(broker: Mosquitto, settings: str) -> None:
    broker.process.stop()
    (broker.directory / "mosquitto.conf").write_text(settings)
    broker.process.start()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_is_told_at_once(
    migrated_url: str, mosquitto: Mosquitto, tmp_path: Path, protocol: str
) -> None:
    close_door(mosquitto)
    settings = {
        **addresses(migrated_url, mosquitto),
        "mqtt_url": f"mqtt://hub:wrong@127.0.0.1:{mosquitto.port}",
        "mqtt_protocol": protocol,
    }
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings, until="") as hub:
        assert hub.wait_for_end() == 1
    assert hub.said == (
        f"hub ingest: the MQTT broker at 127.0.0.1:{mosquitto.port} refuses us (Not authorized);"
        " check the user and password in HUB_MQTT_URL, and what that user may read\n"
    )
    right = {**settings, "mqtt_url": f"mqtt://hub:right@127.0.0.1:{mosquitto.port}"}
    with running_hub("ingest", log=tmp_path / "right.log", settings=right) as hub:
        assert hub.terminate() == 0


@pytest.mark.slow
def test_a_broker_that_refuses_us_later_is_asked_again(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    open_settings = (mosquitto.directory / "mosquitto.conf").read_text()
    close_door(mosquitto)
    hub.wait_for("the broker refuses us (Not authorized); trying again")
    set_up(mosquitto, open_settings)
    with speaking(mosquitto.port) as speaker:
        speaker.say(range(10))
        wait_for_readings(migrated_url, 10)
    assert hub.terminate() == 0
    assert stored(migrated_url) == sorted(speaker.said)


WRONG = [
    ("nobody listens", {"mqtt_url": "mqtt://127.0.0.1:1"}, "the MQTT broker at 127.0.0.1:1 does not answer ("),
    ("no such host", {"mqtt_url": "mqtt://no.such.host.invalid"}, "the MQTT broker at no.such.host.invalid:1883 does"),
    ("another scheme", {"mqtt_url": "amqp://here"}, "HUB_MQTT_URL is not an address such as mqtt://"),
    ("no database", {"database_url": "postgresql://127.0.0.1:1/x"}, "the database does not answer ("),
]


@pytest.mark.parametrize(("why", "settings", "sentence"), WRONG, ids=[row[0] for row in WRONG])
def test_a_start_that_cannot_work_ends_with_a_sentence(
    migrated_url: str, tmp_path: Path, why: str, settings: dict[str, object], sentence: str
) -> None:
    chosen = {"database_url": migrated_url, "mqtt_url": "mqtt://127.0.0.1:1", **settings}
    with running_hub("ingest", log=tmp_path / "hub.log", settings=chosen, until="") as hub:
        assert hub.wait_for_end() == 1, why
    assert hub.said.startswith(f"hub ingest: {sentence}"), why
    assert hub.said.count("\n") == 1


def test_a_listener_whose_thread_has_ended_says_so(migrated_url: str, mosquitto: Mosquitto) -> None:
    broker = broker_at(f"mqtt://127.0.0.1:{mosquitto.port}", "watched")
    listener = Listener(broker, migrated_url, Appender(), PARIS)
    listener.start()
    listener.check()
    assert listener.is_connected
    listener.stop()
    with pytest.raises(Unavailable, match="the MQTT network thread ended unexpectedly"):
        listener.check()
