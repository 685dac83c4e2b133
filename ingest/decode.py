"""From a message to the readings in it: find who speaks, ask in order, and check the names that come back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import replace

from energy.errors import UndecodableMessage
from energy.model import NOTHING, Message, Reading, Site
from ingest.dialect import ANY_TOPIC, BROKEN
from ingest.dialects import hub_v1
from ingest.routes import BY_NAME, Route, Routes

LONGEST_DEVICE: Final = 200
LONGEST_NAME: Final = 60
"""Longest device id, and longest phase, channel or tariff: what an index of the store can hold."""
LONGEST_REASON: Final = 500
KEPT_TOPICS: Final = 10_000
"""Topics whose last message is kept for later ones; beyond that the one longest unheard goes."""
LONGEST_KEPT_TOPIC: Final = 500
NAMES_REMEMBERED: Final = 65_536


class Decoder:
    """Reads messages with the dialects and the site map, and keeps those that later ones cannot be read without.

    `newly_kept` holds the last payload by topic since it was last cleared: whoever stores the readings stores it too.
    """

    def __init__(self, sites: Iterable[Site] = (), kept: Mapping[str, bytes] = NOTHING) -> None:
        self._routes = Routes(sites)
        self._kept = dict(kept)
        self.newly_kept: dict[str, bytes] = {}

    def decode(self, message: Message) -> list[Reading]:
        """Read a message with the first dialect that claims it.

        Returns:
            Its readings, each with the dialect's name; [] for a known message without any. `at` is None where the
            message has no clock of its own.

        Raises:
            UndecodableMessage: no dialect claims it, or it is broken.
        """
        route = self._routes.of(message.topic)
        seen = None if route.base or route.roles or route.zone is not None else message
        for dialect in route.dialects:
            if seen is None or dialect.keeps is not None:
                seen = self._with_what_is_known(message, route)
            try:
                readings = dialect.decode(seen)
                if readings is None:
                    continue
                named = [_named(reading, route.name) for reading in readings] if route.name else readings
                for reading in named:
                    _check_names(reading.device, reading.phase, reading.channel, reading.tariff)
                if dialect.keeps is not None and dialect.keeps(seen):
                    self._keep(message)
            except BROKEN as error:
                raise UndecodableMessage(message.topic, f"{dialect.name}: {_why(error)}") from error
            return list(named)
        raise UndecodableMessage(message.topic, _unknown(route))

    def learn(self, kept: Mapping[str, bytes]) -> None:
        """Take over what others have kept."""
        for topic, payload in kept.items():
            self._remember(topic, payload)

    def _keep(self, message: Message) -> None:
        if len(message.topic) > LONGEST_KEPT_TOPIC:
            raise ValueError(f"a topic of {len(message.topic)} letters is too long to be kept for later messages")
        self.newly_kept[message.topic] = message.payload
        self._remember(message.topic, message.payload)

    def _remember(self, topic: str, payload: bytes) -> None:
        self._kept.pop(topic, None)
        self._kept[topic] = payload
        if len(self._kept) > KEPT_TOPICS:
            del self._kept[next(iter(self._kept))]

    def _with_what_is_known(self, message: Message, route: Route) -> Message:
        zone = route.zone or message.zone
        earlier = _Below(self._kept, route.base, route.dialects[0].base) if route.base else self._kept
        return Message(
            route.topic, message.payload, message.received_at, message.retain, zone, route.base, route.roles, earlier
        )


class _Below(Mapping[str, bytes]):
    """What was kept below the prefix of a site, by the topics that its dialect knows: two sites are not mixed up."""

    def __init__(self, kept: Mapping[str, bytes], prefix: str, base: str) -> None:
        self._kept = kept
        self._prefix = prefix
        self._base = base

    def __getitem__(self, topic: str) -> bytes:
        return self._kept[self._prefix + topic.removeprefix(self._base)]

    def __iter__(self) -> Iterator[str]:
        return (self._base + topic[len(self._prefix) :] for topic in self._kept if topic.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def decode(message: Message) -> list[Reading]:
    """Read one message that stands alone, without a site map.

    Raises:
        UndecodableMessage: no dialect claims it, or it is broken.
    """
    return Decoder().decode(message)


def unwrap(message: Message) -> Sequence[Message]:
    """Take the messages out of a relay envelope; any other message is given back alone.

    Raises:
        UndecodableMessage: an envelope that is broken, or holds something broken.
    """
    whole, broken = unwrap_parts(message)
    for _, reason in broken:
        raise UndecodableMessage(message.topic, reason)
    return whole


def unwrap_parts(message: Message) -> tuple[Sequence[Message], Sequence[tuple[Message, str]]]:
    """Take the messages out of a relay envelope, and what is broken in it apart, each with its reason.

    A broken part comes as an envelope of its own, so that it can be kept and replayed alone.

    Raises:
        UndecodableMessage: the envelope as a whole is broken.
    """
    if not hub_v1.is_relay(message.topic):
        return (message,), ()
    whole: list[Message] = []
    broken: list[tuple[Message, str]] = []
    try:
        elements = hub_v1.relay_elements(message)
    except BROKEN as error:
        raise UndecodableMessage(message.topic, f"{hub_v1.NAME}: {_why(error)}") from error
    for index, element in enumerate(elements):
        try:
            whole.append(hub_v1.relayed(element, f"messages[{index}]", message))
        except BROKEN as error:
            part = replace(message, payload=hub_v1.relay_payload([element]))
            broken.append((part, f"{hub_v1.NAME}: {_why(error)}"))
    return whole, broken


def _unknown(route: Route) -> str:
    if (site := route.site) is not None:
        if site.dialect not in BY_NAME:
            return f"the site map says that {site.prefix} speaks {site.dialect}, which this hub does not know"
        what = "message" if route.dialects else "topic"
        return f"the site map says that {site.prefix} speaks {site.dialect}, which does not know this {what}"
    asked = [dialect.name for dialect in route.dialects if ANY_TOPIC not in dialect.topics]
    return f"no dialect knows this payload (asked: {', '.join(asked)})" if asked else "no dialect knows this topic"


def _why(error: Exception) -> str:
    """A broken message's fault as people can read it: a decoder's own sentence, or what Python stumbled on."""
    match error:
        case msgspec.DecodeError():
            said = f"not valid JSON ({error})"
        case UnicodeDecodeError():
            said = f"not text (byte {error.start} is no UTF-8)"
        case KeyError():
            said = f"{error.args[0]!r} is missing"
        case AttributeError() | IndexError():
            said = f"not the documented shape ({error})"
        case _:
            said = str(error) or type(error).__name__
    return said if len(said) <= LONGEST_REASON else f"{said[:LONGEST_REASON]}..."


def _named(r: Reading, site: str) -> Reading:
    return Reading(f"{site}/{r.device}", r.quantity, r.value, r.at, r.phase, r.channel, r.tariff, r.dialect)


@lru_cache(maxsize=NAMES_REMEMBERED)
def _check_names(device: str, phase: str, channel: str, tariff: str) -> None:
    # The store keeps text that people can read, and its indexes have room for names, not for novels.
    if not (0 < len(device) <= LONGEST_DEVICE and device.isprintable()):
        raise ValueError(f"device {device!r:.80} is not a name")
    for name in (phase, channel, tariff):
        if name and not (len(name) <= LONGEST_NAME and name.isprintable()):
            raise ValueError(f"{name!r:.80} is not a phase, channel or tariff")
