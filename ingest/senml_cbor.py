"""SenML packs written as CBOR: an array of maps with whole numbers for labels, given back as the JSON form names them.

Reads what such a pack may hold (RFC 8428, section 6): integers, texts, bytes, arrays, maps, floats of three sizes,
decimal fractions, true, false and null; arrays and maps of known and of unknown length. Pure: bytes in, values out.
"""

import struct
from typing import Any, Final, TypeAlias

LABELS: Final = {
    -6: "bs",
    -5: "bv",
    -4: "bu",
    -3: "bt",
    -2: "bn",
    -1: "bver",
    0: "n",
    1: "u",
    2: "v",
    3: "vs",
    4: "vb",
    5: "s",
    6: "t",
    7: "ut",
    8: "vd",
}
FIRST_LABELS: Final = frozenset({*range(9), *range(0x20, 0x26)})
"""First bytes of a label."""
ARRAYS: Final = {**dict.fromkeys(range(0x81, 0x98), 1), 0x98: 2, 0x99: 3, 0x9F: 1}
"""First bytes of an array that is not empty, and how long its head is; no text in UTF-8 begins with one of them."""
MAPS: Final = frozenset({*range(0xA1, 0xB8), 0xBF})
END: Final = 0xFF
INDEFINITE: Final = 31
UNKNOWN: Final = -1
"""Count of the items that an END closes."""
DECIMAL_FRACTION: Final = 4
FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
SIMPLE: Final = {20: False, 21: True, 22: None, 23: None}
Item: TypeAlias = tuple[Any, int]
"""A value, and where the next one begins."""


def looks_like_pack(payload: bytes) -> bool:
    """Whether a payload begins as SenML in CBOR does: an array, in it a map, in it a label."""
    if not payload or (head := ARRAYS.get(payload[0])) is None or len(payload) < head + 2:
        return False
    return payload[head] in MAPS and payload[head + 1] in FIRST_LABELS


def records(payload: bytes) -> list[dict[str, Any]]:
    """Read a pack; labels that nobody registered keep their number, as text.

    Raises:
        ValueError, TypeError, LookupError: cut short, followed by more, or not of this shape.
    """
    pack, end = _item(payload, 0)
    if end != len(payload):
        raise ValueError(f"{len(payload) - end} bytes follow the pack")
    return [{LABELS.get(label, str(label)): value for label, value in record.items()} for record in pack]


def _item(data: bytes, start: int) -> Item:
    major, minor = data[start] >> 5, data[start] & 31
    if major == 7:
        return _simple(data, start + 1, minor)
    if minor == INDEFINITE and major in (4, 5):
        count, start = UNKNOWN, start + 1
    else:
        count, start = _count(data, start + 1, minor)
    if major in (0, 1):
        value = count if major == 0 else -1 - count
    elif major in (2, 3):
        value = _cut(data, start, count)
        start += count
        if major == 3:
            value = value.decode()
    elif major == 4:
        value, start = _items(data, start, count)
    elif major == 5:
        flat, start = _items(data, start, 2 * count)
        value = dict(zip(flat[::2], flat[1::2], strict=True))
    else:
        value, start = _item(data, start)
        value = _tagged(count, value)
    return value, start


def _items(data: bytes, start: int, count: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    while count < 0 or len(values) < count:
        if count < 0 and data[start] == END:
            return values, start + 1
        value, start = _item(data, start)
        values.append(value)
    return values, start


def _count(data: bytes, start: int, minor: int) -> tuple[int, int]:
    if minor < 24:
        return minor, start
    if minor > 27:
        raise ValueError(f"additional information {minor} is not read here")
    size = 1 << minor - 24
    return int.from_bytes(_cut(data, start, size)), start + size


def _simple(data: bytes, start: int, minor: int) -> Item:
    if minor in FLOATS:
        size = struct.calcsize(FLOATS[minor])
        return struct.unpack(FLOATS[minor], _cut(data, start, size))[0], start + size
    return SIMPLE[minor], start


def _tagged(tag: int, value: Any) -> Any:
    if tag != DECIMAL_FRACTION:
        return value
    exponent, mantissa = value
    # As a decimal, so that 2345.01 is the double nearest to it.
    return float(f"{mantissa:d}e{exponent:d}")


def _cut(data: bytes, start: int, size: int) -> bytes:
    if start + size > len(data):
        raise ValueError(f"the pack is cut short: {size} bytes wanted at {start}, {len(data) - start} there")
    return data[start : start + size]
