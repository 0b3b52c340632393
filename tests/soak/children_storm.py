"""A parent with ten thousand children: each runs once, and the parent sees exactly what each of them gave."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from spacedrive_jobs import JobStatus, Library
from tests import abilities
from tests.acceptance.engine.family_jobs import crowd

NAME = "children"
CHILDREN = 10_000


def run(scale: float) -> int:
    return asyncio.run(_run(max(100, round(CHILDREN * scale))))


async def _run(children: int) -> int:
    with tempfile.TemporaryDirectory(prefix="children-storm-", dir=abilities.disk_root()) as folder:
        async with Library.open(Path(folder, "library"), create=True, slots=4) as library:
            began = time.monotonic()
            handle = await library.jobs.dispatch(crowd.new(children))
            total = await handle.wait()
            took = time.monotonic() - began
            completed = (await library.jobs.counts())[JobStatus.COMPLETED]
    exact = total == sum(number * number for number in range(children)) and completed == children + 1
    print(f"   {children:,} children in {took:.1f} s, {completed - 1:,} completed, sum {'exact' if exact else 'WRONG'}")
    return 0 if exact else 1
