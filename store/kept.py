"""Messages that later ones cannot be read without: kept so that a restart, or another worker, knows them too."""

from collections.abc import Mapping
from datetime import datetime

import psycopg

from energy.validity import FOREVER_AGO
from store.queries import statement


def read_kept(connection: psycopg.Connection, since: datetime = FOREVER_AGO) -> dict[str, bytes]:
    """The last payload by topic, of what was kept since an instant, the longest kept first."""
    rows = connection.execute(statement("kept_messages"), {"since": since})
    return {topic: bytes(payload) for topic, payload in rows}


def write_kept(connection: psycopg.Connection, kept: Mapping[str, bytes]) -> None:
    """Keep the last payload of some topics, in the open transaction."""
    if kept:
        connection.execute(
            statement("kept_message_put"), {"topics": list(kept), "payloads": [bytes(p) for p in kept.values()]}
        )


def trim_kept(connection: psycopg.Connection, most: int) -> None:
    """Forget what was kept longest beyond a number of topics."""
    connection.execute(statement("kept_message_trim"), {"most": most})
