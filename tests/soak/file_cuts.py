"""Power cuts under the destination of a copy: final names are whole, and what was called done is there.

The destination is ext4 on a loop device, the loop device stands on `recording_disk.py`. While the real copy job runs,
the disk is cut at random moments; each image is mounted (ext4 replays its journal) and judged: every file under a final
name equals its source, and every item that a durable checkpoint had called done is present. The same with
durable=False must report losses: so this check is seen to be able to fail.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spacedrive_jobs import JobCancelled, JobHandle, Library
from spacedrive_ops import FileCopyJob, FileCopyOutput
from tests import abilities
from tests.abilities import find_program
from tests.mounts import Mounts
from tests.mounts import run as run_program
from tests.soak.trees import make_tree
from tests.waiting import eventually

NAME = "files-power"
CUTS = 50
DISK_MIB = 160
FILES = 2_500


@contextmanager
def recording_disk(folder: Path) -> Iterator[Path]:
    """The folder with `disk` and `cut`."""
    place = folder / "recorder"
    place.mkdir()
    command = [sys.executable, "-m", "tests.soak.recording_disk", str(place), str(DISK_MIB << 20)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        eventually((place / "disk").exists, what="the recording disk")
        yield place
    finally:
        subprocess.run([find_program("fusermount3") or "fusermount3", "-u", "-z", str(place)], check=False)
        server.wait(20)


@contextmanager
def ext4_on(disk: Path, folder: Path) -> Iterator[Path]:
    run_program("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(disk))
    place = folder / "mounted"
    place.mkdir()
    run_program("mount", "-o", "loop", str(disk), str(place))
    try:
        yield place
    finally:
        run_program("umount", str(place))


async def done_items(library: Library, handle: JobHandle[FileCopyOutput]) -> set[Path]:
    """What durable checkpoints have called done, below the source."""
    done: set[Path] = set()
    after: str | None = None
    while True:
        page = await library.jobs.items(handle.id, outcomes=["ok"], limit=5_000, after=after)
        done.update(Path(os.fsdecode(row.raw)) for row in page.rows)
        after = page.next
        if after is None:
            return done


def judge(image: Path, folder: Path, source: Path, name: str, done: set[Path]) -> Counter[str]:
    """Mount one image and look at every file."""
    tally: Counter[str] = Counter(cuts=1, promised=len(done))
    with Mounts(folder / "judged") as mounts:
        place = mounts.again(image).path / name
        for parent, _, files in os.walk(place):
            for file in files:
                if file.startswith(".sd-"):
                    tally["partials"] += 1
                    continue
                tally["finals"] += 1
                path = Path(parent, file)
                original = source / path.relative_to(place)
                if path.read_bytes() != original.read_bytes():
                    tally["broken finals"] += 1
        for item in done:
            if not (place / item.relative_to(source)).exists():
                tally["lost items"] += 1
    shutil.rmtree(folder / "judged")
    return tally


async def storm(cuts: int, folder: Path, *, durable: bool) -> Counter[str]:
    dice = random.Random(9)
    source = folder / "source"
    make_tree(source, files=FILES, size=30_000)
    (source / "large").write_bytes(dice.randbytes(20 << 20))
    total: Counter[str] = Counter()
    image = folder / "image"
    with recording_disk(folder) as recorder, ext4_on(recorder / "disk", folder) as place:
        async with Library.open(folder / "library", create=True) as library:
            round_ = 0
            while total["cuts"] < cuts:
                round_ += 1
                name = f"copy-{round_}"
                job = FileCopyJob(sources=(source,), destination=place / name, durable=durable)
                handle = await library.jobs.dispatch(job)
                while total["cuts"] < cuts:
                    await asyncio.sleep(dice.uniform(0.02, 0.25))  # waits: the random moment
                    ended = (await handle.status()).is_terminal
                    done = await done_items(library, handle)
                    seed = dice.randrange(1 << 30)
                    await asyncio.to_thread((recorder / "cut").write_text, f"{image} {seed}")
                    total += await asyncio.to_thread(judge, image, folder, source, name, done)
                    if ended:
                        break
                await handle.cancel()
                with suppress(JobCancelled):
                    await handle.wait(timeout=60)
                await asyncio.to_thread(shutil.rmtree, place / name, ignore_errors=True)
    return total


def run(scale: float) -> int:
    cuts = max(4, round(CUTS * scale))
    violations = 0
    for durable in (True, False):
        with tempfile.TemporaryDirectory(prefix="file-cuts-", dir=abilities.disk_root()) as folder:
            total = asyncio.run(storm(cuts if durable else max(4, cuts // 5), Path(folder), durable=durable))
        bad = total["broken finals"] + total["lost items"]
        print(
            f"   durable={durable}: {total['cuts']} cuts, {total['finals']} final names and {total['promised']} items "
            f"called done checked; {total['broken finals']} broken, {total['lost items']} lost",
            flush=True,
        )
        violations += bad if durable else not bad
        if not durable and not bad:
            print("     without flushes nothing was lost: this check cannot fail, so it shows nothing")
    return 1 if violations else 0
