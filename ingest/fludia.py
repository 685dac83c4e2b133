"""Decoded payloads of LoRaWAN devices: Fludia's optical meter readers, and the fields of others that have a role.

Fludia's FM432e and FM432ir send T1 messages: `index`, Wh since the device began or the meter's own register, and
`increments`, Wh of the last periods of time_step minutes, oldest first. Import, unless `obis` says E-NEG (export) or
both; E-SUM, the net of both, is left out. T2 messages repeat the index. Pulse and gas readers (FM432p, FM432g) have no
`powers` and count pulses. A device set to redundancy sends increments twice, each time as old as they then seem.

Increments are counted back from the uplink, to the second, and stamped with their start.
Source: github.com/Fludia-IoT/LoRaWAN-decoders.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from energy.model import Message, Quantity, Reading
from ingest.dialect import Field, each_once, instant_of, number, readings_of

MEASUREMENT: Final = "T1"
IMPORT: Final = "E-POS"
EXPORT: Final = "E-NEG"
Register: TypeAlias = tuple[Quantity, Quantity, Any, Any]
"""Quantity of the index, quantity of an increment, the index, and the increments."""


def uplink_readings(
    payload: dict[str, Any], stamp: str | None, device: str, message: Message, dialect: str
) -> list[Reading]:
    """Readings of what the codec of a device made of an uplink.

    Args:
        payload: the decoded payload.
        stamp: when the network received the uplink, ISO with offset.
        device: its id.
        message: the message that carries the uplink; its roles are by the keys of the payload.
        dialect: who reads it.

    Raises:
        ValueError, TypeError, LookupError, AttributeError: a payload that is broken.
    """
    at = instant_of(stamp, message) if stamp else None
    at = None if at is None else at.replace(microsecond=0)
    if "powers" in payload and "message_type" in payload:
        return list(_fludia(payload, device, at, dialect))
    roles = {name: message.roles[name] for name in payload if name in message.roles}
    fields = {name: Field(role.quantity, role.factor) for name, role in roles.items()}
    return each_once(readings_of(payload, fields, device, at, dialect))


def _fludia(payload: dict[str, Any], device: str, at: datetime | None, dialect: str) -> Iterator[Reading]:
    if not str(payload["message_type"]).startswith(MEASUREMENT):
        return
    for total, part, index, increments in _registers(payload):
        if at is not None and increments:
            step = timedelta(minutes=payload["time_step"])
            for age, increment in zip(range(len(increments), 0, -1), increments, strict=True):
                # A formatter that is told the time writes pairs of time and value.
                value = number(increment[1] if isinstance(increment, list) else increment)
                if value is not None:
                    yield Reading(device, part, value, at - age * step, "", "", "", dialect)
        if (value := number(index)) is not None:
            yield Reading(device, total, value, at, "", "", "", dialect)


def _registers(payload: dict[str, Any]) -> Iterator[Register]:
    direction = payload.get("obis") or IMPORT
    index, increments = payload["index"], payload.get("increments")
    is_import, is_export = IMPORT in direction, EXPORT in direction
    index_import = index_export = index
    increments_import = increments_export = increments
    if is_import and is_export:
        index_import, index_export = index["e_pos"], index["e_neg"]
        increments_import, increments_export = increments or (None, None)
    if is_import:
        yield Quantity.IMPORT_ENERGY, Quantity.IMPORT_ENERGY_INTERVAL, index_import, increments_import
    if is_export:
        yield Quantity.EXPORT_ENERGY, Quantity.EXPORT_ENERGY_INTERVAL, index_export, increments_export
