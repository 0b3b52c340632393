"""Moving within one file system: a whole source is renamed, however much is in it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection

from spacedrive_jobs import failpoint
from spacedrive_ops.file_copy import syscalls
from spacedrive_ops.file_copy.gather import mount_of
from spacedrive_ops.file_copy.model import FULL
from spacedrive_ops.file_copy.walk import Root
from spacedrive_ops.folders import exists, open_path
from spacedrive_ops.whole_files.rename import rename_if_absent

NOT_THIS_WAY = FULL | {errno.EXDEV, errno.EEXIST, errno.ENOTEMPTY, errno.EBUSY, errno.EPERM, errno.EACCES}
"""The walk does what a rename cannot; where the disk is full, it is the walk that waits for room."""


def rename_roots(
    roots: list[Root],
    apart: Collection[tuple[int, int]],
    check_claim: Callable[[], None],
    since: int,
    *,
    durable: bool,
) -> list[tuple[Root, int]]:
    """Rename those sources that can be; they and their sizes. The others are left for the walk.

    `apart`: folders that may not go as a whole. What an earlier attempt renamed after `since` is told again.
    """
    moved: list[tuple[Root, int]] = []
    for root in roots:
        try:
            source, target = open_path(os.path.dirname(root.source) or b"/"), open_path(root.target)
        except OSError:
            continue  # the walk will say what is wrong
        try:
            size = _rename(root, source, target, apart, check_claim, since)
            if size is not None:
                moved.append((root, size))
                if durable:
                    syscalls.sync_file_system(target)
        finally:
            os.close(source)
            os.close(target)
    return moved


def _rename(
    root: Root,
    source: int,
    target: int,
    apart: Collection[tuple[int, int]],
    check_claim: Callable[[], None],
    since: int,
) -> int | None:
    try:
        status = os.stat(root.name, dir_fd=source, follow_symlinks=False)
    except FileNotFoundError:
        return _renamed_before(root, target, since)
    except OSError:
        return None
    if not _goes_as_a_whole(status, source, target, apart):
        return None
    check_claim()
    failpoint.hit("copy.rename")
    try:
        rename_if_absent(source, root.name, target, root.target_name)
    except OSError as error:
        if error.errno in NOT_THIS_WAY:
            return None
        raise
    return _size(status)


def _goes_as_a_whole(status: os.stat_result, source: int, target: int, apart: Collection[tuple[int, int]]) -> bool:
    """Whether the two folders are one mounted file system, and the source may leave as it is."""
    if (status.st_dev, status.st_ino) in apart or status.st_dev != os.fstat(target).st_dev:
        return False
    return mount_of(source) == mount_of(target)


def would_rename(root: Root, apart: Collection[tuple[int, int]]) -> os.stat_result | None:
    """The status of a source that `rename_roots` would rename; None for one that the walk would copy. Changes
    nothing."""
    try:
        source, target = open_path(os.path.dirname(root.source) or b"/"), open_path(root.target)
    except OSError:
        return None
    try:
        status = os.stat(root.name, dir_fd=source, follow_symlinks=False)
        whole = _goes_as_a_whole(status, source, target, apart) and not exists(target, root.target_name)
        return status if whole else None
    except OSError:
        return None
    finally:
        os.close(source)
        os.close(target)


def _renamed_before(root: Root, target: int, since: int) -> int | None:
    try:
        status = os.stat(root.target_name, dir_fd=target, follow_symlinks=False)
    except OSError:
        return None
    return _size(status) if status.st_ctime_ns >= since else None


def _size(status: os.stat_result) -> int:
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
