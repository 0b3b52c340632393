"""A full disk: telling it from other errors, and the reserve that lets a pause or a cancel still be written."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

import apsw

RESERVE_BYTES: Final = 4 << 20
FULL_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_no_space(error: BaseException) -> bool:
    """Does `error` say that the disk, or the user's quota on it, is full?

    SQLite reports a failed write as SQLITE_FULL, but a failed sync or extension of the shared memory as SQLITE_IOERR
    of some kind: then the disk itself is not asked, the operation simply is tried again like one that found it full.
    """
    if isinstance(error, apsw.FullError):
        return True
    if isinstance(error, OSError):
        return error.errno in FULL_ERRNOS
    if isinstance(error, apsw.IOError):
        return (getattr(error, "extendedresult", 0)) in {
            apsw.SQLITE_IOERR_WRITE,
            apsw.SQLITE_IOERR_FSYNC,
            apsw.SQLITE_IOERR_SHMSIZE,
            apsw.SQLITE_IOERR_SHMMAP,
            apsw.SQLITE_IOERR_TRUNCATE,
        }
    return False


class Reserve:
    """Four preallocated MiB beside the database, given back to the disk when it is full, taken again when it is not."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def restore(self) -> bool:
        """Allocate the reserve if it is not there; False where the disk has no room for it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size >= RESERVE_BYTES:
                return True
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        except OSError as error:
            if error.errno not in FULL_ERRNOS:
                raise
            os.ftruncate(descriptor, 0)
            return False
        finally:
            os.close(descriptor)
        return True

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
