"""What takes seconds and may wait for minutes: statements and comparisons, in a thread beside the worker's. A shell."""

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Final

from processing.comparisons import Comparer
from processing.endure import endure
from processing.statements import StatementMaker
from store.connect import connect

LOOK_EVERY_S: Final = 1.0
REFUSED_PAUSE_S: Final = 60.0


def work_beside(url: str, over: threading.Event, busy: threading.Event) -> None:
    """Make statements and comparisons over a connection of their own, until it is over.

    It ends when what is in hand is done: a statement of a month, or a month under one key. While the worker is `busy`
    both rest most of the time. A database that refuses is asked again each minute.
    """
    while not over.is_set():
        endure(over, lambda has_answered: _work_on(url, over, busy, has_answered))
        over.wait(REFUSED_PAUSE_S)


def _work_on(url: str, over: threading.Event, busy: threading.Event, has_answered: Callable[[], None]) -> None:
    with (
        connect(url) as connection,
        closing(StatementMaker(url, connection)) as maker,
        closing(Comparer(url, connection)) as comparer,
    ):
        while not over.is_set():
            is_busy = busy.is_set()
            have_more = [chore.step(is_busy=is_busy) for chore in (maker, comparer)]
            has_answered()
            if not any(have_more):
                over.wait(LOOK_EVERY_S)
