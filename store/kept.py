"""Messages that later ones cannot be read without: kept so that a restart, or another worker, knows them too."""

from collections.abc import Mapping

import psycopg

from store.queries import statement


def read_kept(connection: psycopg.Connection) -> dict[str, bytes]:
    """The last payload by topic."""
    return {topic: bytes(payload) for topic, payload in connection.execute(statement("kept_messages"))}


def write_kept(connection: psycopg.Connection, kept: Mapping[str, bytes]) -> None:
    """Keep the last payload of some topics, in the open transaction."""
    if kept:
        connection.execute(
            statement("kept_message_put"), {"topics": list(kept), "payloads": [bytes(p) for p in kept.values()]}
        )
