"""Opening a connection: the pragmas, and why each."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias

import apsw

Durability: TypeAlias = Literal["full", "normal"]

CACHE_KIB: Final = 8_192
CHECKPOINT_PAGES: Final = 2_000


def connect(
    path: Path, *, durability: Durability = "full", create: bool = False, vfs: str | None = None
) -> apsw.Connection:
    """Open `path` for one thread. `vfs` names another SQLite VFS, for fault tests; it implies exclusive locking."""
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=200)
    connection.set_busy_timeout(10_000)
    if vfs is not None:
        connection.pragma("locking_mode", "exclusive")  # such a VFS has no shared memory
    connection.pragma("journal_mode", "wal")
    # FULL: a returned commit survives a power cut. NORMAL would lose the last ones (choices.md, pitfalls).
    set_synchronous(connection, durability)
    connection.pragma("foreign_keys", True)
    connection.pragma("temp_store", "memory")
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
    connection.pragma("journal_size_limit", 16 << 20)
    connection.pragma("trusted_schema", False)
    return connection


def set_synchronous(connection: apsw.Connection, durability: Durability) -> None:
    """FULL syncs the WAL at each commit, NORMAL only at checkpoints."""
    connection.execute("PRAGMA synchronous = FULL" if durability == "full" else "PRAGMA synchronous = NORMAL")
