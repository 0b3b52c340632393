"""What a job that is done again has to do, for all kinds of file jobs."""

from __future__ import annotations

from typing import Any

from spacedrive_jobs import ItemInfo, JobContext


async def failed_before(ctx: JobContext[Any]) -> frozenset[bytes]:
    """The paths that failed in the job that this one does again; empty where it does none again."""
    failed: set[bytes] = set()
    last: ItemInfo | None = None
    while page := await ctx.failed_before(last):
        failed.update(item.raw for item in page)
        last = page[-1]
    return frozenset(failed)


def is_concerned(path: bytes, failed: frozenset[bytes]) -> bool:
    """Whether it failed, or lies in a folder that did."""
    while path not in failed:
        above, _, _ = path.rpartition(b"/")
        if not above:
            return False
        path = above
    return True
