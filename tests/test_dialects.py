"""Every dialect against its recorded examples, and the laws that all dialects keep."""

import json
import pkgutil
import re
from base64 import b64decode
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ingest.dialects
from energy.errors import UndecodableMessage
from energy.model import Message, Reading, unit_of
from energy.time import rfc3339
from ingest.decode import decode, dialects_of, unwrap
from ingest.dialect import topic_matches
from ingest.dialects import DIALECTS, hub_v1, opendtu, shelly_gen2, tasmota_teleinfo

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "data" / "dialects"
SHARED = ROOT.parent / "shared" / "dialects"
NAMES = [dialect.name for dialect in DIALECTS]


def examples(*files: str) -> list[Any]:
    return [
        pytest.param(example, file, id=f"{file}: {example['why']}")
        for file in files
        for example in json.loads((FOLDER / f"{file}.json").read_text())
    ]


def message_of(example: dict[str, Any]) -> Message:
    payload = example["payload"]
    received_at = example.get("received_at")
    return Message(
        topic=example["topic"],
        payload=payload.encode() if isinstance(payload, str) else b64decode(payload["base64"]),
        received_at=None if received_at is None else datetime.fromisoformat(received_at),
        retain=example.get("retain", False),
        zone=ZoneInfo(example.get("zone", example.get("assume_tz", "Europe/Paris"))),
    )


def shown(reading: Reading) -> dict[str, Any]:
    """A reading as the example files write it."""
    names = {"phase": reading.phase, "channel": reading.channel, "tariff": reading.tariff}
    return {
        "device": reading.device,
        "quantity": str(reading.quantity),
        "value": reading.value,
        "unit": unit_of(reading.quantity),
        "at": None if reading.at is None else rfc3339(reading.at),
        **{key: name for key, name in names.items() if name},
    }


@pytest.mark.parametrize(("example", "file"), examples(*NAMES, "unknown"))
def test_example(example: dict[str, Any], file: str) -> None:
    message = message_of(example)
    if "error" in example:
        with pytest.raises(UndecodableMessage) as refused:
            decode(message)
        assert example["error"] in refused.value.reason
        assert refused.value.topic == message.topic
    else:
        readings = decode(message)
        assert [shown(reading) for reading in readings] == example["readings"]
        assert {reading.dialect for reading in readings} <= {file}
        assert all(reading.at is None or reading.at.tzinfo is UTC for reading in readings)


def test_every_module_is_listed() -> None:
    modules = {module.name for module in pkgutil.iter_modules(ingest.dialects.__path__)}
    assert modules == set(NAMES)
    assert len(NAMES) == len(set(NAMES))


def test_every_dialect_has_examples_and_every_file_a_dialect() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == {*NAMES, "unknown"}


@pytest.mark.parametrize("name", NAMES)
def test_examples_show_readings_silence_and_refusal(name: str) -> None:
    found = json.loads((FOLDER / f"{name}.json").read_text())
    assert any(example.get("readings") for example in found)
    assert any(example.get("readings") == [] for example in found)
    assert any("error" in example for example in found)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_offered_to_its_dialect(name: str) -> None:
    for example in json.loads((FOLDER / f"{name}.json").read_text()):
        offered = [dialect.name for dialect in dialects_of(example["topic"])]
        assert name in offered or example["topic"] == "hub/v1/", example["topic"]


def test_every_key_of_every_table_has_an_example() -> None:
    """A key that no example shows can be wrong without anyone noticing."""
    texts = {name: (FOLDER / f"{name}.json").read_text() for name in NAMES}
    stems = {key.rpartition("_")[0] if key not in ("power_factor", "pulses") else key for key in hub_v1.KEYS}
    keys = {
        "hub_v1": stems,
        "opendtu": {f"/{field}" for field in {*opendtu.AC_FIELDS, *opendtu.DC_FIELDS}},
        "shelly_gen2": {f'{field}\\"' for fields, _ in shelly_gen2.COMPONENTS.values() for field in fields},
        "tasmota_teleinfo": {f'\\"{key}\\"' for key in {*tasmota_teleinfo.LABELS, *tasmota_teleinfo.METER_OF_PHASES}}
        - {f'\\"EASF{number:02}\\"' for number in range(4, 10)},
    }
    assert {name: {key for key in keys[name] if key not in texts[name]} for name in NAMES} == {
        name: set() for name in NAMES
    }


@pytest.mark.parametrize(
    ("why", "topic_filter", "topic", "matches"),
    [
        ("one level", "hub/v1/+", "hub/v1/home", True),
        ("not two", "hub/v1/+", "hub/v1/home/x", False),
        ("nor none", "hub/v1/+", "hub/v1", False),
        ("an empty level is a level", "hub/v1/+", "hub/v1/", True),
        ("any rest", "solar/#", "solar/a/b/c", True),
        ("no rest", "solar/#", "solar", True),
        ("another start", "solar/#", "lunar/a", False),
        ("any rest after a level", "solar/+/#", "solar", False),
        ("any prefix", "#/tele/+/SENSOR", "a/b/tele/x/SENSOR", True),
        ("no prefix", "#/tele/+/SENSOR", "tele/x/SENSOR", True),
        ("too short for a prefix", "#/tele/+/SENSOR", "x/SENSOR", False),
        ("case counts", "#/tele/+/SENSOR", "tele/x/sensor", False),
    ],
)
def test_topic_filter(why: str, topic_filter: str, topic: str, *, matches: bool) -> None:
    assert topic_matches(topic_filter, topic) is matches, why


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
def test_no_filter_has_both_a_prefix_and_a_rest(dialect: Any) -> None:
    for topic_filter in dialect.topics:
        levels = topic_filter.split("/")
        assert "#" not in levels[1:-1]
        assert not (levels[0] == "#" and levels[-1] == "#")


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


def shared_examples() -> list[Any]:
    own = ("tasmota_teleinfo", "shelly_gen2", "opendtu")
    return [
        pytest.param(sample, id=f"{name} {index}")
        for name in own
        if (SHARED / f"{name}.json").exists()
        for index, sample in enumerate(json.loads((SHARED / f"{name}.json").read_text()))
    ] or [pytest.param(None, marks=pytest.mark.skip(f"the recorded messages are not beside the repository ({SHARED})"))]


@pytest.mark.parametrize("sample", shared_examples())
def test_recorded_message(sample: dict[str, Any]) -> None:
    """Every reading that a recorded message must at least give, and none from those that hold none."""
    readings = [shown(reading) for reading in decode(message_of(sample))]
    keys = ("device", "quantity", "value", "unit", "phase", "channel", "tariff")
    for expected in sample["expect"]:
        at = None if expected["time"] is None else rfc3339(datetime.fromisoformat(expected["time"]))
        assert {key: expected[key] for key in keys if key in expected} | {"at": at} in readings
    assert sample["expect"] or not readings


def test_documentation_names_every_dialect() -> None:
    page = (ROOT / "docs" / "dialects.md").read_text()
    for dialect in DIALECTS:
        assert f"`{dialect.name}`" in page


@pytest.mark.parametrize("page", ["message-format.md", "message-format.fr.md"])
def test_documentation_lists_every_key(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    keys = {*hub_v1.KEYS, *hub_v1.DESCRIPTION, *hub_v1.RELAY_KEYS, "messages"}
    assert {key for key in keys if f"`{key}`" not in text} == set()


@pytest.mark.parametrize("page", ["message-format.md", "message-format.fr.md"])
def test_documented_messages_are_understood(page: str) -> None:
    blocks = re.findall(
        r"^    (?:topic|sujet)\s+(\S+)\n((?:    .+\n)+)", (ROOT / "docs" / page).read_text(), re.MULTILINE
    )
    counts = []
    for topic, block in blocks:
        _, payload = block.strip().split(maxsplit=1)
        inside = unwrap(Message(topic, payload.encode(), datetime(2026, 3, 14, 12, tzinfo=UTC)))
        counts.append(
            len([reading for message in inside if message.topic != "meter/raw" for reading in decode(message)])
        )
    assert counts == [2, 2, 1]
