"""HEAD, answered as GET is, without the content: for checks of links and of health."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STREAM: Final = "/live"
"""How the addresses end whose GET never does."""


class HeadAsGet:
    """Middleware: the routes know GET alone, so that each is described once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith(STREAM):
            await self._app(scope, receive, send)
            return

        async def send_without_content(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_without_content)
