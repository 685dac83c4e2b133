"""Tasmota Teleinfo: the customer port (TIC) of Linky and older French meters, by two firmwares.

Stock Tasmota publishes the meter's own labels under TIC on tele/<device>/SENSOR (old versions: at the root of RESULT),
whole frames or only what changed. The fork by Nicolas Bernaerts publishes the sections METER and CONTRACT on SENSOR and
LIVE, and the labels at the root of tele/<device>/TIC. The order of <device> and tele, and levels before them, vary.

Registers are whole Wh; PAPP, SINSTS and the fork's P are VA, never W; its W and PW are W that it computed, PW exported.
EASFnn are parts of EAST, and the capital keys of CONTRACT parts of CONSO: not to be added to them. CONSO 0 means that
the register was not read yet. The device is the meter's serial where the frame has it (the fork writes it as a number,
without leading zeros), else the name in the topic.

Clock: DATE is the meter's legal time, its first letter the season: E summer, H winter, a small letter an unset clock.
Time is the gateway's clock, local and without offset. Neither in raw frames: their arrival counts.
Source: Enedis-NOI-CPT_54E; tasmota.github.io/docs/Teleinfo; github.com/NicolasBernaerts/tasmota, teleinfo/README.md.
"""

from datetime import datetime
from typing import Any, Final

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, json_object, number, readings_of
from ingest.tasmota import clock_of, device_of
from ingest.teleinfo import IDENTITIES, LABELS, legal_time

NAME: Final = "tasmota_teleinfo"
PHASES: Final = ("1", "2", "3")
SIGNATURE: Final = frozenset({*IDENTITIES, *LABELS, "VTIC", "OPTARIF", "NGTF"}) - {"BASE"}
"""Labels that, at the root of a message, tell a meter's frame from what other sensors of Tasmota publish."""
METER: Final[dict[str, Field]] = {
    "P": Field(Quantity.APPARENT_POWER),
    "PP": Field(Quantity.EXPORT_APPARENT_POWER),
    "I": Field(Quantity.CURRENT),
    "C": Field(Quantity.POWER_FACTOR),
    **{f"U{n}": Field(Quantity.VOLTAGE, phase=f"L{n}") for n in PHASES},
}
METER_OF_PHASES: Final[dict[str, Field]] = {
    **METER,
    **{f"P{n}": Field(Quantity.APPARENT_POWER, phase=f"L{n}") for n in PHASES},
    **{f"W{n}": Field(Quantity.ACTIVE_POWER, phase=f"L{n}") for n in PHASES},
    **{f"I{n}": Field(Quantity.CURRENT, phase=f"L{n}") for n in PHASES},
}
"""For meters with several phases; with one, P1, W1 and I1 repeat P, W and I."""
SILENT: Final = frozenset({"STATE", "LWT", "INFO1", "INFO2", "INFO3", "UPTIME", "RTE"})
FRAMES: Final = ("SENSOR", "RESULT", "TIC", "LIVE")
PREFIX: Final = "tele"
TOTAL: Final = "CONSO"
PRODUCED: Final = "PROD"
REPEATS_TOTAL: Final = "BASE"
"""The only period of its contract."""


def decode(message: Message) -> Decoded:
    """Read a frame of labels, or the sections METER and CONTRACT; None where the sensor is no French meter."""
    if message.topic.rpartition("/")[2] in SILENT:
        return []
    root = json_object(message.payload)
    if root is None:
        return None
    tic = root.get("TIC")
    if tic is None and not SIGNATURE.isdisjoint(root):
        tic = root
    if isinstance(tic, dict):
        return _labels(tic, root, message)
    meter, contract = root.get("METER"), root.get("CONTRACT")
    if not _is_section(meter, "PH") and not _is_section(contract, TOTAL):
        return None
    at = clock_of(root, message)
    device = str((contract or {}).get("serial") or device_of(message.topic))
    return [*_meter(meter or {}, device, at), *_contract(contract or {}, device, at)]


def _is_section(section: Any, key: str) -> bool:
    return isinstance(section, dict) and key in section


def _labels(frame: dict[str, Any], root: dict[str, Any], message: Message) -> list[Reading]:
    serial = next((str(frame[label]).strip() for label in IDENTITIES if frame.get(label)), "")
    date = frame.get("DATE")
    at = legal_time(date.strip(), message.zone) if isinstance(date, str) else None
    return readings_of(frame, LABELS, serial or device_of(message.topic), at or clock_of(root, message), NAME)


def _meter(section: dict[str, Any], device: str, at: datetime | None) -> list[Reading]:
    readings = readings_of(section, METER if section.get("PH") == 1 else METER_OF_PHASES, device, at, NAME)
    drawn_w, exported_w = number(section.get("W")), number(section.get("PW"))
    if drawn_w is not None or exported_w is not None:
        power_w = (drawn_w or 0.0) - (exported_w or 0.0)
        readings.append(Reading(device, Quantity.ACTIVE_POWER, power_w, at, "", "", "", NAME))
    return readings


def _contract(section: dict[str, Any], device: str, at: datetime | None) -> list[Reading]:
    readings = []
    if number(section.get(TOTAL)):
        for key, value in section.items():
            # Capital keys are registers.
            if not key.isupper() or key in (PRODUCED, REPEATS_TOTAL):
                continue
            if (measured := number(value)) is not None:
                tariff = "" if key == TOTAL else key.rstrip(".")
                readings.append(Reading(device, Quantity.IMPORT_ENERGY, measured, at, "", "", tariff, NAME))
    if produced_wh := number(section.get(PRODUCED)):
        readings.append(Reading(device, Quantity.EXPORT_ENERGY, produced_wh, at, "", "", "", NAME))
    return readings


DIALECT: Final = Dialect(
    NAME,
    tuple(f"#/{PREFIX}/{device}{last}" for last in (*FRAMES, *sorted(SILENT)) for device in ("+/", "")),
    decode,
)
