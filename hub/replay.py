"""Publish a file of the past through MQTT: recorded messages, or a table of readings, at any speed.

Everything travels in relay envelopes (docs/message-format.md), which say when each message was heard: so old files are
taken as the past that they are, and messages without a clock keep their instant.
"""

import base64
import csv
import io
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TextIO

from energy.errors import InvalidInput
from energy.time import parse_instant, rfc3339
from hub.publisher import Publisher
from ingest.listen import broker_at

RELAY_TOPIC: Final = "hub/v1/replay/relay"
ENVELOPE: Final = 100
"""Most messages in one envelope."""


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


def publish_messages(mqtt_url: str, messages: Sequence[Recorded], speed: float, progress: TextIO) -> None:
    """Publish messages in order, `speed` times as fast as they happened; 0 is as fast as the broker takes them.

    Raises:
        Unavailable: the broker does not answer. InvalidInput: a negative speed.
    """
    if speed < 0:
        raise InvalidInput(f"--speed {speed:g} is negative; 0 is as fast as possible")
    began, shown = time.monotonic(), 0.0
    with Publisher(broker_at(mqtt_url, "")) as publisher:
        for done, envelope in _envelopes(messages, speed):
            if speed:
                due = began + (envelope[0].at - messages[0].at).total_seconds() / speed
                time.sleep(max(0.0, due - time.monotonic()))
            publisher.publish(RELAY_TOPIC, _packed(envelope))
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


def _packed(envelope: Sequence[Recorded]) -> bytes:
    return json.dumps(
        {"messages": [{"received_at": rfc3339(m.at), "topic": m.topic, "payload": _payload(m)} for m in envelope]}
    ).encode()


def _payload(message: Recorded) -> str | dict[str, str]:
    try:
        return message.payload.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(message.payload).decode()}


def _json_lines(text: str, name: str) -> Iterator[Recorded]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            payload = entry["payload"]
            raw = payload.encode() if isinstance(payload, str) else base64.b64decode(payload["base64"], validate=True)
            yield Recorded(parse_instant(entry["at"]), entry["topic"], raw)
        except (ValueError, KeyError, TypeError) as error:
            expected = '{"at": "2026-01-31T12:00:00Z", "topic": "...", "payload": "..."}'
            raise InvalidInput(f"{name}, line {number}: {error!r}; expected {expected}") from error


def _csv_lines(text: str, name: str) -> Iterator[Recorded]:
    table = csv.DictReader(io.StringIO(text))
    if not {"at", "device"} <= set(table.fieldnames or ()):
        raise InvalidInput(
            f"{name}: expected JSON lines, or CSV whose header has `at` and `device`, then such as import_wh"
        )
    for row in table:
        try:
            at = parse_instant(row["at"])
            content = {"at": rfc3339(at), **{key: _cell(key, cell) for key, cell in _figures(row)}}
        except (ValueError, TypeError) as error:
            raise InvalidInput(f"{name}, line {table.line_num}: {error}") from error
        yield Recorded(at, f"hub/v1/{row['device']}", json.dumps(content).encode())


def _figures(row: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The cells with something in them, besides the instant and the device."""
    for key, cell in row.items():
        if key is None or cell is None:
            raise ValueError("more or fewer cells than the header has columns")
        if key not in ("at", "device") and cell != "":
            yield key, cell


def _cell(key: str, cell: str) -> Any:
    if key in ("phase", "channel", "tariff"):
        return cell
    return float(cell) if "." in cell or "e" in cell.lower() else int(cell)
