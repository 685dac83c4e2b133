"""What `hub decode` shows: for each message, the readings that the hub understands in it."""

import base64
import binascii
import json
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from energy.errors import InvalidInput, UndecodableMessage
from energy.model import Message, Reading, unit_of
from energy.time import rfc3339
from ingest.decode import decode, unwrap


def decode_file(text: str, name: str, zone: ZoneInfo) -> list[Any]:
    """Decode a JSON list of {"topic", "payload"}; payload is text or {"base64"}; retain and assume_tz are optional.

    Returns:
        For each message in order its readings, [] for none, {"error"} for a message that the hub refuses.

    Raises:
        InvalidInput: the file is not such a list.
    """
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{name} is not JSON: {error}") from error
    if not isinstance(entries, list):
        raise InvalidInput(f'{name} is not a JSON list of {{"topic", "payload"}}')
    return [_decode(_message(entry, f"{name}, message {place}", zone)) for place, entry in enumerate(entries, 1)]


def decode_one(topic: str, payload: bytes, zone: ZoneInfo) -> Any:
    """Decode one message.

    Raises:
        UndecodableMessage: the hub refuses it.
    """
    return [_shown(reading) for message in unwrap(Message(topic, payload, zone=zone)) for reading in decode(message)]


def _decode(message: Message) -> Any:
    try:
        return decode_one(message.topic, message.payload, message.zone)
    except UndecodableMessage as error:
        return {"error": str(error)}


def _message(entry: Any, where: str, zone: ZoneInfo) -> Message:
    match entry:
        case {"topic": str(topic), "payload": str(text)}:
            payload = text.encode()
        case {"topic": str(topic), "payload": {"base64": str(coded)}}:
            try:
                payload = base64.b64decode(coded, validate=True)
            except binascii.Error as error:
                raise InvalidInput(f"{where}: the base64 payload is broken: {error}") from error
        case _:
            raise InvalidInput(f'{where}: expected {{"topic": text, "payload": text or {{"base64": text}}}}')
    assumed = entry.get("assume_tz") or zone.key
    if assumed not in available_timezones():
        raise InvalidInput(f"{where}: {assumed!r} is not a time zone")
    return Message(topic, payload, retain=bool(entry.get("retain", False)), zone=ZoneInfo(assumed))


def _shown(reading: Reading) -> dict[str, Any]:
    value = reading.value
    return {
        "device": reading.device,
        "quantity": reading.quantity,
        "value": int(value) if value == int(value) else value,
        "unit": unit_of(reading.quantity),
        "at": reading.at and rfc3339(reading.at),
        "phase": reading.phase or None,
        "channel": reading.channel or None,
        "tariff": reading.tariff or None,
        "dialect": reading.dialect,
    }
