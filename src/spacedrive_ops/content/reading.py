"""Reading many files for their digests: so many at once that an interruption never waits long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from spacedrive_jobs import JobContext, interrupt_requested
from spacedrive_ops.content.crew import Crew, Result
from spacedrive_ops.content.digest import SAMPLE, Digest
from spacedrive_ops.library_index.contents import StoredFile

T = TypeVar("T")

BYTES_AT_ONCE: Final = 128 << 20
FILES_AT_ONCE: Final = 4_096
BYTES_A_CALL: Final = 4 << 20
FILES_A_CALL: Final = 128
"""Small files are read so many in one call: to hand each one to a thread of its own costs more than to read it."""
LATEST: Final = (1 << 63) - 1
"""The year 2262: what is later, SQLite's integers cannot hold."""

Reading: TypeAlias = tuple[StoredFile, Digest | str]
"""A file, and its digest or why there is none."""


async def readings(
    ctx: JobContext[Any],
    files_after: Callable[[int], Awaitable[Sequence[StoredFile]]],
    after: int,
    crew: Crew,
    *,
    sampled: bool = False,
) -> AsyncIterator[list[Reading]]:
    """Read all the files that `files_after` gives, page by page, from the id `after` on; some at a time, in order.

    What one step gives is to be stored by its caller before the next: at an interruption what was read is given first.
    `sampled`: of each file its ends alone.
    """
    while page := await files_after(after):
        for batch in cut(page, FILES_AT_ONCE, BYTES_AT_ONCE, sampled=sampled):
            done = await _read_batch(ctx, batch, crew, sampled)
            if done:
                after = done[-1][0].id
                yield done
            await ctx.check_interrupt()
            if len(done) < len(batch):
                break  # the interruption was taken back: what it left out comes with the next page


async def meanwhile(source: AsyncIterator[T], store: Callable[[T], Awaitable[None]]) -> None:
    """Give all that comes from `source` to `store`, while the next is on its way. What came is stored in any case."""
    waiting: list[T] = []
    while True:
        stored, found = await asyncio.gather(_stored(waiting, store), anext(source, None), return_exceptions=True)
        if isinstance(stored, BaseException):
            raise stored
        if isinstance(found, BaseException):
            raise found
        if found is None:
            return
        waiting = [found]


async def _stored(waiting: Sequence[T], store: Callable[[T], Awaitable[None]]) -> None:
    for one in waiting:
        await store(one)


def cut(files: Sequence[StoredFile], most: int, most_bytes: int, *, sampled: bool = False) -> list[list[StoredFile]]:
    """The files in order, cut where enough is to be read; a large file is alone."""
    parts: list[list[StoredFile]] = [[]]
    total = 0
    for file in files:
        size = min(file.size, 2 * SAMPLE) if sampled else file.size
        if parts[-1] and (total + size > most_bytes or len(parts[-1]) >= most):
            parts.append([])
            total = 0
        parts[-1].append(file)
        total += size
    return parts


async def _read_batch(ctx: JobContext[Any], batch: Sequence[StoredFile], crew: Crew, sampled: bool) -> list[Reading]:
    """The files of a batch up to the first that an interruption left out.

    They are read in the order of their inodes, which is near that of the disk, and so costs a turning one fewer moves.
    """

    def read_some(files: list[StoredFile]) -> list[Result]:
        return crew.read([file.path for file in files], interrupt_requested, sampled=sampled)

    near = sorted(batch, key=lambda file: file.inode)
    calls = cut(near, FILES_A_CALL, BYTES_A_CALL, sampled=sampled)
    found: dict[int, Result] = {}
    for files, results in zip(calls, await ctx.map(read_some, calls), strict=True):
        found.update(zip((file.id for file in files), results, strict=True))
    done: list[Reading] = []
    for file in batch:
        result = found[file.id]
        if result is None:
            break
        done.append((file, result))
    return done


def is_as_indexed(file: StoredFile, digest: Digest) -> bool:
    """Whether the file that was read is the one of the row, by size and time."""
    return (digest.size, min(digest.mtime_ns, LATEST)) == (file.size, file.mtime_ns)
