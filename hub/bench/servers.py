"""The servers that a bench brings along: mosquitto as the machine has it, PostgreSQL from the wheel."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from energy.errors import Unavailable
from hub.embedded import embedded_postgres, free_port
from store.connect import connect
from store.migrate import migrate

START_TIMEOUT_S: Final = 10.0
ADMIN: Final = "/usr/sbin:/usr/local/sbin"
"""Where Debian has it, which is not in everybody's PATH."""
CONFIGURATION: Final = """
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages {in_flight}
max_queued_messages 0
"""


@contextmanager
def migrated_postgres() -> Iterator[str]:
    """An empty hub database; yields its URL."""
    with embedded_postgres() as url:
        with connect(url) as connection:
            migrate(connection)
        yield url


@contextmanager
def mosquitto(in_flight: int) -> Iterator[int]:
    """A real mosquitto on a free port of this machine; yields the port.

    Raises:
        Unavailable: it is not installed, or does not start.
    """
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=ADMIN)
    if program is None:
        raise Unavailable("the bench needs mosquitto: as root, apt-get install mosquitto (or make servers)")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        file = Path(folder) / "mosquitto.conf"
        file.write_text(CONFIGURATION.format(port=port, in_flight=in_flight))
        Path(folder).chmod(0o755)
        process = subprocess.Popen(  # noqa: S603
            [program, "-c", str(file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable("mosquitto did not start for the bench")
        time.sleep(0.01)
