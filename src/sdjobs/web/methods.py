"""What can be done with a path: named in the answer to OPTIONS, and where something else was asked for."""

from __future__ import annotations

from typing import Any, Final

from litestar.types import Message, Send

from sdjobs.web.heads import has_head

REFUSED: Final = 405


class TellingMethods:
    """Sends an answer. The framework's refusal of a method names those that there are, without HEAD, which it does not
    know of; where these are all that is asked for, it is no refusal."""

    def __init__(self, send: Send, path: str, *, asked_for: bool) -> None:
        self._send, self._path, self._asked_for = send, path, asked_for
        self._empty = False

    async def send(self, message: Message) -> None:
        plain: Any = message
        if plain["type"] == "http.response.start" and plain["status"] == REFUSED:
            plain = self._started(plain)
        elif plain["type"] == "http.response.body" and self._empty:
            plain = {**plain, "body": b""}
        await self._send(plain)

    def _started(self, start: Any) -> Any:
        headers = [(name, self._methods(value) if name == b"allow" else value) for name, value in start["headers"]]
        if not self._asked_for:
            return {**start, "headers": headers}
        self._empty = True
        return {**start, "status": 204, "headers": [one for one in headers if one[0] == b"allow"]}

    def _methods(self, allow: bytes) -> bytes:
        methods = set(allow.decode().split(", "))
        if "GET" in methods and has_head(self._path):
            methods.add("HEAD")
        return ", ".join(sorted(methods)).encode()
