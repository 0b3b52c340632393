"""Whether a database is where it was: a copy, or a restored backup, must not do again what the original has done."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import apsw

from spacedrive_jobs._store import control
from spacedrive_jobs._store.filesystem import printable
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tx import Tx

REASON: Final = (
    "this library was copied or restored, and the original may have run these jobs; resume the queue to run them"
)

_log = logging.getLogger("spacedrive_jobs")


def library_id(connection: apsw.Connection) -> UUID:
    """Made with the database, and copied with it."""
    rows: list[Any] = connection.execute(query("read_library_id")).fetchall()
    return UUID(bytes=rows[0][0])


def pause_if_copied(connection: apsw.Connection, path: Path, now: int) -> None:
    """Pause the whole queue of a database that is in another file than the one it was last opened in.

    A file that was moved within its file system is the same one. Said once: resuming the queue is the answer.
    """
    inode = path.stat().st_ino
    connection.execute("BEGIN IMMEDIATE")
    try:
        ((known,),) = connection.execute(query("read_inode")).fetchall()
        if known != inode:
            connection.execute(query("store_inode"), (inode,))
        if known is not None and known != inode:
            _log.warning("%s: %s", printable(path), REASON)
            control.pause_kind(Tx(connection), None, now, REASON)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
