"""LibraryIndex: what the library knows of its files."""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, final

from spacedrive_jobs import LibraryDb
from spacedrive_ops.library_index import media
from spacedrive_ops.library_index.categories import Category, EntryKind
from spacedrive_ops.library_index.entries import find_path, path_to
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.library_index.media import MediaFacts
from spacedrive_ops.library_index.model import (
    DuplicateGroup,
    IndexedEntry,
    Location,
    path_of,
)
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.library_index.sql import query

WORD: Final = re.compile(r"\w+")


_FIRST: Final = datetime.min + timedelta(days=2)  # noqa: DTZ901 - compared with the clock on the wall
_LAST: Final = datetime.max - timedelta(days=2)  # noqa: DTZ901


def _zoned(moment: datetime) -> datetime:
    """With a zone: this machine's where none is told. The ends of the calendar are moved in by two days, where they
    are in no zone beyond it; nothing was taken there."""
    wall = min(max(moment.replace(tzinfo=None), _FIRST), _LAST)
    return wall.replace(tzinfo=moment.tzinfo) if moment.tzinfo is not None else wall.astimezone()


@final
class LibraryIndex:
    """`LibraryIndex(library.db)`: questions about what was indexed; the disk is not looked at.

    Every method may raise IndexTooNew. Lists are at most `limit` long.
    """

    def __init__(self, db: LibraryDb) -> None:
        self._db = db

    async def locations(self) -> builtins.list[Location]:
        """The folders that are indexed, by path."""
        await ensure_index(self._db)
        return await read_locations(self._db)

    async def search(self, text: str, /, *, limit: int = 100) -> builtins.list[IndexedEntry]:
        """Entries whose names have words that begin with all the words of `text`, whatever case and accents."""
        words = [f'"{word}"*' for word in WORD.findall(text)]
        return await self._entries("search", " ".join(words), limit) if words else []

    async def largest(self, *, limit: int = 100) -> builtins.list[IndexedEntry]:
        """The largest files."""
        return await self._entries("largest", limit)

    async def recent(self, *, limit: int = 100) -> builtins.list[IndexedEntry]:
        """The files that were modified last, the newest first."""
        return await self._entries("recent", limit)

    async def stale(self, *, limit: int = 100) -> builtins.list[IndexedEntry]:
        """The files that were not modified for longest, the oldest first."""
        return await self._entries("stale", limit)

    async def list(
        self, folder: Path, /, *, limit: int = 1_000, after: IndexedEntry | None = None
    ) -> builtins.list[IndexedEntry]:
        """What lies in a folder, by name; `after`: go on after the last entry of the answer before."""
        entry = await find_path(self._db, os.fsencode(folder))
        name = os.path.basename(os.fsencode(after.path)) if after is not None else b""
        return await self._entries("list_folder", entry, name, limit) if entry is not None else []

    async def duplicates(
        self, *, least: int = 1, limit: int = 100, root: Path | None = None
    ) -> builtins.list[DuplicateGroup]:
        """Files that hold the same bytes, the most wasteful first; of at least `least` bytes, of the location `root`
        alone if one is given. DuplicatesJob finds them, and so does a run of the indexer in content mode."""
        await ensure_index(self._db)
        location = await self._location_of(root)
        rows: builtins.list[Any] = await self._db.query(query("duplicates"), (least, limit, location))
        return [DuplicateGroup(digest, size, count, size * (count - 1)) for digest, size, count in rows]

    async def files_of(
        self, digest: bytes, /, *, limit: int = 1_000, root: Path | None = None
    ) -> Sequence[IndexedEntry]:
        """The files that hold these bytes, the oldest first; of the location `root` alone if one is given."""
        return await self._entries("files_of_content", digest, limit, await self._location_of(root))

    async def by_category(self) -> dict[Category, tuple[int, int]]:
        """(files, bytes) of each category, the largest first."""
        await ensure_index(self._db)
        rows: builtins.list[Any] = await self._db.query(query("categories"))
        return {Category(category): (count, size) for category, count, size in rows}

    async def facts(self, path: Path, /) -> MediaFacts | None:
        """What a picture, film or sound says of itself; None where it was not indexed with its content, or not read by
        MediaMetadataJob."""
        entry = await find_path(self._db, os.fsencode(path))
        rows: builtins.list[Any] = await self._db.query(query("digest_of_entry"), (entry or 0,))
        return await self.facts_of(rows[0][0]) if rows else None

    async def facts_of(self, digest: bytes, /) -> MediaFacts | None:
        """As `facts`, by what the file holds."""
        await ensure_index(self._db)
        return await media.read(self._db, digest)

    async def taken_between(
        self, start: datetime, end: datetime, /, *, limit: int = 1_000
    ) -> builtins.list[IndexedEntry]:
        """Pictures and films that were taken from `start` on and before `end`, in that order.

        A time without a zone means this machine's. What was taken without telling its zone is meant by the clock on the
        wall in the zone of `start`.
        """
        start, end = (_zoned(moment) for moment in (start, end))
        walls = [media.milliseconds(moment.astimezone(start.tzinfo).replace(tzinfo=None)) for moment in (start, end)]
        zoned = [media.milliseconds(moment) for moment in (start, end)]
        return await self._entries("taken_between", *zoned, *walls, walls[0] - zoned[0], limit)

    async def with_place(
        self, *, south: float = -90, north: float = 90, west: float = -180, east: float = 180, limit: int = 1_000
    ) -> builtins.list[IndexedEntry]:
        """Pictures and films that tell where they were taken, inside these degrees, the newest first.

        With `west` greater than `east` the box goes over the date line.
        """
        return await self._entries("with_place", south, north, west, east, limit)

    async def _location_of(self, root: Path | None) -> int:
        """The id of a location; 0, which means all, where none is given, and below it where there is no such one."""
        return 0 if root is None else next((one.id for one in await self.locations() if one.path == root), -1)

    async def _entries(self, name: str, *parameters: float | str | bytes) -> builtins.list[IndexedEntry]:
        await ensure_index(self._db)
        rows: builtins.list[Any] = await self._db.query(query(name), parameters)
        return [await self._entry(row) for row in rows]

    async def _entry(self, row: Any) -> IndexedEntry:
        id_, location, folder, parent, raw, label, kind, category, size, modified, digest = row
        if folder is None:  # too long to be stored
            folder = b"/".join(part for _, part in (await path_to(self._db, parent))[1:])
        path = path_of(location, os.path.join(folder, raw))
        name = label or raw.decode("utf-8", "backslashreplace")
        return IndexedEntry(id_, path, name, EntryKind(kind), Category(category), size, modified, digest)
