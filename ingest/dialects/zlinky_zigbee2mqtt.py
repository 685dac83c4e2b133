"""ZLinky TIC behind Zigbee2MQTT (zigbee2mqtt/<name>): a Linky or older French meter, all that is known of it as JSON.

Registers are kWh in snake_case keys, Wh in the camelCase keys of 2021; without the option kWh_precision they are cut to
whole kWh. current_summ_delivered is the total (EAST, BASE), the tiers are its parts by tariff (EASFnn, HC, HP); in the
historical Tempo option it is made of two of six parts, and left out. Powers are VA. active_power is left out: it is an
average (CCASN) whose period is not told, and 0 where the meter has none.

What was never read is null, 0, -32768 or 65535: so a register or voltage of 0 is no reading, and a message without
serial and registers holds nothing. Attributes are read one by one, so fields of one message differ in age. In a
three-phase meter total_apparent_power is the sum, and the keys without ph_b, ph_c are those of the first phase.

Clock: last_seen, where Zigbee2MQTT is told to send it (ISO or milliseconds); else current_date, the meter's legal time,
whose first letter is the season. The device is the meter's serial, before it is known the name in the topic. Any base
topic will do: the keys of the registers are like no other's.
Source: github.com/fairecasoimeme/Zlinky_TIC, README.md; github.com/Koenkk/zigbee-herdsman-converters, lixee.ts.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, epoch_seconds, instant_of, json_object, number, scaled
from ingest.teleinfo import legal_time

NAME: Final = "zlinky_zigbee2mqtt"
BASE: Final = "zigbee2mqtt"
TIERS: Final = range(1, 11)
REGISTERS: Final[dict[str, Field]] = {
    "current_summ_delivered": Field(Quantity.IMPORT_ENERGY, 1000),
    "current_summ_received": Field(Quantity.EXPORT_ENERGY, 1000),
    **{f"current_tier{n}_summ_delivered": Field(Quantity.IMPORT_ENERGY, 1000, tariff=f"T{n}") for n in TIERS},
    "currentSummDelivered": Field(Quantity.IMPORT_ENERGY),
    "currentSummReceived": Field(Quantity.EXPORT_ENERGY),
    **{f"currentTier{n}SummDelivered": Field(Quantity.IMPORT_ENERGY, tariff=f"T{n}") for n in TIERS},
}
INSTANT: Final[dict[str, Field]] = {
    "apparent_power": Field(Quantity.APPARENT_POWER),
    "apparentPower": Field(Quantity.APPARENT_POWER),
    "injected_v_a": Field(Quantity.EXPORT_APPARENT_POWER),
    "rms_current": Field(Quantity.CURRENT),
    "rmsCurrent": Field(Quantity.CURRENT),
    "rms_voltage": Field(Quantity.VOLTAGE),
    "rmsVoltage": Field(Quantity.VOLTAGE),
}
INSTANT_OF_PHASES: Final[dict[str, Field]] = {
    "total_apparent_power": Field(Quantity.APPARENT_POWER),
    "injected_v_a": Field(Quantity.EXPORT_APPARENT_POWER),
    **{
        f"{key}{suffix}": Field(quantity, phase=phase)
        for key, quantity in (
            ("apparent_power", Quantity.APPARENT_POWER),
            ("rms_current", Quantity.CURRENT),
            ("rms_voltage", Quantity.VOLTAGE),
        )
        for suffix, phase in (("", "L1"), ("_ph_b", "L2"), ("_ph_c", "L3"))
    },
}
OF_PHASES: Final = ("total_apparent_power", "rms_voltage_ph_b", "rms_current_ph_b", "rms_current_ph_c")
"""Keys that only a meter of three phases fills; the sum is 0 while nothing is drawn."""
SERIALS: Final = ("meter_serial_number", "meterSerialNumber")
TOTAL: Final = "current_summ_delivered"
TEMPO: Final = "BBR"
NEVER_READ: Final = (-32768, 65535)
SIGNATURE: Final = b"umm"
"""Part of the keys of all registers, current_summ_delivered and currentTier1SummDelivered alike."""


def decode(message: Message) -> Decoded:
    """Read the state of a ZLinky; None where the keys are not those of one."""
    base, _, name = message.topic.partition("/")
    if base == BASE and (name.startswith("bridge/") or not message.payload):
        return []
    if SIGNATURE not in message.payload:
        return None
    state = json_object(message.payload)
    if state is None or REGISTERS.keys().isdisjoint(state):
        return None
    serial = next((str(state[key]).strip() for key in SERIALS if state.get(key)), "")
    device = serial or (name if base == BASE else message.topic.rpartition("/")[2])
    at = _clock(state, message)
    registers = list(_registers(state, device, at))
    return [*registers, *_instant(state, device, at)] if serial or registers else []


def _registers(state: dict[str, Any], device: str, at: datetime | None) -> Iterator[Reading]:
    has_no_total = str(state.get("current_tarif")).startswith(TEMPO)
    for key, value in state.items():
        if key == TOTAL and has_no_total:
            continue
        if (known := REGISTERS.get(key)) is not None and (energy_wh := scaled(value, known.factor)):
            yield Reading(device, known.quantity, energy_wh, at, "", "", known.tariff, NAME)


def _instant(state: dict[str, Any], device: str, at: datetime | None) -> Iterator[Reading]:
    has_phases = any(number(state.get(key)) not in (None, 0, *NEVER_READ) for key in OF_PHASES)
    fields = INSTANT_OF_PHASES if has_phases else INSTANT
    for key, value in state.items():
        if (known := fields.get(key)) is None or (measured := number(value)) is None or measured in NEVER_READ:
            continue
        if measured != 0 or known.quantity is not Quantity.VOLTAGE:
            yield Reading(device, known.quantity, measured, at, known.phase, "", "", NAME)


def _clock(state: dict[str, Any], message: Message) -> datetime | None:
    match state.get("last_seen"):
        case str(text) if text:
            return instant_of(text, message)
        case int() | float() as milliseconds:
            return epoch_seconds(milliseconds / 1000)
        case _:
            date = state.get("current_date")
            return legal_time(date, message.zone) if isinstance(date, str) else None


DIALECT: Final = Dialect(NAME, ("#",), decode, base=BASE)
