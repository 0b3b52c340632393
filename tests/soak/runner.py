"""A runner of its own: works until it is killed or gets SIGTERM.

python -m tests.soak.runner LIBRARY [LEASE [SLOTS]]
"""

from __future__ import annotations

import asyncio
import signal
import sys

from spacedrive_jobs import Library
from tests.soak import row_jobs, stop_jobs, witness

JOBS = (row_jobs, stop_jobs, witness)
"""Modules whose import registers what is to be run."""


async def main(library: str, lease: float, slots: int) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    async with Library.open(library, slots=slots, lease=lease):
        print("open", flush=True)
        await done.wait()


if __name__ == "__main__":
    given = sys.argv[1:]
    asyncio.run(main(given[0], float(given[1]) if len(given) > 1 else 5.0, int(given[2]) if len(given) > 2 else 8))
