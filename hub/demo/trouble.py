"""What goes wrong in the week of the demo: each trouble has a day, a device and a name, and always happens alike."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from energy.time import EPOCH, PARIS, Span, local_date, local_day, rfc3339
from hub.demo.devices import Device, Family
from hub.demo.event import Event
from hub.demo.noise import draw
from hub.demo.speak import json_bytes, sensor_topic, speak

LATE_POINTS: Final = frozenset({"prats-home-02", "prats-shop-01"})
REPEATING_POINT: Final = "concarneau-home-03"
NOISY_POINT: Final = "mornant-home-03"
UNSET_CLOCK_POINT: Final = "concarneau-shop-02"

LATE_FROM: Final = time(13, 2)
LATE_TO: Final = time(17, 38)
NOISE_AT: Final = time(14, 7, 3)
UNSET_CLOCK_AT: Final = time(15, 22)
DARK_FROM: Final = time(23, 0)
DARK_TO: Final = time(23, 45)

SWAP_FIRST: Final = "swap: first message of the new meter"
SWAP_LAST: Final = "swap: last message of the old meter"
LATE: Final = "late: the gateway had no network for hours, then sent everything at once"
REPEATED: Final = "repeated: the device sends the same message again"
NOT_JSON: Final = "rubbish: text that is not JSON"
CUT_OFF: Final = "rubbish: a message cut off in the middle"
UNKNOWN_LABEL: Final = "rubbish: labels garbled by a wrong serial speed"
BROKEN_REGISTER: Final = "rubbish: a register with a letter among its digits"
UNSET_CLOCK: Final = "implausible: a reading from before the clock was set says 1970, beside a good one"
DARK: Final = "outage: without its inverter an OpenDTU says 0.000 at night"

_UPTIME: Final = timedelta(seconds=12)
_BURST_S: Final = 60


@dataclass(frozen=True, slots=True)
class Troubles:
    """When each trouble happens in one span."""

    late: Span
    noise_at: datetime
    unset_clock_at: datetime
    dark: tuple[Span, ...]


def plan(span: Span, zone: ZoneInfo = PARIS) -> Troubles | None:
    """Lay the troubles on the whole local days of a span, on the last ones; None where it holds no whole day."""
    days = _whole_days(span, zone)
    if not days:
        return None
    second_last = days[-2:][0]
    return Troubles(
        late=Span(_instant(second_last, LATE_FROM, zone), _instant(second_last, LATE_TO, zone)),
        noise_at=_instant(days[-1], NOISE_AT, zone),
        unset_clock_at=_instant(days[-3:][0], UNSET_CLOCK_AT, zone),
        dark=tuple(Span(_instant(day, DARK_FROM, zone), _instant(day, DARK_TO, zone)) for day in days[::-2]),
    )


def is_dark(at: datetime, troubles: Troubles | None) -> bool:
    """Whether OpenDTUs have lost their inverters at an instant."""
    return troubles is not None and any(at in span for span in troubles.dark)


def befall(device: Device, events: Iterable[Event], troubles: Troubles) -> Iterator[Event]:
    """The events of a device with its troubles, no longer in order."""
    repeats = device.point.id == REPEATING_POINT
    for event in events:
        yield _late(event, troubles.late) if device.point.id in LATE_POINTS else event
        if repeats:
            yield from _again(event)
    if device.point.id == NOISY_POINT and device.family is Family.LINKY:
        yield from _noise(device, troubles.noise_at)
    if device.point.id == UNSET_CLOCK_POINT and device.family is Family.HUB:
        yield _without_clock(device, troubles.unset_clock_at)


def _late(event: Event, away: Span) -> Event:
    """Hold back what was said while the gateway had no network; it comes in a burst and in any order."""
    if event.at not in away:
        return event
    burst_s = _BURST_S * draw(f"burst/{event.topic}/{event.at}")
    return replace(event, at=away.end + timedelta(seconds=burst_s), why=LATE)


def _again(event: Event) -> Iterator[Event]:
    times = 1 + round(draw(f"again/{event.topic}/{event.at}"))
    for time_no in range(1, times + 1):
        yield replace(event, at=event.at + timedelta(seconds=2 * time_no), why=REPEATED)


def _noise(device: Device, at: datetime) -> Iterator[Event]:
    topic, good = sensor_topic(device), speak(device, at).payload
    garbled = json.loads(good)
    garbled["TIC"]["EAST"] = garbled["TIC"]["EAST"][:4] + "x" + garbled["TIC"]["EAST"][5:]
    unknown = {"Time": garbled["Time"], "TIC": {"Kr": "]00000rc\\|'"}}
    said = [
        (NOT_JSON, f"Kr ]00000rc\\|' {garbled['TIC']['DATE']}".encode(), True),
        (CUT_OFF, good[: len(good) // 2], True),
        (UNKNOWN_LABEL, json_bytes(unknown), False),
        (BROKEN_REGISTER, json_bytes(garbled), True),
    ]
    for seconds, (why, payload, quarantined) in enumerate(said):
        yield Event(at + timedelta(seconds=seconds), topic, payload, why, quarantined=quarantined)


def _without_clock(device: Device, at: datetime) -> Event:
    """A batch in the hub's own format: what was read now, and what was read in the first seconds after a restart."""
    said, booted = speak(device, at), EPOCH + _UPTIME
    key, value = said.readings[0]
    batch = [json.loads(said.payload), {"at": rfc3339(booted), "import_wh": int(value)}]
    refused = ((key._replace(at=booted), value),)
    return Event(at, said.topic, json_bytes(batch), UNSET_CLOCK, said.readings, refused)


def _whole_days(span: Span, zone: ZoneInfo) -> list[date]:
    first, last = local_date(span.start, zone), local_date(span.end, zone)
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    spans = ((day, local_day(day, zone)) for day in days)
    return [day for day, whole in spans if span.start <= whole.start and whole.end <= span.end]


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
