"""Files that hold the same bytes, as the index has them, and what a job means to do to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from spacedrive_jobs import LibraryDb, Transaction
from spacedrive_ops.library_index.contents import full_path
from spacedrive_ops.library_index.sql import query, statements

PAGE: Final = 512

Mark: TypeAlias = Literal["done", "skipped", "failed"]


class Copy(msgspec.Struct, frozen=True):
    """A file of the index, with the content that it has. `links`: how many names it had."""

    id: int
    content: int
    path: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int
    links: int


class Planned(msgspec.Struct, frozen=True):
    """A row of a job's plan: at `number`, what is to be done to `doomed`, of which `names` are in the plan."""

    number: int
    kept: Copy
    doomed: Copy
    names: int


async def contents(db: LibraryDb, first: int, least: int) -> list[int]:
    """Some contents that several entries have, in order, `first` among them; empty at the end."""
    rows: list[Any] = await db.query(query("copied_contents"), (first, least, PAGE))
    return [content for (content,) in rows]


async def of_content(db: LibraryDb, content: int, after: int) -> AsyncIterator[Copy]:
    """The files that have it, in the order of their ids, from `after` on."""
    while rows := await _page(db, content, after):
        for row in rows:
            after = row[0]
            yield Copy(after, content, await full_path(db, row[4], row), *row[5:])


async def _page(db: LibraryDb, content: int, after: int) -> list[Any]:
    rows: list[Any] = await db.query(query("copies_of_content"), (content, after, PAGE))
    return rows


# --- a job's plan -----------------------------------------------------------------------------------------------------


async def ensure_plans(db: LibraryDb) -> None:
    """Make the table of plans, if it is not there: only who acts on duplicates needs it."""
    ((there,),) = await db.query(query("has_plans"))
    if not there:
        async with db.transaction() as tx:
            for statement in statements("plans"):
                await tx.execute(statement)


async def store_plan(tx: Transaction, job: str, planned: Sequence[Planned]) -> None:
    rows = [(job, one.number, one.names, *_columns(one.kept), *_columns(one.doomed)) for one in planned]
    await tx.executemany(query("insert_planned"), rows)


def _columns(copy: Copy) -> tuple[int | bytes, ...]:
    return copy.id, copy.content, copy.path, copy.size, copy.mtime_ns, copy.device, copy.inode, copy.links


async def planned_after(db: LibraryDb, job: str, after: int) -> list[Planned]:
    """What is left to do, in order."""
    rows: list[Any] = await db.query(query("planned_after"), (job, after, PAGE))
    return [Planned(row[0], Copy(*row[2:10]), Copy(*row[10:18]), row[1]) for row in rows]


async def mark(tx: Transaction, job: str, marks: Sequence[tuple[int, Mark]]) -> None:
    """What became of rows of the plan."""
    await tx.executemany(query("mark_planned"), [(state, job, number) for number, state in marks])


async def take_over(tx: Transaction, job: str, earlier: str) -> tuple[int, int]:
    """Let a job that does another one again have of its plan what failed there or was not reached; how many files that
    are, and their bytes."""
    await tx.execute(query("take_over_plan"), (job, earlier))
    rows: list[Any] = list(await tx.execute(query("count_planned"), (job,)))
    return rows[0][0], rows[0][1]


async def forget_plan(tx: Transaction, job: str, *, keep_failed: bool) -> None:
    """`keep_failed`: what failed stays, for the job that does this one again."""
    await tx.execute(query("forget_plan"), (job, int(keep_failed)))


async def jobs_with_plans(db: LibraryDb) -> list[str]:
    rows: list[Any] = await db.query(query("jobs_with_plans"))
    return [job for (job,) in rows]
