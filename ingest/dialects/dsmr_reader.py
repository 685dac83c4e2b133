"""DSMR-reader, the data logger of Dutch and Belgian meters: parsed telegrams as JSON, or one topic per value.

dsmr/json is a whole telegram, dsmr/reading/<field> one value of it. Registers are kWh, powers kW, written as text; what
the meter does not have is null, or an empty payload. Tariff 1 is the low one in the Netherlands and the day's in
Belgium. The split topics are not sent again while a value stays the same. There is no meter id: the device is the base
topic. dsmr/consumption holds the gas meter, and the quarter hours behind the Belgian capacity tariff, whose instant is
their start; their split topics carry no time, so only the gas register is read there. Totals and costs of days, months
and years are derived, the statistics of the meter hold no energy. dsmr/raw, the telegram itself, is p1_raw's.

Clock: timestamp with Z or an offset, in JSON only; gas has its own, up to an hour older.
Renamed JSON keys are not recognised.
Source: github.com/dsmrreader/dsmr-reader, dsmr_mqtt/models/settings and dsmr_datalogger/models/reading.py.
"""

from datetime import datetime
from typing import Any, Final

from energy.model import Message, Quantity, Reading
from ingest.dialect import Decoded, Dialect, Field, instant_of, json_object, reading_of, readings_of

NAME: Final = "dsmr_reader"
BASE: Final = "dsmr"
PHASES: Final = ("1", "2", "3")
TELEGRAM: Final[dict[str, Field]] = {
    "electricity_delivered_1": Field(Quantity.IMPORT_ENERGY, 1000, tariff="T1"),
    "electricity_delivered_2": Field(Quantity.IMPORT_ENERGY, 1000, tariff="T2"),
    "electricity_returned_1": Field(Quantity.EXPORT_ENERGY, 1000, tariff="T1"),
    "electricity_returned_2": Field(Quantity.EXPORT_ENERGY, 1000, tariff="T2"),
    "electricity_currently_delivered": Field(Quantity.IMPORT_POWER, 1000),
    "electricity_currently_returned": Field(Quantity.EXPORT_POWER, 1000),
    **{f"phase_currently_delivered_l{n}": Field(Quantity.IMPORT_POWER, 1000, f"L{n}") for n in PHASES},
    **{f"phase_currently_returned_l{n}": Field(Quantity.EXPORT_POWER, 1000, f"L{n}") for n in PHASES},
    **{f"phase_voltage_l{n}": Field(Quantity.VOLTAGE, 1, f"L{n}") for n in PHASES},
    **{f"phase_power_current_l{n}": Field(Quantity.CURRENT, 1, f"L{n}") for n in PHASES},
}
EXTRA: Final[dict[str, Field]] = {"extra_device_delivered": Field(Quantity.GAS_VOLUME)}
GAS: Final[dict[str, Field]] = {"delivered": Field(Quantity.GAS_VOLUME)}
QUARTER: Final[dict[str, Field]] = {"average_delivered": Field(Quantity.IMPORT_POWER_AVG, 1000)}
SPLIT: Final[dict[str, Field]] = {**TELEGRAM, **EXTRA}


def decode(message: Message) -> Decoded:
    """Read a telegram, a gas or quarter hour reading, or one value; None where a telegram's keys are unknown."""
    device = message.base or BASE
    match message.topic.split("/")[1:]:
        case ["json"]:
            telegram = _object(message.payload)
            return None if SPLIT.keys().isdisjoint(telegram) else _telegram(telegram, device, message)
        case ["reading", field]:
            return reading_of(message.payload, SPLIT.get(field), device, NAME)
        case ["consumption", "gas", "json"]:
            gas = _object(message.payload)
            return readings_of(gas, GAS, device, _clock(gas.get("read_at"), message), NAME)
        case ["consumption", "gas", field]:
            return reading_of(message.payload, GAS.get(field), device, NAME)
        case ["consumption", _, "json"]:
            quarter = _object(message.payload)
            return readings_of(quarter, QUARTER, device, _clock(quarter.get("read_at_start"), message), NAME)
        case _:
            return []


def _telegram(telegram: dict[str, Any], device: str, message: Message) -> list[Reading]:
    at = _clock(telegram.get("timestamp"), message)
    extra_at = _clock(telegram.get("extra_device_timestamp"), message) or at
    return [*readings_of(telegram, TELEGRAM, device, at, NAME), *readings_of(telegram, EXTRA, device, extra_at, NAME)]


def _object(payload: bytes) -> dict[str, Any]:
    read = json_object(payload)
    if read is None:
        raise ValueError("not a JSON object")
    return read


def _clock(text: str | None, message: Message) -> datetime | None:
    return None if text is None else instant_of(text, message)


DIALECT: Final = Dialect(
    NAME,
    (
        f"{BASE}/json",
        f"{BASE}/reading/+",
        f"{BASE}/consumption/gas/+",
        f"{BASE}/consumption/quarter-hour-peak-electricity/+",
        *(f"{BASE}/{derived}/+" for derived in ("day-consumption", "current-month", "current-year", "meter-stats")),
    ),
    decode,
    base=BASE,
)
