"""A function job: its parameters are its arguments, what it returns is its output.

    python examples/file_copy.py FILE... FOLDER

Stop it with Ctrl-C or `kill -9` and start it again: the files that were copied are not copied again.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spacedrive_jobs import Count, JobContext, Library, job


@dataclass(frozen=True)
class FileCopied:
    files: int
    bytes: int


@job(name="example.file_copy")
async def file_copy(ctx: JobContext[int], sources: Sequence[Path], destination: Path) -> FileCopied:
    """Copy each source into a folder, going on after the last file that was checkpointed."""
    start = await ctx.load_state(default=0)
    for index, source in enumerate(sources[start:], start):
        ctx.progress(Count(index, len(sources)))
        ctx.increment_bytes(await ctx.run_in_pool(copy_file, source, destination / source.name))
        ctx.item(source)
        await ctx.checkpoint(index + 1)
    return FileCopied(len(sources), ctx.metrics.bytes_processed)


def copy_file(source: Path, target: Path) -> int:
    return Path(shutil.copy2(source, target)).stat().st_size


async def main(sources: Sequence[Path], destination: Path) -> None:
    destination.mkdir(exist_ok=True)
    async with Library.open("examples.sdlibrary", create=True) as library:
        copy = file_copy.new([source.absolute() for source in sources], destination.absolute())
        handle = await library.jobs.unfinished(copy) or await library.jobs.dispatch(copy)
        copied = await handle.wait()
        print(f"{copied.files} files, {copied.bytes} bytes")


if __name__ == "__main__":
    *files, folder = map(Path, sys.argv[1:])
    asyncio.run(main(files, folder))
