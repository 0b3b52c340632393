"""Hard links: which copy stands for which source file. The map is kept in rows, a small part of it in memory."""

from __future__ import annotations

import os
import struct
from collections import OrderedDict
from typing import Final

from spacedrive_ops.file_copy.plan import is_equal
from spacedrive_ops.folders import open_path

REMEMBERED: Final = 20_000
"""How many of the latest are held in memory: more than can be on their way at once. Older ones are asked for."""

Key = bytes


def key_of(status: os.stat_result) -> Key:
    """The row's key for a source file with several names."""
    return b"link:" + struct.pack("<QQ", status.st_dev, status.st_ino)


class HardLinks:
    """From a source file to the path of its first copy."""

    def __init__(self, *, complete: bool) -> None:
        self._copies: OrderedDict[Key, bytes] = OrderedDict()
        self._complete = complete

    def find(self, key: Key) -> bytes | None:
        return self._copies.get(key)

    @property
    def asks_rows(self) -> bool:
        """Whether a file that is not found here may still be in a row."""
        return not self._complete

    def add(self, key: Key, path: bytes) -> None:
        self._copies[key] = path
        if len(self._copies) > REMEMBERED:
            self._copies.popitem(last=False)
            self._complete = False

    def forget(self, key: Key) -> None:
        """Its copy failed: the next name is copied as a file."""
        self._copies.pop(key, None)


def open_holder(path: bytes) -> tuple[int, str]:
    """The open folder that holds an earlier copy, and its name there."""
    folder, name = os.path.split(path)
    return open_path(folder), os.fsdecode(name)


def link_to_copy(path: bytes, status: os.stat_result, folder: int, name: str) -> bool:
    """Make `name` another name of the copy at `path`; False where that is no longer the copy of this source.

    Raises FileExistsError where `name` is taken.
    """
    try:
        holder, copy = open_holder(path)
    except OSError:
        return False
    try:
        if not is_equal(status, os.stat(copy, dir_fd=holder, follow_symlinks=False)):
            return False
        os.link(copy, name, src_dir_fd=holder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        return False
    finally:
        os.close(holder)
    return True


def is_linked_to(path: bytes, existing: os.stat_result) -> bool:
    """Whether an entry of the destination is already one more name of the copy at `path`."""
    try:
        holder, copy = open_holder(path)
    except OSError:
        return False
    try:
        status = os.stat(copy, dir_fd=holder, follow_symlinks=False)
    except OSError:
        return False
    finally:
        os.close(holder)
    return (status.st_dev, status.st_ino) == (existing.st_dev, existing.st_ino)
