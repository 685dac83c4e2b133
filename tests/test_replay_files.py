"""Files to replay: both forms, in order of time, and the line of what is wrong in them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.errors import InvalidInput
from energy.model import Message
from energy.time import rfc3339
from hub.replay import Recorded, is_topic, pack, read_messages
from ingest.decode import decode, unwrap
from tests.hub_command import refused

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LINE = '{"at": "2026-01-31T12:00:00Z", "topic": "hub/v1/x", "payload": "{}"}'


def line(**changes: object) -> str:
    return json.dumps({"at": "2026-01-31T12:00:00Z", "topic": "hub/v1/x", "payload": "{}", **changes})


def test_json_lines_in_order_of_time() -> None:
    text = "\n".join(
        [
            line(at="2026-01-31T13:00:01+01:00", payload="second"),
            "",
            line(topic="solar/1/0/power", payload={"base64": "/wA="}, heard_by="ignored"),
            line(at="2026-01-31T12:00:01Z", payload="third: the same instant, later in the file"),
            "   \t",
        ]
    )
    assert read_messages(text, "x.jsonl") == [
        Recorded(NOON, "solar/1/0/power", b"\xff\x00"),
        Recorded(NOON + timedelta(seconds=1), "hub/v1/x", b"second"),
        Recorded(NOON + timedelta(seconds=1), "hub/v1/x", b"third: the same instant, later in the file"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_of_readings(end: str) -> None:
    rows = [
        "device,import_wh,at,phase,export_kwh",
        "meter,1234567,2026-01-31T13:00:00+01:00,,0.25",
        "vallée,,2026-01-31T11:00:00Z,L1,1e-3",
        '"a, b",0,2026-01-31T12:00:01Z,,',
    ]
    messages = read_messages(end.join(rows), "x.csv")
    assert [(message.topic, json.loads(message.payload)) for message in messages] == [
        ("hub/v1/vallée", {"at": "2026-01-31T11:00:00Z", "phase": "L1", "export_kwh": 0.001}),
        ("hub/v1/meter", {"at": "2026-01-31T12:00:00Z", "import_wh": 1234567, "export_kwh": 0.25}),
        ("hub/v1/a, b", {"at": "2026-01-31T12:00:01Z", "import_wh": 0}),
    ]
    assert all(len(decode(Message(message.topic, message.payload))) in (1, 2) for message in messages)


def test_a_recorded_envelope_is_opened_since_it_cannot_travel_in_another() -> None:
    kept = [Recorded(NOON - timedelta(hours=i), f"hub/v1/m{i}", b'{"import_wh": 1}') for i in range(3)]
    text = line(topic="hub/v1/gateway/relay", payload=pack(kept).decode())
    assert read_messages(text, "x.jsonl") == sorted(kept, key=lambda message: message.at)


def test_separators_of_lines_that_json_allows_inside_do_not_cut() -> None:
    assert read_messages(LINE.replace("{}", "a\u2028b\u0085c"), "x")[0].payload == "a\u2028b\u0085c".encode()


@given(
    st.lists(
        st.builds(
            Recorded,
            at=st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
            topic=st.text(min_size=1).filter(lambda topic: is_topic(topic) and not topic.endswith("/relay")),
            payload=st.binary() | st.text(st.characters(exclude_categories=["Cs"])).map(str.encode),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_is_packed_is_heard_as_it_was(recorded: list[Recorded]) -> None:
    heard = unwrap(Message("hub/v1/replay/relay", pack(recorded)))
    assert [Recorded(m.received_at or NOON, m.topic, m.payload) for m in heard] == recorded


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("", "x: expected JSON lines, or CSV whose header has `at` and `device`"),
        ("rubbish", "x: expected JSON lines, or CSV"),
        ("at;device;import_wh\n", "x: expected JSON lines, or CSV"),
        ("at,device,import_wh\n", "x holds no message"),
        ("{\n", "x, line 1: "),
        (f"{LINE}\n[]", "x, line 2: "),
        (f"{LINE}\n\n{LINE[:-1]}", "x, line 3: "),
        (f"{LINE}\n{'[' * 100_000}", "x, line 2: "),
        (line(at="yesterday"), "x, line 1: Invalid isoformat string: 'yesterday'; expected"),
        (line(at="2026-01-31T12:00:00"), "has no UTC offset"),
        (line(at=5), "x, line 1: "),
        (line(topic=5), "5 is not a topic"),
        (line(topic="a/+"), "'a/+' is not a topic"),
        (line(topic=""), "'' is not a topic"),
        (line(topic="a\0"), "is not a topic"),
        (line(payload=None), "x, line 1: "),
        (line(payload={"base64": "%"}), "x, line 1: "),
        ('{"topic": "x", "payload": ""}', "x, line 1: 'at' is missing"),
        (line(topic="hub/v1/g/relay", payload="{}"), "x, line 1: message on 'hub/v1/g/relay' cannot be read"),
        ("at,device,colour\n", "x: unknown column 'colour'; docs/message-format.md lists the keys"),
        ("at,device,import_wh,import_wh\n", "x: the column import_wh is there twice"),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,m,1\n2026-01-31T12:00:00Z,m\n", "x, line 3: more or fewer cells"),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,m,1,2\n", "x, line 2: more or fewer cells"),
        ("at,device,import_wh\n2026-01-31T12:00:00,m,1\n", "x, line 2: '2026-01-31T12:00:00' has no UTC offset"),
        ("at,device,import_wh\n,m,1\n", "x, line 2: "),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,,1\n", "x, line 2: '' is not a device"),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,a/b,1\n", "x, line 2: 'a/b' is not a device"),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,a#,1\n", "x, line 2: 'a#' is not a device"),
        ('at,device,import_wh\n2026-01-31T12:00:00Z,m,"1,5"\n', "x, line 2: import_wh: '1,5' is not a number"),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,m,nan\n", "x, line 2: import_wh: 'nan' is not a number"),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,m,1e999\n", "x, line 2: import_wh: '1e999' is not a number"),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,m,1_000\n", "x, line 2: import_wh: '1_000' is not a number"),
        ("at,device,import_wh\n2026-01-31T12:00:00Z,m,\u0661\n", "x, line 2: import_wh: '\u0661' is not a number"),
        (f"at,device,import_wh\n2026-01-31T12:00:00Z,{'m' * 200_000},1\n", "x, line 2: field larger than"),
    ],
)
def test_the_culprit_is_named_with_its_line(text: str, culprit: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_messages(text, "x")
    assert culprit in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 600


def test_a_broken_file_publishes_nothing(tmp_path: Path, free_port: int) -> None:
    file = tmp_path / "readings.csv"
    file.write_text(f"at,device,import_wh\n{rfc3339(NOON)},m,1\n{rfc3339(NOON)},m,one\n")
    sentence = refused("replay", str(file), HUB_MQTT_URL=f"mqtt://127.0.0.1:{free_port}")
    assert sentence == "readings.csv, line 3: import_wh: 'one' is not a number", "said before any broker is asked"


@pytest.mark.parametrize("speed", ["-1", "nan", "inf", "1e300"])
def test_a_speed_that_is_none(speed: str, tmp_path: Path) -> None:
    file = tmp_path / "readings.jsonl"
    file.write_text(LINE)
    assert "is not between 0, which is as fast as possible" in refused("replay", f"--speed={speed}", str(file))
