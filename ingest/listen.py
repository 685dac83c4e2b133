"""The MQTT shell: hear messages, have them committed, and only then acknowledge them.

paho's network thread fills the bounded queue of the writer, which acknowledges after the commit. When the queue is full
the network thread waits, so the hub stops reading and the broker keeps the rest.
"""

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from energy.errors import InvalidInput, Unavailable
from energy.model import Message
from ingest.append import Appender
from ingest.session import Session
from ingest.write import Writer
from store.connect import connect

log = logging.getLogger(__name__)

SESSION_EXPIRY_S: Final = 7 * 24 * 3600
KEEPALIVE_S: Final = 30
LONGEST_PAUSE_S: Final = 30
TAKEN_OVER: Final = 142
"""MQTT 5 reason: another connection came with our client id."""
SHORT_CONNECTION_S: Final = 5.0
NOWHERE: Final = "hub/nowhere"
"""A topic that nobody subscribes to: leaving it is a question to the broker that needs no right and changes nothing."""
RETAINED_ONLY_WHEN_NEW: Final = 1
"""MQTT 5 retain handling: kept messages come with a new subscription, not with each reconnection."""
NO_ADDRESS: Final = (
    "HUB_MQTT_URL is not an address such as mqtt://user:password@host:1883"
    " (in a password, / is written %2F, ? is %3F and # is %23)"
)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where messages come from, and as whom we ask for them. The client id keeps our session in the broker."""

    host: str
    port: int
    client_id: str
    topics: tuple[str, ...] = ("#",)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    protocol: Literal["5", "3.1.1"] = "5"
    in_flight: int = 4000


def broker_at(url: str, client_id: str, **options: Any) -> Broker:
    """The broker of a URL such as mqtt://user:password@host:1883.

    Raises:
        InvalidInput: not such a URL; neither the text nor the cause repeats it, since it holds a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 1883
    except ValueError:
        raise InvalidInput(NO_ADDRESS) from None
    if parts.scheme == "mqtts":
        raise InvalidInput(f"{NO_ADDRESS}; mqtts is not spoken by this version: put a TLS proxy in front of it")
    if parts.scheme != "mqtt" or not parts.hostname or "@" in parts.path + parts.query + parts.fragment:
        raise InvalidInput(NO_ADDRESS)
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Broker(parts.hostname, port, client_id, username=username, password=password, **options)


class Listener:
    """Listens to a broker and appends what it hears, between start() and stop()."""

    def __init__(
        self, broker: Broker, database_url: str, appender: Appender, zone: ZoneInfo, batch: int = 4000
    ) -> None:
        self.appender = appender
        self._broker = broker
        self._database_url = database_url
        self._zone = zone
        self._stopped = False
        self._connected_at = 0.0
        self._answered = threading.Event()
        self._is_subscribed = False
        self._refusal = "no answer"
        self._refused_later: Unavailable | None = None
        self._client = self._new_client()
        self._session = Session(self._client.ack, lambda: self._client.unsubscribe(NOWHERE))
        self._writer = Writer(database_url, appender, self._session, batch=batch, capacity=2 * broker.in_flight)

    def start(self, timeout_s: float = 10.0) -> None:
        """Connect, subscribe and start to write.

        Raises:
            Unavailable: the broker or the database does not answer.
        """
        connect(self._database_url).close()
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S, **self._connect_options())
        except OSError as error:
            raise Unavailable(
                f"the MQTT broker at {self._broker.host}:{self._broker.port} does not answer"
                f" ({error.strerror or error}); check HUB_MQTT_URL and that the broker runs"
            ) from error
        self._writer.start()
        self._client.loop_start()
        self._answered.wait(timeout_s)
        if not self._is_subscribed:
            self._writer.stop()
            self._leave()
            raise Unavailable(
                f"the MQTT broker at {self._broker.host}:{self._broker.port} refuses us ({self._refusal});"
                " check the user and password in HUB_MQTT_URL, and what that user may read"
            )

    def stop(self) -> None:
        """Hear no more, store what was heard, and leave; what cannot be stored in time will come again."""
        self._stopped = True
        self._writer.stop()
        self._leave()
        counts = self.appender.counts
        log.info(
            "%d messages gave %d readings; %d more were there already, %d of unknown age were left out,"
            " %d messages and %d readings were refused",
            counts.messages,
            counts.stored,
            counts.repeated,
            counts.undated,
            counts.rejected_messages,
            counts.rejected_readings,
        )

    def check(self) -> None:
        """Raise what ended one of the threads, if anything did.

        Raises:
            Unavailable: which one, and what to do.
        """
        if self._refused_later is not None:
            raise self._refused_later
        if self._writer.failure is not None:
            raise self._writer.failure
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
        client.reconnect_delay_set(1, LONGEST_PAUSE_S)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _connect_options(self) -> dict[str, Any]:
        if self._broker.protocol != "5":
            return {}
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = self._broker.in_flight
        return {"clean_start": False, "properties": properties}

    def _leave(self) -> None:
        self._stopped = True
        self._client.disconnect()
        # paho forgets its thread when that ends, perhaps just while it is being waited for.
        with suppress(AttributeError):
            self._client.loop_stop()

    def _on_connect(
        self, client: mqtt.Client, _data: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if reason.is_failure:
            if self._is_subscribed:
                log.warning("the broker refuses us (%s); trying again", reason)
            self._refuse(str(reason))
            return
        self._connected_at = time.monotonic()
        log.info("connected to the broker at %s:%s", self._broker.host, self._broker.port)
        if self._broker.protocol == "5":
            options = SubscribeOptions(qos=1, retainHandling=RETAINED_ONLY_WHEN_NEW)
            client.subscribe([(topic, options) for topic in self._broker.topics])
        else:
            client.subscribe([(topic, 1) for topic in self._broker.topics])
        self._session.open(resumed=flags.session_present)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        refused = [f"{t}: {r}" for t, r in zip(self._broker.topics, reasons, strict=False) if r.is_failure]
        if refused:
            self._refuse(f"we may not subscribe to {', '.join(refused)}")
            if self._is_subscribed:
                self._refused_later = Unavailable(f"the broker no longer lets us subscribe to {', '.join(refused)}")
            return
        self._is_subscribed = True
        self._answered.set()

    def _refuse(self, why: str) -> None:
        self._refusal = why
        self._answered.set()

    def _on_unsubscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, _reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        if kept := self._session.answer():
            log.info("the broker has handed over what it kept for us: %d messages", kept)

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, flags: mqtt.DisconnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._session.close()
        if self._stopped or not self._is_subscribed:
            return
        why = str(reason) if flags.is_disconnect_packet_from_server else "the connection broke"
        # Who takes our session over is not told by every broker, but then each of the two is soon thrown out again.
        if reason.value == TAKEN_OVER or time.monotonic() - self._connected_at < SHORT_CONNECTION_S:
            why += f", perhaps because another program has the same HUB_MQTT_CLIENT_ID {self._broker.client_id}"
        log.warning("the broker is gone (%s); connecting again", why)

    def _on_message(self, _client: mqtt.Client, _data: Any, heard: mqtt.MQTTMessage) -> None:
        try:
            topic = heard.topic
        except UnicodeDecodeError as error:  # paho decodes it here; a broker should not let such a topic through
            topic = error.object.decode("utf-8", "backslashreplace")
        message = Message(topic, bytes(heard.payload), datetime.now(UTC), heard.retain, self._zone)
        self._writer.put(self._session.receive(message, heard.mid, heard.qos))
