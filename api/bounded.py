"""How much a request may hold: nobody logs in, and what is not read costs nothing."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem

MOST_BYTES: Final = 1_000_000


class BoundedBody:
    """Middleware: the content of a request is read whole before it is answered, or refused when it is too long."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        parts: list[bytes] = []
        held_bytes = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            parts.append(message.get("body", b""))
            held_bytes += len(parts[-1])
            more = message.get("more_body", False)
            if held_bytes > MOST_BYTES:
                detail = f"the request holds more than {MOST_BYTES:,} bytes; `hub compare` takes any number of steps"
                await problem(413, detail)(scope, receive, send)
                return
        held: Message | None = {"type": "http.request", "body": b"".join(parts), "more_body": False}

        async def receive_held() -> Message:
            nonlocal held
            message, held = held, None
            return message or await receive()

        await self._app(scope, receive_held, send)
