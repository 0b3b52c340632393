"""Files of the index, found by their paths: quickly where the next one asked for lies in the same folder."""

from __future__ import annotations

import os
from typing import Any

from spacedrive_jobs import LibraryDb
from spacedrive_ops.library_index.contents import StoredFile
from spacedrive_ops.library_index.entries import find_entry
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.library_index.sql import query


class Finder:
    """Remembers the files of one folder."""

    def __init__(self, db: LibraryDb) -> None:
        self._db = db
        self._roots: dict[bytes, int] | None = None
        self._folder = b""
        self._files: dict[bytes, StoredFile] = {}

    async def find(self, path: bytes) -> StoredFile | None:
        """A file; None if the index has none at this path."""
        folder, name = os.path.split(path)
        if folder != self._folder:
            self._files = await self._files_of(folder)
            self._folder = folder
        return self._files.get(name)

    async def _files_of(self, folder: bytes) -> dict[bytes, StoredFile]:
        entry = await self._entry(folder)
        if entry is None:
            return {}
        rows: list[Any] = await self._db.query(query("files_of_folder"), (entry,))
        return {name: StoredFile(id_, os.path.join(folder, name), *facts) for id_, name, *facts in rows}

    async def _entry(self, folder: bytes) -> int | None:
        if self._roots is None:
            found = await read_locations(self._db)
            self._roots = {os.fsencode(one.path): one.root_id for one in found if one.root_id is not None}
        names: list[bytes] = []
        while folder not in self._roots:
            if folder == b"/":
                return None
            above, _, name = folder.rpartition(b"/")
            names.append(name)
            folder = above or b"/"
        entry: int = self._roots[folder]
        for name in reversed(names):
            below = await find_entry(self._db, entry, name)
            if below is None:
                return None
            entry = below[0]
        return entry
