"""One folder as the disk has it."""

from __future__ import annotations

import marshal
import os
import stat
from hashlib import blake2b
from itertools import compress
from operator import attrgetter
from typing import Final, TypeAlias

OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

OnDisk: TypeAlias = tuple[int, int, int, int, int, int, int]
"""mode, size, mtime_ns, ctime_ns, device, inode, links: as the disk has them."""

FORMAT: Final = 0o170000
"""The bits of a mode that tell what an entry is."""
REGULAR: Final = stat.S_IFREG
FOLDER: Final = stat.S_IFDIR
KINDS: Final = {stat.S_IFREG: 1, stat.S_IFDIR: 2, stat.S_IFLNK: 3}
"""The numbers that the index has for them (EntryKind)."""
SPECIAL: Final = 4
MARSHAL_VERSION: Final = 2
"""The last in which equal values give equal bytes."""

_facts_of: Final = attrgetter("st_mode", "st_size", "st_mtime_ns", "st_ctime_ns", "st_dev", "st_ino", "st_nlink")


class Listing:
    """What lies in a folder: names in their order, and what is known of each. `others`: of those that are no regular
    files. Two lists rather than one of pairs, because of most folders every step is then one call over all of it.
    """

    __slots__ = ("facts", "names", "others")

    def __init__(self, names: list[str], facts: list[OnDisk]) -> None:
        self.names, self.facts = names, facts
        self.others: list[OnDisk] = [one for one in facts if one[0] & FORMAT != REGULAR]

    def only(self, kept: list[bool]) -> Listing:
        """Without those for which `kept` says so."""
        return Listing([*compress(self.names, kept)], [*compress(self.facts, kept)])

    def size(self) -> int:
        """Bytes of the regular files."""
        return sum([one[1] for one in self.facts]) - sum([one[1] for one in self.others])

    def fingerprint(self) -> bytes:
        """Equal for two listings only if they are equal."""
        return blake2b(marshal.dumps((self.names, self.facts), MARSHAL_VERSION), digest_size=16).digest()


def list_folder(fd: int) -> tuple[Listing, list[tuple[str, str]]]:
    """What lies in an open folder, and (name, reason) of what cannot be told of. Raises OSError."""
    names = os.listdir(fd)
    names.sort()
    try:
        return Listing(names, [_facts_of(os.lstat(name, dir_fd=fd)) for name in names]), []
    except OSError:
        return _list_one_by_one(fd, names)


def _list_one_by_one(fd: int, names: list[str]) -> tuple[Listing, list[tuple[str, str]]]:
    told, facts, unreadable = list[str](), list[OnDisk](), list[tuple[str, str]]()
    for name in names:
        try:
            facts.append(_facts_of(os.lstat(name, dir_fd=fd)))
            told.append(name)
        except FileNotFoundError:
            continue  # it went just now
        except OSError as error:
            unreadable.append((name, error.strerror or "no reason was given"))
    return Listing(told, facts), unreadable


def reopen_above(inner: int, identity: tuple[int, int]) -> int:
    """The folder above an open one, if it is still the one that was closed. Raises OSError."""
    fd = os.open("..", OPEN_FOLDER, dir_fd=inner)
    status = os.fstat(fd)
    if (status.st_dev, status.st_ino) != identity:
        os.close(fd)
        raise OSError("the folder above is another one now")
    return fd
