"""Uploads in parts that were begun and have not ended, by the jobs that began them."""

from __future__ import annotations

from typing import Any

import msgspec

from spacedrive_jobs import LibraryDb
from spacedrive_ops.library_index.sql import query, statements


class NotedUpload(msgspec.Struct, frozen=True):
    """`job`: the long form of its id. `place`: the bucket at its endpoint. `upload`: the store's id for it; empty where
    the store's answer was not noted."""

    job: str
    place: str
    bucket: str
    key: str
    upload: str = ""


async def note(db: LibraryDb, noted: NotedUpload) -> None:
    """In place of what the job had noted of this key, and of another job's note of this very upload."""
    async with db.transaction() as tx:
        for statement in statements("uploads"):
            await tx.execute(statement)
        await tx.execute(query("forget_upload"), (noted.place, noted.key, noted.job, noted.upload))
        await tx.execute(query("note_upload"), (noted.job, noted.place, noted.bucket, noted.key, noted.upload))


async def forget(db: LibraryDb, noted: NotedUpload) -> None:
    if await _has_table(db):
        async with db.transaction() as tx:
            await tx.execute(query("forget_upload"), (noted.place, noted.key, noted.job, noted.upload))


async def of_key(db: LibraryDb, place: str, key: str) -> list[NotedUpload]:
    return await _read(db, "uploads_of_key", place, key)


async def every(db: LibraryDb) -> list[NotedUpload]:
    return await _read(db, "noted_uploads")


async def _read(db: LibraryDb, name: str, *parameters: str) -> list[NotedUpload]:
    if not await _has_table(db):
        return []
    rows: list[Any] = await db.query(query(name), parameters)
    return [NotedUpload(*row) for row in rows]


async def _has_table(db: LibraryDb) -> bool:
    """Only who sends to S3 needs it."""
    ((there,),) = await db.query(query("has_uploads"))
    return bool(there)
