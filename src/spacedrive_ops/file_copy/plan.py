"""The decisions of a copy. Pure: nothing here touches a disk."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable
from enum import Enum
from typing import Final

from spacedrive_ops.file_copy.model import OnConflict

COARSE_CLOCK: Final = 10_000_000
GRAINS: Final = (COARSE_CLOCK, 1_000_000_000, 2_000_000_000)
"""What file systems with a coarse clock round times down to, in nanoseconds: exFAT, ext3, FAT."""


class Decision(Enum):
    """What to do with one entry, given what its place in the destination holds."""

    CREATE = "create"
    REPLACE = "replace"
    KEEP_BOTH = "keep both"
    SKIP = "skip"
    ASK = "ask"
    DONE = "done"
    REFUSE = "refuse"


def decide(
    policy: OnConflict, source: os.stat_result, existing: os.stat_result | None, *, ours_since: int | None
) -> Decision:
    """Choose for a file or link. `ours_since`: what is newer than this may be an earlier attempt's own work."""
    if existing is None:
        return Decision.CREATE
    if ours_since is not None and is_ours(source, existing, ours_since):
        return Decision.DONE
    if policy == "rename":
        return Decision.KEEP_BOTH
    if policy == "skip":
        return Decision.SKIP
    if stat.S_ISDIR(existing.st_mode) or is_same_entry(source, existing):
        return Decision.REFUSE
    if policy == "ask":
        return Decision.SKIP if is_equal(source, existing) else Decision.ASK
    if policy == "newer" and not is_newer(source, existing):
        return Decision.SKIP
    return Decision.REPLACE


def reason_of(decision: Decision, policy: OnConflict, existing: os.stat_result | None) -> str:
    """Why an entry is not copied, in words; empty where it is."""
    match decision:
        case Decision.SKIP:
            return "exists already and is not older" if policy == "newer" else "exists already"
        case Decision.ASK:
            return "waits for an answer"
        case Decision.REFUSE:
            is_folder = existing is not None and stat.S_ISDIR(existing.st_mode)
            return "the destination has a folder of that name" if is_folder else "is the same file"
        case _:
            return ""


def is_same_entry(source: os.stat_result, existing: os.stat_result) -> bool:
    """Whether both names are one file: writing the one would change the other."""
    return (source.st_dev, source.st_ino) == (existing.st_dev, existing.st_ino)


def is_equal(source: os.stat_result, copy: os.stat_result) -> bool:
    """Whether `copy` looks like a finished copy of `source`: kind, size and time of change of the content."""
    return (
        stat.S_IFMT(source.st_mode) == stat.S_IFMT(copy.st_mode)
        and (source.st_size == copy.st_size or not stat.S_ISREG(source.st_mode))
        and is_same_time(source.st_mtime_ns, copy)
    )


def is_ours(source: os.stat_result, existing: os.stat_result, since: int) -> bool:
    """Whether `existing` is what this job itself put there before it was interrupted.

    An equal entry that was there before the job began keeps its older change time, which nobody can set back.
    """
    return existing.st_ctime_ns >= since and is_equal(source, existing)


def is_same_time(source_ns: int, copy: os.stat_result) -> bool:
    """Equal, or as equal as the copy's file system can hold.

    That its clock is coarse shows in the change time, which the file system itself sets: elsewhere a time that
    happens to be whole is an exact one, and another one is another version.
    """
    if source_ns == copy.st_mtime_ns:
        return True
    if copy.st_ctime_ns % COARSE_CLOCK != 0:
        return False
    return any(copy.st_mtime_ns == source_ns - source_ns % grain for grain in GRAINS)


def is_newer(source: os.stat_result, existing: os.stat_result) -> bool:
    return source.st_mtime_ns > existing.st_mtime_ns and not is_same_time(source.st_mtime_ns, existing)


def special_kind(mode: int) -> str:
    """What people call an entry that cannot be copied; empty for files, links and folders."""
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    if stat.S_ISSOCK(mode):
        return "a socket"
    if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        return "a device"
    return ""


def folded(name: str) -> str:
    """What a case-insensitive file system compares."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def colliding(names: Iterable[str]) -> dict[str, str]:
    """Names that differ from an earlier one in case only, each with that earlier one."""
    first: dict[str, str] = {}
    clashes: dict[str, str] = {}
    for name in names:
        earlier = first.setdefault(folded(name), name)
        if earlier != name:
            clashes[name] = earlier
    return clashes


def needed_bytes(status: os.stat_result) -> int:
    """What a copy of this file will occupy: holes cost nothing, and of hard links one in `st_nlink` is written."""
    occupied = min(status.st_size, status.st_blocks * 512) if is_sparse(status) else status.st_size
    return occupied // max(1, status.st_nlink)


def is_sparse(status: os.stat_result) -> bool:
    return status.st_blocks * 512 < status.st_size


def in_words(size: int) -> str:
    """A size as people say it: 80 MB."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
