"""Where messages come from: the address of an MQTT broker, and as whom and for what we ask it."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from energy.errors import InvalidInput

Protocol: TypeAlias = Literal["auto", "5", "3.1.1"]
GROUP: Final = "hub"
"""The group of workers where nobody names another."""
SPARKPLUG: Final = "spBv1.0"
OURS: Final = "hub"
RELAYS: Final = "hub/v1/+/relay"
"""Messages that cannot be read out of order, Sparkplug B and what a gateway relays: one worker reads them all."""
NO_ADDRESS: Final = (
    "HUB_MQTT_URL is not an address such as mqtt://user:password@host:1883"
    " (in a password, / is written %2F, ? is %3F and # is %23)"
)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where messages come from, and as whom we ask for them. The client id keeps our session in the broker.

    With a `group`, its members share the messages among them; `reads_in_order` of one of them says that it alone reads
    what needs its order.
    """

    host: str
    port: int
    client_id: str
    topics: tuple[str, ...] = ("#",)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    protocol: Protocol = "auto"
    in_flight: int = 4000
    group: str = ""
    reads_in_order: bool = True

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to."""
        if not self.group:
            return self.topics
        in_order = [own for topic in self.topics for own in _in_order(topic)] if self.reads_in_order else []
        return (*shared(self.topics, self.group), *dict.fromkeys(in_order))

    @property
    def filters_to_leave(self) -> tuple[str, ...]:
        """What a session holds that was used without a group before, or with the usual one; to be left."""
        return self.topics if self.group else shared(self.topics, GROUP)

    def leaves_to_others(self, topic: str) -> bool:
        """Whether another worker of the group reads this topic."""
        return bool(self.group) and not self.reads_in_order and _needs_order(topic)


def shared(topics: tuple[str, ...], group: str) -> tuple[str, ...]:
    """Topic filters as shared subscriptions of a group."""
    return tuple(f"$share/{group}/{topic}" for topic in topics)


def broker_at(url: str, client_id: str, **options: Any) -> Broker:
    """The broker of a URL such as mqtt://user:password@host:1883.

    Raises:
        InvalidInput: not such a URL; neither the text nor the cause repeats it, since it holds a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 1883
    except ValueError:
        raise InvalidInput(NO_ADDRESS) from None
    if parts.scheme == "mqtts":
        raise InvalidInput(f"{NO_ADDRESS}; mqtts is not spoken by this version: put a TLS proxy in front of it")
    if parts.scheme != "mqtt" or not parts.hostname or "@" in parts.path + parts.query + parts.fragment:
        raise InvalidInput(NO_ADDRESS)
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Broker(parts.hostname, port, client_id, username=username, password=password, **options)


def _needs_order(topic: str) -> bool:
    return topic.startswith(f"{SPARKPLUG}/") or (topic.startswith("hub/v1/") and topic.endswith("/relay"))


def _in_order(topic_filter: str) -> tuple[str, ...]:
    """What of a filter needs its order, as filters that ask for no more than it does."""
    first = topic_filter.partition("/")[0]
    if topic_filter in ("#", "+/#"):
        return (f"{SPARKPLUG}/#", RELAYS)
    if first == SPARKPLUG:
        return (topic_filter,)
    return (RELAYS,) if topic_filter in (f"{OURS}/#", f"{OURS}/v1/#", RELAYS) else ()
