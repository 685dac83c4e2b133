"""Recorded messages with damage at random: bits, bytes and values of the payload, levels of the topic."""

import json
import random
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from energy.model import ChannelRole, Quantity, Site

FOLDER: Final = Path(__file__).parent / "data" / "dialects"
VALUES: Final = re.compile(rb'-?\d+(?:\.\d+)?|"[^"]*"|true|false|null')
WELL_FORMED: Final = (
    *(b"null", b"1e308", b"-1e308", b"5e-324", b"-0", b"true", b"{}", b"[]", b"[[]]", b'""', b'"null"', b'"nan"', b"0"),
    *(b'"1e999"', b'"\\u0000"', b'"9999-12-31T23:59:59Z"', b'"2026-02-29"', b'"2026-03-29T02:30:00"', b"-1", b"1e18"),
    *(b"9007199254740993", b"-9223372036854775809", b"9" * 400, b'{"value": 1}', b'"' + b"a" * 3000 + b'"', b'"1,5"'),
)
TOKENS: Final = (
    *WELL_FORMED,
    *(b"null", b"NaN", b"nan", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1e308", b"5e-324", b"-0", b"true"),
    *(
        b"{}",
        b"[]",
        b"[[]]",
        b'""',
        b'"null"',
        b'"nan"',
        b'"1e999"',
        b'"\\u0000"',
        b'"\\ud800"',
        b'"\\"',
        b"{",
        b"]",
        b",",
    ),
    *(
        b"\0",
        b"\0" * 40,
        b"\xff\xfe",
        b"\xc3\x28",
        b"\xed\xa0\x80",
        "\N{PILE OF POO}".encode(),
        b'"\xe2\x80\xae"',
        b"\r\n",
    ),
    *(b"1_000", "٣".encode(), b"0x10", b"--5", b"+", b"1e", b'"0001-01-01T00:00:00+23:59"', b'"2026-13-45T99:99:99Z"'),
    *(b"[" * 300, b'{"a":' * 300, b'[{"messages":' * 60, b"(" * 300, b"1-0:1.8.0(" * 50),
)
LONGEST: Final = 100_000
HUGE: Final = tuple(
    token * LONGEST for token in (b"[", b'{"a":', b"9", b'"\\', b" ", b"0", b"(", b"1-0:1.8.0(", b'{"', b",", b"/")
)
LEVELS: Final = ("", "+", "#", "$SYS", "\0", "é", "\N{RIGHT-TO-LEFT OVERRIDE}", "0", "-1", "tele", "relay", "a" * 300)
Mutation: TypeAlias = Callable[[random.Random, bytearray], None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded message, and where in it there are values."""

    topic: str
    payload: bytes
    values: list[tuple[int, int]]


def recorded() -> list[Recorded]:
    """Every message of every example file."""
    found: list[Recorded] = []
    for file in sorted(FOLDER.glob("*.json")):
        for example in json.loads(file.read_text()):
            written = example["payload"]
            payload = written.encode() if isinstance(written, str) else b64decode(written["base64"])
            found.append(Recorded(example["topic"], payload, [value.span() for value in VALUES.finditer(payload)]))
    return found


def sites() -> list[Site]:
    """What a site map must say for the messages whose channels have names of the user's choice."""
    examples = [example for file in sorted(FOLDER.glob("*.json")) for example in json.loads(file.read_text())]
    return [
        Site(
            example["topic"],
            roles={
                name: ChannelRole(Quantity(role["quantity"]), role.get("factor", 1))
                for name, role in example["roles"].items()
            },
        )
        for example in examples
        if "roles" in example and "base" not in example
    ]


RECORDED: Final = recorded()
SITES: Final = sites()


def place(luck: random.Random, payload: bytearray) -> int:
    return luck.randrange(len(payload) + 1)


def flip_bits(luck: random.Random, payload: bytearray) -> None:
    for _ in range(luck.randrange(1, 9) if payload else 0):
        payload[luck.randrange(len(payload))] ^= 1 << luck.randrange(8)


def cut(luck: random.Random, payload: bytearray) -> None:
    del payload[place(luck, payload) :]


def drop(luck: random.Random, payload: bytearray) -> None:
    begin = place(luck, payload)
    del payload[begin : begin + luck.randrange(1, 40)]


def double(luck: random.Random, payload: bytearray) -> None:
    begin = place(luck, payload)
    payload[begin:begin] = payload[begin : begin + luck.randrange(1, 200)]


def splice_token(luck: random.Random, payload: bytearray) -> None:
    begin = place(luck, payload)
    payload[begin : begin + luck.choice((0, 0, 1, 5))] = luck.choice(TOKENS)


def swell(luck: random.Random, payload: bytearray) -> None:
    """As long as a broker lets through: something huge in it, or itself again and again. One time in fifty."""
    if luck.random() < 0.98:
        return
    if luck.random() < 0.5 and payload:
        payload[:] = (payload * (LONGEST // len(payload) + 1))[:LONGEST]
    else:
        begin = place(luck, payload)
        payload[begin:begin] = luck.choice(HUGE)[:LONGEST]


def splice_other(luck: random.Random, payload: bytearray) -> None:
    other = luck.choice(RECORDED).payload
    first = luck.randrange(len(other) + 1)
    begin = place(luck, payload)
    payload[begin : begin + luck.choice((0, 10, 10_000))] = other[first : first + luck.choice((10, 100, 10_000))]


MUTATIONS: Final[tuple[Mutation, ...]] = (flip_bits, cut, drop, double, splice_token, splice_token, splice_other, swell)


def mutated_topic(luck: random.Random, topic: str) -> str:
    """Swap, drop, double or exchange levels."""
    levels = topic.split("/")
    for _ in range(luck.randrange(1, 4)):
        at = luck.randrange(len(levels)) if levels else 0
        match luck.randrange(6):
            case 0:
                luck.shuffle(levels)
            case 1:
                del levels[at : at + 1]
            case 2:
                levels[at:at] = levels[at : at + 1]
            case 3:
                levels[at : at + 1] = [luck.choice(LEVELS)]
            case 4:
                levels[at : at + 1] = [luck.choice(luck.choice(RECORDED).topic.split("/"))]
            case _:
                levels[at:at] = luck.choice(RECORDED).topic.split("/")
    return "/".join(levels)


def changed_value(luck: random.Random, origin: Recorded, payload: bytearray) -> None:
    """Another value in the place of one, so that the message stays well-formed: the damage that goes deepest."""
    begin, end = luck.choice(origin.values)
    other = luck.choice(RECORDED)
    if other.values and luck.random() < 0.5:
        first, last = luck.choice(other.values)
        payload[begin:end] = other.payload[first:last]
    else:
        payload[begin:end] = luck.choice(WELL_FORMED)


def mutant(luck: random.Random) -> tuple[str, bytes]:
    """A recorded message with some damage: to a value, to its bytes, to its topic, or all of them."""
    origin = luck.choice(RECORDED)
    payload = bytearray(origin.payload)
    kind = luck.random()
    if origin.values and kind < 0.5:
        changed_value(luck, origin, payload)
    elif kind < 0.9:
        luck.choice(MUTATIONS)(luck, payload)
        while luck.random() < 0.4:
            luck.choice(MUTATIONS)(luck, payload)
    topic = luck.choice(RECORDED).topic if luck.random() < 0.05 else origin.topic
    return mutated_topic(luck, topic) if kind > 0.8 else topic, bytes(payload)
