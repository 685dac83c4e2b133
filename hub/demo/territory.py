"""The territory file of the demo, with its meter swap moved into the week that is shown."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

SWAP_DAYS_AGO: Final = 3
_SWAP_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?=T[\d:]+ .*# swap$)", re.MULTILINE)


def territory_text(today: date, swap_days_ago: int = SWAP_DAYS_AGO) -> str:
    """Text of territory.toml as of a local day.

    Args:
        today: local date on which the demo runs.
        swap_days_ago: how many days before today the meter is swapped, at the hour that the file says.
    """
    text = files("hub.demo").joinpath("territory.toml").read_text(encoding="utf-8")
    return _SWAP_DATE.sub((today - timedelta(days=swap_days_ago)).isoformat(), text)


@contextmanager
def territory_file(text: str) -> Iterator[Path]:
    """The territory as a file that can be copied, for as long as the demo runs."""
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as folder:
        file = Path(folder, "territory.toml")
        file.write_text(text, encoding="utf-8")
        yield file
