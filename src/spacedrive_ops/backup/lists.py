"""Lists of entries: written beside the job library while a backup runs, kept in the backup, fetched for a restore."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from spacedrive_ops.backup.depot import Depot
from spacedrive_ops.backup.format import Listed, entry_of, line_of, list_name
from spacedrive_ops.content.hasher import new_hasher

GZIP: Final = 16 + zlib.MAX_WBITS
LEVEL: Final = 6
READ: Final = 256 << 10
AT_ONCE: Final = 1 << 20
LINE_MAX: Final = 8 << 20
SPOOLS: Final = "backup"


def spool_path(library: Path, job: str, suffix: str) -> Path:
    """A file of a job's own, in the library's folder."""
    folder = library / SPOOLS
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{job}.{suffix}"


class ListWriter:
    """Lines after one another. What was flushed is there for the next attempt, which begins at `size`."""

    def __init__(self, path: Path, size: int) -> None:
        """Raises OSError; FileNotFoundError where an earlier attempt's lines are gone."""
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (0 if size else os.O_CREAT)
        self._fd = os.open(path, flags, 0o600)
        if os.fstat(self._fd).st_size < size:
            os.close(self._fd)
            raise FileNotFoundError(path)
        os.ftruncate(self._fd, size)
        os.lseek(self._fd, size, os.SEEK_SET)
        self.size = size

    def add(self, entries: list[Listed]) -> None:
        """Durable when it returns."""
        data = memoryview(b"".join(map(line_of, entries)))
        self.size += len(data)
        while data:
            data = data[os.write(self._fd, data) :]
        os.fdatasync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def packed(spool: Path, target: Path) -> str:
    """Write the spool's lines as a list is kept, the same bytes for the same lines; its BLAKE3."""
    hasher = new_hasher()
    squeeze = zlib.compressobj(LEVEL, wbits=GZIP)
    with spool.open("rb") as lines, target.open("wb") as file:
        while data := lines.read(READ):
            piece = squeeze.compress(data)
            hasher.update(piece)
            file.write(piece)
        piece = squeeze.flush()
        hasher.update(piece)
        file.write(piece)
    return str(hasher.hexdigest())


def fetch(depot: Depot, digest: str, target: Path) -> None:
    """Bring a list here, whole and compared with its BLAKE3. Raises StoreError; ValueError where it is damaged."""
    hasher = new_hasher()
    unfinished = target.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        for piece in depot.read(list_name(digest)):
            hasher.update(piece)
            file.write(piece)
    if hasher.hexdigest() != digest:
        unfinished.unlink()
        raise ValueError("its list is damaged (BLAKE3 differs)")
    os.replace(unfinished, target)


def entries_in(path: Path) -> Iterator[Listed]:
    """The entries of a fetched list, in order. Raises ValueError where it is damaged."""
    expand = zlib.decompressobj(wbits=GZIP)
    rest = b""
    try:
        with path.open("rb") as file:
            while data := file.read(READ):
                while data:
                    *lines, rest = (rest + expand.decompress(data, AT_ONCE)).split(b"\n")
                    yield from map(entry_of, lines)
                    data = expand.unconsumed_tail
                    if len(rest) > LINE_MAX:
                        raise ValueError("its list is damaged: a line of it does not end")
    except zlib.error as error:
        raise ValueError(f"its list is damaged: {error}") from error
    if rest or not expand.eof:
        raise ValueError("its list is cut off")


class Before:
    """The files of the backup before, looked up in the order of the walk: one pass, and one entry in memory."""

    def __init__(self, entries: Iterator[Listed]) -> None:
        self._entries = (entry for entry in entries if entry.kind == "file")
        self._next = next(self._entries, None)

    def find(self, parts: tuple[bytes, ...]) -> Listed | None:
        """The entry of that path. Paths must be asked for in order. From where the list is damaged on it knows none."""
        try:
            while self._next is not None and self._next.parts < parts:
                self._next = next(self._entries, None)
        except ValueError:
            self._next = None
        found = self._next
        return found if found is not None and found.parts == parts else None
