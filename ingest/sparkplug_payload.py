"""Sparkplug B payloads: protocol buffers as the published schema numbers them, as far as measurements need them.

A payload is a list of metrics, each with a name or an alias for it, a time, a type and a value. Texts, data sets and
templates are passed over, and so are properties, except the one by which publishers tell the unit.
Source: github.com/eclipse-tahu/tahu, sparkplug_b/sparkplug_b.proto; Sparkplug 3.0.0, section 6.4.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_SIZES: Final = {FIXED64: 8, FIXED32: 4}
LONGEST_VARINT: Final = 10

# Numbers of fields: of a payload, a metric, a set of properties, and a property.
PAYLOAD_TIMESTAMP, PAYLOAD_METRIC = 1, 2
NAME, ALIAS, TIMESTAMP, DATATYPE, IS_NULL, PROPERTIES = 1, 2, 3, 4, 7, 9
INT, LONG, FLOAT, DOUBLE = 10, 11, 12, 13
PROPERTY_KEY, PROPERTY_VALUE, PROPERTY_TEXT = 1, 2, 8

SIGNED_BITS: Final = {1: 8, 2: 16, 3: 32, 4: 64}
"""Datatypes Int8 to Int64, which are carried as two's complement in an unsigned number."""
FLOAT_DIGITS: Final = range(6, 10)
UNIT_PROPERTIES: Final = frozenset({"engUnit", "Engineering Units"})
"""The schema has no unit; this is what gateways write, Ignition for one."""
Said: TypeAlias = Mapping[int, int | bytes]


class Metric(NamedTuple):
    """One metric, as far as its message says; `value` is None where it is not measured or no number."""

    name: str = ""
    alias: int | None = None
    timestamp_ms: int | None = None
    datatype: int | None = None
    value: float | None = None
    unit: str = ""


class Payload(NamedTuple):
    """What one message says, and when it was sent."""

    timestamp_ms: int | None
    metrics: tuple[Metric, ...]


def payload_of(data: bytes) -> Payload:
    """Read a payload.

    Raises:
        ValueError, TypeError, LookupError, ArithmeticError: cut short, or no protocol buffer of this schema.
    """
    fields = list(_fields(data))
    metrics = (_metric(value) for number, value in fields if number == PAYLOAD_METRIC)
    return Payload(_whole(dict(fields), PAYLOAD_TIMESTAMP), tuple(metrics))


def signed(value: float, datatype: int | None) -> float:
    """Read a carried value by its datatype: 4294967254 as Int32 is -42."""
    if not isinstance(value, int) or datatype not in SIGNED_BITS:
        return value
    size = 1 << SIGNED_BITS[datatype]
    value %= size
    return value - size if value >= size >> 1 else value


def _metric(data: int | bytes) -> Metric:
    said = dict(_fields(data))
    return Metric(
        name=_bytes(said, NAME).decode(),
        alias=_whole(said, ALIAS),
        timestamp_ms=_whole(said, TIMESTAMP),
        datatype=_whole(said, DATATYPE),
        value=None if _whole(said, IS_NULL) else _value(said),
        unit=_unit(_bytes(said, PROPERTIES)) if PROPERTIES in said else "",
    )


def _value(said: Said) -> float | None:
    try:
        if FLOAT in said:
            return _shortest(_bytes(said, FLOAT))
        if DOUBLE in said:
            return struct.unpack("<d", _bytes(said, DOUBLE))[0]
    except struct.error as error:
        raise ValueError("a float of another size than its own") from error
    return _whole(said, INT if INT in said else LONG)


def _shortest(single: bytes) -> float:
    """Read a single as the shortest decimal that it stands for: 5678.12 and not 5678.1201171875."""
    (value,) = struct.unpack("<f", single)
    candidates = (float(f"{value:.{digits}g}") for digits in FLOAT_DIGITS)
    return next((candidate for candidate in candidates if struct.pack("<f", candidate) == single), value)


def _unit(properties: bytes) -> str:
    fields = list(_fields(properties))
    keys = (key for number, key in fields if number == PROPERTY_KEY)
    values = (value for number, value in fields if number == PROPERTY_VALUE)
    for key, value in zip(keys, values, strict=False):
        if isinstance(key, bytes) and key.decode() in UNIT_PROPERTIES:
            return _bytes(dict(_fields(value)), PROPERTY_TEXT).decode()
    return ""


def _fields(data: int | bytes) -> Iterator[tuple[int, int | bytes]]:
    if not isinstance(data, bytes):
        raise TypeError("a number where a message must be")
    at, end = 0, len(data)
    while at < end:
        key, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)
        number, wire_type = key >> 3, key & 7
        if wire_type == VARINT:
            value, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)
            yield number, value
            continue
        if wire_type == BYTES:
            size, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)
        else:
            size = FIXED_SIZES[wire_type]
        if at + size > end:
            raise ValueError(f"cut short: field {number} needs {size} bytes, {end - at} are there")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(LONGEST_VARINT):
        byte = data[at + shift]
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, at + shift + 1
    raise ValueError("a number of more than 64 bits")


def _whole(said: Said, number: int) -> int | None:
    value = said.get(number)
    if isinstance(value, bytes):
        raise TypeError(f"field {number} must be a number")
    return value


def _bytes(said: Said, number: int) -> bytes:
    value = said.get(number, b"")
    if not isinstance(value, bytes):
        raise TypeError(f"field {number} must be bytes")
    return value
