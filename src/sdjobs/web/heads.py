"""HEAD is answered as GET, without the body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

ENDLESS: Final = frozenset({"/api/events"})
"""Answers without an end, which nobody would read."""
ONCE: Final = "/login"
"""Opening a link uses it up; what only asks for its head, to show what is behind it, must not."""

Receiving: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Sending: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[MutableMapping[str, Any], Receiving, Sending], Awaitable[None]]


class Heads:
    """ASGI, around the application."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receiving, send: Sending) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or not has_head(_path(scope)):
            await self._inner(scope, receive, send)
            return

        async def send_head(message: MutableMapping[str, Any]) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = {**scope, "method": "GET"}
        if _path(scope) == ONCE:
            asked["query_string"] = b""
        await self._inner(asked, receive, send_head)


def has_head(path: str) -> bool:
    """Where GET is answered, HEAD is too, but for what has no end."""
    return path.rstrip("/") not in ENDLESS


def _path(scope: MutableMapping[str, Any]) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "").rstrip("/")).rstrip("/")
