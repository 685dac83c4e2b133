"""Laws that all dialects keep: on rubbish, on foreign messages, on exact numbers, on one series told twice."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from energy.errors import UndecodableMessage
from energy.model import Message
from ingest.decode import Decoder, decode
from ingest.dialect import ANY_TOPIC, BROKEN
from ingest.dialects import DIALECTS, tasmota_teleinfo
from ingest.routes import dialects_of
from tests.dialect_examples import (
    FOLDER,
    NAMES,
    own_messages,
)

HEARD_AT: Final = datetime(2026, 3, 14, 9, 15, 2, tzinfo=UTC)

TOPICS = sorted({example["topic"] for name in NAMES for example in json.loads((FOLDER / f"{name}.json").read_text())})
PAYLOADS = sorted(
    {
        example["payload"]
        for name in NAMES
        for example in json.loads((FOLDER / f"{name}.json").read_text())
        if isinstance(example["payload"], str)
    }
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
SECTIONS = ("TIC", "METER", "CONTRACT", "src", "method", "params", "em:0", "em1data:1", "switch:0", "aenergy")
FIELDS = ("ADSC", "DATE", "Time", "EAST", "PH", "CONSO", "serial", "ts", "total", "total_act", "at", "v", "import_kwh")
WORDS = st.sampled_from(SECTIONS) | st.sampled_from(FIELDS)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=5)
)


def gives_readings_or_refuses(topic: str, payload: bytes) -> None:
    try:
        readings = decode(Message(topic, payload, datetime(2026, 3, 14, tzinfo=UTC)))
    except UndecodableMessage:
        return
    for reading in readings:
        assert reading.dialect in NAMES
        assert reading.device.isprintable()
        assert isinstance(reading.value, float)
        assert reading.at is None or reading.at.utcoffset() is not None


@given(topic=st.sampled_from(TOPICS), payload=st.binary(max_size=60))
def test_random_bytes_are_read_or_refused(topic: str, payload: bytes) -> None:
    gives_readings_or_refuses(topic, payload)


@given(topic=st.sampled_from(TOPICS), content=JSON)
def test_random_json_is_read_or_refused(topic: str, content: Any) -> None:
    gives_readings_or_refuses(topic, json.dumps(content).encode())


@given(
    topic=st.sampled_from(TOPICS),
    payload=st.sampled_from(PAYLOADS),
    cut=st.integers(0, 400),
    noise=st.binary(max_size=2),
)
def test_damaged_messages_are_read_or_refused(topic: str, payload: str, cut: int, noise: bytes) -> None:
    whole = payload.encode()
    gives_readings_or_refuses(topic, whole[:cut] + noise + whole[cut + len(noise) :])


@given(
    notify=st.fixed_dictionaries(
        {"src": SCALARS, "method": st.just("NotifyStatus"), "params": st.dictionaries(WORDS, JSON, max_size=4)}
    )
)
def test_random_notifications_are_read_or_refused(notify: dict[str, Any]) -> None:
    gives_readings_or_refuses("shelly/events/rpc", json.dumps(notify).encode())


@given(frame=st.dictionaries(st.sampled_from([*sorted(tasmota_teleinfo.SIGNATURE), "DATE"]), SCALARS, max_size=6))
def test_random_frames_are_read_or_refused(frame: dict[str, Any]) -> None:
    gives_readings_or_refuses("tele/linky/SENSOR", json.dumps({"TIC": frame}).encode())


@given(energy_wh=st.integers(0, 9 * 10**15), digits=st.integers(3, 9))
def test_kwh_become_exactly_the_wh_they_were_made_from(energy_wh: int, digits: int) -> None:
    text = f"{Decimal(energy_wh) / 1000:.{digits}f}"
    by_hub = decode(Message("hub/v1/home", b'{"import_kwh":%s}' % text.encode()))
    by_inverter = decode(Message("solar/116181000001/0/yieldtotal", text.encode()))
    assert [reading.value for reading in (*by_hub, *by_inverter)] == [energy_wh, energy_wh]


@given(energy_kwh=st.decimals(0, 10**9, places=9))
def test_finer_kwh_become_the_nearest_double(energy_kwh: Decimal) -> None:
    (reading,) = decode(Message("hub/v1/home", b'{"import_kwh":%s}' % f"{energy_kwh:f}".encode()))
    assert reading.value == float(energy_kwh * 1000)


@pytest.mark.parametrize("name", NAMES)
def test_no_message_tells_one_series_twice_at_one_time(name: str) -> None:
    """A total stored beside its parts under their name, or two keys taken for one another, would be mixed for ever."""
    for message, sites, kept in own_messages(name):
        heard = replace(message, received_at=message.received_at or HEARD_AT, retain=False)
        with suppress(UndecodableMessage):
            readings = Decoder(sites, kept).decode(heard)
            series = [(r.device, r.quantity, r.phase, r.channel, r.tariff, r.at) for r in readings]
            assert len(series) == len(set(series)), (message.topic, readings)


@pytest.mark.parametrize("any_topic", [dialect.name for dialect in DIALECTS if ANY_TOPIC in dialect.topics])
def test_dialects_of_any_topic_claim_nothing_of_others(any_topic: str) -> None:
    """Who is offered every message must know its own by content; what it claims wrongly is lost in silence."""
    dialect = next(dialect for dialect in DIALECTS if dialect.name == any_topic)
    for name in set(NAMES) - {dialect.name}:
        for message, _, _ in own_messages(name):
            if not (dialect.base and message.topic.startswith(f"{dialect.base}/")):
                assert dialect.decode(message) is None, (name, message.topic)


FOREIGN: Final = (
    b"",
    b"350",
    b"hello",
    b"true",
    b"[]",
    b"[350]",
    b'{"watts":350}',
    b'[{"watts":350}]',
    b"watts:350",
)
"""What an unknown device might say: data that must not be lost because it happens to use a common topic."""
COMMON_TOPICS: Final = (
    "garage/status",
    "garage/debug",
    "garage/info",
    "garage/raw",
    "garage/log",
    "garage/command",
    "garage/rpc",
    "garage/data/watts",
    "garage/status/watts",
    "garage/command/watts",
    "garage/binary_sensor/watts/state",
    "garage/switch/watts/state",
    "garage/meter/watts",
    "hass/status",
    "homeassistant/garage/watts",
    "shellies/garage/watts",
    "stat/garage/watts",
    "tele/garage/SENSOR",
    "tele/garage/RESULT",
    "teleinfo/garage",
    "device/garage/realtime",
    "energy/meter",
    "inverter/garage",
    "sma/garage",
    "homie/garage/watts",
)


@pytest.mark.parametrize("topic", COMMON_TOPICS)
def test_what_is_foreign_is_refused_or_left_to_others(topic: str) -> None:
    for payload in FOREIGN:
        message = Message(topic, payload, HEARD_AT)
        for dialect in dialects_of(topic):
            with suppress(*BROKEN):
                assert dialect.decode(message) is None, (dialect.name, payload)
