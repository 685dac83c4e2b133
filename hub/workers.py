"""Several `hub ingest` processes that share the messages: started together, watched, started again when one ends."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from energy.errors import InvalidInput, Unavailable
from energy.validity import FOREVER_AGO
from hub.services import listener_of
from hub.settings import Settings, environment_with
from ingest.broker import GROUP
from ingest.leave import fetch_and_leave
from store.connect import connect
from store.listeners import read_listeners, read_sessions

log = logging.getLogger(__name__)

MOST: Final = 64
LOOK_EVERY_S: Final = 0.2
SHORTEST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
STEADY_S: Final = 20.0
"""How long a worker must have run for its end to be an accident and not its rule."""
STOP_TIMEOUT_S: Final = 20.0


@dataclass(slots=True)
class Worker:
    """One process; `pause_s` is how long it is left alone after its next early end."""

    name: str
    environment: Mapping[str, str]
    pause_s: float = SHORTEST_PAUSE_S
    started_at: float = 0.0
    began_at: datetime = FOREVER_AGO
    not_before: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it; what it says goes where we say ours."""
        self.started_at, self.began_at = time.monotonic(), datetime.now(UTC)
        self.process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "hub", "ingest", "--parent", str(os.getpid())],
            env=dict(self.environment),
            start_new_session=True,
        )

    def ask_to_end(self) -> None:
        """Send it the signal of a service manager."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait_for_end(self) -> None:
        """Wait until it has stored what it had heard; one that does not end is killed, and what it held comes again."""
        if self.process is None:
            return
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_workers(settings: Settings, number: int, stop: threading.Event) -> None:
    """Run so many workers until told to stop. One that ends by itself is started again, ever later if it ends soon.

    The first has the client id of a hub without workers, so that what the broker kept for that one comes to it; it
    alone reads what needs its order.

    Raises:
        Unavailable: the first start of one failed; what it said is in the log.
    """
    workers = [Worker(name, environment) for name, environment in _identities(settings, number)]
    with ExitStack() as stack:
        stack.callback(lambda: [worker.wait_for_end() for worker in workers])
        stack.callback(lambda: [worker.ask_to_end() for worker in workers])
        workers[0].start()
        _wait_until_it_listens(workers[0], settings, stop)
        for worker in workers[1:]:
            worker.start()
        leave_surplus(settings, number, stop)
        while not stop.wait(LOOK_EVERY_S):
            for worker in workers:
                _look_after(worker)


def leave(settings: Settings, stop: threading.Event) -> None:
    """Give the client id of the settings up: store what the broker keeps for it, and end its session.

    Raises:
        Unavailable: broker or database do not answer, or a process listens by that id right now.
    """
    with connect(settings.database_url) as connection:
        group = settings.mqtt_group or read_sessions(connection).get(settings.mqtt_client_id, "")
    given_up = settings.model_copy(update={"mqtt_group": group})
    listener = listener_of(given_up, is_leaving=True)
    fetch_and_leave(listener, settings.mqtt_client_id, settings.database_url, stop)


def leave_surplus(settings: Settings, number: int, stop: threading.Event) -> None:
    """Give up the client ids of workers beyond a number that an earlier start had; their messages would wait for ever.

    Raises:
        Unavailable: as leave().
    """
    first = settings.mqtt_client_id
    with connect(settings.database_url) as connection:
        sessions = read_sessions(connection)
    for name, group in sessions.items():
        place = name.removeprefix(f"{first}-")
        if not stop.is_set() and name != place and place.isdecimal() and int(place) > number:
            log.info("fetching what the broker keeps for %s, which is no longer used", name)
            leave(settings.model_copy(update={"mqtt_client_id": name, "mqtt_group": group}), stop)


def _wait_until_it_listens(worker: Worker, settings: Settings, stop: threading.Event) -> None:
    """Until then nobody would read what only the first worker reads."""
    with connect(settings.database_url) as connection:
        while not stop.wait(LOOK_EVERY_S):
            _look_after(worker)
            told = {said.state.id: said.state for said in read_listeners(connection)}.get(worker.name)
            if told is not None and told.is_connected and told.started_at >= worker.began_at:
                return


def check_number(number: int) -> None:
    """Refuse a number of workers that makes no sense.

    Raises:
        InvalidInput: none, or far too many.
    """
    if not 1 <= number <= MOST:
        raise InvalidInput(f"--workers {number} is out of range: 1 to {MOST}")


def _identities(settings: Settings, number: int) -> list[tuple[str, dict[str, str]]]:
    first, group = settings.mqtt_client_id, settings.mqtt_group or GROUP
    names = [first, *(f"{first}-{place}" for place in range(2, number + 1))]
    return [
        (
            name,
            environment_with(
                mqtt_client_id=name, mqtt_group=group, mqtt_in_order=settings.mqtt_in_order and name == first
            ),
        )
        for name in names
    ]


def _look_after(worker: Worker) -> None:
    now = time.monotonic()
    if worker.process is None:
        if now >= worker.not_before:
            worker.start()
        return
    code = worker.process.poll()
    if code is None:
        return
    ran_s = now - worker.started_at
    if code == 1 and worker.not_before == 0.0 and ran_s < STEADY_S:
        raise Unavailable(f"worker {worker.name} cannot start; its last words are in the log above")
    worker.pause_s = SHORTEST_PAUSE_S if ran_s > STEADY_S else min(2 * worker.pause_s, LONGEST_PAUSE_S)
    worker.not_before, worker.process = now + worker.pause_s, None
    log.warning("worker %s ended (%s); starting it again in %.0f s", worker.name, _how(code), worker.pause_s)


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
