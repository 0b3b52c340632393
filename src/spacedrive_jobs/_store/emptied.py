"""A database of no bytes: one that another process is just making, or one whose content is lost."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from spacedrive_jobs._store.library_file import LIBRARY_DATABASE

LOOKS: Final = 50
NAP: Final = 0.01
"""Seconds. Who makes a database writes its first page within milliseconds."""


def was_lost(path: Path, *, create: bool) -> bool:
    """Whether `path`, which SQLite would take for a new database, is all that is left of one. Blocking.

    `create`: the caller may make a library, so the file may also be what a process that was killed had begun; then
    only what lies beside it tells that there was more.
    """
    if not _is_empty(path) or (create and not _has_company(path)):
        return False
    for _ in range(LOOKS):
        if not _is_empty(path):
            return False
        threading.Event().wait(NAP)
    return True


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return False


def _has_company(path: Path) -> bool:
    """Files that are made after the first page only."""
    wal = path.with_name(path.name + "-wal")
    return path.with_name(LIBRARY_DATABASE).exists() or (wal.exists() and wal.stat().st_size > 0)
