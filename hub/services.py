"""The running parts of the hub in one process: ingest, process and serve, started together and stopped in order."""

import errno
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import time as time_of_day
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal, TypeAlias

import uvicorn

from api.app import create_app, end_streams
from energy.errors import InvalidInput, Unavailable
from energy.model import LONGEST_STILLNESS
from hub.settings import Settings
from ingest.append import Appender
from ingest.broker import broker_at
from ingest.listen import Listener
from processing import run as processing
from processing.checking import Nightly
from store.retention import Keeping

log = logging.getLogger(__name__)

Name: TypeAlias = Literal["ingest", "process", "serve"]
CHECK_EVERY_S: Final = 0.5
START_TIMEOUT_S: Final = 15.0
SAME_PRESS_S: Final = 2.0


@dataclass(slots=True)
class Running:
    """The parts that run; those that do not are None."""

    listener: Listener | None = None
    worker: threading.Thread | None = None
    server: "Server | None" = None

    @property
    def address(self) -> str:
        """Where the page is."""
        return self.server.address if self.server else ""

    def check(self) -> None:
        """Raise when a part has ended by itself.

        Raises:
            Unavailable: which one, and what to do.
        """
        if self.listener is not None:
            self.listener.check()
        if self.worker is not None and not self.worker.is_alive():
            raise Unavailable("processing ended unexpectedly; its last words are in the log above")
        if self.server is not None and not self.server.is_alive:
            raise Unavailable("the HTTP server ended unexpectedly; its last words are in the log above")

    def wait(self, stop: threading.Event) -> None:
        """Wait until told to stop, or until a part ends by itself."""
        while not stop.wait(CHECK_EVERY_S):
            self.check()


class Server:
    """uvicorn in a thread, on a port that is ours from the beginning.

    Raises:
        Unavailable: the port is taken, or the address is not one of this machine.
    """

    def __init__(self, settings: Settings) -> None:
        self._socket = _bind(settings.api_host, settings.api_port)
        host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
        self.address = f"http://{host}:{self._socket.getsockname()[1]}/"
        page = Path(str(files("dashboards").joinpath("page")))
        self.app = create_app(settings.database_url, page, open_database_url=settings.open_database_url)
        config = uvicorn.Config(
            self.app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="hub-server", daemon=True)

    def start(self) -> None:
        """Serve, and return when requests are answered.

        Raises:
            Unavailable: it did not start in time.
        """
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise Unavailable(
                    f"the HTTP server did not start on {self.address}; its last words are in the log above"
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """End the open requests and stop."""
        if self._server.started:
            end_streams(self.app)
        self._server.should_exit = True
        self._thread.join(timeout=START_TIMEOUT_S)
        self._socket.close()

    @property
    def is_alive(self) -> bool:
        """Whether it still serves."""
        return self._thread.is_alive()


@contextmanager
def running(settings: Settings, names: Sequence[Name]) -> Iterator[Running]:
    """Start parts of the hub, and stop them in the opposite order.

    Raises:
        Unavailable: a part that cannot start: the database, the broker or the port it needs.
    """
    parts = Running()
    with ExitStack() as stack:
        if "serve" in names:
            parts.server = Server(settings)
            stack.callback(parts.server.stop)
            parts.server.start()
        if "process" in names:
            stop = threading.Event()
            parts.worker = threading.Thread(
                target=processing.work,
                args=(settings.database_url, stop, keeping_of(settings), nightly_of(settings), settings.place),
                name="hub-worker",
                daemon=True,
            )
            parts.worker.start()
            stack.callback(parts.worker.join, START_TIMEOUT_S)
            stack.callback(stop.set)
        if "ingest" in names:
            parts.listener = listener_of(settings)
            parts.listener.start()
            stack.callback(parts.listener.stop)
        yield parts


def stop_on_signals(stop: threading.Event) -> None:
    """Let Ctrl-C and the service manager's SIGTERM set an event; a Ctrl-C well after the first interrupts at once.

    A terminal that closes (SIGHUP) is like SIGTERM, except under nohup.
    One key press can arrive twice, from the terminal and from a parent such as make: that must not cut the end short.
    """
    asked_at = [0.0]

    def ask(number: int, _frame: object) -> None:
        now = time.monotonic()
        if stop.is_set() and number == signal.SIGINT and now - asked_at[0] > SAME_PRESS_S:
            raise KeyboardInterrupt
        asked_at[0] = asked_at[0] or now
        stop.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, ask)


def stop_with(parent: int, stop: threading.Event) -> None:
    """Set an event when the process that started us is gone, however it ended."""

    def watch() -> None:
        while os.getppid() == parent and not stop.wait(CHECK_EVERY_S):
            pass
        stop.set()

    threading.Thread(target=watch, name="hub-parent", daemon=True).start()


def check_port(host: str, port: int, setting: str) -> None:
    """Refuse a port that nobody can listen on now, naming the setting or option that gave it.

    Raises:
        InvalidInput: it is no number of a port.
        Unavailable: it is taken or reserved.
    """
    if not 0 <= port <= 65535:
        raise InvalidInput(f"{setting} {port} is out of range: a port is a number up to 65535, 0 is any free one")
    _bind(host, port, setting).close()


def _bind(host: str, port: int, setting: str = "HUB_API_PORT") -> socket.socket:
    """A socket of that address; port 0 is any free one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise Unavailable(f"HUB_API_HOST {host!r} is not an address ({error.strerror})") from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen()
    except OSError as error:
        bound.close()
        raise Unavailable(_why_not(host, port, setting, error)) from error
    return bound


def _why_not(host: str, port: int, setting: str, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} of {host} is taken; set {setting} to another one, or to 0 for a free one"
        case errno.EACCES:
            return f"port {port} of {host} is reserved for root; set {setting} to one above 1023"
        case _:
            return f"this machine cannot listen on {host} ({error.strerror}); check HUB_API_HOST"


def keeping_of(settings: Settings) -> Keeping:
    """How long the settings keep what is stored."""
    return Keeping(
        settings.keep_readings_days,
        settings.keep_intervals_days,
        settings.keep_balances_days,
        settings.rejected_days,
        settings.rejected_mb * 1_000_000,
        LONGEST_STILLNESS,
        settings.settle_after_days,
    )


def nightly_of(settings: Settings) -> Nightly | None:
    """When the settings have everything checked; None: never."""
    at = settings.recompute_at
    return Nightly(time_of_day.fromisoformat(at), settings.zone_info, settings.place) if at else None


def listener_of(settings: Settings, *, is_leaving: bool = False) -> Listener:
    """The listener that the settings describe."""
    broker = broker_at(
        settings.mqtt_url,
        settings.mqtt_client_id,
        topics=settings.mqtt_topics,
        protocol=settings.mqtt_protocol,
        in_flight=settings.mqtt_in_flight,
        group=settings.mqtt_group,
        reads_in_order=settings.mqtt_in_order,
    )
    appender = Appender(keep_technical=settings.keep_technical, oldest=timedelta(days=settings.oldest_days))
    return Listener(
        broker,
        settings.database_url,
        appender,
        settings.zone_info,
        settings.batch,
        is_leaving=is_leaving,
        quarantine=(timedelta(days=settings.rejected_days), settings.rejected_mb * 1_000_000),
    )
