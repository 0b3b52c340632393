"""Two files, open and held still while they are compared and one of them is acted on. Blocking, in a thread."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from spacedrive_ops.content.digest import OPEN_FILE, Stopped
from spacedrive_ops.content.reading import LATEST
from spacedrive_ops.folders import Identity, identity, open_path
from spacedrive_ops.library_index.copies import Copy

CHUNK: Final = 1 << 20


class LeftAlone(Exception):
    """Nothing was done to a file, for a reason that trying again would meet again; the message says which."""


class Opened:
    """A file of the plan: `fd`, and its `name` in the open folder `folder`; `status` as it was when it was opened.

    As far as the system allows, nobody can write to it meanwhile: who opens it for that waits until it is closed here,
    and if somebody has it open for that already, it is left alone. The system allows it to the owner and to root.
    """

    def __init__(self, copy: Copy) -> None:
        """Raises OSError; LeftAlone where the file is not the one of the plan."""
        folder, name = os.path.split(copy.path)
        self.path, self.name = copy.path, os.fsdecode(name)
        self.folder = open_path(folder)
        try:
            if not stat.S_ISREG(self.look().st_mode):
                raise LeftAlone("is no longer a plain file")
            self.fd = os.open(self.name, OPEN_FILE, dir_fd=self.folder)
        except BaseException:
            os.close(self.folder)
            raise
        try:
            self._leased = self._lease()
            self.status = os.fstat(self.fd)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Whoever waits for it can go on."""
        os.close(self.fd)
        os.close(self.folder)

    @property
    def identity(self) -> Identity:
        return identity(self.status)

    def look(self) -> os.stat_result:
        """Of what has the name now."""
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def is_as_planned(self, copy: Copy) -> bool:
        status = self.status
        found = (status.st_size, min(status.st_mtime_ns, LATEST), status.st_ino)
        return stat.S_ISREG(status.st_mode) and found == (copy.size, copy.mtime_ns, copy.inode)

    def has_its_name(self) -> bool:
        try:
            return identity(self.look()) == self.identity
        except FileNotFoundError:
            return False

    def is_untouched(self) -> bool:
        """Whether nobody has written to it since it was opened, nor waits to do so."""
        now = os.fstat(self.fd)
        same = (now.st_size, now.st_mtime_ns) == (self.status.st_size, self.status.st_mtime_ns)
        return same and (not self._leased or fcntl.fcntl(self.fd, fcntl.F_GETLEASE) == fcntl.F_RDLCK)

    def lock(self) -> None:
        """Until it is closed here, no other deduplication works on it: two with other rules would else each remove what
        the other one keeps. Raises OSError; LeftAlone where one does already."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            shown = os.fsdecode(self.path)
            raise LeftAlone(f"is left alone: {shown} is locked by a program, perhaps another deduplication") from error

    def _lease(self) -> bool:
        """Keep writers out: https://man7.org/linux/man-pages/man2/F_SETLEASE.2const.html"""
        try:
            # The signal for one who waits would by default end the process; this one is ignored by default.
            fcntl.fcntl(self.fd, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(self.fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                raise LeftAlone(f"is left alone: {os.fsdecode(self.path)} is open for writing in a program") from error
            return False  # not our own file, or a file system without leases: the looks before and after must do
        return True


def hold_same_bytes(one: Opened, other: Opened, interrupted: Callable[[], bool]) -> bool:
    """Compare all of two files, byte by byte. Raises OSError; Stopped where `interrupted()` says so; LeftAlone as soon
    as somebody wants to write to one of them, who would else be kept waiting."""
    offset = 0
    while True:
        here, there = os.pread(one.fd, CHUNK, offset), os.pread(other.fd, CHUNK, offset)
        if here != there:
            return False
        if not here:
            return True
        offset += len(here)
        if not (one.is_untouched() and other.is_untouched()):
            raise LeftAlone("was changed while it was compared")
        if interrupted():
            raise Stopped
