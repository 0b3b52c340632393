"""A plain function as a job, in a program without asyncio: `python examples/checksum_blocking.py FILE`."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from spacedrive_jobs import BlockingJobContext, Bytes, Library, job


@job(name="example.checksum")
def checksum(ctx: BlockingJobContext, path: Path) -> str:
    """The SHA-256 of a file. It runs in a thread, so it may block; `check_interrupt` is where it can be stopped."""
    digest = hashlib.sha256()
    size, done = path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            done += len(block)
            ctx.increment_bytes(len(block))
            ctx.progress(Bytes(done, max(size, done)))
            ctx.check_interrupt()
    return digest.hexdigest()


if __name__ == "__main__":
    with Library.open_blocking("examples.sdlibrary", create=True) as library:
        print(library.jobs.dispatch(checksum.new(Path(sys.argv[1]).absolute())).wait())
