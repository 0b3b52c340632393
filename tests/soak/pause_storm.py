"""Pause and resume a copy again and again: each counts only if it was seen `paused` with bytes moved since the last.

The destination is on a disk of its own size, the tree large enough that every cycle finds something to move. In the end
the trees are equal. A pause inside one large file stops its input and output, and the file goes on from its offset.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from pathlib import Path

from spacedrive_jobs import JobHandle, Library, TransitionRefused
from spacedrive_ops import FileCopyJob, FileCopyOutput
from tests import abilities
from tests.soak.trees import count_differences, make_tree
from tests.waiting import aeventually

NAME = "pause"
CYCLES = 1_000
BIG = 4 << 30
SMALL_WRITES = 8 << 20
"""The library's own writing beside the copy's."""


async def moved_bytes(library: Library, handle: JobHandle[FileCopyOutput]) -> int:
    return (await library.jobs.info(handle.id)).view.bytes_done or 0


async def cycles(folder: Path, wanted: int) -> tuple[int, int, int, int]:
    """(cycles that counted, cycles in all, copies they needed, differences at the end)."""
    dice = random.Random(3)
    source = folder / "source"
    make_tree(source, files=6_000, size=24_000)
    counted = tried = copies = differences = 0
    async with Library.open(folder / "library", create=True) as library:
        while counted < wanted and copies < wanted:
            copies += 1
            destination = folder / f"destination-{copies}"
            handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=destination))
            seen, all_of_them = await _cycles_of_one(library, handle, wanted - counted, dice)
            counted, tried = counted + seen, tried + all_of_them
            await handle.wait(timeout=600)
            differences += await asyncio.to_thread(count_differences, source, destination)
            await asyncio.to_thread(shutil.rmtree, destination)
    return counted, tried, copies, differences


async def _cycles_of_one(
    library: Library, handle: JobHandle[FileCopyOutput], wanted: int, dice: random.Random
) -> tuple[int, int]:
    counted = tried = 0
    last = 0
    while counted < wanted:
        await asyncio.sleep(dice.uniform(0.0, 0.01))  # waits: the random moment
        try:
            await handle.pause()
            await handle.paused()
        except TransitionRefused:  # it had ended
            return counted, tried
        tried += 1
        info = await library.jobs.info(handle.id)
        moved, fraction = info.view.bytes_done or 0, info.view.fraction or 0.0
        if 0.01 <= fraction <= 0.99 and moved > last:
            counted += 1
        last = moved
        await handle.resume()
    return counted, tried


async def inside_one_file(folder: Path, size: int) -> list[str]:
    """Pause in the middle of one file: its growth stops, and the next attempt begins at an offset above 0."""
    problems: list[str] = []
    source, destination = folder / "big", folder / "copy"
    with source.open("wb") as file:
        for number in range(size >> 20):
            file.write(number.to_bytes(4, "big") * (1 << 18))
    async with Library.open(folder / "library", create=True) as library:
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=destination))

        async def under_way() -> bool:
            return await moved_bytes(library, handle) > size // 20

        await aeventually(under_way, within=120)
        began = time.monotonic()
        await handle.pause()
        await handle.paused()
        took = time.monotonic() - began
        if took > 1.0:
            problems.append(f"it took {took:.2f} s until the copy had stopped")
        at = await moved_bytes(library, handle)
        (partial,) = folder.glob(".sd-*.part")
        inode, before = partial.stat().st_ino, written_bytes()
        await asyncio.sleep(0.3)  # waits: what would still be written, if something were
        if before + (1 << 20) < written_bytes():
            problems.append("something was written after the pause")
        await handle.resume()
        await handle.wait(timeout=600)
        rest = written_bytes() - before
        print(
            f"   one file of {size >> 20} MiB: paused after {at >> 20} MiB in {took:.2f} s; "
            f"the rest took {rest >> 20} MiB of writing"
        )
        if not 0 < at < size:
            problems.append(f"it was paused at {at} of {size} bytes")
        if rest > size - at + SMALL_WRITES:
            problems.append(f"{rest} bytes were written for the {size - at} that were left")
        if destination.stat().st_ino != inode:
            problems.append("what was there at the pause is not what was gone on with")
    if source.stat().st_size != destination.stat().st_size or count_differences(source, destination):
        problems.append("the copy differs")
    return problems


def written_bytes() -> int:
    """What this process has written so far, copies inside the kernel included."""
    text = Path("/proc/self/io").read_text("ascii")
    return int(next(line for line in text.splitlines() if line.startswith("wchar")).split()[1])


def run(scale: float) -> int:
    wanted = max(20, round(CYCLES * scale))
    with tempfile.TemporaryDirectory(prefix="pause-storm-", dir=abilities.disk_root()) as folder:
        counted, tried, copies, differences = asyncio.run(cycles(Path(folder), wanted))
    print(f"   {counted} of {wanted} cycles seen paused with bytes moved ({tried} tried, {copies} copies)", end="; ")
    print(f"{differences} differences", flush=True)
    with tempfile.TemporaryDirectory(prefix="pause-storm-", dir=abilities.disk_root()) as folder:
        problems = asyncio.run(inside_one_file(Path(folder), max(2 << 30, round(BIG * scale))))
    for problem in problems:
        print(f"     {problem}")
    return 1 if differences or counted < wanted or problems else 0
