"""The writer thread: takes what was heard from a bounded queue into the database, and acknowledges after the commit.

A batch that the database cannot take is kept and written first when the database is back. When the queue is full,
whoever hears waits.
"""

import gc
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Final

import psycopg

from energy.errors import Unavailable
from ingest.append import Appender
from ingest.decode import KEPT_TOPICS
from ingest.session import Delivery, Session
from store import listeners
from store.connect import connect, database_answers
from store.kept import trim_kept
from store.listeners import ListenerState
from store.readings import prepare
from store.rejected import trim

log = logging.getLogger(__name__)

SHORTEST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
STOP_TIMEOUT_S: Final = 5.0
QUEUE_WAIT_S: Final = 0.2
COLLECT_AFTER: Final = (200_000, 50, 100)
BYTES_WAIT_S: Final = 0.01
MOST_BYTES: Final = 64_000_000
"""Payloads that may wait; a message beyond that is still taken, so that none is too long to pass. [B]"""
TELL_EVERY_S: Final = 2.0
TRIM_EVERY_S: Final = 600.0
TRIM_SHARE: Final = 5
"""The quarantine is looked at before its time when one in so many of its bytes may be new."""


class Writer:
    """Writes deliveries between start() and stop(), and tells the database how the listener is.

    Args:
        state: how the listener is; the writer adds its own counts.
        quarantine: how old, and how large [B], what was refused may become.
    """

    def __init__(
        self,
        database_url: str,
        appender: Appender,
        session: Session,
        state: Callable[[], ListenerState],
        *,
        batch: int,
        capacity: int,
        quarantine: tuple[timedelta, int],
    ) -> None:
        self.failure: Unavailable | None = None
        self._database_url = database_url
        self._appender = appender
        self._session = session
        self._state = state
        self._batch = batch
        self._quarantine = quarantine
        self._queue: queue.Queue[Delivery] = queue.Queue(maxsize=max(capacity, batch))
        self._bytes_put = self._bytes_taken = 0
        self._pending: list[Delivery] = []
        self._stop = threading.Event()
        self._is_database_away = False
        self._database_losses = 0
        self._full_s = 0.0
        self._tell_at = self._trim_at = float("-inf")
        self._trim_beyond = 0
        self._thread = threading.Thread(target=self._write_until_stopped, name="hub-writer", daemon=True)

    def start(self) -> None:
        """Begin to write.

        The collector of cycles is asked to look less often: a batch makes some fifty thousand tuples, none of them in a
        cycle, and there is nothing to find in them.
        """
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        self._thread.start()

    def put(self, delivery: Delivery) -> None:
        """Hand over a message; waits while the queue is full. Once stopped, what comes is left to come again."""
        full_since = 0.0
        while not self._stop.is_set():
            if self._bytes_put - self._bytes_taken < MOST_BYTES:
                with suppress(queue.Full):
                    self._queue.put(delivery, timeout=QUEUE_WAIT_S if full_since else 0)
                    self._bytes_put += size_of(delivery)
                    return
            elif full_since:
                self._stop.wait(BYTES_WAIT_S)
            now = time.monotonic()
            self._full_s += now - full_since if full_since else 0.0
            full_since = now

    def stop(self) -> None:
        """Take no more, write what was taken, and end; what cannot be written in time will come again."""
        self._stop.set()
        if self._thread.ident is None:
            return
        self._thread.join(timeout=STOP_TIMEOUT_S)
        if self._thread.is_alive():
            log.warning("the database has not taken the last messages in %.0f s; they will come again", STOP_TIMEOUT_S)

    def _write_until_stopped(self) -> None:
        pause_s = SHORTEST_PAUSE_S
        try:
            while True:
                try:
                    with database_answers(), connect(self._database_url) as connection:
                        prepare(connection)
                        self._appender.begin()
                        self._write(connection)
                        return
                # A standby that has not been promoted yet is also a database that cannot take anything.
                except (Unavailable, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction) as error:
                    pause_s = min(pause_s * 2, LONGEST_PAUSE_S) if self._is_database_away else SHORTEST_PAUSE_S
                    self._database_losses += not self._is_database_away
                    self._is_database_away = True
                    self._tell_at = float("-inf")  # the first thing that shows whether it can be written to again
                    log.warning("%s; nothing is acknowledged until it is back", error)
                    if self._stop.wait(pause_s):
                        return
        except psycopg.Error as error:
            why = str(error).partition("\n")[0]
            self.failure = Unavailable(f"the database refuses to store readings ({why}); the broker keeps what comes")
        except Exception as error:  # the outermost loop: the main thread asks how it ended
            log.exception("the writer ended")
            self.failure = Unavailable(f"storing readings ended unexpectedly ({error!r}); the broker keeps what comes")

    def _write(self, connection: psycopg.Connection) -> None:
        """Write batches until stopped and nothing is left of what was taken."""
        while True:
            is_stopping = self._stop.is_set()
            self._pending = self._pending or self._next_batch()
            if self._pending:
                messages = [delivery.message for delivery in self._pending if delivery.message is not None]
                try:
                    self._appender.append(connection, messages)
                except psycopg.errors.DeadlockDetected:
                    log.info("another writer waited for this one, and this one for it; the batch is written again")
                    continue
                self._session.acknowledge(self._pending)
                self._bytes_taken += sum(map(size_of, self._pending))
                self._pending = []
            if is_stopping and self._queue.empty():
                listeners.forget(connection, self._state().id)
                return
            self._keep_house(connection)
            if self._is_database_away:
                self._is_database_away = False
                log.info("the database is back")

    def _keep_house(self, connection: psycopg.Connection) -> None:
        """Tell how the listener is, and keep the quarantine within its bounds, each when it is due."""
        now = time.monotonic()
        if now >= self._tell_at:
            self._tell_at = now + TELL_EVERY_S
            listeners.tell(connection, self.state())
        refused = self._appender.refused_bytes
        if now >= self._trim_at or refused > self._trim_beyond:
            self._trim_at, self._trim_beyond = now + TRIM_EVERY_S, refused + self._quarantine[1] // TRIM_SHARE
            trim_kept(connection, KEPT_TOPICS)
            if forgotten := trim(connection, *self._quarantine):
                log.warning("the quarantine is full or old: %d of what was refused is forgotten", forgotten)

    def state(self) -> ListenerState:
        """How the listener is now, with what the writer knows."""
        return self._state()._replace(
            **asdict(self._appender.counts),
            queued=self._queue.qsize(),
            full_s=self._full_s,
            database_losses=self._database_losses,
        )

    def _next_batch(self) -> list[Delivery]:
        """Wait shortly for a message, then take what else has come."""
        batch: list[Delivery] = []
        with suppress(queue.Empty):
            batch.append(self._queue.get(timeout=QUEUE_WAIT_S))
            while len(batch) < self._batch:
                batch.append(self._queue.get_nowait())
        return batch


def size_of(delivery: Delivery) -> int:
    """How long the payload of a delivery is [B]."""
    return 0 if delivery.message is None else len(delivery.message.payload)
