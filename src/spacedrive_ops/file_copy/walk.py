"""The walk over the sources: depth first, in the order of the names' bytes, each folder after what it holds.

The order is the same in every attempt, so one `Position` tells which entries are done. There is no recursion, and no
link is followed. A walk may start after a position: finished folders above it are not opened, finished names not
looked at.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import msgspec

from spacedrive_jobs import failpoint
from spacedrive_ops.file_copy.directory import Directory, FolderReplaced
from spacedrive_ops.file_copy.model import FULL, NoRoomLeft, Outcome, Position
from spacedrive_ops.file_copy.plan import colliding
from spacedrive_ops.folders import NOT_OPEN, exists, open_folder, open_path
from spacedrive_ops.whole_files.names import PARTIAL

KEPT_OPEN: Final = 24
"""How many levels of folders, counted from the deepest, stay open."""


class Root(msgspec.Struct, frozen=True):
    """One source, and the name that it gets in the destination."""

    source: bytes
    name: str
    target: bytes
    target_name: str


@dataclass(slots=True)
class Entry:
    """A file, link or special file. `occupied`: the destination may have something of that name.

    `retraced`: it was copied by an earlier attempt, and only its removal from the source may be left to do.
    """

    folder: Directory
    name: str
    status: os.stat_result
    target_name: str
    occupied: bool
    retraced: bool


@dataclass(slots=True)
class Left:
    """All that a folder holds was walked."""

    folder: Directory
    retraced: bool


@dataclass(slots=True)
class Trouble:
    """An entry that cannot be walked."""

    folder: Directory
    name: str
    outcome: Outcome
    reason: str


Event: TypeAlias = Entry | Left | Trouble


class Destination(Protocol):
    """What the walk asks of the other side."""

    ignores_case: bool

    def enter(self, parent: Directory, name: str, *, retraced: bool) -> tuple[int, Collection[str]]:
        """Open the counterpart of a folder, making it where needed: its descriptor (or NOT_OPEN) and its names.

        Raises NotADirectoryError where a file is in its place.
        """
        ...

    def names_of(self, folder: int) -> Collection[str]:
        """The names in a folder that is there already."""
        ...


@dataclass(slots=True)
class _Frame:
    folder: Directory
    names: list[str]
    taken: Collection[str]
    resume: tuple[str, ...]
    done: tuple[str, ...]
    retraced: bool
    index: int = 0
    parked: bool = False
    clashes: dict[str, str] = field(default_factory=dict[str, str])


def walk(
    roots: list[Root],
    destination: Destination,
    *,
    after: Position | None = None,
    done: Position | None = None,
    excluded: Collection[tuple[int, int]] = (),
    may_be_gone: int = 0,
    on_unfinished: Callable[[Directory, int], None] = lambda _folder, _depth: None,
) -> Iterator[Event]:
    """Each entry after `after`. Those up to `done` are marked as retraced; folders in `excluded` do not exist for it.

    The first `may_be_gone` roots may be missing: they were moved before. `on_unfinished` is called for each folder
    that an earlier attempt was in at `done`, with its depth below the root.
    """
    for number, root in enumerate(roots):
        if after is not None and (number < after.root or (number == after.root and not after.path)):
            continue
        resume = (root.name, *after.parts) if after is not None and number == after.root else ()
        retraced = done is not None and number < done.root
        finished = (root.name, *done.parts) if done is not None and number == done.root else ()
        try:
            base = open_base(root, number)
        except OSError as error:
            yield Trouble(_nowhere(root, number), root.name, "error", f"cannot be opened: {error.strerror}")
            continue
        frame = _Frame(base, [root.name], destination.names_of(base.target), resume, finished, retraced)
        if (retraced or finished or number < may_be_gone) and not exists(base.source, root.name):
            base.release()
            continue
        yield from _walk_root(frame, root, destination, excluded, on_unfinished)


def open_base(root: Root, number: int) -> Directory:
    """The folders that hold the root and its counterpart."""
    source = open_path(os.path.dirname(root.source) or b"/")
    try:
        target = open_path(root.target) if root.target else NOT_OPEN
    except OSError:
        os.close(source)
        raise
    return Directory(None, "", source, target, path=os.path.dirname(root.source) or b"/", at=root.target, root=number)


def _nowhere(root: Root, number: int) -> Directory:
    """Stands for the folder of a root where that cannot be opened; not open itself."""
    anywhere = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    folder = Directory(None, "", anywhere, NOT_OPEN, path=os.path.dirname(root.source), root=number)
    folder.release()
    return folder


def _walk_root(
    base: _Frame,
    root: Root,
    destination: Destination,
    excluded: Collection[tuple[int, int]],
    on_unfinished: Callable[[Directory, int], None],
) -> Iterator[Event]:
    frames = [base]
    try:
        while frames:
            frame = frames[-1]
            if frame.index >= len(frame.names):
                yield from _leave(frames)
                continue
            name = frame.names[frame.index]
            frame.index += 1
            failpoint.hit("copy.walk")
            if name in frame.clashes:
                reason = f"{frame.clashes[name]!r} differs in case only, and the destination ignores case"
                yield Trouble(frame.folder, name, "error", reason)
                continue
            try:
                status = os.stat(name, dir_fd=frame.folder.source, follow_symlinks=False)
            except OSError as error:
                yield _unreadable(frame.folder, name, error, is_root=frame is base)
                continue
            target_name = root.target_name if frame is base else name
            retraced, done = _progress(frame, name)
            if not stat.S_ISDIR(status.st_mode):
                if PARTIAL.fullmatch(os.fsencode(name)) is None:
                    yield Entry(frame.folder, name, status, target_name, target_name in frame.taken, retraced)
                continue
            if (status.st_dev, status.st_ino) in excluded:
                continue
            entered = _enter(frame, name, target_name, destination, retraced=retraced, done=done)
            if isinstance(entered, Trouble):
                yield entered
                continue
            if entered.done:
                on_unfinished(entered.folder, len(frames) - 1)
            frames.append(entered)
            if len(frames) > KEPT_OPEN:
                _park(frames[-KEPT_OPEN])
    finally:
        for frame in frames:
            if not frame.parked:
                frame.folder.release()


def _progress(frame: _Frame, name: str) -> tuple[bool, tuple[str, ...]]:
    """Whether an earlier attempt finished this entry, and for a folder that it was in: how far it came."""
    if frame.retraced or not frame.done:
        return frame.retraced, ()
    mark = os.fsencode(frame.done[0])
    key = os.fsencode(name)
    if key == mark:
        return len(frame.done) == 1, frame.done[1:]
    return key < mark, ()


def _enter(
    frame: _Frame, name: str, target_name: str, destination: Destination, *, retraced: bool, done: tuple[str, ...]
) -> _Frame | Trouble:
    try:
        source = open_folder(frame.folder.source, name)
    except OSError as error:
        return _unreadable(frame.folder, name, error)
    target = NOT_OPEN
    taken: Collection[str] = ()
    resume = frame.resume[1:] if frame.resume and frame.resume[0] == name else ()
    frame.resume = ()
    try:
        names = sorted(os.listdir(source), key=os.fsencode)
        target, taken = destination.enter(frame.folder, target_name, retraced=retraced)
        folder = Directory(frame.folder, name, source, target, target_name=target_name)
    except OSError as error:
        os.close(source)
        if target != NOT_OPEN:
            os.close(target)
        if error.errno in FULL:
            raise NoRoomLeft(error) from error
        reason = "the destination has a file of that name" if isinstance(error, NotADirectoryError) else error.strerror
        return Trouble(frame.folder, name, "error", f"cannot copy this folder: {reason}")
    frame.folder.forget_path()
    clashes = colliding(names) if destination.ignores_case else {}
    return _Frame(folder, names, taken, resume, done, retraced, index=_first(names, resume), clashes=clashes)


def _first(names: list[str], resume: tuple[str, ...]) -> int:
    """Where to begin: after a finished entry, at an unfinished folder."""
    if not resume:
        return 0
    at = bisect_left(names, os.fsencode(resume[0]), key=os.fsencode)
    finished = len(resume) == 1 and at < len(names) and names[at] == resume[0]
    return at + 1 if finished else at


def _park(frame: _Frame) -> None:
    frame.folder.release()
    frame.parked = True


def _leave(frames: list[_Frame]) -> Iterator[Event]:
    """Go back up to the nearest folder that can still be worked in. It is open while the folder is finished."""
    left = frames.pop()
    try:
        while frames and frames[-1].parked:
            above = frames[-1].folder
            try:
                above.reopen_from(left.folder)
            except OSError as error:
                frames.pop()
                reason = "was moved while it was being copied" if isinstance(error, FolderReplaced) else error.strerror
                yield Trouble(above.parent or above, above.name, "error", str(reason))
            else:
                frames[-1].parked = False
        if left.folder.parent is not None:
            yield Left(left.folder, left.retraced)
    finally:
        left.folder.release()


def _unreadable(folder: Directory, name: str, error: OSError, *, is_root: bool = False) -> Trouble:
    if isinstance(error, FileNotFoundError):
        if is_root:
            return Trouble(folder, name, "error", "there is no such file or folder")
        return Trouble(folder, name, "warning", "vanished before it could be copied")
    return Trouble(folder, name, "error", f"cannot be read: {error.strerror}")
