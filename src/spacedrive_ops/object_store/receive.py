"""One object becomes a file: whole under a hidden name, compared with its digest, then renamed. In a pool thread."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from spacedrive_jobs import failpoint
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.object_store.errors import Stopped, StoreError
from spacedrive_ops.object_store.model import OnExisting, Result
from spacedrive_ops.object_store.store import Facts, Store
from spacedrive_ops.paths.keys import UnsafeKey, parts_of
from spacedrive_ops.whole_files.partial import Partial

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PLAIN: Final = 0o644


class Receiver:
    """Writes below one folder. `name`: the short id of the job, and `attempt`, for the partials."""

    def __init__(
        self,
        store: Store,
        destination: Path,
        policy: OnExisting,
        *,
        name: str,
        attempt: int,
        verify: bool,
        check_claim: Callable[[], None],
        interrupted: Callable[[], bool],
    ) -> None:
        self._store, self._destination = store, destination
        self._policy: OnExisting = policy
        self._name, self._attempt, self._verify = name, attempt, verify
        self._check_claim, self._interrupted = check_claim, interrupted

    def receive(self, key: str, number: int) -> tuple[Result, int]:
        """What became of it, and its size. `number`: no two at once have the same. Never raises for one file."""
        try:
            parts = parts_of(key)
            folder = self._folder(parts[:-1])
        except UnsafeKey as error:
            return Result("error", str(error)), 0
        except OSError as error:
            return Result("error", f"its folder cannot be made: {(error.strerror or '').lower()}"), 0
        try:
            facts, pieces = self._store.get(key)
            known = self._look(folder, os.fsdecode(parts[-1]), facts)
            if known is None:
                known = self._write(folder, os.fsdecode(parts[-1]), facts, pieces, number)
            return known, facts.size
        except Stopped:
            return Result("stopped"), 0
        except StoreError as error:
            return Result("error", str(error)), 0
        except OSError as error:
            return Result("error", f"cannot be written: {(error.strerror or '').lower()}"), 0
        finally:
            os.close(folder)

    def _folder(self, names: list[bytes]) -> int:
        """Open the folder, made where needed; a link in its place is not followed. Raises OSError."""
        here = os.open(self._destination, FOLDER & ~os.O_NOFOLLOW)
        for name in names:
            try:
                try:
                    os.mkdir(name, dir_fd=here)
                except FileExistsError:
                    pass
                below = os.open(name, FOLDER, dir_fd=here)
            finally:
                os.close(here)
            here = below
        return here

    def _look(self, folder: int, name: str, facts: Facts) -> Result | None:
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISREG(status.st_mode) and (status.st_size, status.st_mtime_ns) == (facts.size, facts.mtime_ns):
            return Result("unchanged")
        if stat.S_ISDIR(status.st_mode):
            return Result("error", "a folder is in its place")
        return Result("skipped", "another one of that name is there") if self._policy == "skip" else None

    def _write(self, folder: int, name: str, facts: Facts, pieces: Iterator[Any], number: int) -> Result:
        partial = Partial(Path(f"/proc/self/fd/{folder}"), self._name, self._attempt, number)
        try:
            if (wrong := self._fill(partial.fd, facts, pieces)) is not None:
                return wrong
            os.fchmod(partial.fd, PLAIN if facts.mode is None else facts.mode & 0o777)
            if facts.mtime_ns is not None:
                os.utime(partial.fd, ns=(facts.mtime_ns, facts.mtime_ns))
            if partial.publish(name, self._policy, self._check_claim) is None:
                return Result("skipped", "another one of that name is there")
            return Result("ok")
        finally:
            partial.close()

    def _fill(self, fd: int, facts: Facts, pieces: Iterator[Any]) -> Result | None:
        """Write the bytes; what is wrong with them, if anything is. Raises Stopped, StoreError, OSError."""
        hasher, size = new_hasher(), 0
        for piece in pieces:
            if self._interrupted():
                raise Stopped
            failpoint.hit("download.piece")
            data = memoryview(piece)
            hasher.update(data)
            size += len(data)
            while data:
                data = data[os.write(fd, data) :]
        if size != facts.size:
            return Result("error", f"the store gave {size:,} bytes of {facts.size:,}")
        if self._verify and facts.digest is not None and hasher.hexdigest() != facts.digest:
            return Result("error", "its bytes are not those that were uploaded (BLAKE3 differs)")
        return None
