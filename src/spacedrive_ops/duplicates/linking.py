"""Let two names lead to one file, in the place of two files with the same bytes.

A hidden link to the kept file is made, and changes places with the other file in one step. Only when that was still
as it had been compared is it removed, under the hidden name; else they change back. So at any moment both names lead
to whole bytes, and `recover` takes up what a killed process left.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable

from spacedrive_jobs import failpoint
from spacedrive_ops.content.digest import OPEN_FILE
from spacedrive_ops.duplicates.opened import CHUNK, LeftAlone, Opened
from spacedrive_ops.folders import identity
from spacedrive_ops.whole_files.rename import exchange, rename_if_absent


def differences(kept: Opened, doomed: Opened) -> str:
    """Which of owner, mode and attributes the files do not have in common, in words; empty if none. Times are not
    looked at: of two files of the same bytes one was nearly always written later."""
    one, other = kept.status, doomed.status
    found: list[str] = []
    if (one.st_uid, one.st_gid) != (other.st_uid, other.st_gid):
        found.append("owner")
    if stat.S_IMODE(one.st_mode) != stat.S_IMODE(other.st_mode):
        found.append("mode")
    if _attributes(kept.fd) != _attributes(doomed.fd):
        found.append("attributes")
    return " and ".join(found)


def _attributes(fd: int) -> dict[str, bytes] | None:
    try:
        return {name: os.getxattr(fd, name) for name in os.listxattr(fd)}
    except OSError:
        return None  # a file system without any


def link_to_kept(kept: Opened, doomed: Opened, hidden: str, check_claim: Callable[[], None]) -> None:
    """Let the name of `doomed` lead to `kept`, with which it was compared. `hidden`: a name in its folder for the work.

    Raises OSError, with all as it was; LeftAlone, the same, where one of them was touched meanwhile.
    """
    os.fsync(kept.fd)  # the bytes that stay must not be fewer after a power cut than those that go
    _link(kept, doomed, hidden)
    failpoint.hit("deduplicate.linked")
    try:
        if not (kept.is_untouched() and doomed.is_untouched() and doomed.has_its_name()):
            raise LeftAlone("was changed while it was compared")
        check_claim()
        exchanged = exchange(doomed.folder, hidden, doomed.name)
        if not exchanged:
            os.rename(hidden, doomed.name, src_dir_fd=doomed.folder, dst_dir_fd=doomed.folder)
    except BaseException:
        os.unlink(hidden, dir_fd=doomed.folder)
        raise
    failpoint.hit("deduplicate.exchanged")
    if exchanged:
        _remove_the_other(kept, doomed, hidden, check_claim)
    os.fsync(doomed.folder)


def _link(kept: Opened, doomed: Opened, hidden: str) -> None:
    try:
        os.link(kept.name, hidden, src_dir_fd=kept.folder, dst_dir_fd=doomed.folder, follow_symlinks=False)
    except FileNotFoundError as error:
        raise LeftAlone(f"is left alone: {os.fsdecode(kept.path)} is no longer there") from error
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise LeftAlone(f"lies on another file system than {os.fsdecode(kept.path)}") from error
        raise
    if identity(os.stat(hidden, dir_fd=doomed.folder, follow_symlinks=False)) != kept.identity:
        os.unlink(hidden, dir_fd=doomed.folder)
        raise LeftAlone(f"is left alone: {os.fsdecode(kept.path)} is another file now")


def _remove_the_other(kept: Opened, doomed: Opened, hidden: str, check_claim: Callable[[], None]) -> None:
    there = identity(os.stat(hidden, dir_fd=doomed.folder, follow_symlinks=False))
    if there != doomed.identity or not (kept.is_untouched() and doomed.is_untouched()):
        _change_back(doomed.folder, hidden, doomed.name, there)
        raise LeftAlone("was changed while it was compared")
    check_claim()
    os.unlink(hidden, dir_fd=doomed.folder)
    failpoint.hit("deduplicate.unlinked")


def _change_back(folder: int, hidden: str, name: str, there: tuple[int, int]) -> None:
    """Give what lies under the hidden name its own back, and remove the link that then lies there."""
    exchange(folder, hidden, name)
    if identity(os.stat(hidden, dir_fd=folder, follow_symlinks=False)) != there:
        os.unlink(hidden, dir_fd=folder)


def recover(folder: int, name: str, hidden: str, kept_inode: int) -> bool:
    """Finish, or take back, what a killed process had begun; whether it is done. Raises OSError, LeftAlone.

    Nothing is removed that holds bytes which no other name has.
    """
    try:
        left = os.stat(hidden, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    try:
        now = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        rename_if_absent(folder, hidden, folder, name)
        raise LeftAlone("was removed while the job was at it; it is there again") from None
    if not stat.S_ISREG(left.st_mode) or not stat.S_ISREG(now.st_mode):
        raise LeftAlone(f"is left alone: {hidden} beside it is not a file of this job")
    same = identity(left) == identity(now) or _holds_the_same(folder, name, hidden)
    if now.st_ino == kept_inode and not same:  # they had changed places
        _change_back(folder, hidden, name, identity(left))
        raise LeftAlone("was changed while the job was at it")
    if not same and left.st_nlink == 1:
        raise LeftAlone(f"is left alone: {hidden} beside it holds other bytes, which no other file has")
    os.unlink(hidden, dir_fd=folder)
    return now.st_ino == kept_inode


def _holds_the_same(folder: int, one: str, other: str) -> bool:
    here, there = os.open(one, OPEN_FILE, dir_fd=folder), os.open(other, OPEN_FILE, dir_fd=folder)
    try:
        offset = 0
        while (data := os.pread(here, CHUNK, offset)) == os.pread(there, CHUNK, offset):
            if not data:
                return True
            offset += len(data)
        return False
    finally:
        os.close(here)
        os.close(there)
