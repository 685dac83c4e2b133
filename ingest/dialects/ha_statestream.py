"""Home Assistant's MQTT Statestream (homeassistant/<domain>/<object>/state): the state of every entity, as text.

What an entity measures only its user knows: the site map gives it a role by its entity id, such as
"sensor.meter_import", with the factor from the unit that Home Assistant shows. Each entity is a device of that name.
Entities without a role hold nothing, as they may be anything, and so do attributes (unit_of_measurement and the like),
unavailable and unknown states, and what devices announce to Home Assistant beneath the same topic (.../config).

The messages have no clock: last_updated is a message of its own that comes after the state. They are retained. The base
topic is chosen by the user; homeassistant is what most take.
Source: github.com/home-assistant/core, homeassistant/components/mqtt_statestream/__init__.py.
"""

from typing import Final

from energy.model import Message
from ingest.dialect import Decoded, Dialect, Field, reading_of

NAME: Final = "ha_statestream"
BASE: Final = "homeassistant"
ANNOUNCEMENT: Final = "config"
DOMAINS: Final = frozenset(
    {
        "alarm_control_panel",
        "automation",
        "binary_sensor",
        "button",
        "calendar",
        "camera",
        "climate",
        "counter",
        "cover",
        "device",
        "device_automation",
        "device_tracker",
        "event",
        "fan",
        "group",
        "humidifier",
        "image",
        "input_boolean",
        "input_button",
        "input_datetime",
        "input_number",
        "input_select",
        "input_text",
        "lawn_mower",
        "light",
        "lock",
        "media_player",
        "notify",
        "number",
        "person",
        "remote",
        "scene",
        "schedule",
        "script",
        "select",
        "sensor",
        "siren",
        "sun",
        "switch",
        "tag",
        "text",
        "timer",
        "update",
        "vacuum",
        "valve",
        "water_heater",
        "weather",
        "zone",
    }
)
"""Kinds of entities, whose attributes and announcements hold nothing; below any other level is somebody else."""
STATUS: Final = (b"online", b"offline")


def decode(message: Message) -> Decoded:
    """Read the state of an entity that has a role; other entities, attributes and announcements hold nothing."""
    match message.topic.split("/"):
        case [_, domain, name, "state"] if (role := message.roles.get(f"{domain}.{name}")) is not None:
            return reading_of(message.payload, Field(role.quantity, role.factor), f"{domain}.{name}", NAME)
        case [_, "status"]:
            return [] if message.payload in STATUS else None
        case [_, domain, _, *_, last] if domain in DOMAINS or last == ANNOUNCEMENT:
            return []
        case _:
            return None


DIALECT: Final = Dialect(NAME, (f"{BASE}/#",), decode, base=BASE)
