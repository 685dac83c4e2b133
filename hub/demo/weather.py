"""Sun, clouds and outdoor temperature of a place, from its latitude, its longitude and the calendar alone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import asin, cos, degrees, exp, pi, radians, sin
from typing import Final

from hub.demo.noise import draw, wave

SOLAR_CONSTANT_W_M2: Final = 1361
PANEL_TILT_DEG: Final = 30
PERFORMANCE: Final = 0.82
"""What cables, heat, dust and the inverter leave of the nameplate power."""
DIFFUSE_SHARE: Final = 0.1
GREYEST: Final = 0.15
CLEAREST: Final = 0.77
"""Least and most of a cloudless day's energy that the days of the simulation bring."""
_HOURS: Final = range(24)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a community lives; `clouds` above 1 makes its days greyer, `warmer_c` shifts its climate."""

    id: str
    latitude_deg: float
    longitude_deg: float
    clouds: float = 1.0
    warmer_c: float = 0.0


PLACES: Final = {
    "concarneau": Place("concarneau", 47.87, -3.92, clouds=1.2, warmer_c=1.0),
    "mornant": Place("mornant", 45.62, 4.67),
    "prats": Place("prats", 42.41, 2.48, clouds=0.7, warmer_c=-1.0),
}


def sun_elevation_deg(place: Place, at: datetime) -> float:
    """Height of the sun above the horizon, negative at night; within half a degree, refraction left out."""
    return degrees(asin(_facing_sun(place.latitude_deg, place.longitude_deg, at)))


def clear_sky(place: Place, at: datetime) -> float:
    """Power of a south-facing roof under a cloudless sky, as a share of its nameplate power: 0 to about 0.85.

    Source: direct beam after Meinel and Meinel 1976 (0.7 to the power of the air mass to the power of 0.678).
    """
    height = _facing_sun(place.latitude_deg, place.longitude_deg, at)
    if height <= 0:
        return 0.0
    beam_w_m2 = SOLAR_CONSTANT_W_M2 * exp(-0.3567 * (height + 0.01) ** -0.678)
    # A panel tilted to the south sees the sun as flat ground does, as many degrees of latitude further south.
    on_panel = max(_facing_sun(place.latitude_deg - PANEL_TILT_DEG, place.longitude_deg, at), 0.0)
    return PERFORMANCE * beam_w_m2 * (on_panel + DIFFUSE_SHARE) / 1000


@lru_cache(maxsize=10_000)
def clear_day_hours(place: Place, day: date) -> float:
    """Hours at nameplate power that a cloudless day is worth: kWh per kWp."""
    midnight = datetime.combine(day, time.min, UTC)
    return sum(clear_sky(place, midnight + timedelta(hours=hour + 0.5)) for hour in _HOURS)


def sunshine(place: Place, day: date) -> float:
    """Share of a cloudless day's energy that the clouds let through, some days alike in a row."""
    mixed = 0.5 * wave(f"clouds/{place.id}", day.toordinal() / 3) + 0.5 * draw(f"clouds/{place.id}/of {day}")
    # Two draws averaged crowd around the middle; spread them out again, as real days are often clear or grey.
    spread = min(max(1.6 * (mixed - 0.5) + 0.5, 0.0), 1.0)
    return GREYEST + (CLEAREST - GREYEST) * spread**place.clouds


def passing_clouds(place: Place, at: datetime, sunny: float) -> float:
    """How much a moment lets through, 0.4 to 1: nearly even on clear and on grey days, restless on mixed ones."""
    minutes = at.timestamp() / 60
    clear = (sunny - GREYEST) / (CLEAREST - GREYEST)
    depth = 0.1 + 2 * clear * (1 - clear)
    slow, quick = wave(f"sky/{place.id}", minutes / 47), wave(f"sky/{place.id}/gust", minutes / 11)
    return 1 - depth * (0.6 * slow + 0.4 * quick)


@lru_cache(maxsize=10_000)
def outdoor_c(place: Place, day: date) -> float:
    """Mean outdoor temperature of a day: 20 degrees in late July, 5 in late January, a few more or fewer in between."""
    season = cos(2 * pi * (day.timetuple().tm_yday - 205) / 365.25)
    return 12.5 + 7.5 * season + place.warmer_c + 6 * (wave(f"air/{place.id}", day.toordinal() / 4) - 0.5)


def _facing_sun(latitude_deg: float, longitude_deg: float, at: datetime) -> float:
    """Cosine of the angle between the sun and the upright at a latitude.

    Source: declination after Cooper 1969, equation of time after Spencer 1971 in its two-term form.
    """
    moment = at.astimezone(UTC)
    year_day = moment.timetuple().tm_yday
    orbit = radians(360 * (year_day - 81) / 364)
    late_min = 9.87 * sin(2 * orbit) - 7.53 * cos(orbit) - 1.5 * sin(orbit)
    solar_hour = moment.hour + moment.minute / 60 + moment.second / 3600 + longitude_deg / 15 + late_min / 60
    turn, latitude = radians(15 * (solar_hour - 12)), radians(latitude_deg)
    declination = radians(23.45) * sin(radians(360 * (284 + year_day) / 365))
    return sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(turn)
