"""amsreader (AMS-leser, Pow-K), a reader of the HAN port of Nordic meters: JSON, or one number per topic.

JSON comes on the topic that the user chose, or below it on list1 to list4: {"id", "up", "t", "vcc", "rssi", "data"},
or with the keys of `data` at the root. Raw numbers come on <topic>/meter/import/active and the like. Powers are W and
counters kWh; import (P, tPI) and export (PO, tPO) are two numbers, never negative. A message holds what its list holds:
power every few seconds, voltages every ten, counters once an hour. In IT grids U2 and I2 are 0, as the meter does not
measure them: passed on as they are. Peaks, and energies of this hour, day and month, are the reader's sums: left out.

Clock: `t`, epoch seconds; `rtc` for the counters, which may be an hour older than the rest. Raw numbers have none. The
device is meterId, as it is with each list but the first; else, and for raw numbers, the topic.
Source: github.com/UtilitechAS/amsreader-firmware, lib/JsonMqttHandler and lib/RawMqttHandler.
"""

from typing import Any, Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, epoch_seconds, json_object, reading_of, readings_of

NAME: Final = "amsreader"
PHASES: Final = ("1", "2", "3")
INSTANT: Final[dict[str, Field]] = {
    "P": Field(Quantity.IMPORT_POWER),
    "PO": Field(Quantity.EXPORT_POWER),
    "PF": Field(Quantity.POWER_FACTOR),
    **{f"P{n}": Field(Quantity.IMPORT_POWER, phase=f"L{n}") for n in PHASES},
    **{f"PO{n}": Field(Quantity.EXPORT_POWER, phase=f"L{n}") for n in PHASES},
    **{f"PF{n}": Field(Quantity.POWER_FACTOR, phase=f"L{n}") for n in PHASES},
    **{f"I{n}": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
    **{f"U{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
}
COUNTERS: Final[dict[str, Field]] = {
    "tPI": Field(Quantity.IMPORT_ENERGY, 1000),
    "tPO": Field(Quantity.EXPORT_ENERGY, 1000),
    **{f"tPI{n}": Field(Quantity.IMPORT_ENERGY, 1000, f"L{n}") for n in PHASES},
    **{f"tPO{n}": Field(Quantity.EXPORT_ENERGY, 1000, f"L{n}") for n in PHASES},
}
RAW: Final[dict[str, Field]] = {
    "import/active": INSTANT["P"],
    "export/active": INSTANT["PO"],
    "powerfactor": INSTANT["PF"],
    "import/active/accumulated": COUNTERS["tPI"],
    "export/active/accumulated": COUNTERS["tPO"],
    **{f"import/l{n}": INSTANT[f"P{n}"] for n in PHASES},
    **{f"export/l{n}": INSTANT[f"PO{n}"] for n in PHASES},
    **{f"import/l{n}/accumulated": COUNTERS[f"tPI{n}"] for n in PHASES},
    **{f"export/l{n}/accumulated": COUNTERS[f"tPO{n}"] for n in PHASES},
    **{f"l{n}/current": INSTANT[f"I{n}"] for n in PHASES},
    **{f"l{n}/voltage": INSTANT[f"U{n}"] for n in PHASES},
    **{f"l{n}/powerfactor": INSTANT[f"PF{n}"] for n in PHASES},
}
"""What follows <topic>/meter/ where every number has a topic of its own."""
RAW_SILENT: Final = frozenset(
    {"id", "type", "clock", "dlms/timestamp"}
    | {f"{way}/reactive{last}" for way in ("import", "export") for last in ("", "/accumulated")}
)
LISTS: Final = frozenset({"list1", "list2", "list3", "list4"})
HEADER: Final = frozenset({"id", "up", "vcc", "rssi"})
START: Final = b'{"id":'
RAW_LEVEL: Final = "/meter/"


def decode(message: Message) -> Decoded:
    """Read a list, or one raw number; None where the message does not look like either."""
    if message.payload.startswith(START):
        root = json_object(message.payload)
        return None if root is None else _list(root, message.topic)
    prefix, separator, name = message.topic.rpartition(RAW_LEVEL)
    if separator and (field := RAW.get(name)) is not None:
        return reading_of(message.payload, field, prefix, NAME)
    return [] if separator and name in RAW_SILENT else None


def _list(root: dict[str, Any], topic: str) -> Decoded:
    if not root.keys() >= HEADER:
        return [] if "prices" in root or "pr_0" in root else None
    data = root.get("data", root)
    prefix, _, last = topic.rpartition("/")
    device = data.get("meterId") or (prefix if last in LISTS else topic)
    at = epoch_seconds(root.get("t"))
    counted_at = epoch_seconds(data.get("rtc")) or at
    return [*readings_of(data, INSTANT, device, at, NAME), *readings_of(data, COUNTERS, device, counted_at, NAME)]


DIALECT: Final = Dialect(NAME, ("#",), decode)
