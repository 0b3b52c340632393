"""One child process as its parent sees it."""

from __future__ import annotations

import asyncio
import marshal
import mmap
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, ParamSpec, TypeVar, cast

from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._pool import child as wire
from spacedrive_jobs._pool.failures import CallReturned, ChildDied, ChildRaised
from spacedrive_jobs._pool.identity import group_members, signal_group, start_time
from spacedrive_jobs._pool.interrupter import Interrupter, current_interrupter
from spacedrive_jobs._pool.stream import FrameStream

P = ParamSpec("P")
T = TypeVar("T")

KILL_GRACE: Final = 2.0
LOOK_EVERY: Final = 0.02
"""How often, in seconds, a group whose leader has ended is looked at: nothing tells when its last member is gone."""


class Child:
    """One child process. Made by `ChildPool`; one call at a time."""

    started: int

    def __init__(self, python: str, preload: Sequence[str], on_exit: Callable[[Child], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_reaped = on_exit
        self._ended = asyncio.Event()
        self._exited = asyncio.Event()
        self._in_call = False
        self._soiled = False
        self._killing: asyncio.Task[None] | None = None
        self._fds: list[int] = []
        self.load_problems: list[str] = []
        parts = _start(python)
        self._process, self._life, self._flag = parts.process, parts.life, parts.flag
        self._stream = FrameStream(parts.sock)
        self.started = start_time(self.pid) or 0
        self._pidfd = os.pidfd_open(self.pid)
        self._loop.add_reader(self._pidfd, self._on_end)
        self._setting_up = self._loop.create_task(self._set_up(preload))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def group(self) -> int:
        """Its process group: the child leads one of its own."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return not self._exited.is_set()

    @property
    def is_free(self) -> bool:
        """Whether it may serve another call: alive, none under way, and nothing left behind by the last."""
        return self.is_alive and not self._in_call and not self._soiled and self._killing is None

    async def ready(self) -> None:
        """Wait until it has started and imported what it was told to. Calls need not wait for it."""
        await asyncio.shield(self._setting_up)
        if not self.is_alive:
            raise self._death()

    async def begin(self, entry: str, payload: bytes = b"", fds: Sequence[int] = ()) -> None:
        """Call `entry` ("module:function") as `function(channel, payload)` in the child; it returns bytes or None.

        Follow with `send` and `recv` until `recv` raises CallReturned or ChildRaised, or with `finish`.
        """
        await self._begin(entry.encode(), payload, fds)

    async def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Send a message, and copies of descriptors, to the function that was called."""
        await self._write(wire.DATA, data, fds)

    async def recv(self) -> bytes:
        """The function's next message. CallReturned or ChildRaised at the call's end, ChildDied if it died."""
        frame = await self._read()
        match frame.kind:
            case wire.DATA:
                return frame.data
            case wire.RETURNED:
                raise CallReturned(frame.data)
            case _:
                raise ChildRaised(*marshal.loads(frame.data))  # noqa: S302 - from our own child

    async def finish(self) -> bytes:
        """Wait for the call's end and return its value; messages on the way are dropped."""
        try:
            while True:
                await self.recv()
        except CallReturned as returned:
            return returned.value

    async def call(self, entry: str, payload: bytes = b"", fds: Sequence[int] = ()) -> bytes:
        """`begin` and `finish`."""
        await self.begin(entry, payload, fds)
        return await self.finish()

    async def run(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a picklable function in the child; its result comes back, or its error is raised.

        An interruption of the task that calls this is passed on: `interrupt_requested()` then is true in the child.
        """
        payload = _pickle_call(fn, args, kwargs)
        await self._begin(wire.PICKLED_CALL, payload)
        current = current_interrupter.get()
        try:
            if current is None:
                value = await self.finish()
            else:
                with self._passing_on(current):
                    value = await self.finish()
        except ChildRaised as raised:
            if (error := raised.original()) is not None:
                raise error from raised
            raise
        return cast(T, pickle.loads(value))  # noqa: S301 - from our own child

    def take_fds(self) -> list[int]:
        """The descriptors that came with the last message. They are the caller's to close."""
        fds, self._fds = self._fds, []
        return fds

    def interrupt(self, kind: Interruption) -> None:
        """Mark for the present call that it should stop; thread-safe. `interrupt_requested()` in the child sees it."""
        if self._in_call:
            try:
                self._flag[0] = wire.KINDS.index(kind.value) + 1
            except ValueError:
                pass  # the page is closed: the child has just ended

    async def kill(self, grace: float = KILL_GRACE) -> None:
        """SIGTERM to the group, `grace` seconds, SIGKILL to the group. Returns when the child has been reaped.

        SIGTERM raises SystemExit in the child, so that `finally` runs. A later call with no grace cuts it short.
        """
        if self._exited.is_set():
            return
        if self._killing is None:
            self._killing = self._loop.create_task(self._kill(grace))
        elif grace <= 0:
            signal_group(self.group, signal.SIGKILL)
        await asyncio.shield(self._killing)

    async def close(self, grace: float = KILL_GRACE) -> None:
        """End an idle child by closing its pipe; one that does not go is killed after `grace`."""
        self.drop()
        try:
            async with asyncio.timeout(grace):
                await self._exited.wait()
        except TimeoutError:
            await self.kill(0)
        await self._setting_up

    async def wait(self) -> int:
        """Wait for its exit; the status is negative for a signal."""
        await self._exited.wait()
        return self._process.returncode

    def drop(self) -> None:
        """Close this side of the pipe: what was not read is lost."""
        self._stream.close()
        self._drop_fds()

    # -- the wire

    async def _set_up(self, preload: Sequence[str]) -> None:
        path = [os.getcwd() if entry == "" else entry for entry in sys.path]
        try:
            await self._stream.write(wire.SETUP, marshal.dumps((path, list(preload))))
            frame = await self._stream.read()
        except ConnectionError:
            return  # the exit is reported to whoever waits for it
        if frame is not None:
            self.load_problems = marshal.loads(frame.data)  # noqa: S302 - from our own child

    async def _begin(self, entry: bytes, payload: bytes, fds: Sequence[int] = ()) -> None:
        if not self.is_free:
            raise RuntimeError("the child process is not free: it is in a call, soiled by one, or ended")
        self._in_call = True
        self._flag[0] = 0
        await self._write(wire.CALL, entry + b"\0" + payload, fds)

    async def _write(self, kind: int, data: bytes, fds: Sequence[int]) -> None:
        if not self._setting_up.done():
            await asyncio.shield(self._setting_up)
        try:
            await self._stream.write(kind, data, fds)
        except ConnectionError:
            raise await self._find_dead() from None

    async def _read(self) -> wire.Frame:
        if not self._in_call:
            raise RuntimeError("no call is under way in the child process")
        frame = await self._stream.read()
        if frame is None:
            raise await self._find_dead()
        if self._fds:
            self._drop_fds()
        self._fds = frame.fds
        if frame.kind != wire.DATA:
            self._in_call = False
            self._soiled = bool(frame.flags & wire.SOILED)
        return frame

    async def _find_dead(self) -> ChildDied:
        """The pipe has ended: the process has too, or will be made to."""
        try:
            async with asyncio.timeout(KILL_GRACE):
                await self._exited.wait()
        except TimeoutError:
            await self.kill(0)
        return self._death()

    def _death(self) -> ChildDied:
        return ChildDied(self.pid, self._process.returncode)

    @contextmanager
    def _passing_on(self, interrupter: Interrupter) -> Generator[None]:
        def pass_on(kind: Interruption) -> None:
            interrupter.acknowledge()  # the child may act upon it from now on: it can no longer be taken back
            self.interrupt(kind)

        interrupter.add_listener(pass_on)
        try:
            yield
        finally:
            interrupter.remove_listener(pass_on)

    def _drop_fds(self) -> None:
        for fd in self.take_fds():
            os.close(fd)

    # -- the end

    async def _kill(self, grace: float) -> None:
        deadline = self._loop.time() + grace
        if grace > 0 and signal_group(self.group, signal.SIGTERM):
            try:
                async with asyncio.timeout_at(deadline):
                    await self._ended.wait()
                    while group_members(self.group):  # noqa: ASYNC110 - the end of a group gives no signal
                        await asyncio.sleep(LOOK_EVERY)
            except TimeoutError:
                pass
        signal_group(self.group, signal.SIGKILL)
        await self._ended.wait()
        self._reap()

    def _on_end(self) -> None:
        """The child is a zombie now. Until it is reaped its number, and so its group's, can be nobody else's."""
        self._loop.remove_reader(self._pidfd)
        self._ended.set()
        if self._killing is None:
            self._reap()

    def _reap(self) -> None:
        signal_group(self.group, signal.SIGKILL)  # what it left behind ends with it
        self._process.wait()
        os.close(self._pidfd)
        os.close(self._life)
        self._flag.close()
        self._exited.set()
        self._on_reaped(self)


class _Parts(NamedTuple):
    process: subprocess.Popen[bytes]
    sock: socket.socket
    life: int
    flag: mmap.mmap


def _start(python: str) -> _Parts:
    """Start the process, and give it its end of the socket, of the pipe of life, and the flag's page."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    life_read, life_write = os.pipe()
    flag_fd = os.memfd_create("interruption")
    try:
        os.ftruncate(flag_fd, mmap.PAGESIZE)
        flag = mmap.mmap(flag_fd, mmap.PAGESIZE)
        fds = (its.fileno(), life_read, flag_fd)
        process = subprocess.Popen(
            [python, "-P", wire.__file__, *map(str, fds)],
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        os.close(life_write)
        raise
    finally:
        its.close()
        os.close(life_read)
        os.close(flag_fd)
    return _Parts(process, ours, life_write, flag)


def _pickle_call(fn: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> bytes:
    """TypeError where the call cannot be sent, with what to do about it."""
    if getattr(fn, "__module__", None) == "__main__":
        raise TypeError(
            f"{fn!r} is defined in __main__, which a child process does not have: move it into a module of its own"
        )
    try:
        return pickle.dumps((fn, args, kwargs), protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise TypeError(
            f"{fn!r} cannot be sent to a child process: it and its arguments must be picklable, "
            f"and it a function of a module ({error})"
        ) from error
