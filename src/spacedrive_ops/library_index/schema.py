"""Making the index's tables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from spacedrive_jobs import LibraryDb, LibraryError, Transaction
from spacedrive_ops.library_index.sql import query, statements

SCHEMA: Final = 4


class IndexTooNew(LibraryError):
    """The index was made by a newer version of this program, which alone knows how to use it."""

    def __init__(self, found: int) -> None:
        super().__init__(
            f"the index of this library has version {found}, newer than the {SCHEMA} known here: "
            "use the newer spacedrive-jobs that made it"
        )


async def ensure_index(db: LibraryDb) -> None:
    """Make the index's tables if they are not there. Raises IndexTooNew."""
    if await _version(db.query) == SCHEMA:
        return
    async with db.transaction() as tx:
        for version in range(await _version(tx.execute) + 1, SCHEMA + 1):
            for statement in statements(f"schema_{version}"):
                await tx.execute(statement)


async def _version(ask: Callable[[str], Awaitable[Sequence[Sequence[object]]]]) -> int:
    """Of the tables that are there; 0 where there are none."""
    ((there,),) = await ask(query("has_tables"))
    if not there:
        return 0
    ((version,),) = await ask(query("version"))
    assert isinstance(version, int)
    if version > SCHEMA:
        raise IndexTooNew(version)
    return version


async def ensure_indexes(tx: Transaction) -> None:
    """Make the indexes for the queries, if they are not there."""
    for statement in statements("indexes"):
        await tx.execute(statement)


async def ensure_samples(db: LibraryDb) -> None:
    """Make the table of what the ends of files hold, if it is not there: only who looks for duplicates needs it."""
    ((there,),) = await db.query(query("has_samples"))
    if not there:
        async with db.transaction() as tx:
            for statement in statements("samples"):
                await tx.execute(statement)
