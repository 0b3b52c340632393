"""One folder as the disk has it."""

from __future__ import annotations

import marshal
import os
import stat
from hashlib import blake2b
from operator import attrgetter
from typing import Final, TypeAlias

OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Listed: TypeAlias = tuple[str, int, int, int, int, int, int, int]
"""name, mode, size, mtime_ns, ctime_ns, inode, device, links: as the disk has them."""

FORMAT: Final = 0o170000
"""The bits of a mode that tell what an entry is."""
REGULAR: Final = stat.S_IFREG
FOLDER: Final = stat.S_IFDIR
KINDS: Final = {stat.S_IFREG: 1, stat.S_IFDIR: 2, stat.S_IFLNK: 3}
"""The numbers that the index has for them (EntryKind)."""
SPECIAL: Final = 4
MARSHAL_VERSION: Final = 2
"""The last in which equal values give equal bytes."""

_facts_of: Final = attrgetter("st_mode", "st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev", "st_nlink")


def list_folder(fd: int) -> tuple[list[Listed], list[tuple[str, str]]]:
    """What lies in an open folder, by name, and (name, reason) of what cannot be told of. Raises OSError."""
    listed: list[Listed] = []
    unreadable: list[tuple[str, str]] = []
    with os.scandir(fd) as entries:
        for entry in entries:
            try:
                listed.append((entry.name, *_facts_of(entry.stat(follow_symlinks=False))))
            except FileNotFoundError:
                continue  # it went just now
            except OSError as error:
                unreadable.append((entry.name, error.strerror or "no reason was given"))
    listed.sort()
    return listed, unreadable


def fingerprint_of(listed: list[Listed]) -> bytes:
    """Equal for two listings only if they are equal."""
    return blake2b(marshal.dumps(listed, MARSHAL_VERSION), digest_size=16).digest()


def bytes_in(listed: list[Listed]) -> int:
    """Of the regular files."""
    return sum([one[2] for one in listed if one[1] & FORMAT == REGULAR])


def reopen_above(inner: int, identity: tuple[int, int]) -> int:
    """The folder above an open one, if it is still the one that was closed. Raises OSError."""
    fd = os.open("..", OPEN_FOLDER, dir_fd=inner)
    status = os.fstat(fd)
    if (status.st_dev, status.st_ino) != identity:
        os.close(fd)
        raise OSError("the folder above is another one now")
    return fd
