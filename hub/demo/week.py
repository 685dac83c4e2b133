"""The messages of the simulated territory: a week or a day gone by, and what it says now.

A caller back-fills with `events`, goes on with `live_events`, and counts what the hub stored against `truth`:

    told = list(events(territory, span))
    ... publish each, in order ...
    expected = truth(told)
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from energy.model import Territory
from energy.time import PARIS, Span, floor_to_step, local_date, local_day
from hub.demo.devices import CLOCKLESS, Device, Family, devices_of, stamps
from hub.demo.event import Event
from hub.demo.noise import draw
from hub.demo.speak import Spoken, relay, speak, speak_power
from hub.demo.trouble import DARK, SWAP_FIRST, SWAP_LAST, Troubles, befall, is_dark, plan

CADENCE_S: Final = 900
LIVE_S: Final = 10
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)


def events(territory: Territory, span: Span, cadence_s: int = CADENCE_S, *, trouble: bool = True) -> Iterator[Event]:
    """Everything that is published in a span gone by, in order of publication.

    Each device speaks a few seconds after every step of the cadence. A device without a clock speaks through its
    gateway, which hands on an hour at a time with the instants at which it heard it. The troubles lie on the last whole
    local days of the span, so a span without one has none.

    Raises:
        ValueError: the span begins before the simulation does.
    """
    troubles = plan(span) if trouble else None
    told: list[Event] = []
    for device in devices_of(territory):
        said = _told(device, span, timedelta(seconds=cadence_s), troubles)
        told.extend(befall(device, said, troubles) if troubles else said)
    yield from sorted(told, key=lambda event: (event.at, event.topic))


def live_events(territory: Territory, span: Span, every_s: int = LIVE_S) -> list[Event]:
    """What is published in a short span of the present, in order: call it with one span after the other.

    Every device speaks once in `every_s`, each at its own moment; a Shelly tells its registers once a minute. A hub
    stamps messages without a time when it hears them, so their readings are no longer exact. No trouble happens.
    """
    told: list[Event] = []
    for device in devices_of(territory):
        moment = timedelta(seconds=int(every_s * draw(f"moment/{device.id}")))
        for at in stamps(device, span, timedelta(seconds=every_s), moment):
            power = speak_power(device, at)
            if power is not None:
                told.append(_event(at, power))
            if device.family is not Family.SHELLY:
                told.append(_event(at, speak(device, at)))
        if device.family is Family.SHELLY:
            told.extend(_event(at, speak(device, at)) for at in stamps(device, span, _MINUTE, device.delay))
    return sorted(told, key=lambda event: (event.at, event.topic))


def day_span(day: date, zone: ZoneInfo = PARIS, cadence_s: int = CADENCE_S) -> Span:
    """A local day with two steps of the cadence on either side, so that readings enclose each of its intervals."""
    margin, whole = timedelta(seconds=2 * cadence_s), local_day(day, zone)
    return Span(whole.start - margin, whole.end + margin)


def last_day(now: datetime, zone: ZoneInfo = PARIS, cadence_s: int = CADENCE_S) -> date:
    """Last local day whose `day_span` is over, so that none of its messages is from the future."""
    day = local_date(now, zone)
    while day_span(day, zone, cadence_s).end > now:
        day -= timedelta(days=1)
    return day


def _told(device: Device, span: Span, cadence: timedelta, troubles: Troubles | None) -> Iterable[Event]:
    """What one device says in a span, before trouble comes to its messages."""
    said = ((at, speak(device, at, dark=is_dark(at, troubles))) for at in stamps(device, span, cadence, device.delay))
    if device.family in CLOCKLESS:
        return _handed_on(device, said, span, troubles)
    return (replace(_event(at, spoken), why=_swap(device, at)) for at, spoken in said)


def _handed_on(
    device: Device, said: Iterable[tuple[datetime, Spoken]], span: Span, troubles: Troubles | None
) -> Iterator[Event]:
    """Envelopes of the gateway at a point: one an hour, at its end or at the end of the span."""
    for hour, group in groupby(said, key=lambda heard: floor_to_step(heard[0], _HOUR)):
        heard = list(group)
        dark = device.family is Family.OPENDTU and any(is_dark(at, troubles) for at, _ in heard)
        envelope = relay(f"gateway-{device.point.id}", heard)
        yield replace(_event(min(hour + _HOUR, span.end), envelope), why=DARK if dark else "")


def _event(at: datetime, spoken: Spoken) -> Event:
    return Event(at, spoken.topic, spoken.payload, readings=spoken.readings)


def _swap(device: Device, at: datetime) -> str:
    if at == device.validity.valid_from:
        return SWAP_FIRST
    return SWAP_LAST if at == device.validity.valid_to else ""
