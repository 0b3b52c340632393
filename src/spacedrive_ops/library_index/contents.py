"""What files hold, by their digests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from spacedrive_jobs import LibraryDb, Transaction
from spacedrive_ops.library_index.entries import path_to
from spacedrive_ops.library_index.sql import query

PAGE: Final = 512
MANY: Final = 32_768
SMALL: Final = 32 << 10
"""Files of at most this size are read whole at once: to read their ends first would save nothing."""


@dataclass(frozen=True, slots=True)
class StoredFile:
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
    return [StoredFile(row[0], await full_path(db, root, row), row[4], row[5], row[6]) for row in rows]


async def hashed(db: LibraryDb, location: int, root: bytes, after: int) -> list[StoredFile]:
    """Files whose content is known, as `unhashed`."""
    rows: list[Any] = await db.query(query("hashed_files"), (location, after, PAGE))
    return [StoredFile(row[0], await full_path(db, root, row), row[4], row[5], row[6], row[7]) for row in rows]


async def count(db: LibraryDb, location: int, *, known: bool) -> tuple[int, int]:
    """How many files there are whose content is known, or is not; and their bytes."""
    rows: list[Any] = await db.query(query("count_hashed" if known else "count_unhashed"), (location,))
    return rows[0][0], rows[0][1]


async def full_path(db: LibraryDb, root: bytes, row: Any) -> bytes:
    """Of a row that begins with the entry's id, its folder's path below the location, the folder, and its name."""
    _, folder, parent, name = row[:4]
    if folder is None:  # too long to be stored
        folder = b"/".join(part for _, part in (await path_to(db, parent))[1:])
    return os.path.join(root, folder, name) if folder else os.path.join(root, name)


async def store(tx: Transaction, read: Sequence[tuple[StoredFile, bytes]]) -> None:
    """The digests of files that were read."""
    await tx.executemany(query("insert_content"), [(digest, file.size) for file, digest in read])
    rows = [(digest, file.id, file.size, file.mtime_ns) for file, digest in read]
    await tx.executemany(query("set_content"), rows)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files are compared: those of a location (0: of all), of at least `least` bytes."""

    location: int
    least: int


async def unsampled(db: LibraryDb, wanted: Wanted, after: int) -> list[StoredFile]:
    """Files over SMALL whose ends are not known, and whose size another file has too, in the order of their ids from
    `after` on. A file with several names is not another one."""
    rows: list[Any] = await db.query(query("unsampled_files"), (after, wanted.least, wanted.location, SMALL, MANY))
    return [await _anywhere(db, row) for row in rows]


async def alike(db: LibraryDb, wanted: Wanted, after: int) -> list[StoredFile]:
    """Files whose content is not known, and is that of another as far as size and ends tell; as `unsampled`."""
    rows: list[Any] = await db.query(query("alike_files"), (after, wanted.least, wanted.location, SMALL, MANY))
    return [await _anywhere(db, row) for row in rows]


async def _anywhere(db: LibraryDb, row: Any) -> StoredFile:
    return StoredFile(row[0], await full_path(db, row[7], row), row[4], row[5], row[6])


async def count_unsampled(db: LibraryDb, wanted: Wanted) -> int:
    """How many files `unsampled` will give."""
    ((count,),) = await db.query(query("count_unsampled"), (wanted.least, wanted.location, SMALL))
    assert isinstance(count, int)
    return count


async def count_alike(db: LibraryDb, wanted: Wanted) -> tuple[int, int]:
    """How many files `alike` will give, and their bytes."""
    rows: list[Any] = await db.query(query("count_alike"), (wanted.least, wanted.location, SMALL))
    return rows[0][0], rows[0][1]


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
