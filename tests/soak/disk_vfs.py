"""A SQLite VFS that knows what a power cut would leave: real files, and beside each what of it was synced.

A write that was not synced may be lost, kept, or kept in part: each 512-byte sector on its own, in any order. So may a
truncation. A file that was never synced may be missing altogether.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import apsw

SECTOR: Final = 512


@dataclass(slots=True)
class FileState:
    """`durable` is None before the first sync: the name itself may then be lost."""

    durable: bytearray | None = None
    pending: list[tuple[int, bytes | None]] = field(default_factory=list[tuple[int, "bytes | None"]])
    """(offset, data), or (size, None) for a truncation; in order."""


class Disk:
    """The files below one folder, as a disk with a volatile cache holds them. Thread-safe."""

    def __init__(self) -> None:
        self._files: dict[str, FileState] = {}
        self._lock = threading.Lock()
        self.syncs = 0

    def opened(self, name: str) -> None:
        with self._lock:
            self._files.setdefault(name, FileState())

    def written(self, name: str, offset: int, data: bytes) -> None:
        with self._lock:
            self._files[name].pending.append((offset, data))

    def truncated(self, name: str, size: int) -> None:
        with self._lock:
            self._files[name].pending.append((size, None))

    def synced(self, name: str) -> None:
        with self._lock:
            state = self._files[name]
            content = state.durable if state.durable is not None else bytearray()
            for offset, data in state.pending:
                _apply(content, offset, data)
            state.durable, state.pending = content, []
            self.syncs += 1

    def deleted(self, name: str) -> None:
        with self._lock:
            self._files.pop(name, None)

    def cut(self, folder: Path, dice: random.Random) -> None:
        """Write into `folder` what the disk could hold if the power failed now."""
        with self._lock:
            for name, state in self._files.items():
                content = _after_cut(state, dice)
                if content is not None:
                    (folder / Path(name).name).write_bytes(content)


def _after_cut(state: FileState, dice: random.Random) -> bytes | None:
    if state.durable is None and (not state.pending or dice.random() < 0.5):
        return None
    content = bytearray(state.durable or b"")
    keep = dice.choice((0.0, 0.5, 0.9, 1.0))
    pieces = [piece for offset, data in state.pending for piece in _sectors(offset, data)]
    kept = [piece for piece in pieces if dice.random() < keep]
    if dice.random() < 0.5:
        dice.shuffle(kept)
    for offset, data in kept:
        _apply(content, offset, data)
    return bytes(content)


def _sectors(offset: int, data: bytes | None) -> list[tuple[int, bytes | None]]:
    if data is None:
        return [(offset, None)]
    pieces: list[tuple[int, bytes | None]] = []
    at = 0
    while at < len(data):
        end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
        pieces.append((offset + at, data[at:end]))
        at = end
    return pieces


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class DiskVfs(apsw.VFS):
    """Registered under `name` for as long as the object lives."""

    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        self.name = name
        super().__init__(name, "unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return DiskFile(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._disk.deleted(filename)


class DiskFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("unix", name, flags)
        disk.opened(self._name)

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        self._disk.written(self._name, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._disk.truncated(self._name, newsize)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._disk.synced(self._name)
