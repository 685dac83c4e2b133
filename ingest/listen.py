"""The MQTT shell: hear messages, have them committed, and only then acknowledge them.

paho's network thread fills a bounded queue; one writer thread empties it into the database and acknowledges after the
commit. When the queue is full the network thread waits, so the hub stops reading and the broker keeps the rest.
"""

import logging
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from energy.errors import InvalidInput, Unavailable
from energy.model import Message
from ingest.append import Appender
from store.connect import connect
from store.readings import prepare

log = logging.getLogger(__name__)

SESSION_EXPIRY_S: Final = 7 * 24 * 3600
KEEPALIVE_S: Final = 30
LONGEST_PAUSE_S: Final = 30.0
RETAINED_ONLY_WHEN_NEW: Final = 1
"""MQTT 5 retain handling: kept messages come with a new subscription, not with each reconnection."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where messages come from, and as whom we ask for them. The client id keeps our session in the broker."""

    host: str
    port: int
    client_id: str
    topics: tuple[str, ...] = ("#",)
    username: str | None = None
    password: str | None = None
    protocol: Literal["5", "3.1.1"] = "5"
    in_flight: int = 4000


@dataclass(frozen=True, slots=True)
class _Heard:
    message: Message
    mid: int
    qos: int
    connection: int


def broker_at(url: str, client_id: str, **options: Any) -> Broker:
    """The broker of a URL such as mqtt://user:password@host:1883.

    Raises:
        InvalidInput: not such a URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 1883
    except ValueError as error:
        raise InvalidInput(f"HUB_MQTT_URL {url!r} is not an address: {error}") from error
    if parts.scheme != "mqtt" or not parts.hostname:
        raise InvalidInput(f"HUB_MQTT_URL {url!r} is not an address such as mqtt://user:password@host:1883")
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Broker(parts.hostname, port, client_id, username=username, password=password, **options)


class Listener:
    """Listens to a broker and appends what it hears, between start() and stop()."""

    def __init__(
        self, broker: Broker, database_url: str, appender: Appender, zone: ZoneInfo, batch: int = 4000
    ) -> None:
        self.appender = appender
        self.failure: Exception | None = None
        self._broker = broker
        self._database_url = database_url
        self._zone = zone
        self._batch = batch
        self._queue: queue.Queue[_Heard] = queue.Queue(maxsize=max(2 * broker.in_flight, batch))
        self._pending: list[_Heard] = []
        self._stop = threading.Event()
        self._connection = 0
        self._connected = threading.Event()
        self._client = self._new_client()
        self._writer = threading.Thread(target=self._write_until_stopped, name="hub-writer", daemon=True)

    def start(self, timeout_s: float = 10.0) -> None:
        """Connect, subscribe and start to write.

        Raises:
            Unavailable: the broker or the database does not answer.
        """
        connect(self._database_url).close()
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S, **self._session())
        except OSError as error:
            raise Unavailable(
                f"the MQTT broker at {self._broker.host}:{self._broker.port} does not answer"
                f" ({error.strerror or error}); check HUB_MQTT_URL and that the broker runs"
            ) from error
        self._client.loop_start()
        if not self._connected.wait(timeout_s):
            self._client.loop_stop()
            raise Unavailable(
                f"the MQTT broker at {self._broker.host}:{self._broker.port} refuses us"
                f" ({self.failure or 'no answer'}); check HUB_MQTT_URL"
            )
        self._writer.start()

    def stop(self) -> None:
        """Finish the batch in hand and leave; what is not committed is not acknowledged, and will come again."""
        self._stop.set()
        self._writer.join(timeout=LONGEST_PAUSE_S)
        self._client.disconnect()
        self._client.loop_stop()

    def check(self) -> None:
        """Raise what ended one of the threads, if anything did."""
        if self.failure is not None and not self._writer.is_alive():
            raise self.failure
        network = f"paho-mqtt-client-{self._broker.client_id}"
        if not any(thread.name == network for thread in threading.enumerate()):
            raise Unavailable("the MQTT network thread ended unexpectedly; start `hub ingest` again")

    @property
    def is_connected(self) -> bool:
        """Whether the broker holds our subscription right now."""
        return self._client.is_connected()

    def _new_client(self) -> mqtt.Client:
        five = self._broker.protocol == "5"
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client_id,
            clean_session=None if five else False,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        client.username_pw_set(self._broker.username, self._broker.password)
        client.reconnect_delay_set(1, int(LONGEST_PAUSE_S))
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _session(self) -> dict[str, Any]:
        if self._broker.protocol != "5":
            return {}
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = self._broker.in_flight
        return {"clean_start": False, "properties": properties}

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if reason.is_failure:
            self.failure = Unavailable(f"the broker says: {reason}")
            return
        self._connection += 1
        if self._broker.protocol == "5":
            options = SubscribeOptions(qos=1, retainHandling=RETAINED_ONLY_WHEN_NEW)
            client.subscribe([(topic, options) for topic in self._broker.topics])
        else:
            client.subscribe([(topic, 1) for topic in self._broker.topics])
        self._connected.set()
        log.info("connected to the broker at %s:%s", self._broker.host, self._broker.port)

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.DisconnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if not self._stop.is_set():
            log.warning("the broker is gone (%s); connecting again", reason)

    def _on_message(self, _client: mqtt.Client, _data: Any, heard: mqtt.MQTTMessage) -> None:
        message = Message(heard.topic, bytes(heard.payload), datetime.now(UTC), heard.retain, self._zone)
        self._queue.put(_Heard(message, heard.mid, heard.qos, self._connection))

    def _write_until_stopped(self) -> None:
        try:
            pause_s = 0.5
            while not self._stop.is_set():
                try:
                    with connect(self._database_url) as connection:
                        prepare(connection)
                        pause_s = 0.5
                        self._write(connection)
                except (Unavailable, psycopg.OperationalError, psycopg.InterfaceError) as error:
                    log.warning("%s; nothing is acknowledged until it is back", error)
                    self._stop.wait(pause_s)
                    pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        except Exception as error:  # the outermost loop: check() hands it to the main thread
            log.exception("the writer ended")
            self.failure = error

    def _write(self, connection: psycopg.Connection) -> None:
        """Write batches until stopped. A batch that the database could not take is kept and written first."""
        while not self._stop.is_set():
            self._pending = self._pending or self._next_batch()
            if self._pending:
                self.appender.append(connection, [heard.message for heard in self._pending])
                self._acknowledge(self._pending)
                self._pending = []

    def _next_batch(self) -> list[_Heard]:
        """Wait shortly for a message, then take what else has come."""
        batch: list[_Heard] = []
        try:
            batch.append(self._queue.get(timeout=0.2))
            while len(batch) < self._batch:
                batch.append(self._queue.get_nowait())
        except queue.Empty:
            return batch
        return batch

    def _acknowledge(self, batch: Sequence[_Heard]) -> None:
        """Acknowledge what was committed. Messages of an earlier connection come again, and are recognised then."""
        for heard in batch:
            if heard.qos > 0 and heard.connection == self._connection:
                result = self._client.ack(heard.mid, heard.qos)
                if result not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
                    log.warning("message %s could not be acknowledged: %s", heard.mid, result)
