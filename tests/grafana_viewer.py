"""Somebody who looks at Grafana: a login role of their own, and statements run the way Grafana runs them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from energy.time import Span
from store import viewers
from store.connect import connect
from tests.grafana_queries import expand, interpolate


@dataclass(frozen=True, slots=True)
class Answer:
    """What PostgreSQL gave: the names of the columns and the rows."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def column(self, name: str) -> list[Any]:
        """Values of one column, in order."""
        return [row[self.names.index(name)] for row in self.rows]

    def one(self) -> dict[str, Any]:
        """The only row."""
        assert len(self.rows) == 1
        return dict(zip(self.names, self.rows[0], strict=True))


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks at Grafana: a connection as it opens them, with a login role that sees some communities."""

    connection: psycopg.Connection

    def ask(self, text: str, communities: Sequence[str], span: Span, interval_ms: int = 60_000) -> Answer:
        """Run a statement as Grafana would, with the choice and the range of the dashboard, changing nothing."""
        text = expand(interpolate(text, {"community": communities}, interval_ms), span.start, span.end)
        with self.connection.transaction():
            cursor = self.connection.execute(text.encode(), prepare=False)
            assert cursor.description is not None
            return Answer(tuple(column.name for column in cursor.description), cursor.fetchall())


@contextmanager
def viewer_of(url: str, communities: Sequence[str]) -> Iterator[Viewer]:
    """Make a login that may see the communities; it is gone when the context ends."""
    with connect(url) as owner:
        made = viewers.add(owner, communities)
        try:
            with psycopg.connect(make_conninfo(url, user=made.role, password=made.password)) as connection:
                connection.read_only = True
                yield Viewer(connection)
        finally:
            viewers.remove(owner, made.role)
