"""The walk: folder by folder, depth first, compared with what the index has. In a thread; it writes nothing.

Folders are opened below one another by descriptor, so no path is too long and no link is followed. A folder comes
before what lies in it, its subfolders in the order of their names' bytes: so the folder that was read last stands for
all before it, and a run goes on from there.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Literal, TypeAlias

from spacedrive_jobs import failpoint
from spacedrive_ops.indexer.rules import Ignoring, Judge
from spacedrive_ops.library_index.entries import Changes, Facts, Known
from spacedrive_ops.library_index.model import EntryKind, category_of
from spacedrive_ops.whole_files.partial import PARTIAL

KEPT_OPEN: Final = 48
"""How many levels of folders, counted from the deepest, stay open."""
SLICE_ENTRIES: Final = 20_000
SLICE_ROWS: Final = 5_000
SLICE_SECONDS: Final = 0.25
ASKED_AHEAD: Final = 64
"""For how many folders the index is asked at once."""
PATH_STORED: Final = 4096
LATEST: Final = (1 << 63) - 1
"""The year 2262: what is later, SQLite's integers cannot hold."""
OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Problem: TypeAlias = Literal["skipped", "warning", "error"]

Sub: TypeAlias = tuple[bytes, int, bool]
"""A subfolder: its name, its id, and whether the index has just learnt of it."""


@dataclass(slots=True)
class Trouble:
    """An entry that could not be read, or was left alone."""

    path: bytes
    outcome: Problem
    reason: str


@dataclass(slots=True)
class Slice:
    """What one turn of the walk found. `cursor`: the folder that was read last."""

    changes: Changes = field(default_factory=Changes)
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    cursor: int = 0
    files: int = 0
    folders: int = 0
    bytes: int = 0
    fresh: int = 0
    modified: int = 0
    lost: int = 0
    excluded: int = 0
    looked_at: int = 0


@dataclass(slots=True)
class Frame:
    """A folder whose subfolders are being read. `path`: below the root of the walk."""

    id: int
    path: bytes
    fd: int
    identity: tuple[int, int]
    subs: list[Sub]
    ignoring: Ignoring | None
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a walk is told. `root_path`: the location's. `below`: where in it the walk begins (empty: at its root).

    `fresh`: the index has nothing of what will be found. `recursive`: also what lies in subfolders. `excluded`:
    identities of folders that do not exist for it. `closed`: absolute paths not to be entered, each with a reason.
    """

    location: int
    root_path: bytes
    root_id: int
    below: bytes
    fresh: bool
    recursive: bool
    excluded: frozenset[tuple[int, int]]
    closed: dict[bytes, str]
    next_id: Callable[[], int]


class Walk:
    """`step` until `done`; where it stops before, it wants the index's rows of the folders in `wanted` (`give`)."""

    def __init__(self, setting: Setting, judge: Judge, resume: Sequence[bytes] | None = None) -> None:
        """`resume`: the names of the folders down to the one that was read last; None: begin at the beginning."""
        self._set, self._judge = setting, judge
        self._resume = list(resume or ())
        self._read_before = len(self._resume) + 1 if resume is not None else 0
        self._frames: list[Frame] = []
        self._known: dict[int, Known] = {}
        self._started = False
        self._on_the_way = setting.fresh and bool(resume)
        self.wanted: list[int] = [setting.root_id]
        self.done = False
        self.at: bytes = setting.root_path
        self.since: float = monotonic()

    def give(self, known: dict[int, Known]) -> None:
        self._known.update(known)
        self.wanted = []

    def step(self) -> Slice:
        """Read folders for a while. Raises OSError if the root itself cannot be read."""
        slice_ = Slice()
        began = monotonic()
        while not self.done and not self.wanted:
            if not self._started:
                self._begin(slice_)
            else:
                self._advance(slice_)
            if (
                slice_.looked_at >= SLICE_ENTRIES
                or len(slice_.changes) >= SLICE_ROWS
                or monotonic() - began > SLICE_SECONDS
            ):
                break
        return slice_

    def close(self) -> None:
        for frame in self._frames:
            if frame.fd >= 0:
                os.close(frame.fd)
                frame.fd = -1
        self._frames.clear()

    # --- from folder to folder ----------------------------------------------------------------------------------------

    def _begin(self, slice_: Slice) -> None:
        setting = self._set
        self.look_at(os.path.join(setting.root_path, setting.below) if setting.below else setting.root_path)
        fd = os.open(setting.root_path, OPEN_FOLDER & ~os.O_NOFOLLOW)
        for part in setting.below.split(b"/") if setting.below else ():
            try:
                inner = os.open(part, OPEN_FOLDER, dir_fd=fd)
            finally:
                os.close(fd)
            fd = inner
        self._started = True
        self._enter(fd, setting.root_id, setting.below, None, slice_)

    def _advance(self, slice_: Slice) -> None:
        frame = self._frames[-1]
        if frame.index >= len(frame.subs):
            self._leave(slice_)
            return
        name, id_, is_new = frame.subs[frame.index]
        if not is_new and id_ not in self._known and not self._needs_none():
            self._ask_for(frame)
            return
        frame.index += 1
        path = os.path.join(frame.path, name)
        self.look_at(os.path.join(self._set.root_path, path))
        try:
            fd = os.open(name, OPEN_FOLDER, dir_fd=frame.fd)
        except OSError as error:
            self._known.pop(id_, None)
            if error.errno != 2:
                slice_.troubles.append(Trouble(self.at, "error", f"cannot be read: {error.strerror}"))
            return
        self._enter(fd, id_, path, frame.ignoring, slice_)

    def _needs_none(self) -> bool:
        """In a first run the index has nothing; only of the folders on the way to where it stopped."""
        return self._set.fresh and not self._on_the_way

    def _ask_for(self, frame: Frame) -> None:
        ahead = frame.subs[frame.index : frame.index + ASKED_AHEAD]
        self.wanted = [id_ for _, id_, is_new in ahead if not is_new and id_ not in self._known]

    def _enter(self, fd: int, id_: int, path: bytes, above: Ignoring | None, slice_: Slice) -> None:
        failpoint.hit("index.folder")
        counts = slice_.files, slice_.folders, slice_.bytes, slice_.excluded
        try:
            status = os.fstat(fd)
            subs, ignoring = self._read(fd, id_, path, above, slice_)
        except OSError as error:
            os.close(fd)
            if not self._frames:
                raise
            slice_.troubles.append(Trouble(self.at, "error", f"cannot be read: {error.strerror}"))
            return
        slice_.cursor = id_
        if self._read_before:  # its entries were counted by the attempt before
            self._read_before -= 1
            slice_.files, slice_.folders, slice_.bytes, slice_.excluded = counts
        frame = Frame(id_, path, fd, (status.st_dev, status.st_ino), subs if self._set.recursive else [], ignoring)
        frame.index = self._first(frame.subs)
        self._frames.append(frame)
        if len(self._frames) > KEPT_OPEN:
            outer = self._frames[-KEPT_OPEN - 1]
            if outer.fd >= 0:
                os.close(outer.fd)
                outer.fd = -1

    def _first(self, subs: list[Sub]) -> int:
        """Where to go on in a folder on the way to where a run stopped."""
        if not self._resume:
            self._on_the_way = False
            return 0
        name = self._resume.pop(0)
        at = bisect_left(subs, name, key=lambda sub: sub[0])
        if at >= len(subs) or subs[at][0] != name:  # it is no longer there: all before it has been read
            self._resume.clear()
            self._on_the_way = False
            self._read_before = 0
        return at

    def _leave(self, slice_: Slice) -> None:
        left = self._frames.pop()
        if not self._frames:
            os.close(left.fd)
            self.done = True
            return
        above = self._frames[-1]
        try:
            if above.fd < 0:
                above.fd = _reopened(left.fd, above.identity)
        except OSError:
            slice_.troubles.append(
                Trouble(os.path.join(self._set.root_path, above.path), "error", "was moved while it was being read")
            )
            above.index = len(above.subs)
            above.fd = os.dup(left.fd)
        finally:
            os.close(left.fd)

    # --- one folder ---------------------------------------------------------------------------------------------------

    def _read(
        self, fd: int, id_: int, path: bytes, above: Ignoring | None, slice_: Slice
    ) -> tuple[list[Sub], Ignoring | None]:
        known = self._known.pop(id_, {})
        with os.scandir(fd) as entries:
            listed = [(entry.name, entry) for entry in entries]
        ignoring = above
        base = os.fsdecode(path) + "/" if path else ""
        if self._judge.uses_patterns:
            ignoring = self._judge.in_folder(fd, base, {name for name, _ in listed}, above)
        subs: list[Sub] = []
        for name, entry in listed:
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._unreadable(name, error, known, slice_)
                continue
            self._take(name, status, id_, path, known, ignoring, base, subs, slice_)
        slice_.looked_at += len(listed)
        for gone, _ in known.values():
            slice_.changes.lost.append((gone,))
            slice_.lost += 1
        subs.sort()
        return subs, ignoring

    def _unreadable(self, name: str, error: OSError, known: Known, slice_: Slice) -> None:
        """It is there, and stays in the index as it was."""
        raw = os.fsencode(name)
        known.pop(raw, None)
        slice_.troubles.append(Trouble(os.path.join(self.at, raw), "error", f"cannot be read: {error.strerror}"))

    def _take(
        self,
        name: str,
        status: os.stat_result,
        folder: int,
        path: bytes,
        known: Known,
        ignoring: Ignoring | None,
        base: str,
        subs: list[Sub],
        slice_: Slice,
    ) -> None:
        try:
            raw, label = name.encode(), None
        except UnicodeEncodeError:
            raw, label = os.fsencode(name), os.fsencode(name).decode("utf-8", "backslashreplace")
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), EntryKind.SPECIAL.value)
        is_folder = kind == 2
        if self._is_left_out(raw, name, status, is_folder, ignoring, base, slice_):
            return
        size = status.st_size if kind == 1 else 0
        facts: Facts = (
            kind,
            size,
            min(status.st_mtime_ns, LATEST),
            min(status.st_ctime_ns, LATEST),
            status.st_dev,
            status.st_ino & LATEST,
            0 if is_folder else status.st_nlink,
            status.st_mode,
        )
        id_, is_new = self._compare(raw, name, label, facts, folder, known, slice_)
        if is_folder:
            slice_.folders += 1
            below = os.path.join(path, raw)
            if is_new:
                slice_.changes.folders.append((id_, self._set.location, below if len(below) <= PATH_STORED else None))
            if (reason := self._closed(below)) is not None:
                slice_.troubles.append(Trouble(os.path.join(self._set.root_path, below), "skipped", reason))
            else:
                subs.append((raw, id_, is_new))
        else:
            slice_.files += 1
            slice_.bytes += size

    def _compare(
        self, raw: bytes, name: str, label: str | None, facts: Facts, folder: int, known: Known, slice_: Slice
    ) -> tuple[int, bool]:
        """The entry's id, and whether it is new."""
        before = known.pop(raw, None)
        if before is not None:
            id_, old = before
            if old == facts:
                return id_, False
            if old[0] == facts[0]:
                slice_.changes.updates.append((id_, *facts[1:]))
                if old[0] != 2:
                    slice_.modified += 1
                return id_, False
            slice_.changes.lost.append((id_,))
            slice_.lost += 1
        id_ = self._set.next_id()
        category = category_of(raw) if facts[0] == 1 else 0
        slice_.changes.entries.append((id_, self._set.location, folder, raw, facts[0], category, *facts[1:], label))
        slice_.changes.names.append((id_, label or name))
        if not self._set.fresh:
            slice_.changes.arrivals.append((id_, self._set.location))
        slice_.fresh += 1
        return id_, True

    def _is_left_out(
        self,
        raw: bytes,
        name: str,
        status: os.stat_result,
        is_folder: bool,
        ignoring: Ignoring | None,
        base: str,
        slice_: Slice,
    ) -> bool:
        if is_folder and (status.st_dev, status.st_ino) in self._set.excluded:
            return True
        if raw[:4] == b".sd-" and PARTIAL.fullmatch(raw):
            return True
        if (not self._judge.plain and self._judge.excludes_name(raw)) or (
            ignoring is not None and ignoring.excludes(f"{base}{name}/" if is_folder else base + name)
        ):
            slice_.excluded += 1
            return True
        return False

    def _closed(self, below: bytes) -> str | None:
        closed = self._set.closed
        return closed.get(os.path.join(self._set.root_path, below)) if closed else None

    def look_at(self, path: bytes) -> None:
        """For the one who watches over us: a disk that does not answer is known by where we stand still."""
        self.at, self.since = path, monotonic()


_KINDS: Final = {
    stat.S_IFREG: EntryKind.FILE.value,
    stat.S_IFDIR: EntryKind.FOLDER.value,
    stat.S_IFLNK: EntryKind.LINK.value,
}


def _reopened(inner: int, identity: tuple[int, int]) -> int:
    """The folder above an open one, if it is still the one that was closed. Raises OSError."""
    fd = os.open("..", OPEN_FOLDER, dir_fd=inner)
    status = os.fstat(fd)
    if (status.st_dev, status.st_ino) != identity:
        os.close(fd)
        raise OSError(f"{os.fsdecode(b'..')} is another folder now")
    return fd
