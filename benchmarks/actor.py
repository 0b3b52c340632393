"""The other side of `benchmarks.processes`: one function a role, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from benchmarks.jobs import tally
from benchmarks.measure import rest, rss_mb
from benchmarks.ours import library


def tell(answer: object) -> None:
    print(json.dumps(answer), flush=True)


async def left_alone() -> None:
    """Until the process that started this one closes our standard input."""
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def runner(folder: Path, argument: int) -> None:
    """Run whatever comes, with the default number of slots."""
    async with library(folder, runs="all"):
        tell("ready")
        await left_alone()


async def first_job(folder: Path, argument: int) -> None:
    """Start on a full queue; answer with the moment of the first job and the memory after a second of work."""
    async with library(folder, runs="all"):
        while not tally.ran:
            await asyncio.sleep(0.001)
        at_first = rss_mb()
        await asyncio.sleep(1)
        tell({"first_ns": tally.first_ns, "rss_mb": max(at_first, rss_mb()), "ran": tally.ran})
        rest(60)  # it is killed: leaving in order would first finish what it holds


ROLES = {"runner": runner, "first_job": first_job}


if __name__ == "__main__":
    role, given_folder, given_argument = sys.argv[1:]
    asyncio.run(ROLES[role](Path(given_folder), int(given_argument)))
