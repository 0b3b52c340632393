"""Times, mode, owner, extended attributes and ACLs of a finished copy.

The order matters: the owner first (changing it clears set-id bits and capabilities), then attributes (ACLs among
them), then the mode, then the times. What is not permitted is said once per job, not once per file.
"""

from __future__ import annotations

import os
import stat
from typing import Final, Literal, TypeAlias

from spacedrive_jobs import failpoint
from spacedrive_ops.file_copy.directory import Directory

ACCESS_ACL: Final = "system.posix_acl_access"
DEFAULT_ACL: Final = "system.posix_acl_default"
SET_ID: Final = stat.S_ISUID | stat.S_ISGID

Topic: TypeAlias = Literal["owner", "attributes", "mode", "times"]

WORDS: Final[dict[str, str]] = {
    "owner": "owner or group could not be kept (needs more privilege, or the destination has none)",
    "attributes": "some extended attributes or ACLs could not be kept on the destination",
    "mode": "some permissions could not be kept on the destination",
    "times": "some times could not be kept on the destination",
}
"""What is warned of once per job."""


class Denied:
    """Which kinds of metadata the destination or our privilege did not allow. Shared by the copying threads."""

    __slots__ = ("topics",)

    def __init__(self, topics: tuple[str, ...] = ()) -> None:
        self.topics = set(topics)

    def add(self, topic: Topic) -> None:
        self.topics.add(topic)


def apply_to_file(source: int, target: int, status: os.stat_result, folder: Directory, denied: Denied) -> None:
    """Give a finished partial, which only its owner could read so far, what its source has."""
    failpoint.hit("copy.metadata")
    owned = _has_owner_already(status, folder) or _change_owner(target, status, denied)
    _copy_attributes(source, target, folder, denied)
    _finish(target, status, (status.st_atime_ns, status.st_mtime_ns), owned, denied)


def apply_to_folder(folder: Directory, denied: Denied) -> None:
    """The same for a folder; last of all, because every entry made in it changed its times."""
    failpoint.hit("copy.metadata")
    owned = _change_owner(folder.target, folder.status, denied)
    if folder.source >= 0:
        _copy_attributes(folder.source, folder.target, folder.parent, denied)
    _finish(folder.target, folder.status, folder.times, owned, denied)


def apply_to_link(folder: Directory, source_name: str, partial: str, status: os.stat_result, denied: Denied) -> None:
    """The same for a symbolic link itself; it has no mode of its own."""
    failpoint.hit("copy.metadata")
    try:
        os.chown(partial, status.st_uid, status.st_gid, dir_fd=folder.target, follow_symlinks=False)
    except OSError:
        denied.add("owner")
    _copy_link_attributes(folder, source_name, partial, denied)
    times = (status.st_atime_ns, status.st_mtime_ns)
    try:
        os.utime(partial, ns=times, dir_fd=folder.target, follow_symlinks=False)
    except OSError:
        denied.add("times")


def _has_owner_already(status: os.stat_result, folder: Directory) -> bool:
    """Whether a new file is given just this owner. Set-id bits are never entrusted to that."""
    return (status.st_uid, status.st_gid) == folder.gives_owner and not status.st_mode & SET_ID


def _change_owner(target: int, status: os.stat_result, denied: Denied) -> bool:
    try:
        os.fchown(target, status.st_uid, status.st_gid)
    except OSError:
        denied.add("owner")
        try:
            os.fchown(target, -1, status.st_gid)
        except OSError:
            pass  # said already
        return False
    return True


def _finish(target: int, status: os.stat_result, times: tuple[int, int], owned: bool, denied: Denied) -> None:
    mode = stat.S_IMODE(status.st_mode)
    try:
        os.fchmod(target, mode if owned else mode & ~SET_ID)
    except OSError:
        denied.add("mode")
    try:
        os.utime(target, ns=times)
    except OSError:
        denied.add("times")


def _copy_attributes(source: int, target: int, parent: Directory | None, denied: Denied) -> None:
    try:
        names = os.listxattr(source)
    except OSError:
        names = []
    if parent is not None and parent.default_acl and ACCESS_ACL not in names:
        _drop(target, ACCESS_ACL)
        if DEFAULT_ACL not in names:
            _drop(target, DEFAULT_ACL)
    for name in names:
        try:
            os.setxattr(target, name, os.getxattr(source, name))
        except OSError:
            if not name.startswith("security."):  # a label of the host's policy: the destination has its own
                denied.add("attributes")


def _drop(target: int, name: str) -> None:
    try:
        os.removexattr(target, name)
    except OSError:
        pass  # it has none


def _copy_link_attributes(folder: Directory, source_name: str, partial: str, denied: Denied) -> None:
    """Links have no descriptor that reads attributes; the folder's descriptor leads to them under /proc."""
    source = f"/proc/self/fd/{folder.source}/{source_name}"
    try:
        names = os.listxattr(source, follow_symlinks=False)
    except OSError:
        return
    for name in names:
        try:
            value = os.getxattr(source, name, follow_symlinks=False)
            os.setxattr(f"/proc/self/fd/{folder.target}/{partial}", name, value, follow_symlinks=False)
        except OSError:
            if not name.startswith("security."):
                denied.add("attributes")
