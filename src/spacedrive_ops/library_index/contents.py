"""What files hold, by their digests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from spacedrive_jobs import LibraryDb, Transaction
from spacedrive_ops.library_index.entries import path_to
from spacedrive_ops.library_index.sql import query

PAGE: Final = 512
MANY: Final = 32_768
SMALL: Final = 64 << 10
"""Files of at most this size are read whole at once: that takes hardly longer than to open one and read its ends."""


class StoredFile(msgspec.Struct, frozen=True):
    """A file of the index, with its whole path. `digest`: what it held when it was read; None if it never was."""

    id: int
    path: bytes
    size: int
    mtime_ns: int
    inode: int
    digest: bytes | None = None


async def unhashed(db: LibraryDb, location: int, root: bytes, after: int) -> list[StoredFile]:
    """Files whose content is not known, in the order of their ids, from `after` on; empty at the end."""
    rows: list[Any] = await db.query(query("unhashed_files"), (location, after, PAGE))
    return await _files(db, rows, root)


async def hashed(db: LibraryDb, location: int, root: bytes, after: int) -> list[StoredFile]:
    """Files whose content is known, as `unhashed`."""
    rows: list[Any] = await db.query(query("hashed_files"), (location, after, PAGE))
    return await _files(db, rows, root)


async def count(db: LibraryDb, location: int, *, known: bool) -> tuple[int, int]:
    """How many files there are whose content is known, or is not; and their bytes."""
    rows: list[Any] = await db.query(query("count_hashed" if known else "count_unhashed"), (location,))
    return rows[0][0], rows[0][1]


async def _files(db: LibraryDb, rows: list[Any], root: bytes | None = None) -> list[StoredFile]:
    """`root`: of their location, where it is one and the rows do not end with it."""
    return [
        StoredFile(row[0], await full_path(db, root or row[-1], row), *row[4:7], *(row[7:] if root else ()))
        if row[1] is None
        else StoredFile(row[0], _joined(root or row[-1], row[1], row[3]), *row[4:7], *(row[7:] if root else ()))
        for row in rows
    ]


async def full_path(db: LibraryDb, root: bytes, row: Any) -> bytes:
    """Of a row that begins with the entry's id, its folder's path below the location, the folder, and its name."""
    _, folder, parent, name = row[:4]
    if folder is None:  # too long to be stored
        folder = b"/".join(part for _, part in (await path_to(db, parent))[1:])
    return _joined(root, folder, name)


def _joined(root: bytes, folder: bytes, name: bytes) -> bytes:
    root = root.rstrip(b"/")
    return b"%b/%b/%b" % (root, folder, name) if folder else b"%b/%b" % (root, name)


async def store(tx: Transaction, read: Sequence[tuple[StoredFile, bytes]]) -> None:
    """The digests of files that were read."""
    await tx.executemany(query("insert_content"), [(digest, file.size) for file, digest in read])
    rows = [(digest, file.id, file.size, file.mtime_ns) for file, digest in read]
    await tx.executemany(query("set_content"), rows)


class Wanted(msgspec.Struct, frozen=True):
    """Which files are compared: those of a location (0: of all), of at least `least` bytes."""

    location: int
    least: int


async def unsampled(db: LibraryDb, wanted: Wanted, after: int) -> list[StoredFile]:
    """Files over SMALL whose ends are not known, and whose size another file has too, in the order of their ids from
    `after` on. A file with several names is not another one."""
    rows: list[Any] = await db.query(query("unsampled_files"), (after, wanted.least, wanted.location, SMALL, MANY))
    return await _files(db, rows)


async def alike(db: LibraryDb, wanted: Wanted, after: int) -> list[StoredFile]:
    """Files whose content is not known, and is that of another as far as size and ends tell; as `unsampled`."""
    rows: list[Any] = await db.query(query("alike_files"), (after, wanted.least, wanted.location, SMALL, MANY))
    return await _files(db, rows)


class Pages:
    """Files page by page, as `readings` takes them; what the first page tells is not asked for twice."""

    def __init__(self, fetch: Callable[[int], Awaitable[list[StoredFile]]]) -> None:
        self._fetch = fetch
        self._first: tuple[int, list[StoredFile]] | None = None
        self._end: int | None = None

    async def first(self, after: int) -> list[StoredFile] | None:
        """All files from `after` on, if they are one page."""
        page = await self._fetch(after)
        self._first = (after, page)
        return page if len(page) < MANY else None

    async def __call__(self, after: int) -> list[StoredFile]:
        if after == self._end:
            return []
        known, self._first = self._first, None
        page = known[1] if known is not None and known[0] == after else await self._fetch(after)
        self._end = page[-1].id if page and len(page) < MANY else None
        return page


async def count_unknown(db: LibraryDb, wanted: Wanted) -> tuple[int, int]:
    """How many files there are whose content is not known, and how many of them are over SMALL: no fewer than will be
    looked at."""
    rows: list[Any] = await db.query(query("count_unknown"), (wanted.least, wanted.location, SMALL))
    return rows[0][0], rows[0][1]


async def count_unsampled(db: LibraryDb, wanted: Wanted) -> int:
    """How many files `unsampled` will give."""
    ((count,),) = await db.query(query("count_unsampled"), (wanted.least, wanted.location, SMALL))
    assert isinstance(count, int)
    return count


async def count_alike(db: LibraryDb, wanted: Wanted) -> tuple[int, int]:
    """How many files `alike` will give, and their bytes."""
    rows: list[Any] = await db.query(query("count_alike"), (wanted.least, wanted.location, SMALL))
    return rows[0][0], rows[0][1]


def sum_of(files: Sequence[StoredFile]) -> tuple[int, int]:
    """How many they are, and their bytes."""
    return len(files), sum(file.size for file in files)


async def store_samples(tx: Transaction, read: Sequence[tuple[StoredFile, bytes]]) -> None:
    """What the ends of files hold."""
    rows = [(file.id, file.size, file.mtime_ns, sample) for file, sample in read]
    await tx.executemany(query("store_sample"), rows)


async def forget_samples(tx: Transaction) -> None:
    """Those of files that are not in the index any more."""
    await tx.execute(query("forget_samples"))


async def count_duplicates(db: LibraryDb, wanted: Wanted) -> tuple[int, int, int]:
    """Groups of files with the same bytes; how many files are more than one of each; the bytes of these."""
    rows: list[Any] = await db.query(query("count_duplicates"), (wanted.least, wanted.location))
    return rows[0][0], rows[0][1], rows[0][2]
