"""Run by a test: transcode one source several times, all dispatched at once and run by this process alone.

python -m tests.acceptance.ops.transcode_several LIBRARY SOURCE DESTINATION...
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from spacedrive_jobs import Library
from spacedrive_ops import TranscodeJob


async def main(library: str, source: str, *destinations: str) -> None:
    async with Library.open(library, create=True, runs="own", slots=8) as opened:
        jobs = [TranscodeJob(source=Path(source), destination=Path(destination)) for destination in destinations]
        handles = [await opened.jobs.dispatch(job) for job in jobs]
        for handle in handles:
            await handle.wait(timeout=50)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
