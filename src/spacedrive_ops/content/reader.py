"""Reading one file for its digest; also a program that reads many for another process, which it speaks to by two pipes.

It imports nothing of ours, so that it starts in some 30 ms. To read a small file takes a dozen short system calls and
hardly anything else, and between these threads would only wait for one another's lock.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
from collections.abc import Callable
from typing import IO, Any

CHUNK = 2 << 20
AT_ONCE = 256 << 10
SAMPLE = 4 << 10
LARGE = 4 << 20
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
HEAD = 8

Taken = tuple[bytes, int, int]
"""The digest; size and mtime_ns of the file while it was read."""


class Stopped(Exception):
    """Reading was interrupted: the file is read again by the next attempt."""


class Unreadable(Exception):
    """A file whose bytes could not be had; the text says why, for people."""


class Large(Exception):
    """A file that is to be read where that can be interrupted."""


def taken(open_it: Callable[[], int], take: Callable[[int, int], bytes]) -> Taken:
    """What `take` makes of an open file of some size; not of one that changes meanwhile. Raises Unreadable."""
    try:
        fd = open_it()
        try:
            before = os.fstat(fd)
            if not stat.S_ISREG(before.st_mode):
                raise Unreadable("is no longer a plain file")
            digest = take(fd, before.st_size)
            after = os.fstat(fd)
        finally:
            os.close(fd)
    except FileNotFoundError as error:
        raise Unreadable("is no longer there") from error
    except OSError as error:
        raise Unreadable(f"cannot be read: {(error.strerror or '').lower()}") from error
    if before.st_mtime_ns != after.st_mtime_ns or before.st_size != after.st_size:
        raise Unreadable("changed while it was read")
    return digest, after.st_size, after.st_mtime_ns


def whole(hasher: Any, fd: int, size: int, interrupted: Callable[[], bool]) -> bytes:
    """The digest of all of a file. `hasher`: a new one. Raises OSError, Stopped."""
    if size < AT_ONCE:
        data = os.read(fd, size + 1)
        hasher.update(data)
        if len(data) <= size:  # the end was seen, without a second read
            return bytes(hasher.digest())
    buffer = memoryview(bytearray(CHUNK))
    while count := os.readv(fd, [buffer]):
        hasher.update(buffer[:count])
        if interrupted():
            raise Stopped
    return bytes(hasher.digest())


def ends(hasher: Any, fd: int, size: int) -> bytes:
    """The digest of a file's size, beginning and end. `hasher`: a new one. Raises OSError."""
    hasher.update(b"%d " % size)
    hasher.update(os.pread(fd, SAMPLE, 0))
    hasher.update(os.pread(fd, SAMPLE, max(size - SAMPLE, 0)))
    return bytes(hasher.digest())


def answer(sampled: bool, paths: list[bytes], new_hasher: Callable[[], Any]) -> list[Taken | str | None]:
    """For each path what was taken, or why nothing; None for a file that is too large to be read here."""

    def take(fd: int, size: int) -> bytes:
        if sampled:
            return ends(new_hasher(), fd, size)
        if size > LARGE:
            raise Large
        return whole(new_hasher(), fd, size, lambda: False)

    def one(path: bytes) -> Taken | str | None:
        try:
            return taken(lambda: os.open(path, OPEN_FILE), take)
        except Unreadable as error:
            return str(error)
        except Large:
            return None

    return [one(path) for path in paths]


def send(pipe: IO[bytes], message: Any) -> None:
    """Raises OSError."""
    data = marshal.dumps(message)
    pipe.write(len(data).to_bytes(HEAD, "little") + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """None at the end of the pipe."""
    head = pipe.read(HEAD)
    if len(head) < HEAD:
        return None
    size = int.from_bytes(head, "little")
    data = pipe.read(size)
    return marshal.loads(data) if len(data) == size else None  # noqa: S302  # from our own process


def serve() -> None:
    """Answer until the other side closes the pipe, or is no more."""
    from blake3 import blake3

    try:
        with open(0, "rb") as requests, open(1, "wb") as answers:
            while (request := receive(requests)) is not None:
                send(answers, answer(request[0], request[1], blake3))
    except BrokenPipeError:
        pass  # it was killed while it waited: nobody is left to be told


if __name__ == "__main__":
    sys.path[:] = [place for place in sys.path if place != os.path.dirname(os.path.abspath(__file__))]
    serve()
