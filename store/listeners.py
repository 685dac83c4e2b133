"""How the processes that listen are: each tells it every few seconds, and the API and `hub devices` read it."""

from datetime import datetime
from typing import NamedTuple

import psycopg

from store.queries import statement


class ListenerState(NamedTuple):
    """One process that listens; counts are since its start.

    `queued`: messages heard and not yet stored. `full_s`: how long it has not read because its queue was full [s].
    `broker_losses`, `database_losses`: how often each went away.
    """

    id: str
    started_at: datetime
    is_connected: bool
    messages: int = 0
    stored: int = 0
    repeated: int = 0
    undated: int = 0
    rejected_messages: int = 0
    rejected_readings: int = 0
    queued: int = 0
    full_s: float = 0.0
    broker_losses: int = 0
    database_losses: int = 0


class ToldState(NamedTuple):
    """A state, when it was told and how long ago that is [s]."""

    state: ListenerState
    told_at: datetime
    silent_s: float


def tell(connection: psycopg.Connection, state: ListenerState) -> None:
    """Write how a process is now."""
    connection.execute(statement("listener_tell"), state._asdict())


def forget(connection: psycopg.Connection, id_: str) -> None:
    """A process has ended in order, and nobody need wonder where it is."""
    connection.execute(statement("listener_forget"), {"id": id_})


def read_listeners(connection: psycopg.Connection) -> list[ToldState]:
    """Every process that listens, by name."""
    return [
        ToldState(ListenerState(id_, started_at, *rest), told_at, silent_s)
        for id_, started_at, told_at, silent_s, *rest in connection.execute(statement("listeners"))
    ]


def remember_session(connection: psycopg.Connection, id_: str, group: str) -> None:
    """From now on a broker keeps messages for a client id."""
    connection.execute(statement("broker_session_put"), {"id": id_, "group": group})


def forget_session(connection: psycopg.Connection, id_: str) -> None:
    """A client id was given up in order."""
    connection.execute(statement("broker_session_forget"), {"id": id_})


def read_sessions(connection: psycopg.Connection) -> dict[str, str]:
    """The client ids for which a broker keeps messages, each with its group."""
    return dict(connection.execute(statement("broker_sessions")).fetchall())
