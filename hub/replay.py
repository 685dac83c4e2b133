"""Publish a file of the past through MQTT: recorded messages, or a table of readings, at any speed.

Everything travels in relay envelopes (docs/message-format.md), which say when each message was heard: so old files are
taken as the past that they are, and messages without a clock keep their instant.
"""

import base64
import csv
import io
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TextIO

from energy.errors import InvalidInput, UndecodableMessage
from energy.model import Message
from energy.time import parse_instant, rfc3339
from hub.publisher import Publisher
from ingest.broker import Broker
from ingest.decode import unwrap
from ingest.dialects import hub_v1

RELAY_TOPIC: Final = "hub/v1/replay/relay"
ENVELOPE: Final = 100
"""Most messages in one envelope."""
LARGEST_SPEED: Final = 1e9
COLUMNS: Final = {"at", "device", "phase", "channel", "tariff", *hub_v1.KEYS}
"""Columns that a table of readings may have."""
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message of the past, and when it was heard."""

    at: datetime
    topic: str
    payload: bytes


def read_messages(text: str, name: str) -> list[Recorded]:
    """Read a file in order of time.

    Two forms: JSON lines {"at", "topic", "payload": text or {"base64"}}; or CSV with a header `at,device,...` whose
    other columns are keys of the hub's own message format, such as import_wh. Empty cells are left out.

    Raises:
        InvalidInput: the first line that is neither, with its number.
    """
    lines = _json_lines(text, name) if text.lstrip().startswith("{") else _csv_lines(text, name)
    messages = sorted(lines, key=lambda message: message.at)
    if not messages:
        raise InvalidInput(f"{name} holds no message")
    return messages


def publish_messages(broker: Broker, messages: Sequence[Recorded], speed: float, progress: TextIO) -> None:
    """Publish messages in order, `speed` times as fast as they happened; 0 is as fast as the broker takes them.

    Raises:
        Unavailable: the broker does not answer. InvalidInput: not a speed.
    """
    if not 0 <= speed <= LARGEST_SPEED:
        raise InvalidInput(f"--speed {speed:g} is not between 0, which is as fast as possible, and {LARGEST_SPEED:g}")
    began, shown = time.monotonic(), 0.0
    with Publisher(broker) as publisher:
        for done, envelope in _envelopes(messages, speed):
            if speed:
                due = began + (envelope[0].at - messages[0].at).total_seconds() / speed
                time.sleep(max(0.0, due - time.monotonic()))
            publisher.publish(RELAY_TOPIC, pack(envelope))
            if progress.isatty() and time.monotonic() - shown > 0.2:
                shown = time.monotonic()
                print(f"\r{done} of {len(messages)} messages, {rfc3339(envelope[-1].at)}", end="", file=progress)
    if shown:
        print(file=progress)


def _envelopes(messages: Sequence[Recorded], speed: float) -> Iterator[tuple[int, Sequence[Recorded]]]:
    """Messages put together: up to ENVELOPE when in a hurry, one at a time when the pace matters."""
    size = 1 if speed else ENVELOPE
    for first in range(0, len(messages), size):
        yield min(first + size, len(messages)), messages[first : first + size]


def pack(envelope: Sequence[Recorded]) -> bytes:
    """Write messages as one relay envelope."""
    return json.dumps(
        {"messages": [{"received_at": rfc3339(m.at), "topic": m.topic, "payload": _payload(m)} for m in envelope]}
    ).encode()


def _payload(message: Recorded) -> str | dict[str, str]:
    try:
        return message.payload.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(message.payload).decode()}


def _json_lines(text: str, name: str) -> Iterator[Recorded]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield from _recorded(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError, UndecodableMessage) as error:
            expected = '{"at": "2026-01-31T12:00:00Z", "topic": "...", "payload": "..."}'
            reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise InvalidInput(f"{name}, line {number}: {reason:.300}; expected {expected}") from error


def _recorded(entry: Any) -> Iterator[Recorded]:
    """The message of a line, or those in it when it is a relay envelope, which cannot travel in another."""
    payload, topic = entry["payload"], entry["topic"]
    raw = payload.encode() if isinstance(payload, str) else base64.b64decode(payload["base64"], validate=True)
    if not isinstance(topic, str) or not is_topic(topic):
        raise ValueError(f"{topic!r:.80} is not a topic")
    for message in unwrap(Message(topic, raw, parse_instant(entry["at"]))):
        assert message.received_at is not None, "an envelope says when it heard each message"
        yield Recorded(message.received_at, message.topic, message.payload)


def _csv_lines(text: str, name: str) -> Iterator[Recorded]:
    table = csv.DictReader(io.StringIO(text))
    try:
        _check_header(table.fieldnames or (), name)
        for row in table:
            yield _row(row)
    except (ValueError, csv.Error) as error:
        raise InvalidInput(f"{name}, line {table.reader.line_num}: {error}") from error


def _check_header(header: Sequence[str], name: str) -> None:
    if not {"at", "device"} <= set(header):
        raise InvalidInput(
            f"{name}: expected JSON lines, or CSV whose header has `at` and `device`, then such as import_wh"
        )
    for column in header:
        if column not in COLUMNS:
            raise InvalidInput(f"{name}: unknown column {column!r:.80}; docs/message-format.md lists the keys")
        if header.count(column) > 1:
            raise InvalidInput(f"{name}: the column {column} is there twice")


def _row(row: dict[str, str]) -> Recorded:
    cells = list(_cells(row))
    at, topic = parse_instant(row["at"]), f"{hub_v1.TOPIC}{row['device']}"
    if not row["device"] or "/" in row["device"] or not is_topic(topic):
        raise ValueError(f"{row['device']!r:.80} is not a device: a name without /, + and #")
    return Recorded(at, topic, json.dumps({"at": rfc3339(at), **dict(cells)}).encode())


def _cells(row: dict[str, str]) -> Iterator[tuple[str, str | float]]:
    """The cells with something in them, besides the instant and the device."""
    for key, cell in row.items():
        if key is None or cell is None:
            raise ValueError("more or fewer cells than the header has columns")
        if key in ("at", "device") or cell == "":
            continue
        yield key, cell if key in hub_v1.DESCRIPTION else _number(key, cell)


def _number(key: str, cell: str) -> float:
    if not NUMBER.fullmatch(cell):
        raise ValueError(f"{key}: {cell!r:.80} is not a number")
    return float(cell) if "." in cell or "e" in cell.lower() else int(cell)


def is_topic(text: str) -> bool:
    """Whether a message can be published on it."""
    return text != "" and text.isprintable() and not {"+", "#"} & set(text)
