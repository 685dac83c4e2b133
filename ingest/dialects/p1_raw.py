"""Raw P1 telegrams (DSMR, eMUCS and their kin in Luxembourg and the North), as DSMR-reader publishes them on dsmr/raw.

A telegram runs from "/" to "!" and ends with a checksum, over CR LF line ends whatever became of them on their way; the
oldest meters have none. A telegram that is cut short or does not match its checksum is refused whole. Registers are
kWh, powers kW. Tariff 1 is the low one in the Netherlands and the day's in Belgium; 1.8.0 and 2.8.0 are totals. The
device is the meter's serial, which is written as hexadecimal ASCII. Meters behind it are channels by the number of
their M-Bus: gas, water and heat (GJ), by their own and older clock. The running mean 1.4.0 and the month's peak 1.6.0
are not intervals, and the log of power failures, with its unset clocks, is nothing to read.

Clock: the meter's local time; S is summer time, W winter. Telegrams before DSMR 4 have none.
Source: DSMR 5.0.2 P1 companion standard; Fluvius eMUCS-P1 1.7.1; github.com/tasmota/docs, docs/P1-Smart-Meter.md.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, scaled
from ingest.p1 import FACTORS, LINES, legal_time

NAME: Final = "p1_raw"
CLOCK: Final = "0-0:1.0.0"
SERIAL: Final = "0-0:96.1.1"
BEHIND: Final = "24.2."
"""Last value of a meter on the M-Bus: 24.2.1, or 24.2.3 for gas that is not corrected for temperature."""
KIND: Final = "24.1.0"
KINDS: Final = {
    "003": Quantity.GAS_VOLUME,
    "004": Quantity.HEAT_ENERGY,
    "007": Quantity.WATER_VOLUME,
    "012": Quantity.HEAT_ENERGY,
}
NO_ANSWER: Final = "632525252525"
"""The instant of a meter on the M-Bus that does not answer; its value is no value."""


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


CRC_OF_BYTE: Final = tuple(_crc_of(byte) for byte in range(256))


def decode(message: Message) -> Decoded:
    """Read a telegram; None where the payload is none."""
    payload = message.payload.lstrip()
    if not payload.startswith(b"/") or b"-0:" not in payload:
        return None
    lines = _checked(payload)
    values = dict(line.split("(", 1) for line in lines if "(" in line)
    at = legal_time(values.get(CLOCK, "").removesuffix(")"), message.zone)
    device = _serial(values.get(SERIAL, "")) or message.topic.rpartition("/")[0] or NAME
    return [*_electricity(values, device, at), *_behind(values, device, message.zone)]


def _checked(payload: bytes) -> list[str]:
    whole = payload.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    body, end, checksum = whole.rpartition(b"!")
    if not end:
        raise ValueError("the telegram has no end")
    if checksum := checksum.strip():
        crc = 0
        for byte in body + end:
            crc = crc >> 8 ^ CRC_OF_BYTE[(crc ^ byte) & 0xFF]
        if int(checksum, 16) != crc:
            raise ValueError(f"the checksum is {checksum.decode()}, the telegram's {crc:04X}")
    return body.decode("latin-1").split("\r\n")


def _electricity(values: dict[str, str], device: str, at: datetime | None) -> Iterator[Reading]:
    for code, value in values.items():
        known = LINES.get(code)
        if known is not None and (measured := _measured(value)) is not None:
            yield Reading(device, known.quantity, measured, at, known.phase, "", known.tariff, NAME)


def _behind(values: dict[str, str], device: str, zone: ZoneInfo) -> Iterator[Reading]:
    for code, value in values.items():
        bus, _, last = code.partition(":")
        if not last.startswith(BEHIND):
            continue
        quantity = KINDS.get(values.get(f"{bus}:{KIND}", "").removesuffix(")"))
        clock, _, amount = value.partition("(")
        if quantity is None or clock.startswith(NO_ANSWER):
            continue
        if (measured := _measured(amount)) is not None:
            yield Reading(
                device,
                quantity,
                measured,
                legal_time(clock.removesuffix(")"), zone),
                "",
                bus.rpartition("-")[2],
                "",
                NAME,
            )


def _measured(value: str) -> float | None:
    text, _, unit = value.removesuffix(")").partition("*")
    return scaled(text, FACTORS[unit]) if text else None


def _serial(value: str) -> str:
    text = value.removesuffix(")")
    try:
        written = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text
    return written if written.isprintable() else text


DIALECT: Final = Dialect(NAME, ("#/raw",), decode)
