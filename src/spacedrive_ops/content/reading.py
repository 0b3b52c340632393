"""Reading many files for their digests: so many at once that an interruption never waits long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from spacedrive_jobs import JobContext, interrupt_requested
from spacedrive_ops.content.digest import Digest, Stopped, Unreadable, digest_of
from spacedrive_ops.library_index.contents import StoredFile

BYTES_AT_ONCE: Final = 64 << 20
FILES_AT_ONCE: Final = 128
LATEST: Final = (1 << 63) - 1
"""The year 2262: what is later, SQLite's integers cannot hold."""

Reading: TypeAlias = tuple[StoredFile, Digest | str]
"""A file, and its digest or why there is none."""


async def readings(
    ctx: JobContext[Any], files_after: Callable[[int], Awaitable[Sequence[StoredFile]]], after: int
) -> AsyncIterator[list[Reading]]:
    """Read all the files that `files_after` gives, page by page, from the id `after` on; some at a time, in order.

    What one step gives is to be stored by its caller before the next: at an interruption what was read is given first.
    """
    while page := await files_after(after):
        for batch in batches(page):
            results = await ctx.map(read_file, batch)
            done: list[Reading] = []
            for file, result in zip(batch, results, strict=True):
                if result is None:
                    break
                done.append((file, result))
            if done:
                after = done[-1][0].id
                yield done
            await ctx.check_interrupt()
            if len(done) < len(batch):
                break  # the interruption was taken back: what it left out comes with the next page


def batches(files: Sequence[StoredFile]) -> list[list[StoredFile]]:
    """The files in order, cut where enough is to be read; a large file is the last of its batch."""
    cut: list[list[StoredFile]] = [[]]
    size = 0
    for file in files:
        if cut[-1] and (size + file.size > BYTES_AT_ONCE or len(cut[-1]) >= FILES_AT_ONCE):
            cut.append([])
            size = 0
        cut[-1].append(file)
        size += file.size
    return cut


def read_file(file: StoredFile) -> Digest | str | None:
    """Its digest; a text that says why there is none; None where an interruption came first. In a thread."""
    try:
        return digest_of(file.path, interrupt_requested)
    except Unreadable as error:
        return str(error)
    except Stopped:
        return None


def is_as_indexed(file: StoredFile, digest: Digest) -> bool:
    """Whether the file that was read is the one of the row, by size and time."""
    return (digest.size, min(digest.mtime_ns, LATEST)) == (file.size, file.mtime_ns)
