"""The FastAPI application: routers, the shape of errors, and the pages it was given to serve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from psycopg_pool import ConnectionPool

from api import balances, communities, health, live, open_data, points, problems
from api.live import Feed
from api.reading import Readers
from store.connect import open_pool


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes need: database connections, Arrow readers, and the feed of changes."""

    pool: ConnectionPool
    readers: Readers
    feed: Feed


def create_app(database_url: str, page: Path | None = None, pool_size: int = 8) -> FastAPI:
    """Make the application over a database; `page` is the folder of the built-in web page.

    The connections open when the server starts and close when it stops.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await anyio.to_thread.run_sync(open_pool, database_url, pool_size)
        services = Services(pool, Readers(database_url), Feed(database_url))
        app.state.services = services
        services.feed.start()
        try:
            yield
        finally:
            services.feed.stop()
            services.readers.close()
            await anyio.to_thread.run_sync(pool.close)

    app = FastAPI(
        title="Enercommons",
        version=version("enercommons"),
        description="Energy of the communities of a territory: balances, members, live feed, open data.",
        lifespan=lifespan,
        responses=problems.RESPONSES,
    )
    problems.install(app)
    for room in (communities, balances, points, live, health, open_data):
        app.include_router(room.router)
    if page is not None:
        app.mount("/page", StaticFiles(directory=page), name="page")

        @app.get("/", include_in_schema=False)
        def index() -> FileResponse:
            return FileResponse(page / "index.html", headers={"Cache-Control": "no-cache"})

    return app
