"""The live feed: one listener on the database for all viewers, and Server-Sent Events to each of them."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import anyio.to_thread
from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse

from api.balances import HEARD_RECENTLY
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


class Feed:
    """Hears what the workers announce, in a thread, and hands it to the event loops of the viewers."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="hub-feed", daemon=True)
        self._viewers: set[tuple[asyncio.AbstractEventLoop, asyncio.Queue[dict[str, Any]]]] = set()

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end the streams."""
        self._stop.set()
        self._thread.join(timeout=5)

    @property
    def is_stopping(self) -> bool:
        """Whether the streams should end."""
        return self._stop.is_set()

    def watch(self) -> tuple[asyncio.AbstractEventLoop, asyncio.Queue[dict[str, Any]]]:
        """A queue that gets every announcement from now on; give it back with leave()."""
        viewer = (asyncio.get_running_loop(), asyncio.Queue())
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: tuple[asyncio.AbstractEventLoop, asyncio.Queue[dict[str, Any]]]) -> None:
        """Stop filling a queue."""
        self._viewers.discard(viewer)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                with database_answers(), connect(self._url) as connection:
                    connection.execute(statement("live_listen"))
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=0.5):
                            self._hand_out(json.loads(notice.payload))
            except Unavailable as error:
                log.warning("%s; the live feed waits", error)
                self._stop.wait(PAUSE_S)

    def _hand_out(self, announcement: dict[str, Any]) -> None:
        for loop, announcements in list(self._viewers):
            if not loop.is_closed():
                loop.call_soon_threadsafe(announcements.put_nowait, announcement)


@router.get("/live", response_class=EventSourceResponse)
async def live(community: str, request: Request) -> EventSourceResponse:
    """Events `balance` (days that changed) and `now` (power, when it changed)."""
    services = request.app.state.services

    def find() -> int:
        with services.pool.connection() as connection:
            return read_community(connection, community).no

    community_no = await anyio.to_thread.run_sync(find)
    return EventSourceResponse(_events(services, community, community_no), ping=15)


async def _events(services: Any, community: str, community_no: int) -> AsyncIterator[dict[str, str]]:
    def power() -> str:
        with services.pool.connection() as connection:
            row = read_power(connection, community_no, datetime.now(UTC) - HEARD_RECENTLY)
        return json.dumps({"community": community, **row, "at": row["at"] and rfc3339(row["at"])})

    viewer = services.feed.watch()
    shown = None
    try:
        while not services.feed.is_stopping:
            latest = await anyio.to_thread.run_sync(power)
            if latest != shown:
                shown = latest
                yield {"event": "now", "data": latest}
            days: set[str] = set()
            deadline = asyncio.get_running_loop().time() + NOW_EVERY_S
            while (left_s := deadline - asyncio.get_running_loop().time()) > 0:
                try:
                    announcement = await asyncio.wait_for(viewer[1].get(), left_s)
                except TimeoutError:
                    break
                if announcement["community"] == community:
                    days.update(announcement["days"])
            if days:
                yield {"event": "balance", "data": json.dumps({"community": community, "days": sorted(days)})}
    finally:
        services.feed.leave(viewer)
