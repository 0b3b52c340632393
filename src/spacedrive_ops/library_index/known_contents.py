"""What files hold, as far as the index knows: it need not be read again."""

from __future__ import annotations

import os
from typing import Any

from spacedrive_jobs import LibraryDb
from spacedrive_ops.library_index.entries import find_path
from spacedrive_ops.library_index.sql import query


class KnownContents:
    """Asked for one file after the other, as a walk comes to them: the folder is looked up once."""

    def __init__(self, db: LibraryDb) -> None:
        self._db = db
        self._folder: tuple[bytes, int | None] = b"", None

    async def of(self, path: bytes, status: os.stat_result) -> bytes | None:
        """The BLAKE3 of the file's bytes; None where the index has none of the file as it is now."""
        folder, name = os.path.split(path)
        if self._folder[0] != folder:
            self._folder = folder, await find_path(self._db, folder)
        rows: list[Any] = await self._db.query(query("known_content"), (self._folder[1] or -1, name))
        for size, mtime_ns, ctime_ns, inode, digest in rows:
            if (size, mtime_ns, ctime_ns, inode) == (
                status.st_size,
                status.st_mtime_ns,
                status.st_ctime_ns,
                status.st_ino,
            ):
                return bytes(digest)
        return None
