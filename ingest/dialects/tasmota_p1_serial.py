"""P1 telegrams (DSMR, eMUCS) that a Tasmota with a serial port forwards line by line on tele/<device>/RESULT.

SerialReceived is one line of the telegram, most of them "<OBIS code>(<value>*<unit>)": registers in kWh, powers in kW.
Tariff 1 is the low one in the Netherlands and the day's in Belgium. Lines come apart: none has a checksum, so one that
does not end with its bracket is refused, but a damaged digit goes unnoticed. The meter's clock and serial are lines of
their own and cannot be tied to the others: there is no clock, and the device is the name in the topic. Nor can it be
told whether the meter behind channel 24.2.1 counts gas or water; 24.2.3 is Belgian gas. The order of <device> and tele,
and levels before them, vary. What other serial devices say is not read.
Source: github.com/tasmota/docs, docs/P1-Smart-Meter.md.
"""

from collections.abc import Iterator
from typing import Final

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, json_object, scaled
from ingest.p1 import FACTORS, LINES
from ingest.tasmota import device_of

NAME: Final = "tasmota_p1_serial"
PREFIX: Final = "tele"
KEY: Final = "SerialReceived"
BELGIAN_GAS: Final = "24.2.3"
GAS: Final = Field(Quantity.GAS_VOLUME)
FIRST_AND_LAST: Final = ("/", "!")


def decode(message: Message) -> Decoded:
    """Read a line of a telegram, or several; None for any other serial text."""
    root = json_object(message.payload)
    text = None if root is None else root.get(KEY)
    if not isinstance(text, str):
        return None
    lines = [line.strip() for line in text.splitlines()]
    if not all(map(_is_of_a_telegram, lines)):
        return None
    device = device_of(message.topic)
    return [reading for line in lines for reading in _line(line, device)]


def _is_of_a_telegram(line: str) -> bool:
    bus, colon, _ = line.partition("(")[0].partition(":")
    return not line or line.startswith(FIRST_AND_LAST) or (colon == ":" and bus.replace("-", "", 1).isdecimal())


def _line(line: str, device: str) -> Iterator[Reading]:
    code, _, rest = line.partition("(")
    known = GAS if code.endswith(BELGIAN_GAS) else LINES.get(code)
    if known is None:
        return
    if not rest.endswith(")"):
        raise ValueError(f"{line!r} is cut short")
    text, _, unit = rest[:-1].rpartition("(")[2].partition("*")
    if text and (measured := scaled(text, FACTORS[unit])) is not None:
        channel = code[2 : code.index(":")] if known is GAS else ""
        yield Reading(device, known.quantity, measured, None, known.phase, channel, known.tariff, NAME)


DIALECT: Final = Dialect(NAME, (f"#/{PREFIX}/+/RESULT", f"#/{PREFIX}/RESULT"), decode)
