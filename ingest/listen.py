"""The MQTT shell: hear messages, have them committed, and only then acknowledge them.

paho's network thread fills the bounded queue of the writer, which acknowledges after the commit. When the queue is full
the network thread waits, so the hub stops reading and the broker keeps the rest.
"""

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from energy.errors import Unavailable
from energy.model import Message
from ingest.append import Appender
from ingest.broker import Broker
from ingest.client import Client, end_session_in_3_1_1
from ingest.session import Session
from ingest.write import Writer
from store import listeners
from store.connect import connect
from store.listeners import ListenerState

log = logging.getLogger(__name__)

LONGEST_PAUSE_S: Final = 30
UNSUPPORTED_PROTOCOL: Final = 132
TAKEN_OVER: Final = 142
"""MQTT 5 reasons: the broker has no MQTT 5; another connection came with our client id."""
SHORT_CONNECTION_S: Final = 5.0
NOWHERE: Final = "hub/nowhere"
"""A topic that nobody subscribes to: leaving it is a question to the broker that needs no right and changes nothing."""
RETAINED_ONLY_WHEN_NEW: Final = 1
"""MQTT 5 retain handling: kept messages come with a new subscription, not with each reconnection."""
QUARANTINE: Final = (timedelta(days=90), 100_000_000)
"""How old, and how large [B], what was refused may become."""


class Listener:
    """Listens to a broker and appends what it hears, between start() and stop().

    One that `is_leaving` subscribes to nothing, and hears only what the broker has kept for it.
    """

    def __init__(
        self,
        broker: Broker,
        database_url: str,
        appender: Appender,
        zone: ZoneInfo,
        batch: int = 4000,
        *,
        is_leaving: bool = False,
        quarantine: tuple[timedelta, int] = QUARANTINE,
    ) -> None:
        self.appender = appender
        self._broker = broker
        self._database_url = database_url
        self._zone = zone
        self._started_at = datetime.now(UTC)
        self._stopped = False
        self._connected_at, self._is_up = 0.0, False
        self._broker_losses = 0
        self._answered = threading.Event()
        self._is_subscribed = False
        self._refusal = "no answer"
        self._refused_later: Unavailable | None = None
        self._is_five = broker.protocol != "3.1.1"
        self._has_no_five = False
        self._leaving: set[int] = set()
        self._is_leaving = is_leaving
        self._farewell: Properties | None = None
        self._client = self._new_client()
        # A name for the client of the moment: it is another one after a fall back to 3.1.1.
        self._session = Session(lambda mids: self._client.acknowledge(mids), lambda: self._client.unsubscribe(NOWHERE))  # noqa: PLW0108
        self._writer = Writer(
            database_url,
            appender,
            self._session,
            self._state,
            batch=batch,
            capacity=2 * broker.in_flight,
            quarantine=quarantine,
        )

    def start(self, timeout_s: float = 10.0) -> None:
        """Connect, subscribe and start to write. A broker without MQTT 5 is spoken to in 3.1.1.

        Raises:
            Unavailable: the broker or the database does not answer, or workers are to share without MQTT 5.
        """
        connect(self._database_url).close()
        self._writer.start()
        try:
            self._connect_in_some_version(timeout_s)
            with connect(self._database_url) as connection:
                listeners.remember_session(connection, self._broker.client_id, self._broker.group)
        except Unavailable:
            self._writer.stop()
            raise

    def _connect_in_some_version(self, timeout_s: float) -> None:
        self._connect(timeout_s)
        if self._broker.group and (self._has_no_five or not self._is_five):
            self._leave()
            raise Unavailable(
                f"the MQTT broker at {self._broker.host}:{self._broker.port} has no MQTT 5, which workers that share"
                " messages need: start `hub ingest` without --workers and HUB_MQTT_GROUP"
            )
        if self._has_no_five and self._broker.protocol == "auto":
            log.info("the broker at %s:%s has no MQTT 5; speaking 3.1.1", self._broker.host, self._broker.port)
            self._leave()
            self._stopped, self._is_five, self._refusal = False, False, "no answer"
            self._answered.clear()
            self._client = self._new_client()
            self._connect(timeout_s)
        if not self._is_subscribed:
            self._leave()
            raise Unavailable(
                f"the MQTT broker at {self._broker.host}:{self._broker.port} refuses us ({self._refusal});"
                " check the user and password in HUB_MQTT_URL, and what that user may read"
            )

    def stop(self, *, for_good: bool = False) -> None:
        """Hear no more, store what was heard, and leave; what cannot be stored in time will come again.

        `for_good` also ends our session in the broker, so that it keeps nothing for us any more.
        """
        if for_good:
            self._farewell = Properties(PacketTypes.DISCONNECT)
            self._farewell.SessionExpiryInterval = 0
        self._stopped = True
        self._writer.stop()
        self._leave()
        if for_good and not self._is_five:
            end_session_in_3_1_1(self._broker)
        log.info("%s", self.appender.counts.sentence())

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
    def acknowledged(self) -> int:
        """How many messages were committed and acknowledged since start()."""
        return self._session.total_acknowledged

    @property
    def is_settled(self) -> bool:
        """Whether all that the broker had kept has come, and is committed and acknowledged."""
        return self._session.is_settled

    @property
    def is_connected(self) -> bool:
        """Whether the broker holds our subscription right now."""
        return self._client.is_connected()

    def _state(self) -> ListenerState:
        return ListenerState(
            self._broker.client_id, self._started_at, self.is_connected, broker_losses=self._broker_losses
        )

    def _new_client(self) -> Client:
        client = Client(
            self._hear,
            client_id=self._broker.client_id,
            clean_session=None if self._is_five else False,
            protocol=MQTTProtocolVersion.MQTTv5 if self._is_five else MQTTProtocolVersion.MQTTv311,
        )
        client.username_pw_set(self._broker.username, self._broker.password)
        client.reconnect_delay_set(1, LONGEST_PAUSE_S)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        client.on_disconnect = self._on_disconnect
        return client

    def _connect(self, timeout_s: float) -> None:
        self._client.resume(self._broker)
        self._client.loop_start()
        if not self._answered.wait(timeout_s) and not self._is_up:
            self._has_no_five = self._is_five  # an old broker may wait for more of a packet that it does not know

    def _leave(self) -> None:
        self._stopped = True
        self._client.disconnect(properties=self._farewell if self._is_five else None)
        # paho forgets its thread when that ends, perhaps just while it is being waited for.
        with suppress(AttributeError):
            self._client.loop_stop()

    def _on_connect(
        self, client: mqtt.Client, _data: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if not flags.session_present and self._is_leaving:
            log.info("the broker keeps no session for %s", self._broker.client_id)
        if reason.is_failure:
            if self._is_subscribed:
                log.warning("the broker refuses us (%s); trying again", reason)
            self._has_no_five = self._is_five and reason.value == UNSUPPORTED_PROTOCOL
            self._refuse(str(reason))
            return
        if self._connected_at and not flags.session_present:
            log.warning("the broker has forgotten our session, and with it what it kept for us")
        self._connected_at, self._is_up = time.monotonic(), True
        log.info("connected to the broker at %s:%s", self._broker.host, self._broker.port)
        if self._is_leaving:
            self._unsubscribe(client, (*self._broker.filters, *self._broker.filters_to_leave))
            self._is_subscribed = True
            self._answered.set()
        elif self._is_five:
            options = SubscribeOptions(qos=1, retainHandling=RETAINED_ONLY_WHEN_NEW)
            client.subscribe([(topic, options) for topic in self._broker.filters])
        else:
            client.subscribe([(topic, 1) for topic in self._broker.filters])
        self._session.open(resumed=flags.session_present)

    def _on_subscribe(
        self, client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        refused = [f"{t}: {r}" for t, r in zip(self._broker.filters, reasons, strict=False) if r.is_failure]
        if refused:
            self._refuse(f"we may not subscribe to {', '.join(refused)}")
            if self._is_subscribed:
                self._refused_later = Unavailable(f"the broker no longer lets us subscribe to {', '.join(refused)}")
            return
        if self._is_five:
            self._unsubscribe(client, self._broker.filters_to_leave)
        self._is_subscribed = True
        self._answered.set()

    def _unsubscribe(self, client: mqtt.Client, filters: Sequence[str]) -> None:
        _, mid = client.unsubscribe(list(filters))
        self._leaving.add(mid or 0)

    def _refuse(self, why: str) -> None:
        self._refusal = why
        self._answered.set()

    def _on_unsubscribe(
        self, _client: mqtt.Client, _data: Any, mid: int, _reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        if mid in self._leaving:
            self._leaving.discard(mid)
        elif kept := self._session.answer():
            log.info("the broker has handed over what it kept for us: %d messages", kept)

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, flags: mqtt.DisconnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._session.close()
        was_up, self._is_up = self._is_up, False  # paho tells twice when the broker fell silent
        if self._stopped or (self._is_subscribed and not was_up):
            return
        if not self._is_subscribed:
            if self._refusal == "no answer":  # an old broker may hang up at a version that it does not know
                self._has_no_five = self._is_five
                self._refuse("it closed the connection")
            return
        self._broker_losses += 1
        why = str(reason) if flags.is_disconnect_packet_from_server else "the connection broke"
        # Who takes our session over is not told by every broker, but then each of the two is soon thrown out again.
        if reason.value == TAKEN_OVER or time.monotonic() - self._connected_at < SHORT_CONNECTION_S:
            why += f", perhaps because another program has the same HUB_MQTT_CLIENT_ID {self._broker.client_id}"
        log.warning("the broker is gone (%s); connecting again", why)

    def _hear(self, topic: str, payload: bytes, mid: int, qos: int, retained: bool) -> None:
        if self._broker.leaves_to_others(topic):
            message = None
        else:
            message = Message(topic, payload, datetime.now(UTC), retained, self._zone)
        self._writer.put(self._session.receive(message, mid, qos))
