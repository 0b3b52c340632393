"""Partial files, and how they become final: whole under a hidden name first, then renamed in one step.

A partial is named for its job and attempt, readable by its owner alone, and locked by its writer. A later attempt
takes over an unfinished one only with that lock; all others of earlier attempts it removes, so that an old writer
that was stopped and wakes up finds nothing of its own left to rename.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Callable, Collection
from typing import Final

from spacedrive_jobs import failpoint
from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.plan import Decision
from spacedrive_ops.folders import NOT_OPEN, exists, open_folder
from spacedrive_ops.whole_files.names import numbered_names
from spacedrive_ops.whole_files.partial import discard, lock, prefix_of
from spacedrive_ops.whole_files.rename import rename_if_absent

CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
ADOPT: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
PRIVATE: Final = 0o600


class Partials:
    """Names, makes and clears away the partial files of one attempt."""

    def __init__(self, job: str, attempt: int) -> None:
        self.prefix = prefix_of(job)
        self._own = f"{self.prefix}{attempt}-"
        self._numbers = itertools.count(1)

    def new_name(self) -> str:
        return f"{self._own}{next(self._numbers)}.part"

    def create(self, folder: int) -> tuple[str, int]:
        """A new partial, locked by us: its name and descriptor."""
        name = self.new_name()
        fd = os.open(name, CREATE, PRIVATE, dir_fd=folder)
        lock(fd)
        return name, fd

    def adopt(self, folder: int, name: str) -> int | None:
        """Take over a partial of an earlier attempt; None if it is gone, not ours, or its writer still lives."""
        try:
            fd = os.open(name, ADOPT, dir_fd=folder)
        except OSError:
            return None
        status = os.fstat(fd)
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_uid == os.geteuid() and lock(fd):
            return fd
        os.close(fd)
        return None

    def sweep(self, folder: int, names: Collection[str], *, spare: str = "") -> None:
        """Remove partials of earlier attempts of this job."""
        for name in names:
            if name.startswith(self.prefix) and not name.startswith(self._own) and name != spare:
                discard(folder, name)


class LookedUp:
    """The names of a folder, asked for one by one: for a large folder of which few names matter."""

    def __init__(self, folder: int) -> None:
        self._folder = folder

    def __contains__(self, name: object) -> bool:
        return self._folder != NOT_OPEN and exists(self._folder, str(name))

    def __iter__(self) -> itertools.chain[str]:
        return itertools.chain(os.listdir(self._folder) if self._folder != NOT_OPEN else ())

    def __len__(self) -> int:
        return len(os.listdir(self._folder)) if self._folder != NOT_OPEN else 0


class Target:
    """The destination as the walk meets it: folders are made as they are needed, leftovers cleared away.

    `resumed`: an earlier attempt may have left partials; `spare` is the one that is to be taken over.
    """

    def __init__(self, partials: Partials, *, ignores_case: bool, resumed: bool, spare: str = "") -> None:
        self.ignores_case = ignores_case
        self._partials, self._resumed, self.spare = partials, resumed, spare

    def enter(self, parent: Directory, name: str, *, retraced: bool) -> tuple[int, Collection[str]]:
        """Open the counterpart of a source folder, made if need be with access for its owner alone."""
        if retraced:
            return self._open_if_there(parent.target, name)
        failpoint.hit("copy.mkdir")
        try:
            os.mkdir(name, 0o700, dir_fd=parent.target)
        except FileExistsError:
            return self._open_existing(parent.target, name)
        return open_folder(parent.target, name), ()

    def names_of(self, folder: int) -> Collection[str]:
        if self._resumed and folder != NOT_OPEN:
            self._partials.sweep(folder, os.listdir(folder), spare=self.spare)
        return LookedUp(folder)

    def clear(self, folder: int) -> None:
        """When a folder is finished, not even the spared partial is of use any more."""
        if self.spare:
            discard(folder, self.spare)

    def _open_existing(self, parent: int, name: str) -> tuple[int, Collection[str]]:
        if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise NotADirectoryError(name)
        fd = open_folder(parent, name)
        if self.ignores_case:
            return fd, self.names_of(fd)
        names = set(os.listdir(fd))
        if self._resumed:
            self._partials.sweep(fd, names, spare=self.spare)
        return fd, names

    def _open_if_there(self, parent: int, name: str) -> tuple[int, Collection[str]]:
        try:
            return open_folder(parent, name), ()
        except OSError:
            return NOT_OPEN, ()


def publish(
    folder: int,
    partial: str,
    name: str,
    decision: Decision,
    check_claim: Callable[[], None],
    *,
    source: int | None = None,
) -> str | None:
    """Give a whole and flushed partial its final name; that name, or None where another entry has taken it meanwhile.

    `source`: the folder that the partial is in, where that is another one (a move within one file system).
    """
    origin = folder if source is None else source
    check_claim()
    failpoint.hit("copy.rename")
    if decision is Decision.REPLACE:
        os.rename(partial, name, src_dir_fd=origin, dst_dir_fd=folder)
        return name
    names = numbered_names(name) if decision is Decision.KEEP_BOTH else iter((name,))
    for candidate in names:
        try:
            rename_if_absent(origin, partial, folder, candidate)
        except FileExistsError:
            continue
        return candidate
    return None
