"""What the kernel tells of changes below a folder (inotify(7)). Blocking, for a thread of its own.

Every folder has a watch of its own. One is set before the folder is looked into, so what comes into being meanwhile is
either seen or told of. Folders whose path is longer than the kernel takes are not watched.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from importlib import import_module
from time import monotonic
from types import TracebackType
from typing import Any, Final, Protocol, Self

from spacedrive_ops.extras import MissingExtra

GATHERED: Final = 1.0
LULL: Final = 0.1
"""Notices are handed on when no more have come for so many seconds, or they were gathered for the time above."""

# As inotify.h has them.
MODIFY, ATTRIB, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x4, 0x40, 0x80, 0x100, 0x200
OVERFLOW, IGNORED = 0x4000, 0x8000
ONLYDIR, DONT_FOLLOW, EXCL_UNLINK, ISDIR = 0x1000000, 0x2000000, 0x4000000, 0x40000000
WANTED: Final = MODIFY | ATTRIB | MOVED_FROM | MOVED_TO | CREATE | DELETE | ONLYDIR | DONT_FOLLOW | EXCL_UNLINK


class Notices:
    """`with Notices(root, leaves_out) as notices`, then `read`. `leaves_out` tells of a path whether it is not to be
    watched. Raises OSError where the kernel allows no more watches, and MissingExtra."""

    def __init__(self, root: bytes, leaves_out: Callable[[bytes], bool]) -> None:
        self._root, self._leaves_out = root, leaves_out
        self._paths: dict[int, bytes] = {}
        self._inotify = _open()

    def __enter__(self) -> Self:
        try:
            self._watch(self._root)
        except BaseException:
            self._inotify.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inotify.close()

    def read(self, timeout: float) -> set[bytes] | None:
        """The folders in which something has changed: none if nothing has within `timeout` seconds. None if the kernel
        had more to tell than it could keep: it is not known where."""
        changed: set[bytes] = set()
        lost = False
        until = monotonic() + timeout
        while events := self._inotify.read(timeout=self._patience(until, begun=lost or bool(changed))):
            if not (lost or changed):
                until = monotonic() + GATHERED
            for event in events:
                lost = lost or bool(event.mask & OVERFLOW)
                self._take(event.wd, event.mask, os.fsencode(event.name), changed)
            if monotonic() > until:
                break
        return None if lost else changed

    def _patience(self, until: float, *, begun: bool) -> int:
        """In milliseconds."""
        return int(1000 * (LULL if begun else max(0.0, until - monotonic())))

    def _take(self, number: int, mask: int, name: bytes, changed: set[bytes]) -> None:
        folder = self._paths.get(number)
        if mask & IGNORED:
            self._paths.pop(number, None)
        if folder is None or not name:
            return
        path = os.path.join(folder, name)
        if self._leaves_out(path):
            return
        changed.add(folder)
        if mask & ISDIR and mask & MOVED_FROM:
            self._forget(path)
        if mask & ISDIR and mask & (MOVED_TO | CREATE):
            self._watch(path)

    def _watch(self, root: bytes) -> None:
        """A folder and those below it. One that goes away meanwhile, or may not be read, is left out."""
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            try:
                self._paths[self._inotify.add_watch(folder, WANTED)] = folder
                with os.scandir(folder) as entries:
                    below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            except OSError as error:
                if error.errno == errno.ENOSPC:  # no more watches are allowed
                    raise
                continue
            waiting += [path for path in below if not self._leaves_out(path)]

    def _forget(self, path: bytes) -> None:
        """A folder has gone elsewhere, and what lies in it too."""
        inside = path + b"/"
        for number, folder in [*self._paths.items()]:
            if folder == path or folder.startswith(inside):
                del self._paths[number]
                self._unwatch(number)

    def _unwatch(self, number: int) -> None:
        try:
            self._inotify.rm_watch(number)
        except OSError:
            pass  # it went by itself


class _Event(Protocol):
    """As `inotify_simple` has them; it has no types of its own."""

    wd: int
    mask: int
    name: str


class _Inotify(Protocol):
    def add_watch(self, path: bytes, mask: int) -> int: ...
    def rm_watch(self, wd: int) -> None: ...
    def read(self, timeout: int) -> list[_Event]: ...
    def close(self) -> None: ...


def _open() -> _Inotify:
    try:
        module: Any = import_module("inotify_simple")
    except ImportError as error:
        raise MissingExtra("watching a folder", "files") from error
    opened: _Inotify = module.INotify()
    return opened
