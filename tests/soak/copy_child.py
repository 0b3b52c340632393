"""Run by the copy storms: dispatch a copy or move, or go on with the one that is there, and print what came of it.

    python -m tests.soak.copy_child LIBRARY KIND SOURCE DESTINATION [STEPS_FILE]

Each step of the copy leaves its number in STEPS_FILE, so that whoever kills this process knows what it was doing.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import sys
from pathlib import Path
from typing import Any

from spacedrive_jobs import JobFailed, JobHandle, JobStatus, Library, failpoint
from spacedrive_ops import FileCopyJob, FileMoveJob

STEPS = ("walk", "mkdir", "data", "metadata", "link", "flush", "rename", "unlink")


def leave_traces(path: Path) -> None:
    """Write the number of the latest step into the file; counted from 1."""
    with path.open("r+b") as file:
        trace = mmap.mmap(file.fileno(), 1)
    armed = os.environ.get("SPACEDRIVE_JOBS_FAILPOINTS", "")
    for number, step in enumerate(STEPS, start=1):
        deadly = next((part for part in armed.split(";") if part.startswith(f"copy.{step}=")), "")

        def act(name: str, number: int = number, nth: int = int(deadly.partition("@")[2] or 0)) -> None:
            trace[0] = number
            seen[number] = seen.get(number, 0) + 1
            if nth and seen[number] == nth:
                os.kill(os.getpid(), 9)

        failpoint.arm(f"copy.{step}", act)


seen: dict[int, int] = {}


async def finished_before(library: Library) -> JobHandle[Any] | None:
    """The job, if the process that ran it was killed only after its end: it is told, not done again."""
    page = await library.jobs.list(limit=1)
    return await library.jobs.get(page.rows[0].id) if page.rows else None


async def main(library: str, kind: str, source: str, destination: str) -> int:
    job = (FileMoveJob if kind == "move" else FileCopyJob)(sources=(Path(source),), destination=Path(destination))
    async with Library.open(library, create=True) as opened:
        handle = await opened.jobs.unfinished(job) or await finished_before(opened) or await opened.jobs.dispatch(job)
        if await handle.status() is JobStatus.PAUSED:
            await handle.resume()
        try:
            output = await handle.wait()
        except JobFailed as failed:
            print(json.dumps({"failed": str(failed)}))
            return 1
        items: list[list[str]] = []
        after: str | None = None
        while True:
            page = await opened.jobs.items(handle.id, limit=1000, after=after)
            items += [[row.raw.hex(), row.outcome, row.reason] for row in page.rows]
            after = page.next
            if after is None:
                break
        info = await opened.jobs.info(handle.id)
        print(json.dumps({"output": str(output), "items": items, "attempt": info.attempt}))
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 5:
        leave_traces(Path(sys.argv[5]))
    sys.exit(asyncio.run(main(*sys.argv[1:5])))
