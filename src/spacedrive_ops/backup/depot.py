"""Where a backup is kept; here: a folder. Blocking; all methods raise StoreError in words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any, Final, Protocol

from spacedrive_jobs import failpoint, interrupt_requested
from spacedrive_ops.content.digest import Unreadable, open_file
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.file_copy.verify import forget_cached
from spacedrive_ops.object_store import small
from spacedrive_ops.object_store.digest import BUFFER, digest_of
from spacedrive_ops.object_store.errors import Stopped, StoreError
from spacedrive_ops.whole_files.partial import Partial, sweep

INCOMING: Final = "incoming"
SHORT: Final = re.compile(r"\.sd-([0-9a-f]{8})-")
NO_ATTEMPT: Final = 0
PLAIN: Final = 0o644
WAIT_FOR_OLD: Final = 0.2
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Depot(Protocol):
    """Names are ASCII with slashes. What has its name is whole; putting one that is there replaces it."""

    where: str

    def size_of(self, name: str) -> int | None:
        """None where there is no such name."""
        ...

    def put(self, name: str, data: bytes, *, verify: bool) -> None: ...

    def put_file(self, name: str, fd: int, digest: str, *, verify: bool) -> None:
        """From an open file, which must still have this BLAKE3. Raises SourceChanged and Stopped too."""
        ...

    def read(self, name: str) -> Iterator[Any]:
        """Its bytes in pieces."""
        ...

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """Those that begin with `prefix` (which ends with a slash), in order."""
        ...


class FolderDepot:
    """A folder, with whatever else lies in it. `job` and `attempt` name what is unfinished."""

    def __init__(self, folder: Path, job: str, attempt: int, check_claim: Callable[[], None]) -> None:
        self.where = os.fspath(folder).encode("utf-8", "backslashreplace").decode()
        self._folder, self._job, self._attempt = folder, job, attempt
        self._check_claim = check_claim
        self._numbers = count(1)

    def tidy(self) -> None:
        """Remove what earlier attempts left unfinished."""
        sweep(self._folder / INCOMING, self._job, self._attempt, wait=WAIT_FOR_OLD, look=Event().wait)
        try:
            os.rmdir(self._folder / INCOMING)
        except OSError:
            pass  # another job's are in it, or it is not there

    def others(self) -> list[str]:
        """The short ids of other jobs that have left something unfinished, or are at it."""
        try:
            names = os.listdir(self._folder / INCOMING)
        except OSError:
            return []
        found = {match[1] for name in names if (match := SHORT.match(name)) is not None}
        return sorted(found - {self._job})

    def tidy_after(self, job: str) -> None:
        """Remove what another job, which is over, has left unfinished; what a writer holds stays."""
        sweep(self._folder / INCOMING, job, NO_ATTEMPT, wait=0, look=Event().wait)

    def size_of(self, name: str) -> int | None:
        try:
            return os.stat(self._folder / name).st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _words(error) from error

    def put(self, name: str, data: bytes, *, verify: bool) -> None:
        self._write(name, iter((data,)), digest_of(data) if verify else "")

    def put_file(self, name: str, fd: int, digest: str, *, verify: bool) -> None:
        self._write(name, _pieces_of(fd, digest), digest if verify else "")

    def _write(self, name: str, pieces: Iterator[bytes], digest: str) -> None:
        """`digest`: read back what was written and compare; empty: do not."""
        try:
            target = self._made((self._folder / name).parent)
            partial = self._partial()
        except OSError as error:
            raise _words(error) from error
        try:
            for piece in pieces:
                left = memoryview(piece)
                while left:
                    left = left[os.write(partial.fd, left) :]
            os.fchmod(partial.fd, PLAIN)
            os.fsync(partial.fd)
            if digest and not _reads_back(partial.fd, digest):
                raise StoreError("what was written is not what was read")
            self._check_claim()
            failpoint.hit("backup.rename")
            os.rename(partial.name, os.path.basename(name), src_dir_fd=partial.folder, dst_dir_fd=target)
            os.fsync(target)
        except OSError as error:
            raise _words(error) from error
        finally:
            partial.close()
            os.close(target)

    def _partial(self) -> Partial:
        while True:
            incoming = self._folder / INCOMING
            incoming.mkdir(exist_ok=True)
            try:
                return Partial(incoming, self._job, self._attempt, next(self._numbers))
            except FileNotFoundError:  # tidied away by another job between the two
                continue

    def _made(self, folder: Path) -> int:
        """Open it, made where needed, and each made one durable."""
        try:
            return os.open(folder, FOLDER)
        except FileNotFoundError:
            os.close(self._made(folder.parent))
            folder.mkdir(exist_ok=True)
            above = os.open(folder.parent, FOLDER)
            try:
                os.fsync(above)
            finally:
                os.close(above)
        return os.open(folder, FOLDER)

    def read(self, name: str) -> Iterator[bytes]:
        try:
            with open(open_file(os.fsencode(self._folder / name)), "rb", buffering=0) as file:
                forget_cached(file.fileno())
                while data := file.read(BUFFER):
                    yield data
        except OSError as error:
            raise _words(error) from error
        except Unreadable as error:
            raise StoreError(str(error)) from error

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        try:
            entries = sorted(os.scandir(self._folder / prefix), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _words(error) from error
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if name + "/" >= after[: len(name) + 1]:
                    yield from self.names(name + "/", after)
            elif name > after:
                yield name


def _pieces_of(fd: int, digest: str) -> Iterator[bytes]:
    """An open file from its beginning. Raises SourceChanged at the end where it was not what it should be."""
    hasher, at = new_hasher(), 0
    while data := os.pread(fd, BUFFER, at):
        if interrupt_requested():
            raise Stopped
        hasher.update(data)
        at += len(data)
        yield data
    if hasher.hexdigest() != digest:
        raise small.SourceChanged


def _reads_back(fd: int, digest: str) -> bool:
    forget_cached(fd)
    hasher, at = new_hasher(), 0
    while data := os.pread(fd, BUFFER, at):
        hasher.update(data)
        at += len(data)
    return str(hasher.hexdigest()) == digest


def _words(error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError):
        return StoreError("is not there")
    return StoreError((error.strerror or str(error)).lower())
