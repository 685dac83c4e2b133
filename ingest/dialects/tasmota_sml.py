"""Tasmota with a meter script (SML, OBIS, Modbus), mostly on the optical port of German meters: tele/<device>/SENSOR.

The names of blocks and labels come from the user's script. Labels that the documentation and common guides use are
known here, whatever their capitals: registers kWh, powers W, net power + import. A block is a meter's where a label
says so beyond doubt; the ENERGY of Tasmota's own drivers, which has Today, never is. A label that is surely a register,
but in which scripts differ by unit or kind (`energy`, `1_8_0`), needs a role in the site map, or its message is
refused: the role's name is the label as the script writes it. Roles also explain labels unknown here.

Scripts may push power alone and at once; where its label is just `power`, only a role tells it from other sensors'.
Zeros in all labels are the time before the first frame, and give nothing. Answers on stat/<device>/STATUS10 (older:
STATUS8) wrap the same in StatusSNS. Several meters in one message are channels by the names of their blocks; alone, a
block is the device, which is the name in the topic.

Clock: Time, local and without offset; 1970 while it is not set.
Source: github.com/tasmota/docs, docs/Smart-Meter-Interface.md; docs.evcc.io, Tasmota SML IR-reader.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from energy.model import ChannelRole, Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, each_once, json_object, scaled
from ingest.tasmota import STATUS_TOPICS, clock_of, device_of

NAME: Final = "tasmota_sml"
TOTALS: Final = {
    "total_in",
    "totalin",
    "total",
    "e_in",
    "counter_pos",
    "importactive",
    "total_summe",
    "verbrauch_summe",
}
EXPORTS: Final = {"total_out", "totalout", "e_out", "en_out", "counter_neg", "exportactive", "einspeisung_summe"}
POWERS: Final = {"power", "power_curr", "power_cur", "p_in", "watt_summe", "16_7_0"}
PHASES: Final = (("1", "36", "32", "31"), ("2", "56", "52", "51"), ("3", "76", "72", "71"))
FIELDS: Final[dict[str, Field]] = {
    **dict.fromkeys(sorted(TOTALS), Field(Quantity.IMPORT_ENERGY, 1000)),
    **dict.fromkeys(sorted(EXPORTS), Field(Quantity.EXPORT_ENERGY, 1000)),
    **{
        f"{kind}{n}": Field(Quantity.IMPORT_ENERGY, 1000, tariff=f"T{n}")
        for kind in ("total_t", "total_tarif")
        for n in "12"
    },
    **dict.fromkeys(sorted(POWERS), Field(Quantity.ACTIVE_POWER)),
    "power_in": Field(Quantity.IMPORT_POWER),
    "power_out": Field(Quantity.EXPORT_POWER),
    **{
        label: Field(quantity, phase=f"L{n}")
        for n, watts, volts, amperes in PHASES
        for quantity, labels in (
            (Quantity.ACTIVE_POWER, (f"power_p{n}", f"power_l{n}", f"watt_l{n}", f"{watts}_7_0")),
            (Quantity.VOLTAGE, (f"volt_p{n}", f"volt_l{n}", f"voltage_l{n}", f"{volts}_7_0")),
            (Quantity.CURRENT, (f"curr_p{n}", f"current_l{n}", f"{amperes}_7_0")),
        )
        for label in labels
    },
}
NEED_A_ROLE: Final = frozenset({"energy", *(f"{flow}_8_{tariff}" for flow in "12" for tariff in "012")})
UNSURE: Final = frozenset({"power", "total"})
"""Labels of other sensors too; both together are a meter's."""
SURE: Final = (FIELDS.keys() | NEED_A_ROLE) - UNSURE
DRIVER: Final = "today"
"""What the ENERGY of Tasmota's own drivers always has, and no meter."""


def decode(message: Message) -> Decoded:
    """Read the meters of a message; None where none of its blocks is one."""
    root = json_object(message.payload)
    if root is not None and "StatusSNS" in root:
        root = root["StatusSNS"]
    if not isinstance(root, dict):
        return None
    meters = {block: labels for block, labels in root.items() if _is_meter(labels, message.roles)}
    if not meters:
        return None
    device, at = device_of(message.topic), clock_of(root, message)
    readings = []
    for block, labels in meters.items():
        found = each_once(_meter(labels, message.roles, device, block if len(meters) > 1 else "", at))
        if not _is_before_the_first_frame(found):
            readings += found
    return readings


def _is_meter(labels: Any, roles: Mapping[str, ChannelRole]) -> bool:
    if not isinstance(labels, dict):
        return False
    known = {label.lower() for label in labels}
    if DRIVER in known:
        return False
    return known >= UNSURE or not SURE.isdisjoint(known) or not roles.keys().isdisjoint(labels)


def _is_before_the_first_frame(found: list[Reading]) -> bool:
    registers = any(reading.quantity is Quantity.IMPORT_ENERGY for reading in found)
    return registers and not any(reading.value for reading in found)


def _meter(
    labels: dict[str, Any], roles: Mapping[str, ChannelRole], device: str, channel: str, at: datetime | None
) -> Iterator[Reading]:
    for label, value in labels.items():
        role, name = roles.get(label), label.lower()
        if role is None and name in NEED_A_ROLE:
            raise ValueError(f"label {label!r} has no role: name it in the site map")
        known = Field(role.quantity, role.factor) if role is not None else FIELDS.get(name)
        if known is not None and (measured := scaled(value, known.factor)) is not None:
            yield Reading(device, known.quantity, measured, at, known.phase, channel, known.tariff, NAME)


DIALECT: Final = Dialect(
    NAME,
    tuple(
        f"#/{topic}"
        for device in ("+/", "")
        for topic in (f"tele/{device}SENSOR", *(f"stat/{device}{status}" for status in STATUS_TOPICS))
    ),
    decode,
)
