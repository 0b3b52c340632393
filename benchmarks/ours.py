"""What the rows of ours share: opening a library, filling it, waiting until it is done."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal

from benchmarks.jobs import noop, tally
from spacedrive_jobs import JobStatus, JobSystem, Library

SLOTS = 256
"""For jobs that do next to nothing; the default of 4 would measure the round trips of four."""


def library(
    folder: Path, runs: Literal["all", "own", "none"] = "none", slots: int | None = None
) -> AbstractAsyncContextManager[Library]:
    return Library.open(folder / "library", create=True, runs=runs, slots=slots)


async def fill(jobs: JobSystem, count: int, *, chunk: int = 1_000) -> None:
    """Dispatch `count` jobs that do nothing, `chunk` at a time; their handles are not kept."""
    for start in range(0, count, chunk):
        await jobs.dispatch_many([noop.new(number) for number in range(start, min(count, start + chunk))])


async def all_ran(jobs: JobSystem) -> None:
    """Until the expected number of jobs ran and their ends are stored."""
    await tally.reached.wait()
    while unfinished(await jobs.counts()):
        await asyncio.sleep(0.002)


def unfinished(counts: dict[JobStatus, int]) -> int:
    return counts.get(JobStatus.QUEUED, 0) + counts.get(JobStatus.RUNNING, 0)
