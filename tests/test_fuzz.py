"""Messages that no device should send: recorded ones damaged at random, and others made of their words.

Each gives readings or a refusal with a reason, in a time like all others; and a hub that hears thousands of them goes
on. What is done, what is found and how long it takes is in docs/reliability.md.
"""

import gc
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import UndecodableMessage
from energy.model import TECHNICAL, Message, Reading
from ingest.decode import LONGEST_REASON, Decoder, unwrap_parts
from ingest.plausible import split_plausible
from tests.hub_process import addresses, count, running_hub, wait_until
from tests.mutants import RECORDED, SITES, mutant
from tests.publishing import Row, message, moment, speaking, stored
from tests.reliability import PATIENCE_S, account, assert_nothing_kept, chance, times_refused
from tests.servers import Mosquitto

PARTS: Final = 4
OF_A_PART: Final = 50_000
SAMPLE: Final = 5000
NOW: Final = datetime(2026, 3, 14, 12, tzinfo=UTC)
LONGEST_TEXT: Final = LONGEST_REASON + 100
"""Longest reason, with the dialect's name before it."""
LONGEST_TIMES: Final = 5000
"""How many times as long as the median message any other may take: a hundred kB of small values that are all read take
half of it, and whatever grows with the square of that many bytes takes seconds."""
LARGEST_SAMPLE: Final = 10_000


def read(decoder: Decoder, heard: Message) -> tuple[list[Reading], list[str]]:
    """Readings of a message, and the reasons for which it or parts of it are refused, as ingestion does it."""
    readings: list[Reading] = []
    try:
        whole, broken = unwrap_parts(heard)
    except UndecodableMessage as error:
        return [], [error.reason]
    reasons = [reason for _, reason in broken]
    for single in whole:
        try:
            decoded = decoder.decode(single)
        except UndecodableMessage as error:
            reasons.append(error.reason)
        else:
            for accepted in split_plausible(decoded, single.received_at, retained=single.retain).accepted:
                assert isinstance(accepted.value, float)
                assert accepted.value - accepted.value == 0, "a number"
                assert accepted.at is not None
            readings += decoded
    return readings, reasons


def assert_sane(decoder: Decoder, heard: Message) -> bool:
    """Read a message; whatever it is, what comes of it can be stored or shown. Return whether it gave readings."""
    try:
        readings, reasons = read(decoder, heard)
    except Exception as error:
        raise AssertionError(f"fails on {heard.topic!r} {heard.payload[:3000]!r}") from error
    for reason in reasons:
        assert 0 < len(reason) <= LONGEST_TEXT, (heard.topic, heard.payload[:3000], reason)
    for reading in readings:
        assert reading.device.isprintable(), heard
    return bool(readings)


def cost_ns(decoder: Decoder, heard: Message) -> tuple[int, bool]:
    """How long it takes to read a message, and whether it gave readings."""
    begin = time.thread_time_ns()
    is_read = assert_sane(decoder, heard)
    return time.thread_time_ns() - begin, is_read


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_messages_are_read_or_refused_without_delay(part: int) -> None:
    """200,000 of them in all. One that took long is tried again: only what is slow each time is slow."""
    luck, decoder = chance(), Decoder(SITES)
    costs: list[int] = []
    slowest: list[tuple[int, Message]] = []
    with_readings = 0
    gc.collect()
    gc.disable()
    try:
        for number in range(OF_A_PART):
            topic, payload = mutant(luck)
            heard = Message(topic, payload, NOW, retain=number % 50 == 0)
            cost, is_read = cost_ns(decoder, heard)
            costs.append(cost)
            slowest.append((cost, heard))
            with_readings += is_read
            if len(slowest) > 1000:
                slowest = sorted(slowest, key=lambda pair: -pair[0])[:20]
                gc.collect(0)
    finally:
        gc.enable()
    bound = LONGEST_TIMES * median(costs)
    for _, heard in slowest:
        again = min(cost_ns(Decoder(SITES), heard)[0] for _ in range(3))
        assert again < bound, f"{again / 1e6:.1f} ms for {heard.topic!r} {heard.payload[:1000]!r}"
    assert OF_A_PART // 10 < with_readings < OF_A_PART * 9 // 10, "some damage is seen, and not all"
    middle_us, longest_ms = median(costs) / 1e3, max(costs) / 1e6
    print(f"part {part}: {with_readings} with readings, median {middle_us:.0f} us, slowest {longest_ms:.1f} ms")


def words_of(value: Any) -> set[str]:
    match value:
        case dict():
            return set(value).union(*map(words_of, value.values()))
        case list():
            return set().union(*map(words_of, value))
        case str():
            return {value} if len(value) < 40 else set()
        case _:
            return set()


def all_words() -> list[str]:
    """Keys and short texts of all recorded messages."""
    words: set[str] = set()
    for one in RECORDED:
        try:
            words |= words_of(json.loads(one.payload))
        except ValueError:
            words |= {text.decode(errors="replace") for text in one.payload.split()[:20]}
    return sorted(words)


WORDS: Final = st.sampled_from(all_words())
LEAVES: Final = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
MADE: Final = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=6)
)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(topic=st.sampled_from(sorted({one.topic for one in RECORDED})), content=MADE)
def test_made_messages_are_read_or_refused(topic: str, content: Any) -> None:
    assert_sane(Decoder(SITES), Message(topic, json.dumps(content).encode(), NOW))


def can_be_published(topic: str, payload: bytes) -> bool:
    """Whether a broker takes it: it refuses topics with wildcards or control characters, and keeps $ for itself."""
    return (
        0 < len(topic) < 1000
        and not topic.startswith("$")
        and not set("+#") & set(topic)
        and all(letter >= " " and not "\x7f" <= letter <= "\x9f" for letter in topic)
        and len(payload) <= LARGEST_SAMPLE
    )


@pytest.mark.slow
def test_a_hub_that_hears_damaged_messages_goes_on(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """5,000 through a real broker into a real database: each is accounted for, and a good one afterwards is stored."""
    luck, decoder = chance(), Decoder()
    sample: list[tuple[str, bytes]] = []
    while len(sample) < SAMPLE:
        topic, payload = mutant(luck)
        if can_be_published(topic, payload):
            sample.append((topic, payload))
    good: Row = ("good", *moment(1)[1:])
    fates = [read(decoder, Message(topic, payload, datetime.now(UTC))) for topic, payload in sample]
    settings = {**addresses(migrated_url, mosquitto), "rejected_mb": 10_000}
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub:
        with speaking(mosquitto.port) as speaker:
            for topic, payload in sample:
                speaker.publish(topic, payload)
            speaker.publish(*message(good))
            speaker.finish()
            wait_until(lambda: good in stored(migrated_url), "good message", PATIENCE_S)
        assert hub.is_running()
        assert hub.terminate() == 0
    said = account(hub)
    assert said.messages == SAMPLE + 1
    assert said.rejected_messages == sum(len(reasons) for _, reasons in fates)
    wanted = sum(reading.quantity not in TECHNICAL for readings, _ in fates for reading in readings)
    assert said.stored + said.repeated + said.undated + said.rejected_readings == wanted + 1
    assert times_refused(migrated_url) == (said.rejected_messages, said.rejected_readings)
    assert count(migrated_url, "reading") + count(migrated_url, "reading_revision") >= said.stored
    assert "Traceback" not in hub.said
    assert "the hub fails on" not in hub.said
    assert_nothing_kept(mosquitto.port)
