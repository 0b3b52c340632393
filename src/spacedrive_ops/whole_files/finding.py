"""Finding partials that were left, at any depth, and taking them away. Blocking."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import Final

from spacedrive_ops.folders import NOT_OPEN, identity, open_path
from spacedrive_ops.whole_files.names import PARTIAL
from spacedrive_ops.whole_files.partial import discard, lock, prefix_of

OPEN: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def partials_below(folder: bytes, seen: set[tuple[int, int]]) -> Iterator[tuple[bytes, os.stat_result | None]]:
    """Each partial with its status, at any depth; None for each folder in between, so that a caller can stop. Links are
    not followed, what cannot be read is left out, and no folder is read twice."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        yield path, None
        opened = _opened(path)
        if opened == NOT_OPEN:
            continue
        try:
            if identity(os.fstat(opened)) in seen:
                continue
            seen.add(identity(os.fstat(opened)))
            for name in sorted(map(os.fsencode, os.listdir(opened))):
                try:
                    status = os.stat(name, dir_fd=opened, follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(os.path.join(path, name))
                elif PARTIAL.fullmatch(name) and (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                    yield os.path.join(path, name), status
        except OSError:
            continue
        finally:
            os.close(opened)


def _opened(path: bytes) -> int:
    try:
        return open_path(path)
    except OSError:
        return NOT_OPEN


def take_away(path: bytes) -> bool:
    """Only with the lock that its writer holds; the name is removed where it was found."""
    folder, name = os.path.split(path)
    above = open_path(folder)
    try:
        try:
            fd = os.open(name, OPEN, dir_fd=above)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            os.unlink(name, dir_fd=above)  # a link that was to get its name
            return True
        try:
            if not lock(fd):
                return False
            discard(above, os.fsdecode(name))
            return True
        finally:
            os.close(fd)
    finally:
        os.close(above)


def sweep_below(folder: bytes, job: str, attempt: int) -> None:
    """Remove what earlier attempts of a job left, in the folder and all below it; what a writer holds stays."""
    prefix, own = os.fsencode(prefix_of(job)), os.fsencode(f"{prefix_of(job)}{attempt}-")
    for path, status in partials_below(folder, set()):
        name = os.path.basename(path)
        if status is not None and name.startswith(prefix) and not name.startswith(own):
            try:
                take_away(path)
            except OSError:
                continue  # gone, or not ours to remove
