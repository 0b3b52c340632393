"""The child process's side of the pipe.

The parent runs this file by its path, so that a child starts without importing the package: nothing here may import
anything of ours, or anything heavy. What the child is told to call brings its own imports.

Wire: frames over a unix stream socket, each a header (`HEADER`) and its data; file descriptors travel with the frame's
first byte. The parent sends `SETUP` once, then any number of times `CALL` and its `DATA`; the child answers `READY`
once, then for each call its `DATA` and one `RETURNED` or `RAISED`.
"""

from __future__ import annotations

import marshal
import os
import signal
import socket
import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from mmap import mmap
    from types import FrameType

HEADER: Final = struct.Struct("<IBBH")
"""Length of the data, kind of the frame, number of descriptors, flags."""

HEADER_SIZE: Final = HEADER.size
unpack_header: Final = HEADER.unpack_from

SETUP: Final = 1
CALL: Final = 2
DATA: Final = 3
RETURNED: Final = 4
RAISED: Final = 5
READY: Final = 6

SOILED: Final = 1
"""Flag of `RETURNED` and `RAISED`: the call left threads or processes behind, so this child serves no other call."""

MOST_DATA: Final = 2**32 - 1
MOST_DESCRIPTORS: Final = 64
DESCRIPTOR_SPACE: Final = socket.CMSG_SPACE(MOST_DESCRIPTORS * array("i").itemsize)
READ_SIZE: Final = 1 << 16
MOST_READ: Final = 1 << 20

KINDS: Final = ("pause", "suspend", "cancel", "shutdown", "timeout")
"""The values of Interruption; the flag page holds 0, or one more than the place in this tuple."""

PICKLED_CALL: Final = b":pickled"
"""The entry that takes a pickled (callable, arguments, keyword arguments)."""

SETTLE: Final = 0.2
"""How many seconds a call's threads have to end after it has returned."""

TERMINATED: Final = 143
"""Exit code after SIGTERM, as shells count."""

MODULE: Final = "spacedrive_jobs._pool.child"

Entry = Callable[["Channel", bytes], "bytes | None"]


class Frame:
    """One frame as it came."""

    kind: int
    data: bytes
    fds: list[int]
    flags: int

    __slots__ = ("data", "fds", "flags", "kind")

    def __init__(self, kind: int, data: bytes, fds: list[int], flags: int) -> None:
        self.kind = kind
        self.data = data
        self.fds = fds
        self.flags = flags


class FrameBuffer:
    """Bytes in, frames out. Both sides of the wire read through one."""

    def __init__(self) -> None:
        self._bytes: bytes | bytearray = b""
        self._fds: list[int] = []

    def feed(self, data: bytes, fds: Sequence[int] = ()) -> None:
        if not self._bytes:
            self._bytes = data  # as a rule one whole frame: nothing is copied but its data
        elif isinstance(self._bytes, bytearray):
            self._bytes += data
        else:
            self._bytes = bytearray(self._bytes) + data
        if fds:
            self._fds += fds

    def next(self) -> Frame | None:
        """The next whole frame."""
        raw = self._bytes
        have = len(raw)
        if have < HEADER_SIZE:
            return None
        length, kind, descriptors, flags = unpack_header(raw)
        end = HEADER_SIZE + length
        if have < end:
            return None
        data = bytes(raw[HEADER_SIZE:end])
        self._bytes = raw[end:]
        if not descriptors:
            return Frame(kind, data, [], flags)
        fds, self._fds = self._fds[:descriptors], self._fds[descriptors:]
        return Frame(kind, data, fds, flags)

    def missing(self) -> int:
        """How many bytes the frame that has begun still lacks; 0 where none has."""
        if len(self._bytes) < HEADER_SIZE:
            return 0
        return HEADER_SIZE + int(unpack_header(self._bytes)[0]) - len(self._bytes)

    def close(self) -> None:
        """Close descriptors that nobody took."""
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()


def receive(sock: socket.socket, size: int = READ_SIZE) -> tuple[bytes, list[int]]:
    """Read once. Descriptors that come with the data are not inheritable."""
    data, ancillary, _, _ = sock.recvmsg(size, DESCRIPTOR_SPACE, socket.MSG_CMSG_CLOEXEC)
    fds: list[int] = []
    for level, kind, raw in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            received = array("i")
            received.frombytes(raw[: len(raw) - len(raw) % received.itemsize])
            fds.extend(received)
    return data, fds


def pack(kind: int, data: bytes, fds: Sequence[int] = (), flags: int = 0) -> bytes:
    """A frame's bytes. ValueError if it is too large."""
    if len(data) > MOST_DATA or len(fds) > MOST_DESCRIPTORS:
        raise ValueError(f"a message of {len(data):,} bytes and {len(fds)} descriptors is too large for the pipe")
    return HEADER.pack(len(data), kind, len(fds), flags) + data


def rights(fds: Sequence[int]) -> list[tuple[int, int, array[int]]]:
    """The ancillary data that carries descriptors."""
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", fds))] if fds else []


class Channel:
    """What a called function talks to its parent with. Blocking; one thread may send while another receives."""

    buffer: FrameBuffer

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = FrameBuffer()
        self._fds: list[int] = []

    def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Send a message and copies of descriptors; they stay open here."""
        self.write(DATA, data, fds)

    def recv(self) -> bytes:
        """Wait for the parent's next message. EOFError if the parent is gone."""
        while True:
            frame = self.read()
            if frame is None:
                raise EOFError("the parent has closed the pipe")
            if frame.kind == DATA:
                return frame.data

    def take_fds(self) -> list[int]:
        """The descriptors that came with the last message, or with the call. They are the caller's to close."""
        fds, self._fds = self._fds, []
        return fds

    def fileno(self) -> int:
        return self.sock.fileno()

    def drop_fds(self) -> None:
        """Close descriptors that nobody took."""
        for fd in self.take_fds():
            os.close(fd)

    def write(self, kind: int, data: bytes, fds: Sequence[int] = (), flags: int = 0) -> None:
        raw = pack(kind, data, fds, flags)
        if fds:
            sent = self.sock.sendmsg([raw], rights(fds))
            raw = raw[sent:]
        self.sock.sendall(raw)

    def read(self) -> Frame | None:
        """The next frame; None at the end of the pipe."""
        while (frame := self.buffer.next()) is None:
            # Never beyond a frame that is begun: reads that need no room for descriptors are cheaper, and large.
            missing = self.buffer.missing()
            if missing > READ_SIZE:
                data = self.sock.recv(min(missing, MOST_READ))
                fds: list[int] = []
            else:
                data, fds = receive(self.sock)
            if not data:
                return None
            self.buffer.feed(data, fds)
        if self._fds:
            self.drop_fds()
        self._fds = frame.fds
        return frame


_flag: mmap | None = None


def flag_page() -> mmap | None:
    """In a child process: the page in which the parent marks that the present call should stop."""
    return _flag


def requested_kind() -> str | None:
    """In a child process: the kind of interruption that was requested of the present call."""
    return KINDS[_flag[0] - 1] if _flag is not None and _flag[0] else None


def main(arguments: Sequence[str]) -> None:
    """Serve calls until the parent closes the pipe."""
    global _flag
    socket_fd, life_fd, flag_fd = (int(argument) for argument in arguments)
    for fd in (socket_fd, life_fd, flag_fd):
        os.set_inheritable(fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    signal.signal(signal.SIGTERM, _terminate)
    die_with_parent(life_fd)
    _flag = _map_flag(flag_fd)
    _become_module()
    try:
        serve(Channel(socket.socket(fileno=socket_fd)))
    except ConnectionError:
        pass  # the parent has closed the pipe while we wrote


def die_with_parent(life_fd: int) -> None:
    """Have the kernel kill this process group when the write end of the pipe closes, that is when the parent is gone.

    The signal needs no thread to watch and no interpreter that is free to act. PR_SET_PDEATHSIG would not do: it
    follows the thread that started us, and does not reach our own children.
    """
    import fcntl
    import select

    fcntl.fcntl(life_fd, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(life_fd, 10, signal.SIGKILL)  # F_SETSIG, which the module does not name
    fcntl.fcntl(life_fd, fcntl.F_SETFL, fcntl.fcntl(life_fd, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(life_fd, 0)
    if poll.poll(0):
        os._exit(0)  # it went before we had asked


def _map_flag(flag_fd: int) -> mmap:
    from mmap import ACCESS_READ, PAGESIZE, mmap

    page = mmap(flag_fd, PAGESIZE, access=ACCESS_READ)
    os.close(flag_fd)
    return page


def _become_module() -> None:
    """Be known under the name by which the package imports this file, and leave `__main__` empty."""
    from types import ModuleType

    sys.modules[MODULE] = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")


_terminating = False


def _terminate(signum: int, frame: FrameType | None) -> None:
    """Let `finally` run; the parent follows with SIGKILL after its grace."""
    global _terminating
    _terminating = True
    sys.exit(TERMINATED)


def serve(channel: Channel) -> None:
    while (frame := channel.read()) is not None:
        if frame.kind == CALL:
            _answer(channel, frame.data)
        elif frame.kind == SETUP:
            _set_up(channel, frame.data)
        # Data of a call that has returned meanwhile has nobody to go to.


def _set_up(channel: Channel, data: bytes) -> None:
    path, preload = marshal.loads(data)  # noqa: S302 - from our own parent
    sys.path[:] = path
    problems: list[str] = []
    for name in preload:
        try:
            __import__(name)
        except Exception as error:  # the call that needs it will say so
            problems.append(f"{name}: {type(error).__name__}: {error}")
    channel.write(READY, marshal.dumps(problems))
    __import__("pickle")  # while it waits anyway: the first call need not


def _answer(channel: Channel, data: bytes) -> None:
    name, _, payload = data.partition(b"\0")
    try:
        value = (_entries.get(name) or _entry(name))(channel, payload) or b""
        kind = RETURNED
    except BaseException as error:
        if _terminating:
            raise
        kind, value = RAISED, _describe(error)
    if _terminating:
        sys.exit(TERMINATED)
    channel.drop_fds()
    channel.write(kind, value, flags=SOILED if _is_soiled() else 0)


_entries: dict[bytes, Entry] = {}


def _entry(name: bytes) -> Entry:
    found: Any = _call_pickled
    if name != PICKLED_CALL:
        module, _, path = name.decode().rpartition(":")
        found = __import__(module, fromlist=["*"])
        for part in path.split("."):
            found = getattr(found, part)
    _entries[name] = found
    return cast("Entry", found)


def _call_pickled(channel: Channel, payload: bytes) -> bytes:
    import pickle

    fn, args, kwargs = pickle.loads(payload)  # noqa: S301 - from our own parent
    return pickle.dumps(fn(*args, **kwargs), protocol=pickle.HIGHEST_PROTOCOL)


def _describe(error: BaseException) -> bytes:
    """What the parent needs to raise `error` again: name, text, traceback, and itself pickled, if that can be."""
    import pickle
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        pickled = pickle.dumps(error, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception:
        pickled = b""
    try:
        message = str(error)
    except Exception:
        message = ""
    return marshal.dumps((type(error).__qualname__, _plain(message), _plain(text), pickled))


def _plain(text: str) -> str:
    """Names of files may hold surrogates, which marshal refuses to write."""
    return text.encode("utf-8", "backslashreplace").decode()


def _is_soiled() -> bool:
    """Whether the call has left threads or processes behind. Threads that are about to end are given a moment."""
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        import time

        end = time.monotonic() + SETTLE
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join(max(0.0, end - time.monotonic()))
        if threading.active_count() > 1:
            return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
