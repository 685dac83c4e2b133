"""TeleInfoKit: the customer port (TIC) of Linky and older French meters, one label per topic, a number as text.

The first firmware publishes teleinfokit/<label> with names of its own (hc, hp, adc0); the second publishes
teleinfokit-<id>/data/<label> with the meter's labels in lower case. A label is sent when its value has changed.
Registers are whole Wh; papp and sinsts are VA, never W; easfNN are parts of east. There is no clock. The device is the
first level of the topic: the meter's serial is a message of its own (adc0, adco, adsc) and not used.
Source: github.com/342apps/teleinfokit, doc/mqtt.md and issue 17.
"""

from typing import Final

from energy.model import Message
from ingest.dialect import Decoded, Dialect, Field, reading_of
from ingest.teleinfo import LABELS

NAME: Final = "teleinfokit"
BASE: Final = "teleinfokit"
LOWER_LABELS: Final[dict[str, Field]] = {
    **{label.lower(): field for label, field in LABELS.items()},
    "hc": LABELS["HCHC"],
    "hp": LABELS["HCHP"],
}


def decode(message: Message) -> Decoded:
    """Read one label; None where the first level is not that of a TeleInfoKit."""
    first, *_, label = message.topic.split("/")
    if first != BASE and not first.startswith(f"{BASE}-"):
        return None
    return reading_of(message.payload, LOWER_LABELS.get(label), message.base or first, NAME)


DIALECT: Final = Dialect(NAME, (f"{BASE}/+", "+/data/+", "+/log"), decode, base=BASE)
