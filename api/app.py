"""The FastAPI application: routers, the shape of errors, and the pages it was given to serve."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from fastapi import Depends, FastAPI
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from psycopg_pool import ConnectionPool

from api import (
    balances,
    communities,
    comparisons,
    health,
    live,
    metrics,
    open_data,
    points,
    problems,
    producers,
    residuals,
    result_residuals,
    settlements,
    value,
)
from api.bounded import BoundedBody
from api.head import HeadAsGet
from api.live import Feed
from api.metrics import Scrapes
from api.reading import Readers, Turns, refuse_unknown_words
from store.connect import open_pool

POOL_SIZE: Final = 8
"""Connections to the database for requests; each keeps one for less than a second, as a rule."""
OPEN_POOL_SIZE: Final = 4
"""Those of the open data: anybody may ask for them, and takes none from the others."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes need: database connections, Arrow readers, the feed of changes, and reads for scrapes.

    The connections of `open_pool` may belong to a login that sees what was released and nothing else.
    """

    pool: ConnectionPool
    turns: Turns
    open_pool: ConnectionPool
    open_turns: Turns
    readers: Readers
    feed: Feed
    scrapes: Scrapes


class _Page(StaticFiles):
    """Files that browsers ask for anew each time, so that after an upgrade old and new ones do not mix."""

    def file_response(self, *args: Any, **named: Any) -> Response:
        response = super().file_response(*args, **named)
        response.headers["Cache-Control"] = "no-cache"
        return response


def create_app(
    database_url: str, page: Path | None = None, pool_size: int = POOL_SIZE, *, open_database_url: str = ""
) -> FastAPI:
    """Make the application over a database; `page` is the folder of the built-in web page.

    The open data are read over `open_database_url`, or over the same address where that is empty. The connections open
    when the server starts and close when it stops.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await anyio.to_thread.run_sync(open_pool, database_url, pool_size)
        for_all = await anyio.to_thread.run_sync(open_pool, open_database_url or database_url, OPEN_POOL_SIZE)
        services = Services(
            pool,
            Turns(pool_size),
            for_all,
            Turns(OPEN_POOL_SIZE),
            Readers(database_url),
            Feed(database_url),
            Scrapes(pool),
        )
        app.state.services = services
        await anyio.to_thread.run_sync(services.feed.start)
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(services.feed.stop)
            services.readers.close()
            await anyio.to_thread.run_sync(pool.close)
            await anyio.to_thread.run_sync(for_all.close)

    app = FastAPIOffline(
        redoc_url=None,
        static_url="/docs/files",
        title="Enercommons",
        version=version("enercommons"),
        description="Energy of the communities of a territory: balances, members, live feed, open data.",
        lifespan=lifespan,
        responses=problems.RESPONSES,
        dependencies=[Depends(refuse_unknown_words)],
    )
    undescribed = app.openapi
    describing = threading.Lock()  # FastAPI silences warnings meanwhile: two at once would undo each other's silence

    def described() -> dict[str, Any]:
        with describing:
            if app.openapi_schema is None:
                app.openapi_schema = problems.describe(undescribed())
            return app.openapi_schema

    app.openapi = described
    problems.install(app)
    app.add_middleware(HeadAsGet)
    app.add_middleware(BoundedBody)
    shown = (communities, balances, points, producers, residuals, settlements, result_residuals, value, comparisons)
    for room in (*shown, live, health, metrics, open_data):
        app.include_router(room.router)
    if page is not None:
        app.mount("/page", _Page(directory=page), name="page")

        @app.get("/", include_in_schema=False)
        def index() -> FileResponse:
            return FileResponse(page / "index.html", headers={"Cache-Control": "no-cache"})

    return app


def end_streams(app: FastAPI) -> None:
    """End the live feeds of a running app: a server that stops would wait for them."""
    app.state.services.feed.stop()
