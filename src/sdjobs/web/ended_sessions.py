"""Cookies that were given back: worth nothing in any server of the library, and not after a restart either."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from typing import Final

from sdjobs import clock
from sdjobs.web.watched_file import WatchedFile

FILE: Final = "web-ended-sessions"
FORGET_AT: Final = 64 << 10
"""Bytes: from there on what has expired by itself is left out when one more is written."""

_log = logging.getLogger("sdjobs.web")


class EndedSessions:
    """A line for each, its name and when its cookie would have expired, in the library's folder."""

    def __init__(self, library: Path) -> None:
        self._path = library / FILE
        self._file = WatchedFile(self._path, _read)
        self._here: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._here or name in self._file.current()

    def add(self, name: str, until: int) -> None:
        """Where the disk takes no more it is at least known here, until the server ends."""
        self._here.add(name)
        try:
            self._append(f"{name} {until}\n".encode())
        except OSError as error:
            _log.warning("%s cannot be written, so a cookie given back is good again after a restart: %s", FILE, error)

    def _append(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(self._path, flags, 0o600), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_size >= FORGET_AT:
                rest = [f"{name} {until}\n" for name, until in _lines(file.read()).items() if until > _now()]
                line = "".join(rest).encode() + line
                file.truncate(0)
            file.write(line)


def _read(path: Path) -> frozenset[str]:
    try:
        return frozenset(_lines(path.read_bytes()))
    except FileNotFoundError:
        return frozenset()


def _lines(data: bytes) -> dict[str, int]:
    """A line that was cut off by a full disk is none."""
    found: dict[str, int] = {}
    for line in data.decode("ascii", "replace").splitlines():
        name, _, until = line.partition(" ")
        if until.isdecimal():
            found[name] = int(until)
    return found


def _now() -> float:
    return clock.now().timestamp()
