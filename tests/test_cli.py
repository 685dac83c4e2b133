"""The `hub` command in a process of its own: what it does, and one sentence for everything that goes wrong."""

import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from store import registry
from store.connect import connect
from tests.hub_command import HUB, call_hub, environment, refused, run_hub, running_hub, sentence_of, stop
from tests.metering import wait_until
from tests.servers import Mosquitto
from tests.valley import declare

SMALL: Final = """
community = [{ id = "valley", name = "Vallée", place = "Somewhere" }]
holder = [{ id = "someone" }]

[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "valley"
device = [{ id = "meter" }]
"""


@pytest.fixture
def territory(tmp_path: Path) -> Path:
    file = tmp_path / "territory.toml"
    file.write_text(SMALL, encoding="utf-8")
    return file


@pytest.mark.parametrize("words", [["migrate"], ["serve"], ["up"], ["publish"], ["viewer", "add", "valley"]])
def test_a_missing_database(words: list[str], free_port: int) -> None:
    sentence = refused(*words, HUB_DATABASE_URL=f"postgresql://hub@127.0.0.1:{free_port}/hub")
    assert "the database does not answer" in sentence
    assert sentence.endswith("check HUB_DATABASE_URL and that PostgreSQL runs")
    assert str(free_port) in sentence


def test_what_goes_wrong_is_said_in_one_sentence_by_a_real_process(
    migrated_url: str, free_port: int, tmp_path: Path
) -> None:
    """The same as the other refusals, which save time by staying in this process."""
    missing = {"HUB_DATABASE_URL": f"postgresql://hub@127.0.0.1:{free_port}/hub"}
    assert "does not answer" in sentence_of("migrate", run_hub("migrate", settings=missing))
    broker = {"HUB_DATABASE_URL": migrated_url, "HUB_MQTT_URL": f"mqtt://127.0.0.1:{free_port}"}
    assert "the MQTT broker" in sentence_of("ingest", run_hub("ingest", settings=broker))
    file = tmp_path / "territory.toml"
    file.write_text("community = 3")
    assert "territory.toml, community" in sentence_of("apply", run_hub("apply", str(file), settings=broker))
    assert "no dialect" in sentence_of("decode", run_hub("decode", "no/such/topic", payload=b"\xff"))


def test_an_address_that_is_none() -> None:
    assert "HUB_DATABASE_URL is not an address" in refused("migrate", HUB_DATABASE_URL="mysql://hub@127.0.0.1/hub")


@pytest.mark.parametrize("verb", ["apply", "process", "serve"])
def test_a_database_without_the_schema(verb: str, database_url: str, territory: Path) -> None:
    words = [verb, str(territory)] if verb == "apply" else [verb]
    assert "run `hub migrate` first" in refused(*words, HUB_DATABASE_URL=database_url)


def test_a_login_that_may_not(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("CREATE ROLE nobody_special LOGIN")
    try:
        url = make_conninfo("", **{**conninfo_to_dict(database_url), "user": "nobody_special"})
        sentence = refused("migrate", HUB_DATABASE_URL=url)
        assert sentence.startswith("the database refuses: permission denied for schema public")
    finally:
        with connect(database_url) as connection:
            connection.execute("DROP ROLE nobody_special")


def test_a_taken_port(migrated_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sentence = refused("serve", HUB_DATABASE_URL=migrated_url, HUB_API_PORT=str(port))
    assert sentence == f"port {port} of 127.0.0.1 is taken; set HUB_API_PORT to another one, or to 0 for a free one"


def test_a_port_that_the_demo_cannot_have_is_refused_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        sentence = refused("demo", "--port", str(port))
    assert sentence == f"port {port} of 127.0.0.1 is taken; set --port to another one, or to 0 for a free one"
    for port in ("65536", "-1"):
        assert refused("demo", f"--port={port}").startswith(f"--port {port} is out of range")


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_of_another_machine(migrated_url: str, host: str) -> None:
    sentence = refused("serve", HUB_DATABASE_URL=migrated_url, HUB_API_HOST=host, HUB_API_PORT="0")
    assert host in sentence
    assert "HUB_API_HOST" in sentence


def test_a_missing_broker(migrated_url: str, free_port: int, tmp_path: Path) -> None:
    url = f"mqtt://127.0.0.1:{free_port}"
    sentence = refused("ingest", HUB_DATABASE_URL=migrated_url, HUB_MQTT_URL=url)
    assert sentence.startswith(f"the MQTT broker at 127.0.0.1:{free_port} does not answer")
    assert sentence.endswith("check HUB_MQTT_URL and that the broker runs")
    file = tmp_path / "readings.csv"
    file.write_text("at,device,import_wh\n2026-01-31T12:00:00Z,meter,1\n")
    assert refused("replay", str(file), HUB_MQTT_URL=url) == sentence


def test_a_broker_that_refuses_us(tmp_path: Path) -> None:
    file = tmp_path / "readings.csv"
    file.write_text("at,device,import_wh\n2026-01-31T12:00:00Z,meter,1\n")
    with refusing_broker() as port:
        address = f"mqtt://hub:wrong@127.0.0.1:{port}"
        sentence = refused("replay", str(file), HUB_MQTT_URL=address, HUB_MQTT_PROTOCOL="3.1.1")
    assert sentence == f"the MQTT broker at 127.0.0.1:{port} refuses us (Not authorized); check HUB_MQTT_URL"


@contextmanager
def refusing_broker() -> Iterator[int]:
    """Answer every CONNECT of MQTT 3.1.1 with a CONNACK that says: not authorized."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    client.recv(1000)
                    client.sendall(b"\x20\x02\x00\x05")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing, latin = tmp_path / "missing.toml", tmp_path / "latin.toml"
    latin.write_bytes("# Pays de Mornant, vallée".encode("latin-1"))
    assert refused("apply", str(missing)) == f"{missing} cannot be read: No such file or directory"
    assert refused("replay", str(tmp_path)) == f"{tmp_path} cannot be read: Is a directory"
    assert refused("apply", str(latin)) == f"{latin} is not UTF-8 text (byte 23)"


def test_a_broken_territory_names_the_place(tmp_path: Path) -> None:
    file = tmp_path / "territory.toml"
    file.write_text(SMALL.replace('holder = "someone"', 'holder = "nobody"'), encoding="utf-8")
    assert refused("apply", str(file)) == "territory.toml, point home: holder 'nobody' is not declared"
    file.write_text(SMALL + "colour = 'red'\n", encoding="utf-8")
    assert refused("apply", str(file)).startswith("territory.toml, point home, colour: ")
    file.write_text("[[community]\n", encoding="utf-8")
    assert refused("apply", str(file)).startswith("territory.toml is not valid TOML: ")


def lines(*words: str, settings: dict[str, str]) -> list[str]:
    """What a command says that did what it was asked to."""
    code, stdout, stderr = call_hub(*words, settings=settings)
    assert (code, stderr) == (0, "")
    return stdout.splitlines()


def test_apply_shows_the_difference_and_does_it_once(migrated_url: str, territory: Path) -> None:
    database = {"HUB_DATABASE_URL": migrated_url}
    shown = [
        "+ community valley",
        "+ holder someone",
        "+ point home",
        "+ device meter measures grid of point home",
        "+ point home in community valley",
        "+ prorata key of community valley",
    ]
    code, stdout, stderr = run_hub("apply", "--dry-run", str(territory), settings=database)
    assert (code, stderr) == (0, "")
    assert stdout.splitlines() == [*shown, "6 changes; nothing was changed (--dry-run)"]
    with connect(migrated_url) as connection:
        assert registry.read_territory(connection).communities == ()
    assert lines("apply", str(territory), settings=database) == [*shown, "6 changes applied"]
    assert lines("apply", str(territory), settings=database) == ["nothing to change: the database equals the file"]
    assert lines("apply", "--dry-run", str(territory), settings=database) == [
        "nothing to change: the database equals the file"
    ]
    territory.write_text(SMALL.replace('"Home"', '"House"').replace('"meter"', '"new"'), encoding="utf-8")
    assert lines("apply", str(territory), settings=database) == [
        "- device meter measures grid of point home",
        "~ point home (name: Home -> House)",
        "+ device new measures grid of point home",
        "3 changes applied",
    ]


def test_migrate_says_what_it_did_and_then_nothing_to_do(database_url: str) -> None:
    database = {"HUB_DATABASE_URL": database_url}
    assert lines("migrate", settings=database)[0] == "applied 0001_init.sql"
    assert lines("migrate", settings=database) == [
        "the schema is current",
        "no TimescaleDB: readings and intervals are ordinary tables",
    ]


def test_a_viewer_is_made_listed_and_removed(migrated_url: str) -> None:
    database = {"HUB_DATABASE_URL": migrated_url}
    with connect(migrated_url) as connection:
        declare(connection)
    assert lines("viewer", "list", settings=database)[0].startswith("nobody may see a community in Grafana yet")
    code, stdout, stderr = call_hub("viewer", "add", "quarterly", "hourly", settings=database)
    made = dict(line.split("=") for line in stdout.splitlines())
    role, password = made["GRAFANA_DB_USER"], made["GRAFANA_DB_PASSWORD"]
    assert (code, stderr) == (0, f"{role} sees quarterly, hourly; its password is not kept\n")
    assert password not in stderr
    assert lines("viewer", "list", settings=database) == [f"{role}  hourly, quarterly"]
    assert lines("viewer", "remove", role, settings=database) == [f"{role} can log in no more"]
    sentence = refused("viewer", "remove", role, HUB_DATABASE_URL=migrated_url)
    assert sentence == f"there is no viewer {role!r}; `hub viewer list` shows those there are"
    sentence = refused("viewer", "add", "nowhere", HUB_DATABASE_URL=migrated_url)
    assert sentence.startswith("there is no community 'nowhere'")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serve_ends_at_a_signal_though_somebody_watches(migrated_url: str, tmp_path: Path, how: signal.Signals) -> None:
    with connect(migrated_url) as connection:
        declare(connection)
    log, settings = tmp_path / "log", {"HUB_DATABASE_URL": migrated_url, "HUB_API_PORT": "0"}
    with running_hub("serve", log=log, settings=settings) as process:
        address = address_in(log)
        assert httpx.get(f"{address}v1/health").json()["status"] == "ok"
        assert [httpx.head(address + path).status_code for path in ("", "v1/health", "open/v1", "x")] == [200] * 3 + [
            404
        ]
        with httpx.stream("GET", f"{address}v1/communities/quarterly/live") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: now"
            assert stop(process, how) == 0
            assert "event: now" not in list(lines), "the stream has ended"
    assert "Traceback" not in log.read_text()
    assert "ERROR" not in log.read_text()


def test_up_stores_computes_and_serves(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    with connect(migrated_url) as connection:
        declare(connection)
    log, file = tmp_path / "log", tmp_path / "readings.csv"
    rows = [f"2026-05-04T10:{minute:02}:00Z,quarterly-home-meter,{minute}" for minute in (0, 15, 30)]
    file.write_text("\n".join(["at,device,import_wh", *rows]))
    settings = {
        "HUB_DATABASE_URL": migrated_url,
        "HUB_MQTT_URL": f"mqtt://127.0.0.1:{mosquitto.port}",
        "HUB_API_PORT": "0",
    }
    with running_hub("up", log=log, settings=settings) as process:
        assert lines("replay", str(file), settings=settings) == [f"3 messages published to 127.0.0.1:{mosquitto.port}"]
        path = f"{address_in(log)}v1/communities/quarterly/balance?start=2026-05-04"
        wait_until(lambda: len(httpx.get(path).json()["rows"]) == 2)
        assert [row["consumption_kwh"] for row in httpx.get(path).json()["rows"]] == [0.015, 0.015]
        assert stop(process, signal.SIGTERM) == 0
    assert "Traceback" not in log.read_text()


def address_in(log: Path) -> str:
    (line,) = [line for line in log.read_text().splitlines() if line.startswith("listening on ")]
    return line.removeprefix("listening on ")


def test_help_lists_every_command_and_words_nobody_knows_are_refused() -> None:
    code, shown, _ = run_hub("--help")
    assert code == 0
    for verb in ("migrate", "apply", "ingest", "process", "serve", "up", "demo", "decode", "replay"):
        assert f"    {verb} " in shown
    assert run_hub() == (2, "", shown), "the words are what somebody who typed none looks for"
    code, _, stderr = run_hub("dance")
    assert code == 2
    assert "invalid choice: 'dance'" in stderr.splitlines()[-1]


@pytest.mark.parametrize("messages", [1, 3000])  # less and more than a pipe holds
def test_a_reader_who_leaves_early_is_no_failure(messages: int, tmp_path: Path) -> None:
    file = tmp_path / "messages.json"
    file.write_text("[" + ",".join(['{"topic": "hub/v1/x", "payload": "{\\"import_wh\\": 1}"}'] * messages) + "]")
    command = ["sh", "-c", '"$0" decode --file "$1" | exit 0', HUB, str(file)]
    ended = subprocess.run(command, env=environment({}), capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "")
