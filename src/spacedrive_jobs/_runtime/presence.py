"""Kernel locks that say who lives: one file a runner, one an isolated attempt.

A lock is made under a temporary name, taken, and only then given its name, so that nobody ever sees a live runner's
file without its lock. When the process dies, however it dies, the kernel frees the lock.
"""

from __future__ import annotations

import fcntl
import os
import struct
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacedrive_jobs._model.ids import JobId, RunnerId

RUNNER_SUFFIX: Final = ".runner"
ATTEMPT_SUFFIX: Final = ".attempt"
_PULSE: Final = struct.Struct("<QQ")

_held: weakref.WeakSet[LockFile] = weakref.WeakSet()


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a runner writes into its file: a counter that moves unless it is stopped, and what hinders it."""

    beats: int
    no_space: bool = False
    blocked: bool = False
    """Its event loop has not run for some seconds."""


class LockFile:
    """An exclusive flock on a file of one's own, kept until `close`. Inherited by processes given `fd`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
        self.fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.pwrite(self.fd, _PULSE.pack(0, 0), 0)
        os.rename(temporary, path)
        _held.add(self)

    def pulse(self, pulse: Pulse) -> None:
        """Overwrites bytes that are there already, so it needs no space."""
        os.pwrite(self.fd, _PULSE.pack(pulse.beats, pulse.no_space | pulse.blocked << 1), 0)

    def close(self) -> None:
        """Unlink, then let go."""
        if self.fd >= 0:
            self.path.unlink(missing_ok=True)
            self.let_go()

    def let_go(self) -> None:
        """Close our descriptor alone: whoever inherited it still holds the lock."""
        descriptor, self.fd = self.fd, -1
        if descriptor >= 0:
            os.close(descriptor)


def _forget_in_child() -> None:
    """A forked child must not keep its parent's runner alive."""
    for lock in list(_held):
        lock.let_go()


os.register_at_fork(after_in_child=_forget_in_child)


def read_pulse(path: Path) -> Pulse | None:
    try:
        beats, flags = _PULSE.unpack(path.read_bytes()[: _PULSE.size])
    except (OSError, struct.error):
        return None
    return Pulse(beats, bool(flags & 1), bool(flags & 2))


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock. A shared probe, so that two observers never mistake each other."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def take_over(path: Path) -> int | None:
    """The descriptor of a dead owner's file, locked by us; None if it lives, is gone, or another was quicker."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        there = os.stat(path)
        ours = os.fstat(descriptor)
        if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def runner_path(folder: Path, runner: RunnerId) -> Path:
    return folder / (runner.hex() + RUNNER_SUFFIX)


def attempt_path(folder: Path, job: JobId, attempt: int) -> Path:
    return folder / f"{job.value.hex}.{attempt}{ATTEMPT_SUFFIX}"


def runner_files(folder: Path) -> list[tuple[RunnerId, Path]]:
    """Every runner that has a file here, dead or alive."""
    return [
        (RunnerId(bytes.fromhex(path.name.removesuffix(RUNNER_SUFFIX))), path)
        for path in folder.iterdir()
        if path.name.endswith(RUNNER_SUFFIX) and not path.name.startswith(".")
    ]
