"""Work that a database that goes away does not end. A shell."""

import logging
import threading
from collections.abc import Callable
from typing import Final

import psycopg

from energy.errors import Unavailable
from store.connect import database_answers

log = logging.getLogger(__name__)

SHORTEST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0


def endure(stop: threading.Event, work_on: Callable[[Callable[[], None]], None]) -> None:
    """Work until told to stop; where the database goes away, begin anew after ever longer pauses.

    A database that refuses for another reason ends the work, with one sentence in the log.

    Args:
        stop: when it is set, `work_on` returns.
        work_on: it calls what it is given once the database has answered, and has room for what is computed.
    """
    pause_s = SHORTEST_PAUSE_S

    def has_answered() -> None:
        nonlocal pause_s
        pause_s = SHORTEST_PAUSE_S

    while not stop.is_set():
        try:
            with database_answers():
                work_on(has_answered)
        # A standby that has not been promoted yet is also a database that cannot take anything.
        except (Unavailable, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction) as error:
            log.warning("%s; trying again in %.1f s", error, pause_s)
            stop.wait(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        except psycopg.Error as error:
            log.error("the database refuses to be worked with: %s", str(error).partition("\n")[0])
            return
