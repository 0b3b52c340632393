"""A small file that other processes may replace or add to: read again when it is another."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class WatchedFile(Generic[T]):
    """What `read` makes of a file, as it is now. One look at the file's inode a call, no more where it is the same."""

    def __init__(self, path: Path, read: Callable[[Path], T], first: T | None = None) -> None:
        self._path, self._read = path, read
        self._stamp = self._look()
        self._value = read(path) if first is None else first

    def current(self) -> T:
        """Raises what `read` raises, each time until the file can be read again or is the old one."""
        stamp = self._look()
        if stamp != self._stamp:
            self._value = self._read(self._path)
            self._stamp = stamp
        return self._value

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self._path, follow_symlinks=False)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size
