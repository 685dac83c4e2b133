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

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, json_object, local_or_aware, number

NAME: Final = "tasmota_teleinfo"
PHASES: Final = ("1", "2", "3")
LABELS: Final[dict[str, tuple[Quantity, str, str]]] = {
    # standard mode
    "EAST": (Quantity.IMPORT_ENERGY, "", ""),
    **{f"EASF{n:02}": (Quantity.IMPORT_ENERGY, "", f"EASF{n:02}") for n in range(1, 11)},
    "EAIT": (Quantity.EXPORT_ENERGY, "", ""),
    "SINSTS": (Quantity.APPARENT_POWER, "", ""),
    **{f"SINSTS{n}": (Quantity.APPARENT_POWER, f"L{n}", "") for n in PHASES},
    "SINSTI": (Quantity.EXPORT_APPARENT_POWER, "", ""),
    "CCASN": (Quantity.IMPORT_POWER_AVG, "", ""),
    "CCAIN": (Quantity.EXPORT_POWER_AVG, "", ""),
    **{f"IRMS{n}": (Quantity.CURRENT, f"L{n}", "") for n in PHASES},
    **{f"URMS{n}": (Quantity.VOLTAGE, f"L{n}", "") for n in PHASES},
    # historical mode: BASE is the only register of its option, the others are parts of an unpublished total
    "BASE": (Quantity.IMPORT_ENERGY, "", ""),
    "HCHC": (Quantity.IMPORT_ENERGY, "", "HC"),
    "HCHP": (Quantity.IMPORT_ENERGY, "", "HP"),
    "EJPHN": (Quantity.IMPORT_ENERGY, "", "HN"),
    "EJPHPM": (Quantity.IMPORT_ENERGY, "", "PM"),
    **{
        f"BBR{period}": (Quantity.IMPORT_ENERGY, "", period)
        for period in ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
    },
    "PAPP": (Quantity.APPARENT_POWER, "", ""),
    "IINST": (Quantity.CURRENT, "", ""),
    **{f"IINST{n}": (Quantity.CURRENT, f"L{n}", "") for n in PHASES},
}
IDENTITIES: Final = ("ADSC", "ADCO")
SIGNATURE: Final = frozenset({*IDENTITIES, *LABELS, "VTIC", "OPTARIF", "NGTF"}) - {"BASE"}
"""Labels that, at the root of a message, tell a meter's frame from what other sensors of Tasmota publish."""
METER: Final[dict[str, tuple[Quantity, str]]] = {
    "P": (Quantity.APPARENT_POWER, ""),
    "PP": (Quantity.EXPORT_APPARENT_POWER, ""),
    "I": (Quantity.CURRENT, ""),
    "C": (Quantity.POWER_FACTOR, ""),
    **{f"U{n}": (Quantity.VOLTAGE, f"L{n}") for n in PHASES},
}
METER_OF_PHASES: Final[dict[str, tuple[Quantity, str]]] = {
    **METER,
    **{f"P{n}": (Quantity.APPARENT_POWER, f"L{n}") for n in PHASES},
    **{f"W{n}": (Quantity.ACTIVE_POWER, f"L{n}") for n in PHASES},
    **{f"I{n}": (Quantity.CURRENT, f"L{n}") for n in PHASES},
}
"""For meters with several phases; with one, P1, W1 and I1 repeat P, W and I."""
SILENT: Final = frozenset({"STATE", "LWT", "INFO1", "INFO2", "INFO3", "UPTIME", "RTE"})
FRAMES: Final = ("SENSOR", "RESULT", "TIC", "LIVE")
PREFIX: Final = "tele"
DATE_LENGTH: Final = 13


def decode(message: Message) -> Decoded:
    """Read a frame of labels, or the sections METER and CONTRACT; None where the sensor is no French meter."""
    *_, before, name, last = ["", "", *message.topic.split("/")]
    if last in SILENT:
        return []
    root = json_object(message.payload)
    if root is None:
        return None
    topic_device = before if name == PREFIX else name
    tic = root.get("TIC")
    if tic is None and not SIGNATURE.isdisjoint(root):
        tic = root
    if isinstance(tic, dict):
        return list(_labels(tic, topic_device, _clock(tic.get("DATE"), root, message)))
    meter, contract = root.get("METER"), root.get("CONTRACT")
    if not _is_section(meter, "PH") and not _is_section(contract, "CONSO"):
        return None
    at = _clock(None, root, message)
    device = str((contract or {}).get("serial") or topic_device)
    return [*_meter(meter or {}, device, at), *_contract(contract or {}, device, at)]


def _is_section(section: Any, key: str) -> bool:
    return isinstance(section, dict) and key in section


def _labels(frame: dict[str, Any], topic_device: str, at: datetime | None) -> Iterator[Reading]:
    serial = next((str(frame[label]).strip() for label in IDENTITIES if frame.get(label)), "")
    device = serial or topic_device
    for label, value in frame.items():
        if label not in LABELS:
            continue
        measured = number(value)
        if measured is not None:
            quantity, phase, tariff = LABELS[label]
            yield Reading(device, quantity, measured, at, phase, "", tariff, NAME)


def _meter(section: dict[str, Any], device: str, at: datetime | None) -> Iterator[Reading]:
    fields = METER if section.get("PH") == 1 else METER_OF_PHASES
    for key, value in section.items():
        if key not in fields:
            continue
        measured = number(value)
        if measured is not None:
            quantity, phase = fields[key]
            yield Reading(device, quantity, measured, at, phase, "", "", NAME)
    drawn_w, exported_w = number(section.get("W")), number(section.get("PW"))
    if drawn_w is not None or exported_w is not None:
        power_w = (drawn_w or 0.0) - (exported_w or 0.0)
        yield Reading(device, Quantity.ACTIVE_POWER, power_w, at, "", "", "", NAME)


def _contract(section: dict[str, Any], device: str, at: datetime | None) -> Iterator[Reading]:
    if number(section.get("CONSO")):
        for key, value in section.items():
            # Capital keys are registers; PROD is the exported one, BASE the only period of its contract: CONSO again.
            if not key.isupper() or key in ("PROD", "BASE"):
                continue
            measured = number(value)
            if measured is not None:
                tariff = "" if key == "CONSO" else key.rstrip(".")
                yield Reading(device, Quantity.IMPORT_ENERGY, measured, at, "", "", tariff, NAME)
    produced_wh = number(section.get("PROD"))
    if produced_wh:
        yield Reading(device, Quantity.EXPORT_ENERGY, produced_wh, at, "", "", "", NAME)


def _clock(date: Any, root: dict[str, Any], message: Message) -> datetime | None:
    at = _legal_time(date.strip(), message.zone) if isinstance(date, str) else None
    if at is None and isinstance(root.get("Time"), str):
        at = local_or_aware(root["Time"], message.zone, None if message.retain else message.received_at)
    return at


def _legal_time(text: str, zone: ZoneInfo) -> datetime | None:
    season, digits = text[:1], text[1:]
    if len(text) != DATE_LENGTH or season not in "EH" or not digits.isdecimal():
        return None
    year, month, day, hour, minute, second = (int(digits[i : i + 2]) for i in range(0, 12, 2))
    # The season letter tells the two equal hours of an autumn night apart: summer time comes first.
    return datetime(
        2000 + year, month, day, hour, minute, second, tzinfo=zone, fold=1 if season == "H" else 0
    ).astimezone(UTC)


DIALECT: Final = Dialect(
    NAME,
    tuple(f"#/{PREFIX}/{device}{last}" for last in (*FRAMES, *sorted(SILENT)) for device in ("+/", "")),
    decode,
)
