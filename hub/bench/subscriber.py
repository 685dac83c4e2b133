"""The subscribers that `hub bench ingest` measures, each a process of its own: the hub's listener, and bare paho.

Tells what happens on standard output, one JSON object a line: "ready", how far it has come, and what it has cost.
"""

import json
import logging
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.services import listener_of
from hub.settings import Settings, read_settings

LOOK_EVERY_S: Final = 0.005


def listen_bare(settings: Settings) -> Callable[[], int]:
    """A paho client that acknowledges what it hears and does nothing else; returns how many it has acknowledged."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
    )
    acknowledged = 0

    def hear(client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        nonlocal acknowledged
        client.ack(message.mid, message.qos)
        acknowledged += 1

    client.on_message = hear

    def subscribe(client: mqtt.Client, *_rest: Any) -> None:
        client.subscribe("#", 1)

    client.on_connect = subscribe
    properties = Properties(PacketTypes.CONNECT)
    properties.ReceiveMaximum = settings.mqtt_in_flight
    host, port = settings.mqtt_url.removeprefix("mqtt://").split(":")
    client.on_subscribe = lambda *_: say(ready=True)
    client.connect(host, int(port), clean_start=True, properties=properties)
    client.loop_start()
    return lambda: acknowledged


def listen_hub(settings: Settings) -> Callable[[], int]:
    """What `hub ingest` runs; returns how many messages it has committed and acknowledged."""
    listener = listener_of(settings)
    listener.start()
    say(ready=True)
    return lambda: listener.acknowledged


def watch(acknowledged: Callable[[], int], expected: int) -> None:
    """Tell each advance, until all that was expected has come; then what it has cost."""
    seen = 0
    marks: list[tuple[int, float]] = []
    memory_kb: list[int] = []
    before = resource.getrusage(resource.RUSAGE_SELF)
    while seen < expected:
        time.sleep(LOOK_EVERY_S)
        if (now := acknowledged()) != seen:
            if now * 10 // expected != seen * 10 // expected:
                memory_kb.append(_resident_kb())
            seen = now
            marks.append((seen, time.monotonic()))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    say(marks=marks, cpu_s=cpu_s, peak_kb=_most_kb(), memory_kb=memory_kb)


def say(**facts: object) -> None:
    """Tell the parent."""
    print(json.dumps(facts), flush=True)


def _most_kb() -> int:
    """Most memory since this program began; what getrusage() says includes who started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def _resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


if __name__ == "__main__":
    logging.basicConfig(level="WARNING", stream=sys.stderr)
    kind, expected = sys.argv[1], int(sys.argv[2])
    settings = read_settings()
    watch({"bare": listen_bare, "hub": listen_hub}[kind](settings), expected)
