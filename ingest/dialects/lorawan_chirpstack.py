"""LoRaWAN devices behind ChirpStack: application/<id>/device/<EUI>/event/up, JSON, beneath any prefix.

What a device says is in `object`, made by the codec of its device profile; every number in it is a double. Known is the
codec of Fludia's optical meter readers FM432e and FM432ir; of other devices, the fields that have a role are read:
roles are by the key in `object`.

Clock: `time` of the uplink, to the second; increments are counted back from it and stamped with their start. The device
is its EUI in the topic, in small letters. Joins, states and uplinks without a codec hold nothing.
Source: github.com/chirpstack/chirpstack, api/proto/integration; github.com/Fludia-IoT/LoRaWAN-decoders.
"""

from typing import Final

import msgspec

from energy.model import Message
from ingest.dialect import Decoded, Dialect
from ingest.fludia import uplink_readings

NAME: Final = "lorawan_chirpstack"
UP: Final = "up"


def decode(message: Message) -> Decoded:
    """Read an uplink; the other events of a device hold nothing."""
    *_, device, _, event = message.topic.split("/")
    if event != UP:
        return []
    uplink = msgspec.json.decode(message.payload)
    payload = uplink.get("object")
    if not isinstance(payload, dict):
        return []
    return uplink_readings(payload, uplink.get("time"), device, message, NAME)


DIALECT: Final = Dialect(NAME, ("#/application/+/device/+/event/+",), decode)
