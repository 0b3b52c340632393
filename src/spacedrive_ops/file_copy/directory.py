"""Open folders, in pairs: one of the source and its counterpart in the destination.

Work is done through descriptors, one name at a time, so a path may be longer than the kernel takes, and a folder that
somebody swaps for a link is never followed. Only so many are kept open: a folder far up the path is closed, and opened
again through ".." when the walk comes back to it.
"""

from __future__ import annotations

import os
import threading

from spacedrive_ops.folders import NOT_OPEN, identity, open_folder

_counting = threading.Lock()


class FolderReplaced(OSError):
    """A folder is no longer where it was: somebody moved it while it was being copied."""


class Directory:
    """One folder of the walk. Open while anybody retains it."""

    __slots__ = (
        "_at", "_path", "default_acl", "gives_owner", "name", "parent", "root", "source", "source_id", "status",
        "target", "target_id", "target_name", "times", "users",
    )  # fmt: skip

    def __init__(
        self,
        parent: Directory | None,
        name: str,
        source: int,
        target: int,
        *,
        target_name: str = "",
        path: bytes = b"",
        at: bytes = b"",
        root: int = 0,
    ) -> None:
        self.parent, self.name, self.target_name = parent, name, target_name or name
        self.root: int = parent.root if parent is not None else root
        self.source, self.target = source, target
        self.status = os.fstat(source)
        self.times = (self.status.st_atime_ns, self.status.st_mtime_ns)
        self.source_id = (self.status.st_dev, self.status.st_ino)
        self.target_id: tuple[int, int] | None = None
        self.gives_owner: tuple[int, int] | None = None
        if target != NOT_OPEN:
            status = os.fstat(target)
            self.target_id = (status.st_dev, status.st_ino)
            # Whatever rule the file system has for the group of a new file, here it comes out as our own.
            self.gives_owner = (os.geteuid(), os.getegid()) if status.st_gid == os.getegid() else None
        self.default_acl = target != NOT_OPEN and has_default_acl(target)
        self.users = 1
        self._path, self._at = path, at

    @property
    def path(self) -> bytes:
        """The path in the source, for people; may be longer than the kernel takes."""
        if not self._path:
            self._path = b"/".join(self._names())
        return self._path

    def forget_path(self) -> None:
        """Drop the remembered text: a deep tree would otherwise hold the square of its depth."""
        if self.parent is not None:
            self._path = b""

    def child_path(self, name: str) -> bytes:
        return os.path.join(self.path, os.fsencode(name))

    def _names(self) -> list[bytes]:
        names: list[bytes] = []
        folder: Directory | None = self
        while folder is not None and not folder._path:
            names.append(os.fsencode(folder.name))
            folder = folder.parent
        if folder is not None:
            names.append(folder._path.rstrip(b"/"))
        return names[::-1]

    def below_root(self) -> bytes:
        """The path below the copied root, as a `Position` has it."""
        names: list[bytes] = []
        folder = self
        while folder.parent is not None and folder.parent.parent is not None:
            names.append(os.fsencode(folder.name))
            folder = folder.parent
        return b"/".join(reversed(names))

    def target_path(self, name: str) -> bytes:
        """The path of an entry of the counterpart."""
        names = [os.fsencode(name)]
        folder = self
        while folder.parent is not None:
            names.append(os.fsencode(folder.target_name))
            folder = folder.parent
        names.append(folder._at.rstrip(b"/"))
        return b"/".join(reversed(names))

    @property
    def is_open(self) -> bool:
        return self.users > 0

    def retain(self) -> None:
        with _counting:
            self.users += 1

    def release(self) -> None:
        with _counting:
            self.users -= 1
            if self.users == 0:
                self._close()

    def reopen_from(self, child: Directory) -> None:
        """Retain again a folder that may have been closed, coming back from `child`, which is open."""
        with _counting:
            if self.users == 0:
                self.source = _parent_of(child.source, self.source_id) if child.source != NOT_OPEN else NOT_OPEN
                if self.target_id is not None and child.target != NOT_OPEN:
                    self.target = _parent_of(child.target, self.target_id)
                self._open_what_is_missing()
            self.users += 1

    def _open_what_is_missing(self) -> None:
        """Down from the nearest open ancestor: for a folder that was moved, or whose child's side is not open."""
        chain: list[Directory] = []
        above = self.parent
        while above is not None and above.users == 0:
            chain.append(above)
            above = above.parent
        if above is None:
            raise FolderReplaced(f"{self.name!r} has no open folder above it")
        down = [*reversed(chain), self]
        if self.source == NOT_OPEN:
            self.source = _descend(above.source, [folder.name for folder in down], self.source_id)
        if self.target == NOT_OPEN and self.target_id is not None:
            self.target = _descend(above.target, [folder.target_name for folder in down], self.target_id)

    def _close(self) -> None:
        for fd in (self.source, self.target):
            if fd != NOT_OPEN:
                os.close(fd)
        self.source = self.target = NOT_OPEN


def has_default_acl(folder: int) -> bool:
    """Whether new entries of this folder are given an ACL that their source may not have."""
    try:
        return bool(os.getxattr(folder, "system.posix_acl_default"))
    except OSError:
        return False


def _parent_of(child: int, wanted: tuple[int, int]) -> int:
    """The folder above, or NOT_OPEN where that is another one by now."""
    try:
        fd = open_folder(child, "..")
    except OSError:
        return NOT_OPEN
    if identity(os.fstat(fd)) == wanted:
        return fd
    os.close(fd)
    return NOT_OPEN


def _descend(start: int, names: list[str], wanted: tuple[int, int]) -> int:
    here = os.dup(start)
    try:
        for name in names:
            below = open_folder(here, name)
            os.close(here)
            here = below
        if identity(os.fstat(here)) != wanted:
            raise FolderReplaced(f"{names[-1]!r} was replaced while it was being copied")
    except OSError:
        os.close(here)
        raise
    return here
