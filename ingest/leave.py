"""Give a client id up: store what the broker keeps for it, and end its session there."""

import threading
from typing import Final

from energy.errors import Unavailable
from ingest.listen import Listener
from store import listeners
from store.connect import connect

LOOK_EVERY_S: Final = 0.1
ALIVE_S: Final = 10.0
"""How lately a process must have told how it is for its client id to be in use."""


def fetch_and_leave(listener: Listener, client_id: str, database_url: str, stop: threading.Event) -> None:
    """Store what the broker keeps for a listener that is leaving, and end its session.

    Told to stop, it ends before that; then nothing is lost, and it can be tried again.

    Raises:
        Unavailable: as Listener.start() and check() do, or another process listens by that client id right now.
    """
    with connect(database_url) as connection:
        silent_s = {told.state.id: told.silent_s for told in listeners.read_listeners(connection)}
    if silent_s.get(client_id, float("inf")) < ALIVE_S:
        raise Unavailable(
            f"{client_id} listens right now: stop it first, or name the one you mean in HUB_MQTT_CLIENT_ID"
        )
    listener.start()
    while not listener.is_settled and not stop.wait(LOOK_EVERY_S):
        listener.check()
    is_done = listener.is_settled
    listener.stop(for_good=is_done)
    if is_done:
        with connect(database_url) as connection:
            listeners.forget_session(connection, client_id)
