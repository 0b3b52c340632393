"""Frames over a unix socket from an event loop: the parent's side, and an async function's side in the child."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Sequence
from typing import Final

from spacedrive_jobs._pool.child import DATA, MOST_READ, READ_SIZE, Channel, Frame, FrameBuffer, pack, receive, rights

HIGH_WATER: Final = 4 << 20
"""How many bytes may lie here unread before the socket is left to fill up."""


class FrameStream:
    """Reads as data comes and keeps it until asked; writes at once where the socket takes it.

    Reading by a callback that stays registered, rather than a wait per frame, saves two system calls a frame.
    """

    def __init__(self, sock: socket.socket, buffer: FrameBuffer | None = None) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._buffer = buffer or FrameBuffer()
        self._frames: deque[Frame] = deque()
        self._unread = 0
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._reading = False
        self._writing = asyncio.Lock()
        self._room: asyncio.Future[None] | None = None
        self._take_frames()
        self._start_reading()

    @property
    def ended(self) -> bool:
        """Whether the other side has closed; frames that came before can still be read."""
        return self._ended

    @property
    def unread(self) -> int:
        """How many bytes of whole frames wait to be read."""
        return self._unread

    async def read(self) -> Frame | None:
        """The next frame; None at the end. One reader at a time."""
        while not self._frames:
            if self._ended:
                return None
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        frame = self._frames.popleft()
        self._unread -= len(frame.data)
        if not self._reading and not self._ended and self._unread < HIGH_WATER:
            self._start_reading()
        return frame

    async def write(self, kind: int, data: bytes, fds: Sequence[int] = ()) -> None:
        """Send a frame. Raises ConnectionError (BrokenPipeError and its kin) if the other side is gone."""
        raw = pack(kind, data, fds)
        self._check_open()
        if self._writing.locked():
            await self._write_in_turn(raw, fds)
            return
        try:
            sent = self._sock.sendmsg((raw,), rights(fds)) if fds else self._sock.send(raw)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent < len(raw):
            await self._write_in_turn(raw[sent:], fds if sent == 0 else ())

    def close(self) -> None:
        """Close the socket and what nobody took. A reader that waits sees the end."""
        if self._sock.fileno() >= 0:
            self.detach()
            self._sock.close()
        for frame in self._frames:
            for fd in frame.fds:
                os.close(fd)
        self._frames.clear()
        self._buffer.close()

    def detach(self) -> None:
        """Leave the socket alone from now on; for the child, whose next call may be blocking."""
        self._stop_reading()
        self._loop.remove_writer(self._sock)
        if self._room is not None:
            _wake(self._room)
        self._end()

    async def _write_in_turn(self, raw: bytes, fds: Sequence[int]) -> None:
        async with self._writing:
            self._check_open()
            view = memoryview(raw)
            while view:
                try:
                    sent = self._sock.sendmsg((view,), rights(fds)) if fds else self._sock.send(view)
                except (BlockingIOError, InterruptedError):
                    await self._writable()
                else:
                    view, fds = view[sent:], ()

    async def _writable(self) -> None:
        self._room = self._loop.create_future()
        self._loop.add_writer(self._sock, _wake, self._room)
        # The other side may itself be waiting for room to write: read on, whatever the amount.
        self._start_reading()
        try:
            await self._room
        finally:
            self._room = None
            if self._sock.fileno() >= 0:
                self._loop.remove_writer(self._sock)
        self._check_open()

    def _check_open(self) -> None:
        if self._sock.fileno() < 0:
            raise BrokenPipeError("this side of the pipe is closed")

    def _start_reading(self) -> None:
        if not self._reading and not self._ended:
            self._reading = True
            self._loop.add_reader(self._sock, self._on_readable)

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._sock)

    def _on_readable(self) -> None:
        try:
            data, fds = receive(self._sock, max(READ_SIZE, min(MOST_READ, self._buffer.missing())))
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, fds = b"", []
        if not data:
            self._stop_reading()
            self._end()
            return
        self._buffer.feed(data, fds)
        self._take_frames()
        if self._unread >= HIGH_WATER and not self._writing.locked():
            self._stop_reading()

    def _take_frames(self) -> None:
        while (frame := self._buffer.next()) is not None:
            self._frames.append(frame)
            self._unread += len(frame.data)
        if self._frames and self._waiter is not None:
            _wake(self._waiter)

    def _end(self) -> None:
        self._ended = True
        if self._waiter is not None:
            _wake(self._waiter)


class AsyncChannel:
    """A child's Channel for a function that runs an event loop: `async with AsyncChannel(channel) as channel`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._stream: FrameStream | None = None
        self._fds: list[int] = []

    async def __aenter__(self) -> AsyncChannel:
        self._stream = FrameStream(self._channel.sock, self._channel.buffer)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.detach()
            self._channel.sock.setblocking(True)

    async def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """As Channel.send."""
        await self._open().write(DATA, data, fds)

    async def recv(self) -> bytes:
        """As Channel.recv."""
        while True:
            frame = await self._open().read()
            if frame is None:
                raise EOFError("the parent has closed the pipe")
            if frame.kind == DATA:
                for fd in self.take_fds():
                    os.close(fd)
                self._fds = frame.fds
                return frame.data

    def take_fds(self) -> list[int]:
        """As Channel.take_fds, for messages; those of the call itself are the Channel's."""
        fds, self._fds = self._fds, []
        return fds

    def _open(self) -> FrameStream:
        if self._stream is None:
            raise RuntimeError("use `async with` before the first message")
        return self._stream


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
