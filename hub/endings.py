"""How a command ends that is asked to: as by Ctrl-C, so that nothing half-made is left behind."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ASKED_TO_END: Final = (signal.SIGTERM, signal.SIGHUP)
"""By a service manager, and by a terminal that is closed."""


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does, until the context ends; from the main thread only."""
    before = {asked: signal.getsignal(asked) for asked in ASKED_TO_END}
    heeded = [asked for asked in ASKED_TO_END if before[asked] is not signal.SIG_IGN]  # nohup lets one be ignored

    def end(_number: int, _frame: FrameType | None) -> None:
        for asked in heeded:
            signal.signal(asked, signal.SIG_IGN)  # a terminal says it twice: once is enough, tidying up goes on
        raise KeyboardInterrupt

    for asked in heeded:
        signal.signal(asked, end)
    try:
        yield
    finally:
        for asked in heeded:
            signal.signal(asked, before[asked])
