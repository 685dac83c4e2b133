"""An MQTT client that publishes with QoS 1 and knows when the broker has everything."""

import threading
from collections import deque
from types import TracebackType
from typing import Any, Final, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from energy.errors import Unavailable
from ingest.broker import Broker

IN_FLIGHT: Final = 1000
ANSWER_TIMEOUT_S: Final = 60.0
CONNECT_TIMEOUT_S: Final = 10.0


class Publisher:
    """Publishes between entering and leaving; leaving waits until the broker has acknowledged every message.

    In MQTT 5, where a broker says which messages it refuses, unless it has only 3.1.1.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client = self._client_of(MQTTProtocolVersion.MQTTv5)
        self._answered = threading.Event()
        self._refusal: ReasonCode | None = None
        self._is_connected = False
        self._refused: ReasonCode | None = None
        self._sent: deque[mqtt.MQTTMessageInfo] = deque()

    def _client_of(self, version: MQTTProtocolVersion) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=version)
        client.username_pw_set(self._broker.username, self._broker.password)
        client.max_inflight_messages_set(IN_FLIGHT)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def __enter__(self) -> Self:
        if self._broker.protocol == "3.1.1" or not self._connects(is_last=self._broker.protocol == "5"):
            self._client = self._client_of(MQTTProtocolVersion.MQTTv311)
            self._connects(is_last=True)
        return self

    def _connects(self, *, is_last: bool) -> bool:
        """Connect; a broker that does not speak this version of MQTT gives False, unless it is the last to be tried.

        Raises:
            Unavailable: nobody is there, or the broker refuses us.
        """
        self._answered.clear()
        self._refusal = None
        self._is_connected = False
        try:
            self._client.connect(self._broker.host, self._broker.port)
        except OSError as error:
            raise Unavailable(
                f"the MQTT broker at {self._broker.host}:{self._broker.port} does not answer"
                f" ({error.strerror or error}); check HUB_MQTT_URL and that the broker runs"
            ) from error
        self._client.loop_start()
        self._answered.wait(CONNECT_TIMEOUT_S)
        if self._is_connected:
            return True
        self._client.disconnect()
        self._client.loop_stop()
        if not is_last and (self._refusal is None or self._refusal == "Unsupported protocol version"):
            return False
        raise Unavailable(
            f"the MQTT broker at {self._broker.host}:{self._broker.port} refuses us"
            f" ({self._refusal or 'no answer'}); check HUB_MQTT_URL"
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish one message; waits while too many are unacknowledged."""
        self._sent.append(self._client.publish(topic, payload, qos=1))
        while len(self._sent) > 2 * IN_FLIGHT:
            self._wait_for(self._sent.popleft())

    def wait(self) -> None:
        """Wait until the broker has everything.

        Raises:
            Unavailable: it stopped answering, or refused a message (which brokers tell in MQTT 5 only).
        """
        while self._sent:
            self._wait_for(self._sent.popleft())

    def _on_connect(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._refusal = reason if reason.is_failure else None
        self._is_connected = not reason.is_failure
        self._answered.set()

    def _on_disconnect(self, *_told: object) -> None:
        self._answered.set()

    def _on_publish(
        self, _client: mqtt.Client, _data: Any, _mid: int, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = reason

    def _wait_for(self, sent: mqtt.MQTTMessageInfo) -> None:
        try:
            sent.wait_for_publish(ANSWER_TIMEOUT_S)
        except (RuntimeError, ValueError) as error:
            raise Unavailable(f"the MQTT broker does not take our messages: {error}") from error
        if not sent.is_published():
            raise Unavailable(f"the MQTT broker has not acknowledged a message for {ANSWER_TIMEOUT_S:.0f} s")
        if self._refused is not None:
            user = f"user {self._broker.username!r}" if self._broker.username else "a client without user"
            raise Unavailable(
                f"the MQTT broker refuses our messages ({self._refused}): {user} may not write there;"
                " give HUB_MQTT_URL one that may"
            )
