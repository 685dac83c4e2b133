"""What `hub decode` shows: for each message, the readings that the hub understands in it."""

import base64
import json
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from energy.errors import InvalidInput, UndecodableMessage
from energy.model import Message, Reading, Site, unit_of
from energy.time import parse_instant, rfc3339
from ingest.decode import Decoder, unwrap


def decode_file(text: str, name: str, zone: ZoneInfo, sites: Iterable[Site] = ()) -> list[Any]:
    """Decode a JSON list of {"topic", "payload"}, in order: what earlier ones announce counts for later ones.

    JSON lines are read too, as `hub rejected export` writes them. A payload is text or {"base64"}. A message may also
    say `retain`, `received_at` or `at` (which tells the two hours of an autumn night apart) and `assume_tz`, a zone.

    Returns:
        For each message in order its readings, [] for none, {"error"} for a message that the hub refuses.

    Raises:
        InvalidInput: the file is neither.
    """
    messages = [_message(entry, where, zone) for where, entry in _entries(text, name)]
    decoder = Decoder(sites)
    return [_answer(message, decoder) for message in messages]


def decode_one(message: Message, decoder: Decoder) -> list[dict[str, Any]]:
    """Decode one message, or those in a relay envelope.

    Raises:
        UndecodableMessage: the hub refuses it.
    """
    return [_shown(reading) for single in unwrap(message) for reading in decoder.decode(single)]


def _entries(text: str, name: str) -> Iterator[tuple[str, Any]]:
    """The messages of a file as JSON has them, each with its place."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if text.lstrip().startswith("{") and len(lines) > 1:
        yield from ((f"{name}, line {number}", _json(line, f"{name}, line {number},")) for number, line in lines)
        return
    whole = _json(text, name)
    entries = [whole] if isinstance(whole, dict) and {"topic", "payload"} <= whole.keys() else whole
    if not isinstance(entries, list):
        raise InvalidInput(f'{name} is not a JSON list of {{"topic", "payload"}}, nor one of them on each line')
    yield from ((f"{name}, message {place}", entry) for place, entry in enumerate(entries, 1))


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{where} is not JSON: {error}") from error


def _answer(message: Message, decoder: Decoder) -> Any:
    try:
        return decode_one(message, decoder)
    except UndecodableMessage as error:
        return {"error": str(error)}


def _message(entry: Any, where: str, zone: ZoneInfo) -> Message:
    try:
        match entry:
            case {"topic": str(topic), "payload": str(text)}:
                payload = text.encode()
            case {"topic": str(topic), "payload": {"base64": str(coded)}}:
                payload = base64.b64decode(coded, validate=True)
            case _:
                raise InvalidInput(f'{where}: expected {{"topic": text, "payload": text or {{"base64": text}}}}')
    except ValueError as error:
        raise InvalidInput(f"{where}: the payload is broken: {error}") from error
    assumed, heard = entry.get("assume_tz"), entry.get("received_at", entry.get("at"))
    return Message(
        topic,
        payload,
        received_at=_instant(heard, where) if heard else None,
        retain=bool(entry.get("retain")),
        zone=_zone(assumed, where) if assumed else zone,
    )


def _instant(text: Any, where: str) -> datetime:
    try:
        return parse_instant(text)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInput(f"{where}: received_at {text!r} is not an instant (2026-01-31T12:00:00Z)") from error


def _zone(name: Any, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise InvalidInput(f"{where}: assume_tz {name!r} is not a time zone") from error


def _shown(reading: Reading) -> dict[str, Any]:
    return {
        "device": reading.device,
        "quantity": reading.quantity,
        "value": _number(reading.value),
        "unit": unit_of(reading.quantity),
        "at": reading.at and rfc3339(reading.at),
        "phase": reading.phase or None,
        "channel": reading.channel or None,
        "tariff": reading.tariff or None,
        "dialect": reading.dialect,
    }


def _number(value: float) -> float | None:
    """Whole numbers without a fraction; None for what JSON cannot write, which the hub sets aside."""
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value
