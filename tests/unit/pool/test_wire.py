"""Frames over a socket, however it cuts them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._pool.child import DATA, KINDS, MOST_DESCRIPTORS, READ_SIZE, RETURNED, Channel, FrameBuffer, pack
from spacedrive_jobs._pool.stream import HIGH_WATER, FrameStream

pytestmark = pytest.mark.timeout(10)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    yield left, right
    left.close()
    right.close()


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(0, 300), max_size=8))
def test_frames_survive_any_cutting(messages: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(pack(DATA, message) for message in messages)
    buffer = FrameBuffer()
    got: list[bytes] = []
    places = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    for start, end in pairwise(places):
        buffer.feed(raw[start:end])
        while (frame := buffer.next()) is not None:
            got.append(frame.data)
    assert got == messages
    assert buffer.missing() == 0


def test_how_much_is_missing() -> None:
    buffer = FrameBuffer()
    raw = pack(RETURNED, b"12345", flags=1)
    buffer.feed(raw[:3])
    assert buffer.missing() == 0
    buffer.feed(raw[3:-2])
    assert buffer.missing() == 2
    assert buffer.next() is None
    buffer.feed(raw[-2:])
    frame = buffer.next()
    assert frame is not None
    assert (frame.kind, frame.data, frame.flags) == (RETURNED, b"12345", 1)


def test_too_many_descriptors_are_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        pack(DATA, b"", range(MOST_DESCRIPTORS + 1))


def test_every_kind_of_interruption_has_its_number() -> None:
    assert set(KINDS) == {kind.value for kind in Interruption}


class TestChannel:
    @pytest.mark.parametrize("size", [0, 1, READ_SIZE - 8, READ_SIZE, READ_SIZE + 1, 300_000])
    async def test_between_a_stream_and_a_channel(self, pair: tuple[socket.socket, socket.socket], size: int) -> None:
        stream, channel = FrameStream(pair[0]), Channel(pair[1])
        message = os.urandom(size)
        echoing = asyncio.to_thread(lambda: channel.send(channel.recv()))
        async with asyncio.TaskGroup() as group:
            group.create_task(echoing)
            await stream.write(DATA, message)
            frame = await stream.read()
        assert frame is not None
        assert frame.data == message
        stream.close()

    def test_the_end(self, pair: tuple[socket.socket, socket.socket]) -> None:
        pair[0].close()
        with pytest.raises(EOFError):
            Channel(pair[1]).recv()

    def test_descriptors_stay_with_their_frame(self, pair: tuple[socket.socket, socket.socket]) -> None:
        left, right = Channel(pair[0]), Channel(pair[1])
        reading, writing = os.pipe()
        left.send(b"none")
        left.send(b"one", [reading])
        left.send(b"none again")
        left.send(b"two", [reading, writing])
        counts: list[tuple[bytes, int]] = []
        for _ in range(4):
            message = right.recv()
            fds = right.take_fds()
            counts.append((message, len(fds)))
            for fd in fds:
                os.close(fd)
        assert counts == [(b"none", 0), (b"one", 1), (b"none again", 0), (b"two", 2)]
        os.close(reading)
        os.close(writing)


class TestStream:
    async def test_the_end(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream = FrameStream(pair[0])
        pair[1].sendall(pack(DATA, b"last words"))
        pair[1].close()
        frame = await stream.read()
        assert frame is not None
        assert frame.data == b"last words"
        assert await stream.read() is None
        assert stream.ended
        with pytest.raises(ConnectionError):
            await stream.write(DATA, b"hello?")
        stream.close()

    async def test_closing_wakes_the_reader(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream = FrameStream(pair[0])
        reading = asyncio.get_running_loop().create_task(stream.read())
        await asyncio.sleep(0)
        stream.close()
        stream.close()
        assert await reading is None

    async def test_closing_wakes_a_writer_that_waits(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream = FrameStream(pair[0])
        writing = asyncio.get_running_loop().create_task(stream.write(DATA, bytes(50_000_000)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stream.close()
        with pytest.raises(ConnectionError):
            await writing

    async def test_a_cancelled_reader_loses_nothing(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream = FrameStream(pair[0])
        reading = asyncio.get_running_loop().create_task(stream.read())
        await asyncio.sleep(0)
        pair[1].sendall(pack(DATA, b"kept"))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        frame = await stream.read()
        assert frame is not None
        assert frame.data == b"kept"
        stream.close()

    async def test_memory_is_bounded_while_nobody_reads(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream = FrameStream(pair[0])
        pair[1].setblocking(False)
        raw = pack(DATA, bytes(100_000))
        sent = 0
        quiet = 0
        while quiet < 50:
            try:
                sent += pair[1].send(raw[sent % len(raw) :])
                quiet = 0
            except BlockingIOError:
                quiet += 1
            await asyncio.sleep(0)
        assert HIGH_WATER <= sent < HIGH_WATER + 2_000_000
        whole = sent // len(raw)
        for _ in range(whole):
            frame = await stream.read()
            assert frame is not None
            assert len(frame.data) == 100_000
        stream.close()

    async def test_a_writer_that_waits_reads_on_beyond_that(self, pair: tuple[socket.socket, socket.socket]) -> None:
        """The other side takes nothing before all of its own is taken: whoever stopped reading would wait for ever."""
        stream, ours, its = FrameStream(pair[0]), bytes(3_000_000), pack(DATA, bytes(100_000))
        read: list[int] = []

        def other_side() -> None:
            for _ in range(80):
                pair[1].sendall(its)
            while sum(read) < len(ours):
                read.append(len(pair[1].recv(1 << 20)))

        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(other_side))
            while stream.unread < HIGH_WATER:
                await asyncio.sleep(0)
            await stream.write(DATA, ours)
        for _ in range(80):
            assert await stream.read() is not None
        stream.close()
