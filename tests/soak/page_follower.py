"""A client of the events that comes back with the last number it was told, however often it is cut off."""

from __future__ import annotations

from sdjobs.web.feed import BEHIND
from tests.acceptance.web.event_stream import EventStream, Message


class Follower:
    """`violations`: changes that were left out or came twice without a word. `resyncs`: times it had to look anew."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self._cursor: int | None = None
        self._stream: EventStream | None = None
        self._seen = 0
        self.told = self.resyncs = self.lives = 0
        self.violations: list[str] = []

    @property
    def cursor(self) -> int:
        return self._cursor or 0

    def follow(self) -> None:
        """Read what has come, and connect again where that is needed."""
        if self._stream is not None:
            ended = self._stream.ended  # asked first: nothing comes after it
            for message in self._stream.messages[self._seen :]:
                self._take(message)
                self._seen += 1
            if not ended:
                return
        self._stream = EventStream(self._url, self._token, last=self._cursor)
        self._seen = 0
        self.lives += 1

    def close(self) -> None:
        if self._stream is not None:
            self._stream.cut()

    def _take(self, message: Message) -> None:
        if message.event == "hello":
            self._begin(message)
        elif message.event == "resync":
            self.resyncs += 1
            self._cursor = message.data["cursor"]
        elif message.event == "job":
            number = message.data["seq"]
            if number != self.cursor + 1 or message.id != number:
                self.violations.append(f"change {number} came after {self.cursor}")
            self._cursor = number
            self.told += 1

    def _begin(self, message: Message) -> None:
        cursor, resumed = message.data["cursor"], message.data["resumed"]
        if self._cursor is not None:
            if not resumed and cursor - self._cursor > BEHIND:
                self.resyncs += 1
            elif not resumed or cursor != self._cursor:
                self.violations.append(f"it came back with {self._cursor} and goes on after {cursor}")
        self._cursor = cursor
