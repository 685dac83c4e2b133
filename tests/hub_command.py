"""The `hub` command as people run it, in a process of its own; and, where that would only cost time, in this one."""

import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final
from unittest.mock import patch

from hub.cli import main
from tests.metering import wait_until

HUB: Final = shutil.which("hub", path=str(Path(sys.executable).parent)) or "hub is not installed beside this Python"
TIMEOUT_S: Final = 60
STOP_TIMEOUT_S: Final = 15


def run_hub(*words: str, payload: bytes = b"", settings: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command to its end in its own process; return its exit code, and what it wrote to stdout and stderr."""
    ended = subprocess.run(
        [HUB, *words],
        input=payload,
        env=environment(settings or {}),
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def call_hub(*words: str, payload: bytes = b"", settings: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command in this process: the same answer, a second earlier."""
    stdout, stderr, stdin = io.StringIO(), io.StringIO(), io.TextIOWrapper(io.BytesIO(payload))
    with (
        patch.dict(os.environ, environment(settings or {}), clear=True),
        patch("sys.stdin", stdin),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        code = main(words)
    return code, stdout.getvalue(), stderr.getvalue()


def sentence_of(verb: str, ended: tuple[int, str, str]) -> str:
    """The one sentence of a command that refused: on one line of stderr, beginning with the verb, exit code 1."""
    code, stdout, stderr = ended
    assert (code, stdout) == (1, ""), stderr
    assert stderr.startswith(f"hub {verb}: ")
    assert stderr.count("\n") == 1, stderr
    assert "Traceback" not in stderr
    return stderr.strip().removeprefix(f"hub {verb}: ")


def refused(*words: str, payload: bytes = b"", **settings: str) -> str:
    """The sentence of a command that must refuse, run in this process."""
    return sentence_of(words[0], call_hub(*words, payload=payload, settings=settings))


@contextmanager
def running_hub(*words: str, log: Path, settings: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that goes on, from when it says that it listens; it has ended when the context ends."""
    with log.open("wb") as stderr:
        process = subprocess.Popen([HUB, *words], env=environment(settings), stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        wait_until(lambda: "listening on" in log.read_text() or process.poll() is not None, TIMEOUT_S)
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def stop(process: subprocess.Popen[bytes], how: signal.Signals) -> int:
    """Ask a process to end; return its exit code."""
    process.send_signal(how)
    return process.wait(STOP_TIMEOUT_S)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of these tests, with these settings and no other."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "PG", "PYTHON"))}
    return {**others, **settings}
