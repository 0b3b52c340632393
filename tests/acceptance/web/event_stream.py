"""A client of the event stream, which reads in a thread of its own."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from tests.waiting import eventually


@dataclass(frozen=True)
class Message:
    id: int | None
    event: str
    data: Any


class EventStream:
    """What was received so far is in `messages`. `last`: the number that a browser would come back with.

    `cookie`: instead of the token."""

    def __init__(self, url: str, token: str, *, last: int | None = None, cookie: str = "") -> None:
        self.messages: list[Message] = []
        self.last = last
        self.ended = False
        self.status = 0
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Cookie": cookie} if cookie else {"Authorization": f"Bearer {token}"}
        if last is not None:
            self._headers["Last-Event-ID"] = str(last)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        eventually(lambda: self.messages or self.ended, what="the first message")

    def _read(self) -> None:
        # A stream that is cut off, by the test or by a server that was killed, is what these tests are about.
        with suppress(OSError, HTTPException, ValueError), closing(self._connection):
            self._connection.request("GET", "/api/events", headers=self._headers)
            with self._connection.getresponse() as response:
                self.status = response.status
                fields: dict[str, str] = {}
                while self.status == 200 and (line := response.readline()):
                    if line.strip():
                        name, _, value = line.decode().rstrip("\n").partition(":")
                        fields[name] = value.removeprefix(" ")
                    else:
                        self._take(fields)
                        fields = {}
        self.ended = True

    def _take(self, fields: dict[str, str]) -> None:
        if "data" not in fields:
            return
        id_ = int(fields["id"]) if "id" in fields else None
        self.last = id_ if id_ is not None else self.last
        self.messages.append(Message(id_, fields.get("event", "message"), json.loads(fields["data"])))

    def of(self, event: str) -> list[Message]:
        return [message for message in self.messages if message.event == event]

    @property
    def numbers(self) -> list[int]:
        return [message.data["seq"] for message in self.of("job")]

    def statuses(self) -> dict[str, str]:
        """What a page would show of each job, from what it was told."""
        return {message.data["job"]: message.data["status"] for message in self.of("job")}

    def moved(self) -> list[Any]:
        """All that was told of progress."""
        return [one for message in self.of("progress") for one in message.data["jobs"]]

    def cut(self) -> None:
        """Leave without a word."""
        with suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._connection.close()
