"""Waking the other processes of a library: an empty datagram to each one's socket. Only a hint; all poll as well."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from socket import AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, socket
from typing import Final

SUFFIX: Final = ".bell"


class Doorbell:
    """One process's socket in the library's `run` folder, and the way to ring all others.

    Addresses go through /proc/self/fd, so that a long path does not meet the 108 bytes of a socket address.
    """

    bell: socket

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name + SUFFIX
        self._directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.bell = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
        self.bell.bind(self._address(self._name))
        self._peers: tuple[str, ...] = ()
        self._seen_at = -1

    def _address(self, name: str) -> str:
        return f"/proc/self/fd/{self._directory}/{name}"

    def ring(self) -> None:
        """Wake every other process that has the library open. Never blocks, never raises."""
        for name in self._others():
            with contextlib.suppress(OSError):  # gone, or its queue is full and it is awake anyway
                self.bell.sendto(b"", self._address(name))

    def _others(self) -> tuple[str, ...]:
        """The folder is listed again only when it has changed."""
        with contextlib.suppress(OSError):
            changed = os.fstat(self._directory).st_mtime_ns
            if changed != self._seen_at:
                names = os.listdir(self._directory)
                self._peers = tuple(name for name in names if name.endswith(SUFFIX) and name != self._name)
                self._seen_at = changed
        return self._peers

    def answer(self) -> None:
        """Take all waiting rings."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.bell.recv(1)

    def close(self) -> None:
        self.bell.close()
        (self._folder / self._name).unlink(missing_ok=True)
        os.close(self._directory)
