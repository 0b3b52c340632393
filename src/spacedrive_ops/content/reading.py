"""Reading many files for their digests: so many at once that an interruption never waits long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from spacedrive_jobs import JobContext, interrupt_requested
from spacedrive_ops.content.digest import Digest, Stopped, Unreadable, digest_of, sample_of
from spacedrive_ops.library_index.contents import StoredFile

BYTES_AT_ONCE: Final = 64 << 20
FILES_AT_ONCE: Final = 2_048
BYTES_A_CALL: Final = 2 << 20
FILES_A_CALL: Final = 64
"""Small files are read so many in one call: to hand each one to a thread of its own costs more than to read it."""
LATEST: Final = (1 << 63) - 1
"""The year 2262: what is later, SQLite's integers cannot hold."""

Reading: TypeAlias = tuple[StoredFile, Digest | str]
"""A file, and its digest or why there is none."""

Read: TypeAlias = Callable[[StoredFile], Digest | str | None]
"""Read one file: its digest; a text that says why there is none; None where an interruption came first."""


def read_file(file: StoredFile) -> Digest | str | None:
    """All of it. In a thread."""
    try:
        return digest_of(file.path, interrupt_requested)
    except Unreadable as error:
        return str(error)
    except Stopped:
        return None


def sample_file(file: StoredFile) -> Digest | str | None:
    """Its ends alone. In a thread."""
    try:
        return sample_of(file.path)
    except Unreadable as error:
        return str(error)


async def readings(
    ctx: JobContext[Any],
    files_after: Callable[[int], Awaitable[Sequence[StoredFile]]],
    after: int,
    read: Read = read_file,
    cost: Callable[[StoredFile], int] = lambda file: file.size,
) -> AsyncIterator[list[Reading]]:
    """Read all the files that `files_after` gives, page by page, from the id `after` on; some at a time, in order.

    What one step gives is to be stored by its caller before the next: at an interruption what was read is given first.
    `cost`: how many bytes of a file will be read.
    """
    while page := await files_after(after):
        for batch in cut(page, cost, FILES_AT_ONCE, BYTES_AT_ONCE):
            done = await _read_batch(ctx, batch, read, cost)
            if done:
                after = done[-1][0].id
                yield done
            await ctx.check_interrupt()
            if len(done) < len(batch):
                break  # the interruption was taken back: what it left out comes with the next page


def cut(
    files: Sequence[StoredFile], cost: Callable[[StoredFile], int], most: int, most_bytes: int
) -> list[list[StoredFile]]:
    """The files in order, cut where enough is to be read; a large file is alone."""
    parts: list[list[StoredFile]] = [[]]
    size = 0
    for file in files:
        if parts[-1] and (size + cost(file) > most_bytes or len(parts[-1]) >= most):
            parts.append([])
            size = 0
        parts[-1].append(file)
        size += cost(file)
    return parts


async def _read_batch(
    ctx: JobContext[Any], batch: Sequence[StoredFile], read: Read, cost: Callable[[StoredFile], int]
) -> list[Reading]:
    """The files of a batch up to the first that an interruption left out.

    They are read in the order of their inodes, which is near that of the disk, and so costs a turning one fewer moves.
    """

    def read_some(files: list[StoredFile]) -> list[Digest | str | None]:
        return [None if interrupt_requested() else read(file) for file in files]

    near = sorted(batch, key=lambda file: file.inode)
    calls = cut(near, cost, FILES_A_CALL, BYTES_A_CALL)
    found: dict[int, Digest | str | None] = {}
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
