"""Doubtful values: a power that repeats itself, production in the dark, more than the connection carries.

Values are flagged and kept, never changed. Registers are judged elsewhere: one that stands still means that nothing
flowed, and one that falls or leaps is cut (processing/intervals.py). What a place knows of the sun is enough for whole
territories: a point is dark only where every point within some hundred kilometres is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians, sin
from typing import Final, Literal, TypeAlias, get_args

import polars as pl

from energy.frames import FLOW_INTERVALS, READINGS, ROUTES, require
from energy.time import STEP

Flag: TypeAlias = Literal["frozen", "night", "outlier"]
FLAGS: Final[tuple[Flag, ...]] = get_args(Flag)

QUESTIONABLE: Final = 10
"""ESPI quality code."""
FROZEN_AFTER: Final = timedelta(hours=3)
"""A power that stays the same to the last digit for so long is a device that repeats its last message."""
LONGEST_SILENCE: Final = timedelta(hours=1)
"""Equal readings further apart than this are two readings, not one repeated: nobody knows what was between them."""
CONTEXT: Final = FROZEN_AFTER + LONGEST_SILENCE
"""The flags of a reading depend on the readings of its series this far before and after it, and on no others."""
DARK_DEG: Final = -6.0
"""The sun is well below the horizon: civil twilight is over, and no panel gives a watt.

The place of a point is known only as that of its territory: 300 km move the sun by 3 degrees at most. Refraction and
the width of the sun add 0.9, the clock of a device 1.25 (300 s, the most that is let in). Together 5.2 degrees.
"""
MARGIN_PERCENT: Final = 10
"""How far above its limit a power is believed; and a production, how far below zero: inverters draw some watts.

Within these bounds nothing is an outlier. Spikes among neighbours were tried: the rule that finds the one labelled
value of tests/data/solar/outliers.csv that lies within (a leap over 8 times the usual step) also finds 25 in 10,000
quarter-hours of another roof, and those are most likely clouds.
"""
TOLD: Final = ("energy", "average")
"""Methods of intervals whose energy, or mean power, a device told as such."""

_J2000: Final = datetime(2000, 1, 1, 12)  # noqa: DTZ001 - compared with naive UTC inside an expression
_US_PER_DAY: Final = 86_400_000_000
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where on Earth, in degrees: north and east are positive."""

    latitude_deg: float
    longitude_deg: float

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude_deg <= 90 and -180 <= self.longitude_deg <= 180):
            raise ValueError(f"latitude {self.latitude_deg}, longitude {self.longitude_deg} is no place on Earth")


def solar_elevation_deg(at: pl.Expr, place: Place) -> pl.Expr:
    """Elevation of the centre of the sun above the horizon, without refraction. [degrees]

    Args:
        at: UTC_TIME instants; true to 0.02 degrees from 1950 to 2050.
        place: seen from there.

    Source: The Astronomical Almanac's low-precision formulas, as in Michalsky, Solar Energy 40 (1988), 227-235.
    """
    days = (at.dt.replace_time_zone(None) - pl.lit(_J2000, pl.Datetime("us"))).dt.total_microseconds() / _US_PER_DAY
    anomaly = (357.528 + 0.9856003 * days).radians()
    mean_longitude = 280.460 + 0.9856474 * days
    longitude = (mean_longitude + 1.915 * anomaly.sin() + 0.020 * (2 * anomaly).sin()).radians()
    obliquity = (23.439 - 0.0000004 * days).radians()
    right_ascension = pl.arctan2(obliquity.cos() * longitude.sin(), longitude.cos())
    sin_declination = obliquity.sin() * longitude.sin()
    cos_declination = (1 - sin_declination.pow(2)).sqrt()
    sidereal_deg = 280.46062 + 360.98564737 * days + place.longitude_deg
    hour_angle = sidereal_deg.radians() - right_ascension
    latitude = radians(place.latitude_deg)
    height = sin(latitude) * sin_declination + cos(latitude) * cos_declination * hour_angle.cos()
    return height.clip(-1, 1).arcsin().degrees()


def flag_power(
    readings: pl.DataFrame,
    *,
    limits_w: Mapping[int, int] | None = None,
    producers: Collection[int] = (),
    place: Place | None = None,
    lasting: timedelta = timedelta(),
) -> pl.DataFrame:
    """Flag doubtful readings of power, or of energies told interval by interval.

    Args:
        readings: READINGS of power series, any order. Never of registers.
        limits_w: subscribed power, or the inverter's, by series number; without it nothing is an outlier. [W]
        producers: series that say what a production gives, and nothing else: only they know a night, and no import.
        place: of the territory, roughly; without it there is no night.
        lasting: how long from its stamp on each value holds: the step of means, nothing where values are of an instant.

    Returns:
        READINGS in order of series and time, with a Boolean for each of FLAGS:
        frozen: the same non-zero value for at least three hours, without a silence of more than one;
        night: production while the sun is well below the horizon;
        outlier: more than the limit and a tenth, or a production that draws more than a tenth of it.
    """
    value, produces = pl.col("value"), pl.col("series_no").is_in(list(producers))
    limit_w = pl.col("series_no").replace_strict(limits_w or {}, default=None, return_dtype=pl.Int64)
    margin_w = limit_w * MARGIN_PERCENT / 100
    outlier = (value > limit_w + margin_w) | (produces & (value < -margin_w))
    return (
        require(readings, READINGS)
        .sort("series_no", "at")
        .with_columns(
            frozen=_repeats(["series_no"], pl.col("at"), value, lasting),
            night=produces & (value > 0) & _dark(place, pl.col("at"), lasting),
            outlier=outlier.fill_null(value=False),
        )
    )


def questionable(
    intervals: pl.DataFrame,
    kinds: Collection[Flag] = FLAGS,
    *,
    producers: Collection[int] = (),
    place: Place | None = None,
    limits_w: Mapping[int, int] | None = None,
    told: Collection[str] = TOLD,
) -> pl.DataFrame:
    """Call doubtful interval energies questionable; they keep their energy.

    Args:
        intervals: FLOW_INTERVALS, any order.
        kinds: which flags count.
        producers: points that only produce, measured at their production: nights are theirs alone.
        place: of the territory, roughly; without it there is no night.
        limits_w: by point, for what it withdraws and what a producer injects. [W]
        told: methods of energies that came as such. Only these freeze: a register says whole watt-hours, and a home
            that sleeps draws the same for hours; power over time is judged by its readings (`questionable_from`).

    Returns:
        FLOW_INTERVALS in order, quality 10 where a flag is up.
    """
    start, energy, is_export = pl.col("start"), pl.col("energy_wh"), pl.col("flow") == "export"
    produces = is_export & pl.col("point_no").is_in(list(producers))
    limit_w = pl.col("point_no").replace_strict(limits_w or {}, default=None, return_dtype=pl.Int64)
    ceiling_wh = limit_w * (100 + MARGIN_PERCENT) * (STEP / timedelta(hours=1)) / 100
    flags: dict[Flag, pl.Expr] = {
        "frozen": _repeats(["point_no", "flow", "method"], start, energy, STEP) & pl.col("method").is_in(list(told)),
        "night": produces & (energy > 0) & _dark(place, start, STEP),
        "outlier": (produces | ~is_export) & (energy > ceiling_wh).fill_null(value=False),
    }
    doubtful = pl.any_horizontal(pl.lit(value=False), *(flags[kind] for kind in kinds))
    return (
        require(intervals, FLOW_INTERVALS)
        .sort("point_no", "flow", "method", "start")
        .with_columns(quality=pl.when(doubtful).then(QUESTIONABLE).otherwise("quality").cast(pl.Int16))
        .sort("point_no", "flow", "start")
    )


def questionable_from(intervals: pl.DataFrame, flagged: pl.DataFrame, routes: pl.DataFrame) -> pl.DataFrame:
    """Call the intervals questionable that were made of doubtful readings of power; they keep their energy.

    Args:
        intervals: FLOW_INTERVALS.
        flagged: what `flag_power` returns. A reading bears on the quarter-hours until the next, an hour at most.
        routes: ROUTES, which series feeds which flow of which point, and when.
    """
    step_us = STEP // _MICROSECOND
    until = pl.min_horizontal(pl.col("at").shift(-1).over("series_no"), pl.col("at") + LONGEST_SILENCE)
    first, last = (instant.dt.epoch("us") // step_us for instant in (pl.col("at"), until - _MICROSECOND))
    doubtful = (
        flagged.sort("series_no", "at")
        .with_columns(quarter=pl.int_ranges(first, last + 1))
        .filter(pl.any_horizontal(FLAGS))
        .join(require(routes, ROUTES), on="series_no")
        .filter(pl.col("at") >= pl.col("valid_from"), pl.col("at") <= pl.col("valid_to"))
        .explode("quarter")
        .select("point_no", "flow", start=(pl.col("quarter") * step_us).cast(FLOW_INTERVALS["start"]), doubtful=True)
        .unique()
    )
    return (
        require(intervals, FLOW_INTERVALS)
        .join(doubtful, on=["point_no", "flow", "start"], how="left", maintain_order="left")
        .with_columns(quality=pl.when("doubtful").then(QUESTIONABLE).otherwise("quality").cast(pl.Int16))
        .select(FLOW_INTERVALS.names())
    )


def _dark(place: Place | None, at: pl.Expr, lasting: timedelta) -> pl.Expr:
    """Whether the sun is well below the horizon at both ends of what a value stands for."""
    if place is None:
        return pl.lit(value=False)
    dark = solar_elevation_deg(at, place) < DARK_DEG
    return dark & (solar_elevation_deg(at + lasting, place) < DARK_DEG) if lasting else dark


def _repeats(key: list[str], at: pl.Expr, value: pl.Expr, lasting: timedelta) -> pl.Expr:
    """Whether a value is one of a run of equal ones that lasts too long, in a frame in order of key and time."""
    goes_on = (value == value.shift().over(key)) & (at - at.shift().over(key) <= LONGEST_SILENCE)
    run = (~goes_on.fill_null(value=False)).cum_sum()
    return (value != 0) & ((at.max() - at.min()).over(run) + lasting >= FROZEN_AFTER)
