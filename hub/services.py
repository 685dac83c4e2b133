"""The running parts of the hub in one process: ingest, process and serve, started together and stopped in order."""

import logging
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal, TypeAlias

import uvicorn

from api.app import create_app
from energy.errors import Unavailable
from hub.embedded import free_port, port_is_free
from hub.settings import Settings
from ingest.append import Appender
from ingest.listen import Listener, broker_at
from processing import run as processing

log = logging.getLogger(__name__)

Name: TypeAlias = Literal["ingest", "process", "serve"]
CHECK_EVERY_S: Final = 0.5
START_TIMEOUT_S: Final = 15.0


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
    """uvicorn in a thread, on an address that was found free."""

    def __init__(self, settings: Settings) -> None:
        self._port = settings.api_port or free_port(settings.api_host)
        if not port_is_free(settings.api_host, self._port):
            raise Unavailable(
                f"port {self._port} of {settings.api_host} is taken;"
                " set HUB_API_PORT to another one, or to 0 for a free one"
            )
        self.address = f"http://{settings.api_host}:{self._port}/"
        page = Path(str(files("dashboards").joinpath("page")))
        config = uvicorn.Config(
            create_app(settings.database_url, page),
            host=settings.api_host,
            port=self._port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="hub-server", daemon=True)

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
        self._server.should_exit = True
        self._thread.join(timeout=START_TIMEOUT_S)

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
            parts.server.start()
            stack.callback(parts.server.stop)
        if "process" in names:
            stop = threading.Event()
            parts.worker = threading.Thread(
                target=processing.work, args=(settings.database_url, stop), name="hub-worker", daemon=True
            )
            parts.worker.start()
            stack.callback(parts.worker.join, START_TIMEOUT_S)
            stack.callback(stop.set)
        if "ingest" in names:
            parts.listener = _listener(settings)
            parts.listener.start()
            stack.callback(parts.listener.stop)
        yield parts


def stop_on_signals(stop: threading.Event) -> None:
    """Let Ctrl-C and the service manager's SIGTERM set an event; a second Ctrl-C interrupts at once."""

    def ask(number: int, _frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)


def _listener(settings: Settings) -> Listener:
    broker = broker_at(
        settings.mqtt_url,
        settings.mqtt_client_id,
        topics=settings.mqtt_topics,
        protocol=settings.mqtt_protocol,
        in_flight=settings.mqtt_in_flight,
    )
    appender = Appender(keep_technical=settings.keep_technical, oldest=timedelta(days=settings.oldest_days))
    return Listener(broker, settings.database_url, appender, settings.zone_info, settings.batch)
