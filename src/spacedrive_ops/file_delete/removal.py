"""Removing a tree for good: depth first, in the order of the names' bytes, each folder after what it holds.

No link is followed and no mount entered; there is no recursion. Only so many folders are kept open: one far up the path
is closed, and opened again through ".." when the walk comes back to it, where it must be the same one still.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from spacedrive_jobs import failpoint
from spacedrive_ops.file_delete.errors import in_words
from spacedrive_ops.file_delete.folder import Volume, is_gone, volume_of
from spacedrive_ops.file_delete.guard import Protected
from spacedrive_ops.file_delete.model import Event, Failure, Removed, Root
from spacedrive_ops.folders import NOT_OPEN, Identity, identity, open_folder, open_path

KEPT_OPEN: Final = 24


class Act(Protocol):
    """What is done with each entry. Both raise OSError."""

    def file(self, folder: int, name: str) -> None: ...
    def folder(self, folder: int, name: str) -> None: ...


class Counting:
    """Nothing: the walk alone tells how much there is."""

    def file(self, folder: int, name: str) -> None:
        pass

    def folder(self, folder: int, name: str) -> None:
        pass


class Removing:
    """`check_claim` is asked before each removal: an attempt that has lost its job removes nothing more."""

    def __init__(self, check_claim: Callable[[], None]) -> None:
        self._check_claim = check_claim

    def file(self, folder: int, name: str) -> None:
        failpoint.hit("delete.unlink")
        self._check_claim()
        os.unlink(name, dir_fd=folder)

    def folder(self, folder: int, name: str) -> None:
        failpoint.hit("delete.rmdir")
        self._check_claim()
        os.rmdir(name, dir_fd=folder)


@dataclass(slots=True)
class _Frame:
    """A folder that is being emptied. `stays`: something in it could not be removed."""

    fd: int
    name: str
    names: list[str]
    id: Identity
    resume: tuple[str, ...]
    index: int = 0
    stays: bool = False


@dataclass(slots=True)
class Walk:
    """One root. `after`: what is there up to this place below it failed before and is passed over."""

    root: Root
    act: Act
    protected: Protected
    after: tuple[str, ...] | None = None
    _frames: list[_Frame] = field(default_factory=list[_Frame], init=False)
    _volume: Volume = field(default=(0, 0), init=False)

    def events(self) -> Iterator[Event]:
        try:
            holder = open_path(self.root.holder)
        except OSError as error:
            if not is_gone(error):
                yield Failure(self.root.path, (), f"cannot be reached: {in_words(error)}")
            return
        # `after` is below the root, whose own name leads there; a failure of the root itself is ().
        resume = () if self.after is None else (self.root.name, *self.after)
        self._frames = [_Frame(holder, "", [self.root.name], identity(os.fstat(holder)), resume)]
        self._volume = volume_of(holder)
        try:
            while len(self._frames) > 1 or self._frames[0].index == 0:
                yield from self._step()
        finally:
            for frame in self._frames:
                _close(frame)

    def _step(self) -> Iterator[Event]:
        frame = self._frames[-1]
        if frame.index >= len(frame.names):
            yield from self._leave()
            return
        name = frame.names[frame.index]
        frame.index += 1
        resume = _progress(frame, name)
        if resume is None:
            frame.stays = True  # it failed in an earlier attempt, and was reported
            return
        try:
            status = os.stat(name, dir_fd=frame.fd, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from self._enter(name, status, resume)
                return
            freed = status.st_blocks * 512 if status.st_nlink == 1 else 0
            self.act.file(frame.fd, name)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                yield self._failed(name, _reason(error))
            return
        yield Removed(freed)

    def _enter(self, name: str, status: os.stat_result, resume: tuple[str, ...]) -> Iterator[Event]:
        frame = self._frames[-1]
        if (what := self.protected.get(identity(status))) is not None:
            yield self._failed(name, f"is left alone: {what}")
            return
        failpoint.hit("delete.enter")
        try:
            fd = open_folder(frame.fd, name)
        except PermissionError as error:
            yield from self._remove_unread(name, error)
            return
        if volume_of(fd)[0] != self._volume[0]:
            os.close(fd)
            yield self._failed(name, "another disk is mounted there")
            return
        try:
            names = sorted(os.listdir(fd), key=os.fsencode)
        except OSError as error:
            os.close(fd)
            yield self._failed(name, f"cannot be read: {in_words(error)}")
            return
        self._frames.append(_Frame(fd, name, names, identity(os.fstat(fd)), resume))
        if len(self._frames) > KEPT_OPEN + 1:
            _close(self._frames[-KEPT_OPEN])

    def _remove_unread(self, name: str, unreadable: OSError) -> Iterator[Event]:
        """An empty folder can be removed without being read."""
        try:
            self.act.folder(self._frames[-1].fd, name)
        except OSError:
            yield self._failed(name, f"cannot be read: {in_words(unreadable)}")
        else:
            yield Removed(0)

    def _leave(self) -> Iterator[Event]:
        """All that could be removed of a folder is gone: remove it too."""
        left = self._frames.pop()
        try:
            if not self._reopen(left):
                # Somewhere above, a folder is no longer where it was: go on with what still is.
                lost = self._frames[-1]
                yield Failure(self._path(()), self._below(), "was moved or replaced while it was being deleted")
                lost.index, lost.stays = len(lost.names), True
                return
            if left.stays:
                self._frames[-1].stays = True
                return
            self.act.folder(self._frames[-1].fd, left.name)
        except FileNotFoundError:
            return
        except OSError as error:
            yield self._failed(left.name, _reason(error))
            return
        finally:
            _close(left)
        yield Removed(0)

    def _reopen(self, child: _Frame) -> bool:
        """Open the last frame again if it was closed, coming back from `child`; whether it is there still."""
        frame = self._frames[-1]
        if frame.fd != NOT_OPEN:
            return True
        if child.fd != NOT_OPEN:
            frame.fd = _open_same(child.fd, "..", frame.id)
        if frame.fd == NOT_OPEN:
            frame.fd = self._descend()
        return frame.fd != NOT_OPEN

    def _descend(self) -> int:
        """Down from the folder of the root, which is never closed."""
        here = os.dup(self._frames[0].fd)
        for frame in self._frames[1:]:
            below = _open_same(here, frame.name, frame.id)
            os.close(here)
            if below == NOT_OPEN:
                return NOT_OPEN
            here = below
        return here

    def _failed(self, name: str, reason: str) -> Failure:
        self._frames[-1].stays = True
        return Failure(self._path((name,)), self._below(name), reason)

    def _path(self, last: tuple[str, ...]) -> bytes:
        names = [frame.name for frame in self._frames[1:]] + list(last)
        return b"/".join([self.root.holder.rstrip(b"/"), *map(os.fsencode, names)])

    def _below(self, *last: str) -> tuple[str, ...]:
        return (*(frame.name for frame in self._frames[1:]), *last)[1:]


def _progress(frame: _Frame, name: str) -> tuple[str, ...] | None:
    """None for what failed before and was reported; else how far below `name` that goes."""
    if not frame.resume:
        return ()
    mark, key = os.fsencode(frame.resume[0]), os.fsencode(name)
    if key < mark or (key == mark and len(frame.resume) == 1):
        return None
    return frame.resume[1:] if key == mark else ()


def _open_same(parent: int, name: str, wanted: Identity) -> int:
    """Open a folder, or NOT_OPEN where another one is there by now."""
    try:
        fd = open_folder(parent, name)
    except OSError:
        return NOT_OPEN
    if identity(os.fstat(fd)) == wanted:
        return fd
    os.close(fd)
    return NOT_OPEN


def _close(frame: _Frame) -> None:
    if frame.fd != NOT_OPEN:
        os.close(frame.fd)
        frame.fd = NOT_OPEN


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"cannot be deleted: {in_words(error)} (its folder is read-only, or it is protected)"
    if isinstance(error, (NotADirectoryError, IsADirectoryError)) or error.errno == errno.ELOOP:
        return "was replaced while it was being deleted"
    return f"cannot be deleted: {in_words(error)}"
