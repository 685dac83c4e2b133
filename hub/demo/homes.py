"""What homes, a school, a town hall, shops and solar roofs draw from the grid and feed into it, hour by hour."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from math import exp
from typing import Final
from zoneinfo import ZoneInfo

from energy.model import Measures, MeteringPoint, Role
from hub.demo.counters import CELL, Counter, DayEnergy, cell_hours, cell_middles
from hub.demo.noise import draw, wave
from hub.demo.weather import Place, clear_day_hours, clear_sky, outdoor_c, passing_clouds, sunshine

OFF_PEAK: Final = "off_peak"
PEAK: Final = "peak"
EXPORT: Final = "export"
PRODUCTION: Final = Measures.PRODUCTION.value

OFF_PEAK_FROM_H: Final = 22.5
OFF_PEAK_TO_H: Final = 6.5
HEATED_BELOW_C: Final = 16.0
HEATED_SHARE: Final = 0.5
"""Share of the homes that heat with electricity."""
BOILER_H: Final = 2.5
"""How long a water heater runs each night."""
HOME_ROOF_W: Final = 3000
SATURDAY: Final = 5
SUNDAY: Final = 6
SUMMER_HOLIDAYS: Final = (7, 8)
_SELF_USED: Final = 0.4


@lru_cache(maxsize=1000)
def counters_of(point: MeteringPoint, place: Place, zone: ZoneInfo) -> Mapping[str, Counter]:
    """Counters of a point: OFF_PEAK and PEAK (together its import), EXPORT, PRODUCTION; those that it has.

    A producer's roof has its inverter limit as nameplate power; a home has HOME_ROOF_W where it is a prosumer.
    """
    if point.role is Role.PRODUCER:
        return {PRODUCTION: _roof(place, zone, point.limit_w or HOME_ROOF_W)}
    if point.category != "home":
        return {PEAK: _building(point, place, zone)}
    off_peak, peak = _home(point, place, zone)
    if point.role is Role.PROSUMER:
        return _behind_the_meter(off_peak, peak, _roof(place, zone, HOME_ROOF_W))
    return {OFF_PEAK: off_peak, PEAK: peak}


def is_off_peak(hour: float) -> bool:
    """Whether an hour on the wall clock is in the cheap hours of a two-tariff contract."""
    return hour >= OFF_PEAK_FROM_H or hour < OFF_PEAK_TO_H


def _roof(place: Place, zone: ZoneInfo, peak_w: int) -> Counter:
    """A south-facing roof: the clear sky of the day, less what the clouds of the day take."""

    def day_wh(day: date) -> float:
        return peak_w * clear_day_hours(place, day) * sunshine(place, day)

    def curve(day: date) -> list[float]:
        sunny = sunshine(place, day)
        clear = ((middle, clear_sky(place, middle)) for middle in cell_middles(zone, day))
        return [power and power * passing_clouds(place, middle, sunny) for middle, power in clear]

    return Counter(zone, day_wh, curve)


def _home(point: MeteringPoint, place: Place, zone: ZoneInfo) -> tuple[Counter, Counter]:
    """A home, in two counters: the off-peak hours with the water heater, and the rest of the day.

    5 to 9 kWh a day of appliances and hot water; half of the homes also heat with electricity below 16 degrees.
    """
    name = point.id
    appliances_wh = 5000 + 4000 * draw(f"{name}/appliances")
    heating_wh_per_k = 400 + 500 * draw(f"{name}/heating") if draw(f"{name}/heats") < HEATED_SHARE else 0.0
    night_share = 0.30 + 0.15 * draw(f"{name}/night")
    boiler_h = 0.5 + 3 * draw(f"{name}/boiler")
    wake_h = 6.8 + 1.2 * draw(f"{name}/wake")
    dinner_h = 18.8 + 1.4 * draw(f"{name}/dinner")

    @cache
    def day_wh(day: date) -> float:
        presence = (0.8 + 0.4 * draw(f"{name}/{day}")) * (1.12 if day.weekday() >= SATURDAY else 1)
        return appliances_wh * presence + heating_wh_per_k * max(HEATED_BELOW_C - outdoor_c(place, day), 0)

    def night(day: date) -> list[float]:
        hours = cell_hours(zone, day)
        use = [1.0 + (2.5 if boiler_h <= hour < boiler_h + BOILER_H else 0) for hour in hours]
        return [w if is_off_peak(hour) else 0.0 for w, hour in zip(_flicker(name, day, use), hours, strict=True)]

    def daytime(day: date) -> list[float]:
        hours = cell_hours(zone, day)
        weekend = day.weekday() >= SATURDAY
        rise_h, home = (wake_h + 1.5, 1.0) if weekend else (wake_h, 0.6)
        use = [
            home + 1.2 * _bump(h, rise_h, 0.8) + 0.8 * _bump(h, 12.6, 0.7) + 2 * _bump(h, dinner_h, 1.4) for h in hours
        ]
        return [0.0 if is_off_peak(hour) else w for w, hour in zip(_flicker(name, day, use), hours, strict=True)]

    return (
        Counter(zone, lambda day: day_wh(day) * night_share, night),
        Counter(zone, lambda day: day_wh(day) * (1 - night_share), daytime),
    )


def _behind_the_meter(off_peak: Counter, peak: Counter, roof: Counter) -> Mapping[str, Counter]:
    """Import and export at the meter of a home that uses a part of its own roof's production first."""

    def used_wh(day: date) -> float:
        return min(_SELF_USED * roof.day_wh(day), 0.5 * (off_peak.day_wh(day) + peak.day_wh(day)))

    def net_w(day: date) -> list[float]:
        cells = zip(off_peak.cells_w(day), peak.cells_w(day), roof.cells_w(day), strict=True)
        return [night_w + day_w - roof_w for night_w, day_w, roof_w in cells]

    def feeds(day: date) -> list[float]:
        over_w = [max(-w, 0) for w in net_w(day)]
        # On a day so grey that the roof never outdoes the home, its gusts do: shorter than a cell.
        return over_w if any(over_w) else roof.cells_w(day)

    return {
        PEAK: Counter(
            peak.zone,
            lambda day: off_peak.day_wh(day) + peak.day_wh(day) - used_wh(day),
            lambda day: [max(w, 5.0) for w in net_w(day)],
        ),
        EXPORT: Counter(peak.zone, lambda day: roof.day_wh(day) - used_wh(day), feeds),
    }


def _building(point: MeteringPoint, place: Place, zone: ZoneInfo) -> Counter:
    """A school, a town hall or a shop: busy in opening hours, a base load otherwise."""
    name = point.id
    size = 0.85 + 0.3 * draw(f"{name}/size")
    day_wh, (opens_h, closes_h), base = {
        "school": (_school, (7.5, 17.5), 0.08),
        "town_hall": (_town_hall, (8.0, 18.0), 0.15),
    }.get(point.category, (_shop, (8.5, 19.5), 0.25))

    def energy(day: date) -> float:
        heating = 1 + 0.03 * max(HEATED_BELOW_C - outdoor_c(place, day), 0)
        return size * heating * day_wh(day) * (0.92 + 0.16 * draw(f"{name}/{day}"))

    def curve(day: date) -> list[float]:
        hours = cell_hours(zone, day)
        busy = [base + _between(hour, opens_h, closes_h) * (1 + 0.3 * _bump(hour, 11.5, 1.5)) for hour in hours]
        return _flicker(name, day, busy if day_wh(day) > _closed_wh(day_wh) else [1.0] * len(hours))

    return Counter(zone, energy, curve)


def _school(day: date) -> float:
    closed = day.weekday() >= SATURDAY or day.month in SUMMER_HOLIDAYS
    return 18_000 if closed else 90_000


def _town_hall(day: date) -> float:
    return {SATURDAY: 22_000, SUNDAY: 12_000}.get(day.weekday(), 42_000)


def _shop(day: date) -> float:
    return 11_000 if day.weekday() == SUNDAY else 32_000


def _closed_wh(day_wh: DayEnergy) -> float:
    """Energy of a Sunday, when nobody opens."""
    return day_wh(date(2025, 1, 5))


def _flicker(name: str, day: date, use: list[float]) -> list[float]:
    """Appliances come and go: bend each cell of a curve, often down to a half, now and then up to the double."""
    first = day.toordinal() * (timedelta(days=1) // CELL)
    return [w * (0.5 + 1.5 * wave(f"{name}/use", cell / 4) ** 2) for cell, w in enumerate(use, first)]


def _bump(hour: float, middle_h: float, width_h: float) -> float:
    """A bell of height 1 around an hour."""
    return exp(-0.5 * ((hour - middle_h) / width_h) ** 2)


def _between(hour: float, opens_h: float, closes_h: float) -> float:
    """1 in opening hours, 0 outside, with half an hour to start and to leave."""
    return min(max((hour - opens_h) * 2 + 1, 0), max((closes_h - hour) * 2 + 1, 0), 1)
