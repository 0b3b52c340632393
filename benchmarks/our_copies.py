"""Copies by FileCopyJob, timed from dispatch to end: what a command adds to it is the start of the interpreter."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.ours import library
from spacedrive_ops import FileCopyJob


async def copied(source: Path, folder: Path, *, verify: bool = False, fsync: bool = True) -> float:
    """Seconds to copy `source` to `folder`/copy, which must not exist yet."""
    job = FileCopyJob(sources=(source,), destination=folder / "copy", verify=verify, durable=fsync)
    async with library(folder, runs="all") as opened:
        start = time.perf_counter()
        handle = await opened.jobs.dispatch(job)
        await handle.wait()
        return time.perf_counter() - start
