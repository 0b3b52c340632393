"""What of a library this process may not use, and which errors come of that."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw

DATABASES: Final = ("jobs.db", "library.db")
FOLDERS: Final = ("run", "logs", "thumbnails")
DENIED_ERRNOS: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def unusable(folder: Path) -> Iterator[Path]:
    """What of the library may not be read and written. As root only a disk that is mounted read-only has any."""
    for path in (folder, *(folder / name for name in FOLDERS)):
        if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            yield path
    for name in DATABASES:
        for suffix in ("", "-wal", "-shm"):
            path = folder / (name + suffix)
            if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK):
                yield path


def is_denied(error: BaseException, folder: Path) -> bool:
    """Does `error` say that this process may not use the library in `folder`?

    SQLite has one word for a file that may not be opened and for one that cannot be, so the folder is asked too.
    """
    if isinstance(error, OSError):
        denied = error.errno in DENIED_ERRNOS
    else:
        denied = isinstance(error, apsw.ReadOnlyError | apsw.CantOpenError | apsw.PermissionsError)
    return denied and os.path.exists(folder / DATABASES[0]) and any(unusable(folder))
