"""The trash, as the freedesktop.org specification 1.0 has it.

What lies on the volume of the user's own trash goes there, all else to the trash at the top of its own volume: nothing
is ever copied. A `.trashinfo` reserves the name before the entry is moved.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from time import strftime
from typing import Final
from urllib.parse import quote_from_bytes

from spacedrive_jobs import failpoint
from spacedrive_ops.file_delete.errors import in_words
from spacedrive_ops.file_delete.folder import Volume, is_gone, volume_at, volume_of
from spacedrive_ops.file_delete.guard import Protected
from spacedrive_ops.file_delete.model import Failure, Removed, Root
from spacedrive_ops.file_delete.trash_names import ENDING, candidates
from spacedrive_ops.folders import identity, open_folder, open_path
from spacedrive_ops.mounts import mounted_below, read_mounts
from spacedrive_ops.whole_files.rename import rename_if_absent

ADVICE: Final = "delete it for good with --permanent"
NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PRIVATE: Final = 0o600


class NoTrash(Exception):
    """An entry cannot be put into a trash; the message says why."""


@dataclass(slots=True)
class TrashFolder:
    """One trash, open. `top`: paths are written relative to this; empty for the user's own, which has absolute ones."""

    path: bytes
    top: bytes
    files: int
    info: int

    def close(self) -> None:
        os.close(self.files)
        os.close(self.info)


class Trash:
    """Moves entries into the trash of their volume. `resumed`: an earlier attempt may have left half a move."""

    def __init__(self, protected: Protected, check_claim: Callable[[], None], *, resumed: bool) -> None:
        self._protected, self._check_claim, self._resumed = protected, check_claim, resumed
        self._folders: dict[Volume, TrashFolder] = {}
        self._own = _own_trash()

    def close(self) -> None:
        for folder in self._folders.values():
            folder.close()
        self._folders.clear()

    def move(self, root: Root) -> Removed | Failure | None:
        """Move one entry into the trash; None if it is not there any more."""
        try:
            holder = open_path(root.holder)
        except OSError as error:
            return None if is_gone(error) else Failure(root.path, (), f"cannot be reached: {in_words(error)}")
        try:
            return self._move(root, holder)
        except NoTrash as problem:
            return Failure(root.path, (), str(problem))
        except FileNotFoundError:
            return None
        except OSError as error:
            return Failure(root.path, (), f"cannot be put into the trash: {in_words(error)}; {ADVICE}")
        finally:
            os.close(holder)

    def _move(self, root: Root, holder: int) -> Removed:
        status = os.stat(root.name, dir_fd=holder, follow_symlinks=False)
        if (what := self._protected.get(identity(status))) is not None:
            raise NoTrash(f"is left alone: {what}")
        volume = volume_of(holder)
        if volume_at(holder, root.name)[0] != volume[0]:
            raise NoTrash("another disk is mounted there")
        real = os.path.join(os.path.realpath(root.holder), os.fsencode(root.name))
        if stat.S_ISDIR(status.st_mode) and (mounted := mounted_below(real, read_mounts())):
            raise NoTrash(f"another disk is mounted in it, at {os.fsdecode(mounted)}")
        folder = self._folder_for(volume, real)
        if _lies_in(real, folder.path):
            raise NoTrash(f"is in the trash already; {ADVICE}")
        if _lies_in(folder.path, real):
            raise NoTrash(f"holds the trash itself; {ADVICE}")
        self._put(folder, holder, root.name, real)
        return Removed(0)

    def _put(self, folder: TrashFolder, holder: int, name: str, real: bytes) -> None:
        shown = real if not folder.top else os.path.relpath(real, folder.top)
        for candidate in candidates(name):
            if not self._reserve(folder, candidate, shown):
                continue
            try:
                failpoint.hit("delete.trash")
                self._check_claim()
                rename_if_absent(holder, name, folder.files, candidate)
            except FileExistsError:
                os.unlink(candidate + ENDING, dir_fd=folder.info)  # a file without its record has the name
                continue
            except OSError as error:
                os.unlink(candidate + ENDING, dir_fd=folder.info)
                if error.errno == errno.EXDEV:
                    raise NoTrash(f"cannot be moved as a whole to the trash of its disk; {ADVICE}") from error
                raise
            return

    def _reserve(self, folder: TrashFolder, candidate: str, shown: bytes) -> bool:
        """Write the record of a name that nobody has; whether it is ours."""
        text = _record(shown)
        try:
            fd = os.open(candidate + ENDING, NEW, PRIVATE, dir_fd=folder.info)
        except FileExistsError:
            return self._resumed and _is_left_over(folder, candidate, text)
        try:
            os.write(fd, text)
            os.fdatasync(fd)
        finally:
            os.close(fd)
        return True

    def _folder_for(self, volume: Volume, real: bytes) -> TrashFolder:
        known = self._folders.get(volume)
        if known is None:
            known = self._folders[volume] = self._find(volume, real)
        return known

    def _find(self, volume: Volume, real: bytes) -> TrashFolder:
        try:
            if _volume_of_nearest(self._own) == volume:
                os.makedirs(self._own, 0o700, exist_ok=True)
                return _opened(self._own, b"")
            top = _top_of(os.path.dirname(real), volume)
            return _opened(_trash_at(top), top)
        except OSError as error:
            where = os.fsdecode(error.filename) if error.filename else "a folder"
            raise NoTrash(f"there is no trash on its disk: {where}: {in_words(error)}; {ADVICE}") from error


def _own_trash() -> bytes:
    data = os.environb.get(b"XDG_DATA_HOME", b"")
    if not data.startswith(b"/"):  # the base directory specification: a relative one counts as none
        data = os.path.join(os.path.expanduser(b"~"), b".local/share")
    return os.path.join(os.path.realpath(data), b"Trash")


def _volume_of_nearest(path: bytes) -> Volume:
    """Of the folder, or of the one in which it would be made."""
    while True:
        try:
            fd = open_path(path)
        except FileNotFoundError:
            path = os.path.dirname(path)
            continue
        try:
            return volume_of(fd)
        finally:
            os.close(fd)


def _top_of(folder: bytes, volume: Volume) -> bytes:
    """The uppermost folder of the volume."""
    while folder != b"/":
        fd = open_path(os.path.dirname(folder))
        try:
            if volume_of(fd) != volume:
                break
        finally:
            os.close(fd)
        folder = os.path.dirname(folder)
    return folder


def _trash_at(top: bytes) -> bytes:
    """`.Trash/UID` where an administrator made `.Trash` for all, else `.Trash-UID`. Raises OSError."""
    user = b"%d" % os.getuid()
    shared = os.path.join(top, b".Trash")
    try:
        status = os.lstat(shared)
        if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX:
            return _made(os.path.join(shared, user))
    except OSError:
        pass  # not there, or of no use: the other one is for that
    return _made(shared + b"-" + user)


def _made(path: bytes) -> bytes:
    """A folder of our own, never a link that somebody laid there. Raises OSError."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise PermissionError(errno.EPERM, "is a link, or belongs to someone else", path) from None
    return path


def _opened(path: bytes, top: bytes) -> TrashFolder:
    base = open_path(path)
    opened: list[int] = []
    try:
        for name in ("files", "info"):
            try:
                os.mkdir(name, 0o700, dir_fd=base)
            except FileExistsError:
                pass
            opened.append(open_folder(base, name))
    except OSError:
        for fd in opened:
            os.close(fd)
        raise
    finally:
        os.close(base)
    return TrashFolder(path, top, opened[0], opened[1])


def _record(shown: bytes) -> bytes:
    when = strftime("%Y-%m-%dT%H:%M:%S")
    return f"[Trash Info]\nPath={quote_from_bytes(shown)}\nDeletionDate={when}\n".encode("ascii")


def _is_left_over(folder: TrashFolder, candidate: str, text: bytes) -> bool:
    """Whether an earlier attempt reserved this name for the same entry and was killed before it moved it."""
    try:
        os.stat(candidate, dir_fd=folder.files, follow_symlinks=False)
    except FileNotFoundError:
        pass
    else:
        return False
    try:
        fd = os.open(candidate + ENDING, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder.info)
    except OSError:
        return False
    with open(fd, "rb") as file:
        return file.read(len(text) + 1).split(b"\n")[:2] == text.split(b"\n")[:2]


def _lies_in(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
