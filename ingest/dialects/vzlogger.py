"""vzlogger of the Volkszaehler project (vzlogger/data/chn<n>/raw): meters read by optical head, S0 pulses and others.

A channel is only a number: whether chn0 is import, export, power or pulses, and in which unit, stands in vzlogger's own
configuration. So a [[site]] gives each channel its role by its name ("chn0"); without one the message is refused and
kept, to be read once the role is known. SML meters count in Wh (factor 1), others in kWh, pulses by their resolution.

raw is every reading, agg the same channel per aggregation time; both are given where both are published, so aggregate
registers with `max`. The payload is the number alone, or an object with `timestamp` in milliseconds since 1970; without
it there is no clock. The device is what stands before the channel, as several vzloggers have several base topics.
Source: github.com/volkszaehler/vzlogger, src/mqtt.cpp and etc/vzlogger.conf.
"""

from typing import Final

from energy.model import Message, Reading
from ingest.dialect import Decoded, Dialect, epoch_seconds, json_object, number, scaled

NAME: Final = "vzlogger"
BASE: Final = "vzlogger"
CHANNEL: Final = "chn"
VALUES: Final = frozenset({"raw", "agg"})


def decode(message: Message) -> Decoded:
    """Read one value of one channel; what announces a channel holds nothing."""
    _, *levels = message.topic.split("/")
    if len(levels) < 2 or not levels[-2].startswith(CHANNEL):
        return None
    *before, channel, kind = levels
    if kind not in VALUES:
        return []
    frame = json_object(message.payload)
    value = message.payload.decode() if frame is None else frame["value"]
    role = message.roles.get(channel)
    if role is None:
        raise ValueError(f"channel {channel!r} has no role: name it so in a [[site]] (channels of vzlogger: chn<n>)")
    measured = scaled(value, role.factor)
    if measured is None:
        return []
    milliseconds = number(frame.get("timestamp")) if frame is not None else None
    at = None if milliseconds is None else epoch_seconds(milliseconds / 1000)
    device = "/".join((message.base or BASE, *before))
    return [Reading(device, role.quantity, measured, at, "", channel, "", NAME)]


DIALECT: Final = Dialect(NAME, (f"{BASE}/#",), decode, base=BASE)
