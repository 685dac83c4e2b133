"""Which dialects may read a topic, and what the site map says about it. Pure, and asked once per topic."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from energy.model import NOTHING, ChannelRole, Site
from ingest.dialect import Dialect, topic_matches
from ingest.dialects import DIALECTS

TOPICS_REMEMBERED: Final = 65_536
"""Topics whose route is kept in mind: some ten megabytes, enough for thousands of homes."""
BY_NAME: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in DIALECTS}


class Route(NamedTuple):
    """How the messages of one topic are read.

    `topic` is what the dialects see, `base` the site's prefix that was rewritten in it. `name` goes before the ids of
    its devices. `site` is what the site map says, where it names a dialect.
    """

    dialects: tuple[Dialect, ...]
    topic: str
    base: str = ""
    zone: ZoneInfo | None = None
    roles: Mapping[str, ChannelRole] = NOTHING
    name: str = ""
    site: Site | None = None


class Routes:
    """The routes of a territory, found by topic; of several sites with a prefix of it, the longest prefix counts."""

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self._sites = {site.prefix: site for site in sites}
        self._known: dict[str, Route] = {}

    def of(self, topic: str) -> Route:
        """The route of a topic."""
        route = self._known.get(topic)
        if route is None:
            if len(self._known) >= TOPICS_REMEMBERED:
                self._known.clear()
            route = self._known[topic] = self._route(topic)
        return route

    def _route(self, topic: str) -> Route:
        site = self._site(topic)
        if site is None:
            return Route(dialects_of(topic), topic)
        zone = ZoneInfo(site.zone) if site.zone else None
        if not site.dialect:
            return Route(dialects_of(topic), topic, "", zone, site.roles, site.name)
        dialect = BY_NAME.get(site.dialect)
        if dialect is None:  # this hub is older than the one that took the territory
            return Route((), topic, site=site)
        base = dialect.base
        rewritten = base + topic[len(site.prefix) :] if base else topic
        claimed = (dialect,) if any(topic_matches(wanted, rewritten) for wanted in dialect.topics) else ()
        return Route(claimed, rewritten, site.prefix if base else "", zone, site.roles, site.name, site)

    def _site(self, topic: str) -> Site | None:
        prefix = topic if self._sites else ""
        while prefix:
            if prefix in self._sites:
                return self._sites[prefix]
            prefix = prefix.rpartition("/")[0]
        return None


def dialects_of(topic: str) -> tuple[Dialect, ...]:
    """Dialects that may claim a topic, in the order in which they are asked."""
    first, last = topic.partition("/")[0], topic.rpartition("/")[2]
    offers = chain(FILTERS.get(f"{first}/", ()), FILTERS.get(f"/{last}", ()), FILTERS.get("", ()))
    positions = {position for position, topic_filter in offers if topic_matches(topic_filter, topic)}
    return tuple(DIALECTS[position] for position in sorted(positions))


def _filters() -> dict[str, list[tuple[int, str]]]:
    """Filters of all dialects by the level that narrows them down most: the first ("solar/") or the last ("/SENSOR").

    So a topic seen for the first time meets a handful of filters, however many dialects there are.
    """
    filters: dict[str, list[tuple[int, str]]] = {}
    for position, dialect in enumerate(DIALECTS):
        for topic_filter in dialect.topics:
            first, last = topic_filter.partition("/")[0], topic_filter.rpartition("/")[2]
            narrow = [key for level, key in ((first, f"{first}/"), (last, f"/{last}")) if level not in ("#", "+")]
            filters.setdefault(narrow[0] if narrow else "", []).append((position, topic_filter))
    return filters


FILTERS: Final = _filters()
