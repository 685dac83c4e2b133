"""The live feed: one listener on the database for all viewers, and Server-Sent Events to each of them.

A feed that was interrupted has missed announcements, so its streams end: the viewers connect again and read anew.
"""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias

import anyio.to_thread
from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse

from api.balances import HEARD_RECENTLY
from api.downloads import TEXT
from api.reading import CommunityId, lend
from energy.errors import Unavailable
from energy.time import rfc3339
from store.balances import read_power
from store.communities import read_community
from store.connect import connect, database_answers
from store.queries import statement

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/communities/{community}", tags=["live"])

NOW_EVERY_S: Final = 2.0
PAUSE_S: Final = 2.0
START_TIMEOUT_S: Final = 2.0
LONGEST_ANNOUNCEMENT: Final = 366
"""Days in one; a worker tells of no more than a month at a time."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Days of a community that changed."""

    community_no: int
    days: tuple[date, ...]


Viewer: TypeAlias = tuple[asyncio.AbstractEventLoop, asyncio.Queue[Announcement | None]]
"""An event loop and its queue of announcements; None ends the stream."""


class Feed:
    """Hears what the workers announce, in a thread, and hands it to the event loops of the viewers."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._stop = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="hub-feed", daemon=True)
        self._viewers: set[Viewer] = set()

    def start(self) -> None:
        """Begin to listen; a database that does not answer yet is waited for in the background."""
        self._thread.start()
        self._listening.wait(START_TIMEOUT_S)

    def stop(self) -> None:
        """End the streams and stop listening; may be called twice."""
        self._stop.set()
        self._interrupt()
        self._thread.join(timeout=5)

    @property
    def is_listening(self) -> bool:
        """Whether announcements are heard right now."""
        return self._listening.is_set()

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return len(self._viewers)

    def watch(self) -> Viewer:
        """A queue that gets every announcement from now on; give it back with leave()."""
        viewer: Viewer = (asyncio.get_running_loop(), asyncio.Queue())
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Stop filling a queue."""
        self._viewers.discard(viewer)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                with database_answers(), connect(self._url) as connection:
                    connection.execute(statement("live_listen"))
                    self._listening.set()
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=0.5):
                            if announcement := read_announcement(notice.payload):
                                self._hand_out(announcement)
            except Unavailable as error:
                log.warning("%s; the live feed waits", error)
            self._interrupt()
            self._stop.wait(PAUSE_S)

    def _interrupt(self) -> None:
        self._listening.clear()
        self._hand_out(None)

    def _hand_out(self, announcement: Announcement | None) -> None:
        for loop, announcements in list(self._viewers):
            if not loop.is_closed():
                loop.call_soon_threadsafe(announcements.put_nowait, announcement)


def read_announcement(text: str) -> Announcement | None:
    """Read what a worker announced; None for anything else, since every login of the database may notify.

    A forged one makes pages read a day again, and no more.
    """
    try:
        match json.loads(text):
            case {"community_no": int(number), "days": [*days]} if len(days) <= LONGEST_ANNOUNCEMENT:
                return Announcement(number, tuple(date.fromisoformat(day) for day in days))
    except (ValueError, TypeError, RecursionError):
        return None
    return None


@router.get(
    "/live",
    response_class=EventSourceResponse,
    responses={200: {"description": "Server-Sent Events", "content": {"text/event-stream": TEXT}}},
)
async def live(community: CommunityId, request: Request) -> EventSourceResponse:
    """Events `balance` (days that changed) and `now` (power, when it changed)."""
    services = request.app.state.services

    def find(wait_s: float) -> int:
        with lend(services.pool, wait_s) as connection:
            return read_community(connection, community).no

    async with services.turns.take() as left_s:
        community_no = await anyio.to_thread.run_sync(find, left_s)
    if not services.feed.is_listening:
        raise Unavailable("the live feed has lost the database; try again in a few seconds")
    return EventSourceResponse(_events(services, community, community_no), ping=15)


async def _events(services: Any, community: str, community_no: int) -> AsyncIterator[dict[str, str]]:
    def power(wait_s: float) -> str:
        with lend(services.pool, wait_s) as connection:
            row = read_power(connection, community_no, datetime.now(UTC) - HEARD_RECENTLY)
        return json.dumps({"community": community, **row, "at": row["at"] and rfc3339(row["at"])})

    viewer = services.feed.watch()
    shown = None
    try:
        while services.feed.is_listening:
            async with services.turns.take() as left_s:
                latest = await anyio.to_thread.run_sync(power, left_s)
            if latest != shown:
                shown = latest
                yield {"event": "now", "data": latest}
            days = await _changed_days(viewer[1], community_no)
            if days is None:
                return
            if days:
                changed = {"community": community, "days": [day.isoformat() for day in sorted(days)]}
                yield {"event": "balance", "data": json.dumps(changed)}
    except Unavailable as error:
        log.warning("%s; a live stream ends", error)
    finally:
        services.feed.leave(viewer)


async def _changed_days(announcements: asyncio.Queue[Announcement | None], community_no: int) -> set[date] | None:
    """Gather the changed days of a community for NOW_EVERY_S seconds; None when the stream must end."""
    days: set[date] = set()
    deadline = asyncio.get_running_loop().time() + NOW_EVERY_S
    while (left_s := deadline - asyncio.get_running_loop().time()) > 0:
        try:
            announcement = await asyncio.wait_for(announcements.get(), left_s)
        except TimeoutError:
            break
        if announcement is None:
            return None
        if announcement.community_no == community_no:
            days.update(announcement.days)
    return days
