"""Every dialect against its examples and against recorded messages, and what their registry and pages promise."""

import json
import pkgutil
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Final

import pytest

import ingest.dialects
from energy.errors import UndecodableMessage
from energy.model import Message
from ingest.decode import Decoder, decode, unwrap
from ingest.dialect import ANY_TOPIC, Field, topic_matches
from ingest.dialects import DIALECTS, hub_v1, opendtu, shelly_gen2, tasmota_teleinfo, teleinfokit
from ingest.routes import dialects_of
from tests.dialect_examples import (
    FOLDER,
    NAMES,
    ROOT,
    SHARED,
    examples,
    heard_before,
    kept_of,
    map_of,
    message_of,
    on_site,
    shown,
)


@pytest.mark.parametrize(("example", "file", "place"), examples(*NAMES, "unknown"))
def test_example(example: dict[str, Any], file: str, place: int) -> None:
    message, sites = on_site(example, file)
    decoder = Decoder(sites, heard_before(file, place))
    if "error" in example:
        with pytest.raises(UndecodableMessage) as refused:
            decoder.decode(message)
        assert example["error"] in refused.value.reason
        assert refused.value.topic == message.topic
    else:
        readings = decoder.decode(message)
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


def tables_of(name: str) -> Iterator[str]:
    """Every key of every table of fields in a dialect's module."""
    for table in vars(import_module(f"ingest.dialects.{name}")).values():
        if isinstance(table, dict) and table and all(isinstance(field, Field) for field in table.values()):
            yield from (key for key in table if isinstance(key, str))


def test_every_key_of_every_table_has_an_example() -> None:
    """A key that no example shows can be wrong without anyone noticing."""
    texts = {name: (FOLDER / f"{name}.json").read_text() for name in NAMES}
    stems = {key.rpartition("_")[0] if key not in ("power_factor", "pulses") else key for key in hub_v1.KEYS}
    keys = {name: set(tables_of(name)) for name in NAMES} | {
        "hub_v1": stems,
        "opendtu": {f"/{field}" for field in {*opendtu.AC_FIELDS, *opendtu.DC_FIELDS}},
        "shelly_gen2": {f'{field}\\"' for fields, _ in shelly_gen2.COMPONENTS.values() for field in fields},
        "tasmota_teleinfo": {f'\\"{key}\\"' for key in {*tasmota_teleinfo.LABELS, *tasmota_teleinfo.METER_OF_PHASES}}
        - {f'\\"EASF{number:02}\\"' for number in range(4, 10)},
        "teleinfokit": {f"/{label}" for label in teleinfokit.LOWER_LABELS},
    }
    assert sum(map(len, keys.values())) > 400
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
        assert topic_filter == ANY_TOPIC or not (levels[0] == "#" and levels[-1] == "#")


RECORDED = [
    pytest.param(name, index, id=f"{name} {index}")
    for name in NAMES
    if (SHARED / f"{name}.json").exists()
    for index in range(len(json.loads((SHARED / f"{name}.json").read_text())))
] or [pytest.param("", 0, marks=pytest.mark.skip(f"the recorded messages are not beside the repository ({SHARED})"))]
MILLISECOND: Final = timedelta(milliseconds=1)


@pytest.mark.parametrize(("name", "index"), RECORDED)
def test_recorded_message(name: str, index: int) -> None:
    """Every reading that a recorded message must at least give, and none from those that hold none."""
    samples = json.loads((SHARED / f"{name}.json").read_text())
    sample = samples[index]
    decoder = Decoder(map_of(sample), kept_of(samples[:index]))
    if not sample["expect"]:
        with suppress(UndecodableMessage):
            assert decoder.decode(message_of(sample)) == []
        return
    readings = decoder.decode(message_of(sample))
    keys = ("device", "quantity", "value", "unit", "phase", "channel", "tariff")
    for expected in sample["expect"]:
        wanted = {key: expected[key] for key in keys if key in expected}
        found = [r for r in readings if wanted.items() <= shown(r).items()]
        assert any(is_when(expected, reading.at, name) for reading in found), (expected, readings)


def is_when(expected: dict[str, Any], at: datetime | None, name: str) -> bool:
    if expected["time"] is None:
        # Its stamp is local time without zone, which the recording leaves open and the hub reads by the site's zone.
        return at is None or name == "tasmota_energy"
    return at is not None and abs(at - datetime.fromisoformat(expected["time"])) < MILLISECOND


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
