"""The operator's results as JSON: of a point and a period, the sums of each series by class of a calendar.

One object, or a list of them: {"cons_id" or "prod_id", "startDate", "endDate", "unit", "quantities": [{"type",
"calendar_type", "quantities": [{"name", "value"}]}]}. The sum over the classes of a calendar is the result; where there
are several calendars each sums to the same, that of the distributor (DISTRIB) counts.
Clock: a period is a whole local month; others are refused, for a part of one has no month to stand beside. What is
written as midnight is taken as the local one although it ends in Z; other stamps are taken at their word.
Unit: Wh or kWh, as `unit` says. Registers are cut off at their last decimal, so the difference of two of them may be
wrong by one of it, either way: that of each class counts as rounding.
Source: inferred from client code and one made-up example; no file of the operator was at hand, so all of this is
unverified.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from energy.errors import InvalidInput
from energy.time import local_date, local_month
from ingest.files.content import Opened, Problem
from ingest.files.json_values import listed, text_of
from ingest.files.results import MOST_WH, SERIES, Result, ResultsContent, gathered
from ingest.files.words import UNITS, plain, point_of

NAME: Final = "results_json"
DESCRIBES: Final = "results of the operator as JSON"
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_SIDES: Final = {"cons_id": "import", "prod_id": "export"}
_STAMP: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(\d\d)(?:\.0+)?(Z|[+-]\d\d:?\d\d)?)?")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_LONGEST: Final = 30
"""Digits of a number at most, before and after its point, and characters of a text that a sentence quotes."""
_OWN: Final = "distrib"
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2100


class _Sum(NamedTuple):
    """A series by one calendar: its sum, and how far rounding can have moved it. [Wh]"""

    place: str
    calendar: str
    energy_wh: Decimal
    rounding_wh: Decimal


def read(opened: Opened, zone: ZoneInfo) -> ResultsContent:
    """Read every object.

    Raises:
        InvalidInput: it is no JSON of objects.
    """
    try:
        document = _DECODER.decode(opened.content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{opened.name} breaks off or is no JSON: {error}") from error
    documents: list[Any] = document if isinstance(document, list) else [document]
    problems: list[Problem] = []
    results: list[Result] = []
    for n, about in enumerate(documents):
        place = f"[{n}]" if isinstance(document, list) else "the object"
        try:
            results += _of_object(about, place, zone, problems)
        except InvalidInput as why:
            problems.append(Problem(place, str(why)))
    return gathered(NAME, results, problems, zone)


def _of_object(about: Any, place: str, zone: ZoneInfo, problems: list[Problem]) -> Iterator[Result]:
    """The results of a point and a period; a series that cannot be read is a problem, and the others go on."""
    if not isinstance(about, dict):
        raise InvalidInput("it is no object")
    point, flow = _point(about)
    month = _month(about, zone)
    unit = UNITS.get(plain(text_of(about.get("unit"))), ("", 0))
    if unit[0] != "energy":
        raise InvalidInput(f"the unit {text_of(about.get('unit'))[:_LONGEST]!r} is neither Wh nor kWh")
    every = listed(about.get("quantities"))
    if not every:
        raise InvalidInput(f"point {point}: its quantities are no list of series")
    sums: dict[str, list[_Sum]] = {}
    for q, series in enumerate(every):
        where = f"{place}.quantities[{q}]"
        try:
            if not isinstance(series, dict):
                raise InvalidInput("the series is no object")
            name = plain(text_of(series.get("type")))
            if name not in SERIES[flow]:
                known = ", ".join(SERIES[flow])
                raise InvalidInput(f"{name[:_LONGEST]!r} is no series of a point that it gives so: these are {known}")
            summed = _summed(series, where, unit[1])
            sums.setdefault(name, []).append(summed)
        except InvalidInput as why:
            problems.append(Problem(where, f"point {point}: {why}"))
    for name, found in sums.items():
        chosen = next((one for one in found if one.calendar == _OWN), found[0])
        for other in found:
            told_by = "the same calendar" if other.calendar == chosen.calendar else "its calendar"
            allowed_wh = 0 if other.calendar == chosen.calendar else other.rounding_wh + chosen.rounding_wh
            if abs(other.energy_wh - chosen.energy_wh) > allowed_wh:
                sentence = f"the {name} of {point} by {told_by} is another than that of {chosen.place}, which counts"
                problems.append(Problem(other.place, sentence))
        rounded = (int(value.to_integral_value(ROUND_HALF_EVEN)) for value in (chosen.energy_wh, chosen.rounding_wh))
        yield Result(chosen.place, point, flow, name, month, *rounded)


def _point(about: dict[str, Any]) -> tuple[str, str]:
    """The point, as text, and its flow."""
    told = {name: about[name] for name in _SIDES if about.get(name) not in (None, "")}
    if len(told) != 1:
        raise InvalidInput("it needs either a cons_id or a prod_id, and no more than one")
    ((name, value),) = told.items()
    point = point_of(value if isinstance(value, str) else str(value) if type(value) is int else "")
    if point is None:
        raise InvalidInput(f"the point {str(value)[:_LONGEST]!r} is not a number of 14 digits written as text")
    return point, _SIDES[name]


def _month(about: dict[str, Any], zone: ZoneInfo) -> date:
    """The first day of the local month that the period is."""
    start, end = (_day(text_of(about.get(name)), name, zone) for name in ("startDate", "endDate"))
    if start.day != 1 or end != local_date(local_month(start, zone).end, zone):
        raise InvalidInput(f"the period from {start} to {end} is no whole month: only whole months can be compared")
    return start


def _day(text: str, name: str, zone: ZoneInfo) -> date:
    """The local day that begins at a stamp."""
    found = _STAMP.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
        clock = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - its zone is told below
        if not found[7] or (found[7] == "Z" and clock.time() == time.min):
            local = clock
        else:
            local = datetime.fromisoformat(f"{clock.isoformat()}{found[7]}").astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise InvalidInput(f"its {name} {text[:_LONGEST]!r} is no date such as 20260101T000000Z") from None
    if not _FIRST_YEAR <= local.year <= _LAST_YEAR:
        raise InvalidInput(f"its {name} {text[:_LONGEST]!r} is not between {_FIRST_YEAR} and {_LAST_YEAR}")
    if local.time() != time.min:
        raise InvalidInput(
            f"its {name} {text[:_LONGEST]!r} is no midnight of {zone.key}: only whole months can be compared"
        )
    return local.date()


def _summed(series: dict[str, Any], place: str, factor: int) -> _Sum:
    """The sum over the classes of a calendar; one class that cannot be read takes the sum with it."""
    names: set[str] = set()
    values: list[Decimal] = []
    for part in listed(series.get("quantities")):
        if not isinstance(part, dict):
            raise InvalidInput("one of its classes is no object, and without it there is no sum")
        name = text_of(part.get("name"))
        if name in names:
            raise InvalidInput(f"the class {name[:_LONGEST]!r} comes twice in one calendar")
        names.add(name)
        values.append(_number(part.get("value"), name))
    if not values:
        raise InvalidInput("it holds no class with a value")
    finest = max(0, *(-int(value.as_tuple().exponent) for value in values))
    rounding = len(values) * Decimal(1).scaleb(-finest) * factor
    return _Sum(place, plain(text_of(series.get("calendar_type"))), sum(values, Decimal()) * factor, rounding)


def _number(value: object, name: str) -> Decimal:
    """A value as number or text, with a decimal point or comma."""
    if isinstance(value, Decimal) or type(value) is int:
        number = Decimal(value)
    else:
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            raise InvalidInput(f"the class {name[:_LONGEST]!r} has no value, and without it there is no sum")
        if _NUMBER.fullmatch(text) is None:
            raise InvalidInput(f"the value {text[:_LONGEST]!r} is not a number")
        number = Decimal(text.replace(",", "."))
    if number < 0:
        raise InvalidInput(f"the value {str(number)[:_LONGEST]!r} is negative")
    _, digits, exponent = number.as_tuple()
    if number > MOST_WH or max(len(digits), -int(exponent)) > _LONGEST:
        raise InvalidInput(f"the value {str(number)[:_LONGEST]!r} is no energy of a month")
    return number
