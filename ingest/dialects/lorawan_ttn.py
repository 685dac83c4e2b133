"""LoRaWAN devices behind The Things Stack (TTN): v3/<application>@<tenant>/devices/<device>/up, JSON.

What a device says is in uplink_message.decoded_payload, made by the formatter that the user chose. Known is that of
Fludia's optical meter readers FM432e and FM432ir; of other devices, the fields that have a role are read: roles are by
the key in decoded_payload.

Clock: received_at of the uplink, to the second; increments are counted back from it and stamped with their start. The
device is its dev_eui, else its device_id. Simulated uplinks, and uplinks without a formatter, hold nothing.
Source: thethingsindustries.com/docs, integrations/data-formats; github.com/Fludia-IoT/LoRaWAN-decoders.
"""

from typing import Final

import msgspec

from energy.model import Message
from ingest.dialect import Decoded, Dialect
from ingest.fludia import uplink_readings

NAME: Final = "lorawan_ttn"
UP: Final = "up"


def decode(message: Message) -> Decoded:
    """Read an uplink; joins, downlinks and the like hold nothing."""
    if message.topic.rpartition("/")[2] != UP:
        return []
    event = msgspec.json.decode(message.payload)
    uplink = event["uplink_message"]
    payload = uplink.get("decoded_payload")
    if event.get("simulated") or not isinstance(payload, dict):
        return []
    ids = event["end_device_ids"]
    device = ids.get("dev_eui") or ids["device_id"]
    stamp = uplink.get("received_at") or event.get("received_at")
    return uplink_readings(payload, stamp, device, message, NAME)


DIALECT: Final = Dialect(NAME, ("v3/+/devices/+/#",), decode)
