"""Partial files whose job is gone, below the folders that jobs have written to."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from spacedrive_jobs import JobContext
from spacedrive_ops.cleanup.found import Found
from spacedrive_ops.cleanup.owners import Owner, Owners
from spacedrive_ops.whole_files.finding import partials_below, take_away

SHORT: Final = re.compile(rb"\.sd-([0-9a-f]{8})-")
SOME: Final = 200


async def stale_partials(
    ctx: JobContext[Any], folders: list[Path], owners: Owners, unknown_before_ns: int
) -> AsyncIterator[Found]:
    """`unknown_before_ns`: one of a job that this library does not know goes only if it was last written before."""
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        walk = partials_below(os.fsencode(folder), seen)
        while batch := await ctx.run_in_pool(_some, walk):
            for path, status in batch:
                if status is None:
                    await ctx.check_interrupt()
                    continue
                match = SHORT.match(os.path.basename(path))
                assert match is not None
                owner = await owners.of(match[1].decode())
                if owner is Owner.ENDED or (owner is Owner.UNKNOWN and status.st_mtime_ns < unknown_before_ns):
                    why = "unfinished file of a job that has ended"
                    yield Found(path, status.st_blocks * 512, why, partial(_remove, ctx, path))


def _some(walk: Iterator[tuple[bytes, os.stat_result | None]]) -> list[tuple[bytes, os.stat_result | None]]:
    return list(islice(walk, SOME))


async def _remove(ctx: JobContext[Any], path: bytes) -> bool:
    return await ctx.run_in_pool(take_away, path)
