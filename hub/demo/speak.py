"""What each family of devices writes on MQTT, as the real one does, and the register readings a hub must find in it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from energy.model import Quantity
from energy.time import rfc3339
from energy.units import kwh_text
from hub.demo.devices import Device, Family, Indexes, indexes
from hub.demo.homes import is_off_peak
from hub.demo.noise import draw

POWER_FACTOR: Final = 0.95
VOLTAGE_V: Final = 230
HISTORIQUE_ROOM_A: Final = 30


class ReadingKey(NamedTuple):
    """What tells one register reading of the whole device (not of one phase) from another."""

    device: str
    quantity: Quantity
    channel: str
    tariff: str
    at: datetime


Readings: TypeAlias = tuple[tuple[ReadingKey, float], ...]
"""Register readings [Wh] by key."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message of a device, and the register readings in it."""

    topic: str
    payload: bytes
    readings: Readings = ()


def speak(device: Device, at: datetime, *, dark: bool = False) -> Spoken:
    """What a device says about its registers at an instant; `dark`: an OpenDTU that lost its inverter says 0.000."""
    now = indexes(device, at)
    match device.family:
        case Family.LINKY:
            return _linky(device, at, now)
        case Family.LINKY_HISTORIQUE:
            return _linky_historique(device, at, now)
        case Family.SHELLY:
            return _shelly_registers(device, at, now)
        case Family.OPENDTU:
            return _opendtu_total(device, at, 0 if dark else int(now.production_wh))
        case Family.HUB:
            return _hub(device, at, now)


def speak_power(device: Device, at: datetime) -> Spoken | None:
    """What a device says about its power at an instant, where that is a message of its own."""
    power_w = indexes(device, at).power_w
    match device.family:
        case Family.SHELLY:
            return _shelly_power(device, at, power_w)
        case Family.OPENDTU:
            return Spoken(f"solar/{device.id}/0/power", f"{-power_w:.1f}".encode())
        case Family.LINKY | Family.LINKY_HISTORIQUE | Family.HUB:
            return None


def relay(gateway: str, heard: Sequence[tuple[datetime, Spoken]]) -> Spoken:
    """An envelope in which a gateway hands on messages that it kept, each with the instant at which it heard it."""
    messages = [
        {"received_at": rfc3339(at), "topic": spoken.topic, "payload": spoken.payload.decode()} for at, spoken in heard
    ]
    readings = tuple(reading for _, spoken in heard for reading in spoken.readings)
    return Spoken(f"hub/v1/{gateway}/relay", json_bytes({"messages": messages}), readings)


def sensor_topic(device: Device) -> str:
    """Topic on which the Tasmota at a Linky publishes."""
    return f"tele/tasmota_{device.id[-6:]}/SENSOR"


def tic_date(at: datetime, zone: ZoneInfo) -> str:
    """Instant as a Linky writes it: E (summer) or H (winter), then the local time."""
    wall = at.astimezone(zone)
    return f"{'E' if wall.dst() else 'H'}{wall:%y%m%d%H%M%S}"


def json_bytes(value: object) -> bytes:
    """Compact JSON, as devices write it."""
    return json.dumps(value, separators=(",", ":")).encode()


def _linky(device: Device, at: datetime, now: Indexes) -> Spoken:
    """Standard mode. Registers are nine digits of whole Wh, power is in VA; unused tariffs are left out."""
    off_peak_wh, peak_wh = int(now.off_peak_wh), int(now.peak_wh)
    wall = at.astimezone(device.zone)
    cheap = is_off_peak(wall.hour + wall.minute / 60)
    drawn_va, fed_va = max(now.power_w, 0) / POWER_FACTOR, max(-now.power_w, 0) / POWER_FACTOR
    tic = {"ADSC": device.id, "VTIC": "02", "DATE": tic_date(at, device.zone)}
    registers = {"EAST": off_peak_wh + peak_wh}
    if device.two_tariffs:
        tic |= {"NGTF": "H PLEINE-CREUSE", "LTARF": "HEURE  CREUSE" if cheap else "HEURE  PLEINE"}
        registers |= {"EASF01": off_peak_wh, "EASF02": peak_wh}
    else:
        tic |= {"NGTF": "BASE", "LTARF": "BASE"}
        registers |= {"EASF01": off_peak_wh + peak_wh}
    if now.export_wh:
        registers |= {"EAIT": int(now.export_wh)}
    tic |= {label: f"{wh:09d}" for label, wh in registers.items()}
    room = f"{(device.point.limit_w or 0) // 1000:02d}"
    tic |= {"IRMS1": f"{max(drawn_va, fed_va) / VOLTAGE_V:03.0f}", "URMS1": f"{_voltage_v(device, at):03.0f}"}
    tic |= {"PREF": room, "PCOUP": room, "SINSTS": f"{drawn_va:05.0f}"}
    if now.export_wh:
        tic |= {"SINSTI": f"{fed_va:05.0f}"}
    tic |= {"STGE": "003A4001"}
    # The meter's clock is the legal time; the Tasmota's own runs a second behind it.
    sent = {"Time": f"{wall - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}", "TIC": tic}
    readings = (
        _found(device, at, _quantity(label), wh, label if label.startswith("EASF") else "")
        for label, wh in registers.items()
    )
    return Spoken(sensor_topic(device), json_bytes(sent), tuple(readings))


def _linky_historique(device: Device, at: datetime, now: Indexes) -> Spoken:
    """Historique mode, as a Tasmota in raw mode sends it: two tariffs without a total, and no time at all."""
    wall = at.astimezone(device.zone)
    cheap = is_off_peak(wall.hour + wall.minute / 60)
    drawn_va = max(now.power_w, 0) / POWER_FACTOR
    tic = {
        "ADCO": device.id,
        "OPTARIF": "HC..",
        "ISOUSC": HISTORIQUE_ROOM_A,
        "HCHC": int(now.off_peak_wh),
        "HCHP": int(now.peak_wh),
        "PTEC": "HC.." if cheap else "HP..",
        "IINST": round(drawn_va / VOLTAGE_V),
        "IMAX": 90,
        "PAPP": round(drawn_va / 10) * 10,
        "HHPHC": "A",
        "MOTDETAT": 0,
    }
    readings = (
        _found(device, at, Quantity.IMPORT_ENERGY, int(now.off_peak_wh), "HC"),
        _found(device, at, Quantity.IMPORT_ENERGY, int(now.peak_wh), "HP"),
    )
    return Spoken(sensor_topic(device), json_bytes({"TIC": tic}), readings)


def _shelly_registers(device: Device, at: datetime, now: Indexes) -> Spoken:
    """Once a minute: registers of the three phases and their sum, in Wh with two decimals."""
    drawn, fed = int((now.off_peak_wh + now.peak_wh) * 100), int(now.export_wh * 100)
    data: dict[str, float] = {"id": 0}
    for phase, drawn_part, fed_part in zip("abc", _phases(drawn), _phases(fed), strict=True):
        data |= {f"{phase}_total_act_energy": drawn_part / 100, f"{phase}_total_act_ret_energy": fed_part / 100}
    data |= {"total_act": drawn / 100, "total_act_ret": fed / 100}
    readings = (
        _found(device, at, Quantity.IMPORT_ENERGY, drawn / 100),
        _found(device, at, Quantity.EXPORT_ENERGY, fed / 100),
    )
    return _shelly(device, at, {"emdata:0": data}, readings)


def _shelly_power(device: Device, at: datetime, power_w: float) -> Spoken:
    status: dict[str, Any] = {"id": 0}
    parts_mw = _phases(round(power_w * 1000))
    voltage_v = _voltage_v(device, at)
    for phase, part_mw in zip("abc", parts_mw, strict=True):
        part_w = part_mw / 1000
        part_va = part_w / POWER_FACTOR
        status |= {f"{phase}_current": round(part_va / voltage_v, 3), f"{phase}_voltage": round(voltage_v, 1)}
        status |= {f"{phase}_act_power": round(part_w, 1), f"{phase}_aprt_power": round(part_va, 1)}
        status |= {f"{phase}_pf": POWER_FACTOR, f"{phase}_freq": 50}
    total_va = power_w / POWER_FACTOR
    status |= {"n_current": None, "total_current": round(total_va / voltage_v, 3)}
    status |= {"total_act_power": round(power_w, 3), "total_aprt_power": round(total_va, 3)}
    return _shelly(device, at, {"em:0": status}, ())


def _shelly(device: Device, at: datetime, status: dict[str, Any], readings: Readings) -> Spoken:
    """A notification: seconds since 1970 in UTC with two decimals."""
    params = {"ts": round(at.timestamp(), 2), **status}
    sent = {"src": device.id, "dst": f"{device.id}/events", "method": "NotifyStatus", "params": params}
    return Spoken(f"{device.id}/events/rpc", json_bytes(sent), readings)


def _opendtu_total(device: Device, at: datetime, total_wh: int) -> Spoken:
    """A bare number of kWh on a topic of its own, without a time."""
    found = _found(device, at, Quantity.PV_ENERGY, total_wh)
    return Spoken(f"solar/{device.id}/0/yieldtotal", kwh_text(total_wh).encode(), (found,))


def _hub(device: Device, at: datetime, now: Indexes) -> Spoken:
    total_wh = int(now.off_peak_wh + now.peak_wh)
    sent = {"at": rfc3339(at), "import_wh": total_wh, "power_w": round(now.power_w)}
    return Spoken(f"hub/v1/{device.id}", json_bytes(sent), (_found(device, at, Quantity.IMPORT_ENERGY, total_wh),))


def _found(device: Device, at: datetime, quantity: Quantity, wh: float, tariff: str = "") -> tuple[ReadingKey, float]:
    return ReadingKey(device.id, quantity, "", tariff, at), float(wh)


def _quantity(label: str) -> Quantity:
    return Quantity.EXPORT_ENERGY if label == "EAIT" else Quantity.IMPORT_ENERGY


def _phases(total: int) -> Iterable[int]:
    """Split a whole number in three that add up to it; none falls while the whole rises."""
    first = total // 2
    second = (total - first) * 3 // 5
    return first, second, total - first - second


def _voltage_v(device: Device, at: datetime) -> float:
    return VOLTAGE_V + 8 * (draw(f"{device.id}/voltage/{at.timestamp():.0f}") - 0.5)
