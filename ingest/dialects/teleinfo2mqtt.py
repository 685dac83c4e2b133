"""teleinfo2mqtt: the customer port (TIC) of Linky and older French meters (teleinfo/<serial>), one frame as JSON.

Every label is an object {raw, value}, in standard mode sometimes with a timestamp. `value` went through a number, so
serials have lost their leading zeros there: the device is the `raw` of ADSC or ADCO, which is also in the topic.
Registers are whole Wh; PAPP and SINSTS are VA, never W; CCASN and CCAIN are averages in W of a period that ended at
their own timestamp. EASFnn are parts of EAST; in historical mode the tariffs together are the total. A line that came
broken is dropped alone, so a frame may lack any label.

Clock: the timestamp of DATE, the meter's legal time. It ends in Z but is local, and `dst` tells summer from winter.
Historical mode has none.
Source: github.com/fmartinou/teleinfo2mqtt, docs/mqtt/README.md and app/teleinfo/TicMode.js; Enedis-NOI-CPT_54E.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from energy.model import Message, Reading
from ingest.dialect import YEAR_2000, Decoded, Dialect, json_object, number
from ingest.teleinfo import IDENTITIES, LABELS

NAME: Final = "teleinfo2mqtt"
BASE: Final = "teleinfo"
TEMPO: Final = "tempo"
"""The calendar of the Tempo tariff, on a topic beside those of the meters."""
SERIAL_DIGITS: Final = 12


def decode(message: Message) -> Decoded:
    """Read a frame of labels; None where the payload is no frame and the topic no serial number."""
    device = message.topic.rpartition("/")[2]
    if device == TEMPO:
        return []
    frame = json_object(message.payload)
    if frame is None or not any(isinstance(item, dict) and "raw" in item for item in frame.values()):
        if len(device) == SERIAL_DIGITS and device.isdecimal():
            raise ValueError("not a frame of labels")
        return None
    serial = next((frame[label]["raw"].strip() for label in IDENTITIES if label in frame), "")
    at = _stamp(frame.get("DATE", {}), message.zone)
    return list(_labels(frame, serial or device, at, message.zone))


def _labels(frame: dict[str, Any], device: str, at: datetime | None, zone: ZoneInfo) -> Iterator[Reading]:
    for label, item in frame.items():
        known = LABELS.get(label)
        if known is not None and (measured := number(item["value"])) is not None:
            own = _stamp(item, zone) or at
            yield Reading(device, known.quantity, measured, own, known.phase, "", known.tariff, NAME)


def _stamp(item: dict[str, Any], zone: ZoneInfo) -> datetime | None:
    stamp = item.get("timestamp")
    if stamp is None:
        return None
    # The hour that comes twice in autumn is told apart by the season: summer time comes first.
    fold = 1 if stamp["dst"] == "winter" else 0
    at = datetime.fromisoformat(stamp["date"]).replace(tzinfo=zone, fold=fold).astimezone(UTC)
    return at if at >= YEAR_2000 else None


DIALECT: Final = Dialect(NAME, (f"{BASE}/+",), decode, base=BASE)
