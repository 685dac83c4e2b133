"""The servers of the tests are what they say, survive what tests do to them, and leave nothing behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.databases import new_database
from tests.processes import processes_in, servers_left
from tests.servers import Mosquitto, Postgres, running_mosquitto, running_postgres

DEADLINE_S = 10.0
PROJECT = Path(__file__).parent.parent

DIES_WITH_SERVERS = """
import os, signal
from tests.servers import running_mosquitto, running_postgres
with running_postgres("wheel-16") as database, running_mosquitto() as broker:
    print(database.directory, broker.directory, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


def connect(broker: Mosquitto, name: str, received: list[str] | None = None) -> mqtt.Client:
    """Connect a client with a persistent session that collects what it receives."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    connected = Event()
    client.on_connect = lambda *_: connected.set()
    if received is not None:
        client.on_message = lambda _client, _userdata, message: received.append(message.payload.decode())
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert connected.wait(DEADLINE_S)
    return client


def subscribe(client: mqtt.Client) -> None:
    subscribed = Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.subscribe("t/#", qos=1)
    assert subscribed.wait(DEADLINE_S)


def disconnect(client: mqtt.Client) -> None:
    client.disconnect()
    client.loop_stop()


def test_each_kind_is_the_version_it_says(any_database_server: Postgres) -> None:
    major = any_database_server.kind.partition("-")[2]
    with psycopg.connect(any_database_server.url()) as connection:
        assert connection.execute("SELECT split_part(version(), '.', 1)").fetchone() == (f"PostgreSQL {major}",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def test_only_timescale_has_the_extension_loaded(any_database_url: str, any_database_server: Postgres) -> None:
    with psycopg.connect(any_database_url, autocommit=True) as connection:
        available = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'timescaledb'").rowcount == 1
        assert available == any_database_server.kind.endswith("-17")
        if any_database_server.kind == "timescale-17":
            connection.execute("CREATE EXTENSION timescaledb")
            assert connection.execute("SHOW timescaledb.license").fetchone() == ("apache",)


def test_a_database_is_empty_and_apart(database_server: Postgres, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE mark ()")
    with new_database(database_server) as other_url, psycopg.connect(other_url) as connection:
        assert connection.execute("SELECT to_regclass('mark')").fetchone() == (None,)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_migrated_database_is_new_each_time(any_migrated_url: str, turn: int) -> None:
    """Twice on each kind, because the second copy is taken after TimescaleDB has had time to come back."""
    with psycopg.connect(any_migrated_url, autocommit=True) as connection:
        assert connection.execute("SELECT to_regclass('reading') IS NOT NULL").fetchone() == (True,)
        assert connection.execute("SELECT to_regclass('mark')").fetchone() == (None,)
        connection.execute("CREATE TABLE mark ()")


def test_a_server_answers_on_its_unix_socket(database_server: Postgres) -> None:
    with psycopg.connect(host=str(database_server.directory), port=database_server.port, user="postgres") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_killed_database_keeps_what_was_committed() -> None:
    with running_postgres("wheel-16") as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        server.process.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url(), connect_timeout=2)
        server.process.start()
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_mosquitto_passes_a_message(mosquitto: Mosquitto) -> None:
    received: list[str] = []
    reader, writer = connect(mosquitto, "reader", received), connect(mosquitto, "writer")
    subscribe(reader)
    writer.publish("t/1", "hello", qos=1).wait_for_publish(DEADLINE_S)
    wait_until(lambda: received == ["hello"])
    disconnect(reader)
    disconnect(writer)


def test_mosquitto_keeps_what_waits_for_an_absent_client_over_a_stop(mosquitto: Mosquitto) -> None:
    reader, writer = connect(mosquitto, "reader"), connect(mosquitto, "writer")
    subscribe(reader)
    disconnect(reader)
    writer.publish("t/1", "kept", qos=1).wait_for_publish(DEADLINE_S)
    disconnect(writer)
    mosquitto.process.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(mosquitto, "reader")
    mosquitto.process.start()
    received: list[str] = []
    again = connect(mosquitto, "reader", received)
    wait_until(lambda: received == ["kept"])
    disconnect(again)


def test_a_killed_mosquitto_comes_back_on_its_port(mosquitto: Mosquitto) -> None:
    mosquitto.process.kill()
    mosquitto.process.start()
    disconnect(connect(mosquitto, "reader"))


def test_nothing_is_left_after_the_context() -> None:
    with running_postgres("wheel-16") as database, running_mosquitto() as broker:
        directories = [database.directory, broker.directory]
        assert all(processes_in(str(directory)) for directory in directories)
    left = servers_left()
    assert not any(str(directory) in line for directory in directories for line in left)
    assert not any(directory.exists() for directory in directories)


def test_nothing_is_left_when_the_tests_are_killed() -> None:
    command = [sys.executable, "-c", DIES_WITH_SERVERS]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == -signal.SIGKILL, result.stderr
    directories = result.stdout.split()
    assert len(directories) == 2
    wait_until(lambda: not any(processes_in(directory) or Path(directory).exists() for directory in directories))
