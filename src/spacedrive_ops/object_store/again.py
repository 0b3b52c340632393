"""What failed in a job that is done again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spacedrive_jobs import ItemInfo, JobContext
from spacedrive_ops.object_store.sources import Found


async def failed_before(ctx: JobContext[Any]) -> frozenset[bytes]:
    """The items that failed in the job that this one does again."""
    failed: set[bytes] = set()
    last: ItemInfo | None = None
    while page := await ctx.failed_before(last):
        failed.update(item.raw for item in page)
        last = page[-1]
    return frozenset(failed)


def selected(found: Iterator[Found], failed: frozenset[bytes]) -> Iterator[Found]:
    """Those that failed, and all in the folders that did."""
    return (one for one in found if _concerned(one.path, failed))


def _concerned(path: bytes, failed: frozenset[bytes]) -> bool:
    while path not in failed:
        above, _, _ = path.rpartition(b"/")
        if not above:
            return False
        path = above
    return True
