"""A disk with a volatile cache, as a file on a FUSE mount: what was flushed, and what may be lost.

    python -m tests.soak.recording_disk MOUNT_POINT SIZE

serves two files: `disk`, for a loop device, and `cut`. A flush of the file system on the loop device arrives here as an
fsync, in its true order. Writing "PATH SEED" into `cut` writes to PATH an image of the disk as it could be found after
the power failed at that moment: all that was flushed, and of the later writes any part, in sectors of 512 bytes. A
sector is whole or not written, as drives promise; that is the limit of this model.
"""

from __future__ import annotations

import errno
import random
import stat
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import mfusepy  # type: ignore[import-untyped]

SECTOR: Final = 512
DISK: Final = "/disk"
CUT: Final = "/cut"


class RecordingDisk(mfusepy.Operations):  # type: ignore[misc]
    def __init__(self, size: int) -> None:
        self._now = bytearray(size)
        self._durable = bytearray(size)
        self._pending: list[tuple[int, bytes]] = []
        self._lock = threading.Lock()
        self._born = int(time.time())  # noqa: TID251 - a file must have a time
        self.flushes = 0

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        times = {"st_ctime": self._born, "st_mtime": self._born, "st_atime": self._born}
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2, **times}
        if path in (DISK, CUT):
            size = len(self._now) if path == DISK else 0
            return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": size, **times}
        raise mfusepy.FuseOSError(errno.ENOENT)

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", DISK[1:], CUT[1:]]

    def open(self, path: str, flags: int) -> int:
        return 0

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        with self._lock:
            return bytes(self._now[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        if path == CUT:
            target, seed = data.decode().rsplit(" ", 1)
            self._cut(Path(target), random.Random(int(seed)))
        else:
            with self._lock:
                self._now[offset : offset + len(data)] = data
                self._pending.append((offset, bytes(data)))
        return len(data)

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        if path == DISK:
            with self._lock:
                for offset, data in self._pending:
                    self._durable[offset : offset + len(data)] = data
                self._pending = []
                self.flushes += 1
        return 0

    def flush(self, path: str, fh: int) -> int:
        return 0

    def _cut(self, target: Path, dice: random.Random) -> None:
        with self._lock:
            image = bytearray(self._durable)
            keep = dice.choice((0.0, 0.3, 0.7, 1.0))
            pieces = [
                (offset + at, data[at : at + SECTOR])
                for offset, data in self._pending
                for at in range(0, len(data), SECTOR)
                if dice.random() < keep
            ]
        dice.shuffle(pieces)
        for offset, data in pieces:
            image[offset : offset + len(data)] = data
        target.write_bytes(image)


if __name__ == "__main__":
    mfusepy.FUSE(RecordingDisk(int(sys.argv[2])), sys.argv[1], foreground=True, nothreads=False)
