"""Opening a connection: the pragmas, and why each."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

import apsw

Durability: TypeAlias = Literal["full", "normal"]

CACHE_KIB: Final = 8_192
CHECKPOINT_PAGES: Final = 2_000
STATEMENTS: Final = 200
TRIES: Final = 500
NAP: Final = 0.01


def connect(
    path: Path, *, durability: Durability = "full", create: bool = False, vfs: str | None = None
) -> apsw.Connection:
    """Open `path` for one thread. `vfs` names another SQLite VFS, for fault tests; it implies exclusive locking."""
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    connection = _open(path, flags, vfs)
    connection.set_busy_timeout(10_000)
    if vfs is not None:
        connection.pragma("locking_mode", "exclusive")  # such a VFS has no shared memory
    _use_wal(connection)
    # FULL: a returned commit survives a power cut. NORMAL would lose the last ones (choices.md, pitfalls).
    set_synchronous(connection, durability)
    connection.pragma("foreign_keys", True)
    connection.pragma("temp_store", "memory")
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
    connection.pragma("journal_size_limit", 16 << 20)
    connection.pragma("trusted_schema", False)
    return connection


def connect_to_read(path: Path) -> apsw.Connection:
    """Open `path` to look at it, whatever state it is in: no row is written.

    SQLite shares a WAL database with others through files beside it. Where it may not make them (a read-only disk or
    folder), and no WAL is there that may hold more, the file is read as one that does not change.
    """
    connection = _open_to_read(path)
    try:
        connection.pragma("schema_version")
    except (apsw.ReadOnlyError, apsw.CantOpenError):
        connection.close()
        if _has_wal(path):
            raise
        connection = _open_to_read(path, immutable=True)
    except apsw.Error:
        connection.close()
        raise
    return connection


def _open_to_read(path: Path, *, immutable: bool = False) -> apsw.Connection:
    connection = _open(path, apsw.SQLITE_OPEN_READONLY, None, "?immutable=1" if immutable else "")
    connection.set_busy_timeout(10_000)
    connection.pragma("trusted_schema", False)
    return connection


def _has_wal(path: Path) -> bool:
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _use_wal(connection: apsw.Connection) -> None:
    """Where two processes make a database at one moment, SQLite refuses the change without waiting for the lock."""
    for _ in range(TRIES):
        try:
            connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            threading.Event().wait(NAP)
        else:
            return
    connection.pragma("journal_mode", "wal")


def _open(path: Path, flags: int, vfs: str | None, parameters: str = "") -> apsw.Connection:
    """SQLite's interface takes UTF-8 alone. A path of other bytes is reached through its open folder's descriptor.

    `parameters`: of SQLite's URI, such as `?immutable=1`.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return _connection(f"/proc/self/fd/{folder}/{path.name}", flags, vfs, parameters)
        finally:
            os.close(folder)  # SQLite has resolved the name
    return _connection(str(path), flags, vfs, parameters)


def _connection(name: str, flags: int, vfs: str | None, parameters: str) -> apsw.Connection:
    if parameters:
        name, flags = f"file:{quote(name)}{parameters}", flags | apsw.SQLITE_OPEN_URI
    return apsw.Connection(name, flags=flags, vfs=vfs, statementcachesize=STATEMENTS)


def set_synchronous(connection: apsw.Connection, durability: Durability) -> None:
    """FULL syncs the WAL at each commit, NORMAL only at checkpoints."""
    connection.execute("PRAGMA synchronous = FULL" if durability == "full" else "PRAGMA synchronous = NORMAL")
