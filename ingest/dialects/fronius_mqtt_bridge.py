"""fronius-mqtt-bridge, Fronius inverters by Modbus: JSON objects on three topics that the user chooses.

The objects come every few seconds (state-quick), minutes (medium) and less often (slow). They are recognised by their
keys, together with `status` and `timestamp`, an ISO instant with offset; the device is the level before the last of
their topic, or the topic where it has but one. They are retained.

Powers are W, registers Wh. Meter power is + for import, battery power + for discharge. invAcPower and invAcEnergyTot
are the inverter's AC side: with a battery at its DC side they contain what that gives. The power of the modules is DC.
While the inverter cannot be reached, values are null or missing. eflow... are energies since the last message, no
registers.
Source: github.com/rosenloecher-it/fronius-mqtt-bridge, README.md, fronius-mqtt-bridge.yaml.sample, fronmod_config.py.
"""

from typing import Final

from energy.model import Message, Quantity
from ingest.dialect import Decoded, Dialect, Field, instant_of, json_object, readings_of

NAME: Final = "fronius_mqtt_bridge"
FIELDS: Final[dict[str, Field]] = {
    "invAcPower": Field(Quantity.PV_POWER),
    "mpptModPower": Field(Quantity.PV_DC_POWER),
    "mpptModVoltage": Field(Quantity.VOLTAGE, channel="dc"),
    "mpptBatPower": Field(Quantity.BATTERY_POWER),
    "metAcPower": Field(Quantity.ACTIVE_POWER),
    "invAcEnergyTot": Field(Quantity.PV_ENERGY),
    "metEnergyImpTot": Field(Quantity.IMPORT_ENERGY),
    "metEnergyExpTot": Field(Quantity.EXPORT_ENERGY),
    "batFillLevel": Field(Quantity.BATTERY_SOC),
}
FRAME: Final = frozenset({"status", "timestamp"})
SIGNATURE: Final = b'"timestamp"'
TOPICS_AS_INSTALLED: Final = frozenset({"state-quick", "state-medium", "state-slow"})


def decode(message: Message) -> Decoded:
    """Read one object; None where it has neither the bridge's keys nor its usual topic."""
    if SIGNATURE not in message.payload:
        return None
    frame = json_object(message.payload)
    if frame is None or not frame.keys() >= FRAME:
        return None
    *_, parent, last = ["", *message.topic.split("/")]
    if FIELDS.keys().isdisjoint(frame) and last not in TOPICS_AS_INSTALLED:
        return None
    at = instant_of(frame["timestamp"], message)
    return readings_of(frame, FIELDS, parent or last, at, NAME)


DIALECT: Final = Dialect(NAME, ("#",), decode)
