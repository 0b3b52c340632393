"""Run by a test: copy one file, and stand still at a chunk until told to go on, so that it can be stopped there.

    python -m tests.fault.copy_held LIBRARY SOURCE DESTINATION STEP NTH

Copies slowly, and prints before each chunk the time and how much is written. At the NTH hit of copy.STEP it prints
"held" and waits for a line; with NTH 0 it never does. In the end it prints the outcome.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from spacedrive_jobs import Library, failpoint
from spacedrive_ops import FileCopyJob

LEASE = 1.0
PACE = 0.04


def hold(_: str) -> None:
    print("held", flush=True)
    sys.stdin.readline()


def slowly(_: str) -> None:
    reached = max((partial.stat().st_size for partial in Path(sys.argv[3]).parent.glob(".sd-*")), default=0)
    print(time.monotonic(), reached, flush=True)
    time.sleep(PACE)  # noqa: TID251 - the pace of a slow disk


def slowly_until(nth: int) -> Callable[[str], None]:
    """Slowly, so that a checkpoint has named an offset by then."""
    holding = failpoint.at_nth(hold, nth)

    def act(name: str) -> None:
        slowly(name)
        holding(name)

    return act


async def main(library: str, source: str, destination: str, step: str, nth: str) -> None:
    failpoint.arm("copy.data", slowly)
    if int(nth):
        failpoint.arm(f"copy.{step}", slowly_until(int(nth)))
    async with Library.open(library, create=True, lease=LEASE) as opened:
        job = FileCopyJob(sources=(Path(source),), destination=Path(destination), on_conflict="overwrite")
        handle = await opened.jobs.dispatch(job)
        try:
            await handle.wait(timeout=60)
        finally:
            print(await handle.status(), flush=True)


if __name__ == "__main__":
    os.chdir("/")
    asyncio.run(main(*sys.argv[1:]))
