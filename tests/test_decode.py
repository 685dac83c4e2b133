"""Choosing the dialect, opening relay envelopes, and the check at the door that a reading can be true."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.errors import UndecodableMessage
from energy.model import REGISTERS, Message, Quantity, Reading, unit_of
from energy.units import LARGEST_VALUE
from ingest.decode import decode, unwrap
from ingest.dialect import epoch_seconds, local_or_aware, number
from ingest.plausible import NEVER_NEGATIVE, split_plausible

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def reading(value: float = 1.0, at: datetime | None = NOON, quantity: Quantity = Quantity.IMPORT_ENERGY) -> Reading:
    return Reading("home", quantity, value, at, "L1", "c", "HP", "hub_v1")


def test_the_cause_of_a_refusal_is_chained_and_its_text_bounded() -> None:
    with pytest.raises(UndecodableMessage) as refused:
        decode(Message("hub/v1/home", b'{"at":"%s"}' % (b"x" * 100_000)))
    assert isinstance(refused.value.__cause__, ValueError)
    assert refused.value.reason.startswith("hub_v1: ")
    assert len(refused.value.reason) < 1000


@pytest.mark.parametrize("topic", ["hub/v1/home", "tele/x/SENSOR", "x/events/rpc", "hub/v1/gateway/relay"])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_beyond_all_sense_is_refused(topic: str, opening: bytes) -> None:
    message = Message(topic, opening * 100_000)
    with pytest.raises(UndecodableMessage):
        decode(unwrap(message)[0])


def test_ordinary_messages_need_no_unwrapping() -> None:
    message = Message("hub/v1/home", b"{}", NOON, retain=True)
    assert [*unwrap(message)] == [message]
    assert [*unwrap(Message("hub/v1/relay", b"{}"))] == [Message("hub/v1/relay", b"{}")]


def envelope(*messages: dict[str, Any], **more: Any) -> Message:
    content = json.dumps({"messages": messages, **more}).encode()
    return Message("hub/v1/gateway/relay", content, NOON, retain=True, zone=ZoneInfo("Indian/Reunion"))


def test_relay_gives_messages_back_as_they_were_heard() -> None:
    heard = "2026-03-14T09:15:00+01:00"
    milliseconds = 1_773_476_100_000  # the same instant
    inside = unwrap(
        envelope(
            {"received_at": heard, "topic": "solar/116181000001/0/power", "payload": "12.5"},
            {"received_at": milliseconds, "topic": "raw", "payload": {"base64": b64encode(b"\xff\x00").decode()}},
            {"received_at": heard, "topic": "hub/v1/é", "payload": "é"},
            v=1,
        )
    )
    at = datetime(2026, 3, 14, 8, 15, tzinfo=UTC)
    zone = ZoneInfo("Indian/Reunion")
    assert inside == [
        Message("solar/116181000001/0/power", b"12.5", at, retain=False, zone=zone),
        Message("raw", b"\xff\x00", at, retain=False, zone=zone),
        Message("hub/v1/é", "é".encode(), at, retain=False, zone=zone),
    ]
    split = split_plausible(decode(inside[0]), inside[0].received_at)
    assert [accepted.at for accepted in split.accepted] == [at]


def test_an_empty_envelope_holds_nothing() -> None:
    assert unwrap(envelope()) == []


HEARD = {"received_at": "2026-03-14T09:15:00Z", "topic": "t", "payload": "p"}


@pytest.mark.parametrize(
    ("why", "message", "reason"),
    [
        ("not JSON", Message("hub/v1/g/relay", b"hello"), "not valid JSON"),
        ("an array", Message("hub/v1/g/relay", b"[]"), '{"messages": [...]}'),
        ("no messages", Message("hub/v1/g/relay", b"{}"), '{"messages": [...]}'),
        ("something else besides", envelope(extra=1), '{"messages": [...]}'),
        ("another version", envelope(v=2), "v is 2"),
        ("messages of another shape", Message("hub/v1/g/relay", b'{"messages":{}}'), "must be an array"),
        ("an element of another shape", Message("hub/v1/g/relay", b'{"messages":[1]}'), "messages[0] must have"),
        ("one bad among good", envelope(HEARD, {**HEARD, "qos": 1}), "messages[1] must have"),
        ("no instant", envelope({**HEARD, "received_at": None}), "messages[0].received_at is missing"),
        ("a naive instant", envelope({**HEARD, "received_at": "2026-03-14T09:15:00"}), "no UTC offset"),
        ("an instant that is none", envelope({**HEARD, "received_at": True}), "received_at is True"),
        ("heard after its delivery", envelope({**HEARD, "received_at": "2026-03-14T12:05:01Z"}), "clock right?"),
        ("a topic that is no text", envelope({**HEARD, "topic": 1}), "messages[0].topic"),
        ("no topic", envelope({**HEARD, "topic": ""}), "messages[0].topic"),
        ("a filter", envelope({**HEARD, "topic": "a/+"}), "messages[0].topic"),
        ("a topic that no table can keep", envelope({**HEARD, "topic": "a\x00"}), "messages[0].topic"),
        ("a relay in a relay", envelope({**HEARD, "topic": "hub/v1/h/relay"}), "relay envelope itself"),
        ("a payload of another shape", envelope({**HEARD, "payload": 12}), "messages[0].payload must be text"),
        (
            "a payload with more",
            envelope({**HEARD, "payload": {"base64": "", "x": 1}}),
            "messages[0].payload must be text",
        ),
        ("a payload not in base64", envelope({**HEARD, "payload": {"base64": "é"}}), "hub_v1"),
        ("a payload cut off", envelope({**HEARD, "payload": {"base64": "abc"}}), "padding"),
    ],
)
def test_broken_envelope(why: str, message: Message, reason: str) -> None:
    with pytest.raises(UndecodableMessage) as refused:
        unwrap(message)
    assert reason in refused.value.reason, why


@given(payload=st.binary(max_size=40) | st.builds(lambda v: json.dumps({"messages": v}).encode(), st.lists(st.text())))
def test_random_envelopes_are_opened_or_refused(payload: bytes) -> None:
    try:
        inside = unwrap(Message("hub/v1/gateway/relay", payload, NOON))
    except UndecodableMessage:
        return
    assert json.loads(payload)["messages"] == inside == []


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("why", "checked", "reason"),
    [
        ("an ordinary one", reading(), None),
        ("nothing counted yet", reading(0.0), None),
        ("the largest", reading(LARGEST_VALUE), None),
        ("beyond the largest", reading(LARGEST_VALUE * 1.001), "not a finite number"),
        (
            "beyond the largest, negative",
            reading(-LARGEST_VALUE * 1.001, quantity=Quantity.ACTIVE_POWER),
            "not a finite",
        ),
        ("infinite", reading(float("inf")), "not a finite number"),
        ("not a number", reading(float("nan")), "not a finite number"),
        ("a register below zero", reading(-0.001), "cannot be negative"),
        ("an interval below zero", reading(-1, quantity=Quantity.EXPORT_ENERGY_INTERVAL), "cannot be negative"),
        ("exporting power", reading(-9000, quantity=Quantity.ACTIVE_POWER), None),
        ("a clock a little ahead", reading(at=NOON + 300 * SECOND), None),
        ("a clock too far ahead", reading(at=NOON + 301 * SECOND), "301 s after it was heard"),
        ("late by 35 days", reading(at=NOON - timedelta(days=35)), None),
        ("too late", reading(at=NOON - timedelta(days=35) - SECOND), "more than 35 days before"),
        ("before devices had clocks", reading(at=datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)), "never set"),
    ],
)
def test_plausible(why: str, checked: Reading, reason: str | None) -> None:
    split = split_plausible([checked], NOON)
    assert split.undated == 0
    if reason is None:
        assert (split.accepted, split.rejected) == ([checked], []), why
    else:
        assert split.accepted == []
        assert [rejected.reading for rejected in split.rejected] == [checked]
        assert reason in split.rejected[0].reason, why


def test_an_implausible_reading_is_rejected_alone() -> None:
    good, bad = reading(1.0), reading(-1.0)
    split = split_plausible([good, bad, good], NOON)
    assert split.accepted == [good, good]
    assert [rejected.reading for rejected in split.rejected] == [bad]


def test_old_files_can_be_replayed() -> None:
    old = reading(at=datetime(2000, 1, 1, tzinfo=UTC))
    assert split_plausible([old], NOON).accepted == []
    assert split_plausible([old], NOON, oldest=timedelta(days=365 * 30)).accepted == [old]
    assert split_plausible([old], NOON, oldest=timedelta.max).accepted == [old]


@pytest.mark.parametrize(
    ("why", "received_at", "retained", "accepted", "undated"),
    [
        ("heard now: its time is now", NOON, False, [NOON], 0),
        ("kept by the broker: its age is unknown", NOON, True, [], 1),
        ("nobody knows when it was heard", None, False, [], 1),
    ],
)
def test_a_reading_without_clock(
    why: str, received_at: datetime | None, accepted: list[datetime], undated: int, *, retained: bool
) -> None:
    split = split_plausible([reading(at=None)], received_at, retained=retained)
    assert split.accepted == [reading(at=at) for at in accepted], why
    assert (split.rejected, split.undated) == ([], undated), why


def test_a_kept_message_with_its_own_clock_is_accepted() -> None:
    assert split_plausible([reading()], NOON, retained=True).accepted == [reading()]
    assert split_plausible([reading()], None).accepted == [reading()]


def test_an_implausible_reading_without_clock_is_rejected_with_its_arrival() -> None:
    split = split_plausible([reading(-1.0, at=None)], NOON)
    assert [rejected.reading for rejected in split.rejected] == [reading(-1.0, at=NOON)]


def test_arrival_before_2000_is_no_arrival() -> None:
    split = split_plausible([reading(at=None)], datetime(1970, 1, 1, tzinfo=UTC))
    assert (split.accepted, len(split.rejected)) == ([], 1)


def test_no_energy_is_negative() -> None:
    assert REGISTERS < NEVER_NEGATIVE
    assert all(unit_of(quantity) == "Wh" for quantity in NEVER_NEGATIVE)
    assert Quantity.ACTIVE_POWER not in NEVER_NEGATIVE


@given(
    values=st.lists(st.tuples(st.floats(), st.none() | st.datetimes(timezones=st.just(UTC)))),
    retained=st.booleans(),
)
def test_every_reading_goes_one_way(values: list[tuple[float, datetime | None]], *, retained: bool) -> None:
    split = split_plausible([reading(value, at) for value, at in values], NOON, retained=retained)
    assert len(split.accepted) + len(split.rejected) + split.undated == len(values)
    assert all(accepted.at is not None and 0 <= accepted.value <= LARGEST_VALUE for accepted in split.accepted)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        *[("12.5", 12.5), (" 007 ", 7.0), ("-3", -3.0), ("1e3", 1000.0), (4, 4.0)],
        *[(text, None) for text in ("", "NaN", "unknown", "inf", None, True, float("inf"))],
    ],
)
def test_number(text: object, read: float | None) -> None:
    assert number(text) == read


@pytest.mark.parametrize("text", ["12,5", "1_000", "0x10", "٣", "12 kWh"])
def test_not_a_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|float"):
        number(text)


@pytest.mark.parametrize("value", [[1], {"total": 1}, b"1"])
def test_not_even_text(value: object) -> None:
    with pytest.raises(TypeError):
        number(value)


@pytest.mark.parametrize(
    ("why", "text", "near", "at"),
    [
        ("winter", "2026-01-10T12:00:00", None, "2026-01-10T11:00:00Z"),
        ("summer", "2026-07-10T12:00:00", None, "2026-07-10T10:00:00Z"),
        ("with offset", "2026-07-10T12:00:00+05:00", None, "2026-07-10T07:00:00Z"),
        ("doubled hour, nobody heard it", "2026-10-25T02:30:00", None, "2026-10-25T00:30:00Z"),
        ("doubled hour, heard the first time", "2026-10-25T02:30:00", "2026-10-25T00:31:00Z", "2026-10-25T00:30:00Z"),
        ("doubled hour, heard the second time", "2026-10-25T02:30:00", "2026-10-25T01:31:00Z", "2026-10-25T01:30:00Z"),
        ("skipped hour", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"),
        ("a clock that was never set", "1970-01-01T00:00:12", None, None),
    ],
)
def test_local_time(why: str, text: str, near: str | None, at: str | None) -> None:
    heard = None if near is None else datetime.fromisoformat(near)
    expected = None if at is None else datetime.fromisoformat(at)
    assert local_or_aware(text, PARIS, heard) == expected, why


def test_seconds_since_1970() -> None:
    assert epoch_seconds(1773489600.25) == NOON + timedelta(milliseconds=250)
    assert epoch_seconds(12.5) is None
    assert epoch_seconds(None) is None
    with pytest.raises(ValueError, match="not a time"):
        epoch_seconds(1e30)
