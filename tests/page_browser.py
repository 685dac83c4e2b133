"""The built-in web page opened in a real browser, and read as it has become."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest

from tests.page_elements import Element, Reader
from tests.page_recorded import Hub

BUDGET_MS: Final = 6000
DEADLINE_S: Final = 90


def browser_on(hub: Hub, folder: Path) -> Callable[..., Element]:
    """What opens the page of a hub, with a folder for the browser's own files."""
    chromium = shutil.which("chromium")
    if chromium is None:
        assert os.environ.get("HUB_TEST_REQUIRE_SERVERS") != "1", "chromium is required here and is not on PATH"
        pytest.skip("chromium is not on PATH, so the page cannot be looked at")

    def open_page(accept: str = "en", width: int = 1280, **query: str) -> Element:
        """Open the page, let six virtual seconds pass, and read what it became."""
        flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        flags += f" --disable-component-update --disable-sync --user-data-dir={folder} --accept-lang={accept}"
        flags += f" --window-size={width},1600 --virtual-time-budget={BUDGET_MS} --dump-dom"
        url = f"http://127.0.0.1:{hub.server_address[1]}/?{urlencode(query)}"
        command = [chromium, *flags.split(), url]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, start_new_session=True) as run:
            try:
                dump, _ = run.communicate(timeout=DEADLINE_S)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                raise
        reader = Reader()
        reader.feed(dump.decode())
        return reader.open[0]

    return open_page


def table_rows(page: Element, name: str) -> list[Element]:
    """The rows in the body of a table."""
    return page.one(id=name).one(tag="tbody").all(tag="tr")
