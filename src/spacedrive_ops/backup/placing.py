"""One entry of a backup becomes a file, a link or a folder again. In a pool thread.

A folder is opened from the destination on, name after name and never through a link, so no entry leads elsewhere and no
path is too long.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from spacedrive_jobs import failpoint
from spacedrive_ops.backup.depot import Depot
from spacedrive_ops.backup.format import Listed, attributes_of, object_name
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.file_copy.metadata import SET_ID, Denied
from spacedrive_ops.folders import FOLDER, exists
from spacedrive_ops.object_store.errors import Stopped, StoreError
from spacedrive_ops.whole_files.names import numbered_names
from spacedrive_ops.whole_files.partial import OnTaken, Partial, discard, prefix_of
from spacedrive_ops.whole_files.rename import rename_if_absent

HOLE: Final = 4096
MADE: Final = 0o700

PlacedAs: TypeAlias = Literal["ok", "unchanged", "skipped", "error", "stopped"]


class Placed(msgspec.Struct, frozen=True):
    """`final`: the name that it has now, where it is there."""

    outcome: PlacedAs
    reason: str = ""
    final: str = ""


class Placer:
    """Writes below one open folder. `policy`: what to do where something else of that name is there."""

    def __init__(
        self,
        depot: Depot,
        base: int,
        policy: OnTaken,
        denied: Denied,
        *,
        job: str,
        attempt: int,
        check_claim: Callable[[], None],
        interrupted: Callable[[], bool],
    ) -> None:
        self._depot, self._base, self._denied = depot, base, denied
        self._policy: OnTaken = policy
        self._job, self._attempt = job, attempt
        self._check_claim, self._interrupted = check_claim, interrupted
        self._numbers = count(1)

    def place(self, parts: tuple[bytes, ...], entry: Listed, linked: tuple[bytes, ...] | None = None) -> Placed:
        """`parts`: the names from the destination on. `linked`: where another name of the same file was placed.

        Never raises for one entry, but for what ends the attempt.
        """
        try:
            if entry.kind == "folder":
                return self._folder(parts, entry)
            folder = self._open(parts[:-1])
            try:
                name = os.fsdecode(parts[-1])
                if entry.kind == "link":
                    return self._link(folder, name, entry)
                if linked is not None and (placed := self._hard_link(folder, name, entry, linked)) is not None:
                    return placed
                return self._file(folder, name, entry)
            finally:
                os.close(folder)
        except Stopped:
            return Placed("stopped")
        except (StoreError, ValueError) as error:
            return Placed("error", str(error))
        except OSError as error:
            return Placed("error", f"cannot be written: {(error.strerror or '').lower()}")

    def _open(self, parts: tuple[bytes, ...]) -> int:
        """The folder of these names, made where needed. Raises OSError, also where a link is in its place."""
        here = os.dup(self._base)
        for name in parts:
            try:
                try:
                    below = os.open(name, FOLDER, dir_fd=here)
                except FileNotFoundError:
                    self._check_claim()
                    try:
                        os.mkdir(name, MADE, dir_fd=here)
                    except FileExistsError:
                        pass
                    below = os.open(name, FOLDER, dir_fd=here)
            finally:
                os.close(here)
            here = below
        return here

    def _folder(self, parts: tuple[bytes, ...], entry: Listed) -> Placed:
        folder = self._open(parts)
        try:
            self._give(folder, entry)
        finally:
            os.close(folder)
        return Placed("ok")

    # --- files

    def _file(self, folder: int, name: str, entry: Listed) -> Placed:
        there = _status(folder, name)
        if there is not None:
            if stat.S_ISREG(there.st_mode) and (there.st_size, there.st_mtime_ns) == (entry.size, entry.mtime_ns):
                return Placed("unchanged", final=name)
            if (refused := self._refused(there)) is not None:
                return refused
        partial = Partial(Path(f"/proc/self/fd/{folder}"), self._job, self._attempt, next(self._numbers))
        try:
            self._fill(partial.fd, entry)
            self._give(partial.fd, entry)
            final = partial.publish(name, self._policy, self._check_claim)
        finally:
            partial.close()
        return Placed("skipped", "another one of that name is there") if final is None else Placed("ok", final=final)

    def _refused(self, there: os.stat_result) -> Placed | None:
        if stat.S_ISDIR(there.st_mode) and self._policy != "rename":
            return Placed("error", "a folder is in its place")
        return Placed("skipped", "another one of that name is there") if self._policy == "skip" else None

    def _fill(self, fd: int, entry: Listed) -> None:
        """Raises StoreError where the bytes are not those that were backed up."""
        hasher, size = new_hasher(), 0
        pieces: Iterator[Any] = self._depot.read(object_name(entry.digest))
        for piece in pieces:
            if self._interrupted():
                raise Stopped
            failpoint.hit("restore.piece")
            data = memoryview(piece)
            hasher.update(data)
            _write(fd, data, size, leave_holes=entry.sparse)
            size += len(data)
        if hasher.hexdigest() != entry.digest:
            raise StoreError("what the backup holds is not what was backed up (BLAKE3 differs)")
        os.ftruncate(fd, size)

    def _hard_link(self, folder: int, name: str, entry: Listed, linked: tuple[bytes, ...]) -> Placed | None:
        """A further name of a file that was placed; None where that is no longer what it was."""
        other = self._open(linked[:-1])
        try:
            first = _status(other, os.fsdecode(linked[-1]))
            if first is None or (first.st_size, first.st_mtime_ns) != (entry.size, entry.mtime_ns):
                return None
            there = _status(folder, name)
            if there is not None:
                if (there.st_dev, there.st_ino) == (first.st_dev, first.st_ino):
                    return Placed("unchanged", final=name)
                if (refused := self._refused(there)) is not None:
                    return refused
            beside = self._beside()
            try:
                os.link(linked[-1], beside, src_dir_fd=other, dst_dir_fd=folder, follow_symlinks=False)
            except OSError:
                return None  # a file system without hard links: it becomes a file of its own
            return self._named(folder, beside, name)
        finally:
            os.close(other)

    # --- links

    def _link(self, folder: int, name: str, entry: Listed) -> Placed:
        there = _status(folder, name)
        if there is not None:
            if stat.S_ISLNK(there.st_mode) and os.readlink(os.fsencode(name), dir_fd=folder) == entry.link_target:
                self._give_link(folder, name, entry)
                return Placed("unchanged", final=name)
            if (refused := self._refused(there)) is not None:
                return refused
        beside = self._beside()
        os.symlink(entry.link_target, beside, dir_fd=folder)
        self._give_link(folder, beside, entry)
        return self._named(folder, beside, name)

    def _beside(self) -> str:
        return f"{prefix_of(self._job)}{self._attempt}-{next(self._numbers)}.part"

    def _named(self, folder: int, beside: str, name: str) -> Placed:
        """Give a link its name, as a file gets it."""
        try:
            self._check_claim()
            if self._policy == "overwrite":
                os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
                return Placed("ok", final=name)
            for candidate in chain((name,), () if self._policy == "skip" else _free_names(folder, name)):
                try:
                    rename_if_absent(folder, beside, folder, candidate)
                except FileExistsError:
                    continue
                return Placed("ok", final=candidate)
            return Placed("skipped", "another one of that name is there")
        finally:
            discard(folder, beside)

    # --- what else it had

    def _give(self, fd: int, entry: Listed) -> None:
        """Owner first (it clears set-id bits), then attributes (ACLs among them), then mode, then times."""
        owned = True
        try:
            os.fchown(fd, entry.uid, entry.gid)
        except OSError:
            owned = False
            self._denied.add("owner")
        for name, value in attributes_of(entry).items():
            try:
                os.setxattr(fd, name, value)
            except OSError:
                if not name.startswith("security."):  # a label of the host's policy
                    self._denied.add("attributes")
        try:
            os.fchmod(fd, entry.mode if owned else entry.mode & ~SET_ID)
        except OSError:
            self._denied.add("mode")
        try:
            os.utime(fd, ns=(entry.atime_ns, entry.mtime_ns))
        except OSError:
            self._denied.add("times")

    def _give_link(self, folder: int, name: str, entry: Listed) -> None:
        try:
            os.chown(name, entry.uid, entry.gid, dir_fd=folder, follow_symlinks=False)
        except OSError:
            self._denied.add("owner")
        try:
            os.utime(name, ns=(entry.atime_ns, entry.mtime_ns), dir_fd=folder, follow_symlinks=False)
        except OSError:
            self._denied.add("times")


def _free_names(folder: int, name: str) -> Iterator[str]:
    return (candidate for candidate in numbered_names(name) if not exists(folder, candidate))


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _write(fd: int, data: memoryview, at: int, *, leave_holes: bool) -> None:
    """Where the file had holes, blocks of zeros are left out."""
    if not leave_holes:
        while data:
            written = os.pwrite(fd, data, at)
            data, at = data[written:], at + written
        return
    for start in range(0, len(data), HOLE):
        block = data[start : start + HOLE]
        if any(block):
            _write(fd, block, at + start, leave_holes=False)
