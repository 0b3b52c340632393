"""A copy of a library's databases while they are in use: both as they were at one moment.

Two read transactions are begun while nobody can write `library.db`; then neither changes any more for who reads in
them, and writers go on meanwhile. So rows, the jobs that were dispatched with them and the states that were stored with
them agree in the copy as they do after a crash at that moment. Blocking.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Final

import apsw

from spacedrive_jobs._store.connection import connect
from spacedrive_jobs._store.sql import query

PAGES: Final = 500
"""Copied between two looks at whether the copy is still wanted."""
NO_INODE: Final = 0
"""Of no file: whoever opens the copy finds it to be one, and its queue paused."""


class CopyStopped(Exception):
    """The copy is not wanted any more."""


class Snapshot:
    """One database as it is now, whatever is written afterwards."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._source = connect(path)
        try:
            self._source.execute("BEGIN")
            self._source.execute(query("begin_snapshot")).fetchall()  # a transaction begins with its first read
        except BaseException:
            self._source.close()
            raise

    def close(self) -> None:
        self._source.close()

    def write(self, target: Path, stop: threading.Event) -> None:
        """Copy it to a file that is not there yet. Raises CopyStopped, and what SQLite raises."""
        copy = connect(target, create=True)
        try:
            with copy.backup("main", self._source, "main") as backup:
                while not backup.done:
                    if stop.is_set():
                        raise CopyStopped
                    backup.step(PAGES)
        finally:
            copy.close()


def write_copies(jobs: Snapshot, rows: Snapshot, target: Path, stop: threading.Event) -> None:
    """Make the folder `target` with both in it, whole or not at all; both snapshots are closed. Raises FileExistsError
    where it is there, CopyStopped, and what SQLite and the disk raise."""
    unfinished = target.with_name(f".{target.name[:64]}-{os.getpid()}-{id(jobs):x}.unfinished")
    try:
        if os.path.lexists(target):
            raise FileExistsError(f"{target} is there already: a copy needs a new folder")
        unfinished.mkdir(mode=0o700)
        for snapshot in (jobs, rows):
            snapshot.write(unfinished / snapshot.path.name, stop)
        _mark_as_copy(unfinished / jobs.path.name)
        _flush(unfinished)
        os.rename(unfinished, target)
        _flush(target.parent)
    finally:
        jobs.close()
        rows.close()
        shutil.rmtree(unfinished, ignore_errors=True)


def _mark_as_copy(path: Path) -> None:
    connection: apsw.Connection = connect(path)
    try:
        connection.execute(query("store_inode"), (NO_INODE,))
    finally:
        connection.close()


def _flush(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
