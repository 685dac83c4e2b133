"""IAMMETER energy meters WEM3080T and WEM3080 (device/<serial>/realtime): rows of numbers, told apart by position.

A row is voltage V, current A, active power W, imported kWh, exported kWh, frequency, power factor. Meters for three
phases give a row for each in `Datas`; a fourth row of newer firmware, their sum, is left out. Meters for one phase give
their only row in `Data`, often without the last two. Power is + import / - export. There is no clock.
Solax inverters use the same `method` and `Data` for something else: their row is much longer.
Source: iammeter.com, blog/subscribe-real-time-energy-data-mqtt and newsshow/energy-meter-json-value.
"""

from collections.abc import Iterator
from typing import Final

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, json_object, scaled

NAME: Final = "iammeter"
COLUMNS: Final = (
    Field(Quantity.VOLTAGE),
    Field(Quantity.CURRENT),
    Field(Quantity.ACTIVE_POWER),
    Field(Quantity.IMPORT_ENERGY, 1000),
    Field(Quantity.EXPORT_ENERGY, 1000),
    None,
    Field(Quantity.POWER_FACTOR),
)
PHASES: Final = ("L1", "L2", "L3")
SHORTEST_ROW: Final = 5
LONGEST_ROW: Final = 8


def decode(message: Message) -> Decoded:
    """Read the row of a meter, or its rows by phase."""
    root = json_object(message.payload)
    if root is None or "SN" not in root:
        return None
    device = message.topic.split("/")[-2]
    if "Datas" in root:
        rows = zip(root["Datas"], PHASES, strict=False)
        return [reading for row, phase in rows for reading in _row(row, device, phase)]
    row = root.get("Data")
    if not isinstance(row, list) or not SHORTEST_ROW <= len(row) <= LONGEST_ROW:
        return None
    return list(_row(row, device, ""))


def _row(row: list[object], device: str, phase: str) -> Iterator[Reading]:
    for value, field in zip(row, COLUMNS, strict=False):
        if field is not None and (measured := scaled(value, field.factor)) is not None:
            yield Reading(device, field.quantity, measured, None, phase, "", "", NAME)


DIALECT: Final = Dialect(NAME, ("#/device/+/realtime",), decode)
