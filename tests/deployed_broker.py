"""Mosquitto as deploy/mosquitto sets it up, and clients of it whose answers can be waited for."""

import queue
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.settings import Settings
from tests.processes import ENVIRONMENT, Installation, ServerProcess, choose_free_port, running, server_directory

DEPLOY: Final = Path(__file__).parent.parent / "deploy" / "mosquitto"
TIMEOUT_S: Final = 10.0
USERS: Final = ("hub", "linky-1", "shellypro3em-1", "opendtu-example", "gateway-example")
PASSWORDS: Final = {user: f"password of {user}" for user in USERS}
DEVICES: Final = [user for user in PASSWORDS if user != "hub"]


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker with the users of PASSWORDS; with a certificate it also listens on `tls_port`."""

    port: int
    process: ServerProcess
    tls_port: int = 0
    certificate: Path | None = None


class Connection:
    """A client that is connected, or was refused; what it hears is kept until it is asked for."""

    def __init__(
        self, broker: Broker, user: str | None, password: str | None, *, name: str, acknowledges: bool, tls: bool
    ) -> None:
        self.heard: queue.Queue[MQTTMessage] = queue.Queue()
        self.events: queue.Queue[tuple[str, list[ReasonCode]]] = queue.Queue()
        self.client = Client(
            CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=not acknowledges
        )
        self.client.username_pw_set(user, password)
        self.client.on_message = lambda client, userdata, message: self.heard.put(message)
        self.client.on_connect = lambda client, userdata, flags, code, more: self.events.put(("connect", [code]))
        self.client.on_subscribe = lambda client, userdata, mid, codes, more: self.events.put(("subscribe", codes))
        self.client.on_publish = lambda client, userdata, mid, code, more: self.events.put(("publish", [code]))
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600 if name else 0
        properties.ReceiveMaximum = Settings.model_fields["mqtt_in_flight"].default
        if tls:
            self.client.tls_set(str(broker.certificate))
        port = broker.tls_port if tls else broker.port
        self.client.connect("127.0.0.1", port, clean_start=not name, properties=properties)
        self.client.loop_start()
        self.code = self.wait_for("connect")

    def wait_for(self, event: str) -> ReasonCode:
        """Wait until the broker has answered, and return its answer."""
        name, (code,) = self.events.get(timeout=TIMEOUT_S)
        assert name == event
        return code

    def subscribe(self, topic: str = "#") -> None:
        """Ask for topics with QoS 1."""
        self.client.subscribe(topic, qos=1)
        self.wait_for("subscribe")

    def publish(self, topic: str, payload: str, qos: int = 0) -> ReasonCode:
        """Publish, and wait until the message has left, or with QoS 1 until the broker has judged it."""
        self.client.publish(topic, payload, qos=qos)
        return self.wait_for("publish")

    def hear(self, count: int) -> list[MQTTMessage]:
        """Wait for so many messages."""
        return [self.heard.get(timeout=TIMEOUT_S) for _ in range(count)]

    def leave(self) -> None:
        """End the connection as it should be ended; what was published before is with the broker then."""
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def connected(broker: Broker, user: str | None, **other: Any) -> Iterator[Connection]:
    options = {"password": PASSWORDS.get(user or ""), "name": "", "acknowledges": True, "tls": False} | other
    connection = Connection(broker, user, **options)
    try:
        yield connection
    finally:
        connection.leave()


@contextmanager
def _running_broker(
    directory: Path, command: list[str], port: int, tls_port: int = 0, certificate: Path | None = None
) -> Iterator[Broker]:
    process = ServerProcess("mosquitto", command, directory, lambda: _port_answers(port), signal.SIGTERM)
    with running(process):
        yield Broker(port, process, tls_port, certificate)


def _installed(programs: str) -> Installation:
    return Installation("mosquitto", Path(programs), orphan_signal=signal.SIGTERM)


def _write_passwords(path: Path) -> None:
    path.write_text("".join(f"{user}:{PASSWORDS[user]}\n" for user in DEVICES), encoding="utf-8")
    subprocess.run(["mosquitto_passwd", "-U", str(path)], check=True, env=ENVIRONMENT)
    path.chmod(0o666)


def _port_answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def container_broker() -> Iterator[Broker]:
    """The broker of docker-compose.yml with tls.conf: its own start script and files, other paths, and free ports."""
    with server_directory(Path(tempfile.gettempdir())) as directory:
        port, tls_port = choose_free_port(), choose_free_port()
        config, data, tls = directory / "config", directory / "data", directory / "tls"
        shutil.copytree(DEPLOY, config)
        shutil.copy(config / "tls.conf", config / "conf.d")
        moved = {
            "listener 1883": f"listener {port} 127.0.0.1",
            "listener 8883": f"listener {tls_port} 127.0.0.1",
            "/mosquitto/data": str(data),
            "/mosquitto/tls": str(tls),
            "/mosquitto/config": str(config),
        }
        for path in (config / "mosquitto.conf", config / "conf.d" / "tls.conf"):
            text = path.read_text(encoding="utf-8")
            for old, new in moved.items():
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
        data.mkdir()
        data.chmod(0o777)
        _write_passwords(data / "passwords")
        certificate = _write_certificate(tls)
        environment = [f"HUB_MQTT_PASSWORD={PASSWORDS['hub']}", f"MOSQUITTO_CONFIG={config}", f"MOSQUITTO_DATA={data}"]
        command = _installed("/usr/bin").command("env", *environment, "sh", str(config / "start.sh"))
        with _running_broker(directory, command, port, tls_port, certificate) as broker:
            yield broker


def _write_certificate(folder: Path) -> Path:
    """Write a key and a certificate that vouches for itself, for 127.0.0.1, where tls.conf looks for them."""
    folder.mkdir()
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    key.chmod(0o644)
    return certificate


@contextmanager
def debian_broker() -> Iterator[Broker]:
    """The broker of docs/deploy.md without Docker: Debian's own configuration, and our two files in conf.d."""
    with server_directory(Path(tempfile.gettempdir())) as directory:
        port = choose_free_port()
        included = directory / "conf.d"
        included.mkdir()
        (directory / "mosquitto.conf").write_text(
            f"persistence true\npersistence_location {directory}/\nlog_dest file {directory}/mosquitto.log\n"
            f"include_dir {included}\n",
            encoding="utf-8",
        )
        shutil.copy(DEPLOY / "conf.d" / "hub.conf", included)
        text = (DEPLOY / "debian.conf").read_text(encoding="utf-8").replace("listener 1883", f"listener {port}")
        (included / "debian.conf").write_text(text.replace("/etc/mosquitto", str(directory)), encoding="utf-8")
        shutil.copy(DEPLOY / "acl", directory / "hub.acl")
        _write_passwords(directory / "hub.passwords")
        command = _installed("/usr/sbin").command("mosquitto", "-c", str(directory / "mosquitto.conf"))
        with _running_broker(directory, command, port) as broker:
            yield broker
