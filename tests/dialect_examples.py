"""Examples and recorded messages of the dialects, and the site maps that explain them."""

import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from energy.errors import UndecodableMessage
from energy.model import ChannelRole, Message, Quantity, Reading, Site, unit_of
from energy.time import rfc3339
from ingest.decode import Decoder
from ingest.dialects import DIALECTS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "data" / "dialects"
SHARED = ROOT.parent / "shared" / "dialects"
KWH_NAMES: Final = {"sensor.electricity_meter_energy_consumption_tarif_1"}
"""Channels of recorded messages that their site map says to be in kWh."""
NAMES = [dialect.name for dialect in DIALECTS]


def examples(*files: str) -> list[Any]:
    return [
        pytest.param(example, file, place, id=f"{file}: {example['why']}")
        for file in files
        for place, example in enumerate(json.loads((FOLDER / f"{file}.json").read_text()))
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


def roles_of(example: dict[str, Any]) -> dict[str, ChannelRole]:
    written = example.get("roles", {})
    return {name: ChannelRole(Quantity(role["quantity"]), role.get("factor", 1)) for name, role in written.items()}


def on_site(example: dict[str, Any], file: str) -> tuple[Message, list[Site]]:
    """The message of an example as it comes from its site, and the site map that explains it."""
    message, base = message_of(example), example.get("base", "")
    if base:
        usual = next(dialect.base for dialect in DIALECTS if dialect.name == file)
        assert message.topic.startswith(usual)
        message = replace(message, topic=base + message.topic[len(usual) :])
        return message, [Site(base, file, roles=roles_of(example))]
    if "roles" in example:
        return message, [Site(message.topic, roles=roles_of(example))]
    return message, []


def heard_before(file: str, place: int) -> dict[str, bytes]:
    """What the examples before this one in its file have said, where the dialect keeps such messages."""
    return kept_of(json.loads((FOLDER / f"{file}.json").read_text())[:place])


def kept_of(before: Sequence[dict[str, Any]]) -> dict[str, bytes]:
    """What a hub that has read these messages keeps for later ones."""
    decoder = Decoder()
    for example in before:
        with suppress(UndecodableMessage):
            decoder.decode(message_of(example))
    return decoder.newly_kept


def map_of(sample: dict[str, Any]) -> list[Site]:
    """The site map that a recorded message needs: what its channels are called differs from dialect to dialect."""
    roles = {
        name: ChannelRole(Quantity(reading["quantity"]), 1000 if reading["device"] in KWH_NAMES else 1)
        for reading in sample["expect"]
        if reading.get("needs_map")
        for name in (reading.get("channel"), reading["device"], reading["device"].rpartition("/")[2])
        if name
    }
    return [Site(sample["topic"], zone=sample.get("assume_tz", ""), roles=roles)] if roles else []


def own_messages(name: str) -> Iterator[tuple[Message, list[Site], dict[str, bytes]]]:
    """Examples and recorded messages of one dialect, each with its site map and what was heard before."""
    for place, example in enumerate(json.loads((FOLDER / f"{name}.json").read_text())):
        yield *on_site(example, name), heard_before(name, place)
    if (SHARED / f"{name}.json").exists():
        samples = json.loads((SHARED / f"{name}.json").read_text())
        for place, sample in enumerate(samples):
            yield message_of(sample), map_of(sample), kept_of(samples[:place])
