"""Partial files: hidden, named for their job and attempt, locked by whoever writes them.

A later attempt takes the place of an earlier one's only with its lock, so it never meets a writer that still lives.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final, Literal, TypeAlias

from spacedrive_jobs import failpoint
from spacedrive_ops.whole_files.names import numbered_names
from spacedrive_ops.whole_files.rename import rename_if_absent

OnTaken: TypeAlias = Literal["skip", "overwrite", "rename"]

NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
PRIVATE: Final = 0o600
LOOK_EVERY: Final = 0.02


def prefix_of(job: str) -> str:
    """How the names of a job's partials begin; `job` is its short id."""
    return f".sd-{job}-"


class Partial:
    """A file that is being written: `fd`, and `name` in the open folder `folder`. Closing it discards what was not
    published."""

    def __init__(self, folder: Path, job: str, attempt: int, number: int = 1) -> None:
        """Make it. Raises OSError."""
        self.name = f"{prefix_of(job)}{attempt}-{number}.part"
        self._published = False
        self.folder = os.open(folder, FOLDER)
        try:
            self.fd = os.open(self.name, NEW, PRIVATE, dir_fd=self.folder)
        except OSError:
            os.close(self.folder)
            raise
        lock(self.fd)

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode: by these a later attempt recognises what was published."""
        status = os.fstat(self.fd)
        return status.st_dev, status.st_ino

    def publish(self, name: str, on_taken: OnTaken, check_claim: Callable[[], None]) -> str | None:
        """Flush it, and give it its name, or another one where that is taken; None where it was to be skipped.

        The claim is checked between the flush and the rename. Raises OSError.
        """
        os.fsync(self.fd)
        check_claim()
        failpoint.hit("whole_file.rename")
        final = self._rename(name, on_taken)
        if final is not None:
            self._published = True
            os.fsync(self.folder)
            failpoint.hit("whole_file.renamed")
        return final

    def _rename(self, name: str, on_taken: OnTaken) -> str | None:
        if on_taken == "overwrite":
            os.rename(self.name, name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
            return name
        try:
            rename_if_absent(self.folder, self.name, self.folder, name)
        except FileExistsError:
            return None if on_taken == "skip" else self._rename_beside(name)
        return name

    def _rename_beside(self, name: str) -> str:
        for candidate in numbered_names(name):
            try:
                rename_if_absent(self.folder, self.name, self.folder, candidate)
            except FileExistsError:
                continue
            return candidate
        raise AssertionError("numbers do not end")

    def close(self) -> None:
        if not self._published:
            discard(self.folder, self.name)
        os.close(self.fd)
        os.close(self.folder)


def lock(fd: int) -> bool:
    """Take a partial for its writer; False where another one has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks: names and claims must do
    return True


def discard(folder: int, name: str) -> None:
    """Remove a partial, if it is there."""
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        pass  # gone already, or the folder is


def sweep(folder: Path, job: str, attempt: int, *, wait: float, look: Callable[[float], object]) -> int:
    """Remove the partials of earlier attempts of the job; how many could not be, since their writer lives.

    Waits up to `wait` seconds for a dying writer to let go of its lock, looking again after `look(seconds)` each time.
    """
    try:
        opened = os.open(folder, FOLDER)
    except OSError:
        return 0
    try:
        own = f"{prefix_of(job)}{attempt}-"
        names = [name for name in os.listdir(opened) if name.startswith(prefix_of(job)) and not name.startswith(own)]
        end = monotonic() + wait
        left = [name for name in names if not _take_away(opened, name)]
        while left and monotonic() < end:
            look(LOOK_EVERY)
            left = [name for name in left if not _take_away(opened, name)]
        return len(left)
    finally:
        os.close(opened)


def _take_away(folder: int, name: str) -> bool:
    try:
        fd = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return True  # gone, or not a file of ours
    try:
        if not lock(fd):
            return False
        discard(folder, name)
        return True
    finally:
        os.close(fd)
