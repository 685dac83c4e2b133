"""Sparkplug B (spBv1.0/<group>/<type>/<node>[/<device>]): industrial gateways, protocol buffers.

A birth (NBIRTH of a node, DBIRTH of a device) names each metric, gives it an alias, a type, its value, and by habit its
unit (property engUnit); the DATA that follows may hold aliases only, so births are kept. A later NBIRTH ends the
aliases of the node's devices. DATA whose alias no birth explains is refused: ask the node for a rebirth.

Metric names are the site's. Known are those whose last part is ActivePower (import +), EnergyImport, EnergyExport,
Voltage, Current or these two by phase (VoltageL1); what is before it is the channel, unless it is "Meter". Others are
read where they have a role, by the whole name ("Inverter/Yield"); then the factor of the role counts, and not the unit.

Clock: of the metric, else of the payload, epoch milliseconds; late data (is_historical) keeps its own. The device is
spBv1.0/<group>/<node>[/<device>]. Null and NaN are not measured.
Source: Sparkplug 3.0.0; github.com/eclipse-tahu/tahu, sparkplug_b/sparkplug_b.proto.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from energy.model import Message, Quantity, Reading, unit_of
from ingest.dialect import Decoded, Dialect, Field, each_once, epoch_seconds, scaled
from ingest.sparkplug_payload import Metric, payload_of, signed

NAME: Final = "sparkplug_b"
PHASES: Final = ("1", "2", "3")
METRICS: Final[dict[str, Field]] = {
    "ActivePower": Field(Quantity.ACTIVE_POWER),
    "EnergyImport": Field(Quantity.IMPORT_ENERGY),
    "EnergyExport": Field(Quantity.EXPORT_ENERGY),
    "Voltage": Field(Quantity.VOLTAGE),
    "Current": Field(Quantity.CURRENT),
    **{f"VoltageL{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
    **{f"CurrentL{n}": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
}
FACTORS: Final[dict[str, dict[str, float]]] = {
    "Wh": {"Wh": 1, "kWh": 1000, "MWh": 1_000_000},
    "W": {"W": 1, "kW": 1000, "MW": 1_000_000},
    "V": {"V": 1, "kV": 1000},
    "A": {"A": 1},
}
"""By the hub's unit: how many of it one of a metric's unit is."""
ROOT: Final = "spBv1.0"
BIRTHS: Final = {"NDATA": "NBIRTH", "DDATA": "DBIRTH"}
"""Data, and the births that explain them."""
MEASURED: Final = frozenset({*BIRTHS, *BIRTHS.values()})
WHOLE_DEVICE: Final = ("", "Meter")
REMEMBERED_BIRTHS: Final = 1024


class Birth(NamedTuple):
    """What a birth says about the metrics of a node or device."""

    timestamp_ms: int | None
    by_alias: Mapping[int | None, Metric]
    by_name: Mapping[str, Metric]


UNBORN: Final = Birth(None, {}, {})


def decode(message: Message) -> Decoded:
    """Read the metrics of a birth, or of data by the births before; deaths, commands and states hold nothing."""
    levels = message.topic.split("/")
    kind = levels[2] if len(levels) > 3 else ""
    if kind not in MEASURED:
        return []
    payload = payload_of(message.payload)
    birth = _birth_before(message, levels) if kind in BIRTHS else birth_of(message.payload)
    if (payload.timestamp_ms or birth.timestamp_ms or 0) < (birth.timestamp_ms or 0):
        raise ValueError("it is older than the birth that is known, whose aliases may be others")
    device = "/".join((ROOT, levels[1], *levels[3:]))
    readings = []
    for metric in payload.metrics:
        born = birth.by_name.get(metric.name, metric) if metric.name else birth.by_alias.get(metric.alias)
        if born is None:
            raise ValueError(f"no birth explains alias {metric.alias}")
        if metric.value is None or (known := _known(born, metric, message)) is None:
            continue
        carried = signed(metric.value, born.datatype if metric.datatype is None else metric.datatype)
        if (value := scaled(carried, known.factor)) is not None:
            stamp_ms = metric.timestamp_ms or payload.timestamp_ms
            at = None if stamp_ms is None else epoch_seconds(stamp_ms / 1000)
            readings.append(Reading(device, known.quantity, value, at, known.phase, known.channel, "", NAME))
    return each_once(readings)


@lru_cache(maxsize=REMEMBERED_BIRTHS)
def birth_of(payload: bytes) -> Birth:
    """Read a birth as what later aliases and names stand for."""
    timestamp_ms, metrics = payload_of(payload)
    return Birth(timestamp_ms, {m.alias: m for m in metrics if m.alias is not None}, {m.name: m for m in metrics})


def is_newest_birth(message: Message) -> bool:
    """Whether later messages cannot be read without this one: an old birth that comes again is none of those."""
    levels = message.topic.split("/")
    if len(levels) <= 3 or levels[2] not in BIRTHS.values():
        return False
    before = message.earlier.get(message.topic)
    return before is None or (birth_of(message.payload).timestamp_ms or 0) >= (birth_of(before).timestamp_ms or 0)


def _birth_before(message: Message, levels: list[str]) -> Birth:
    root, group, kind, node, *_ = levels
    payload = message.earlier.get("/".join((root, group, BIRTHS[kind], *levels[3:])))
    if payload is None:
        return UNBORN
    birth, node_payload = birth_of(payload), message.earlier.get(f"{root}/{group}/{BIRTHS['NDATA']}/{node}")
    node_birth = UNBORN if node_payload is None else birth_of(node_payload)
    return UNBORN if (node_birth.timestamp_ms or 0) > (birth.timestamp_ms or 0) else birth


def _known(born: Metric, metric: Metric, message: Message) -> Field | None:
    before, _, last = born.name.rpartition("/")
    channel = "" if before in WHOLE_DEVICE else before
    if (role := message.roles.get(born.name)) is not None:
        return Field(role.quantity, role.factor, channel=channel)
    if (field := METRICS.get(last)) is None:
        return None
    unit = metric.unit or born.unit
    if (factor := FACTORS[unit_of(field.quantity)].get(unit)) is None:
        raise ValueError(f"{born.name} is in {unit!r}, which is no unit of {field.quantity}")
    return field._replace(factor=factor, channel=channel)


DIALECT: Final = Dialect(NAME, (f"{ROOT}/#",), decode, keeps=is_newest_birth)
