"""A backup composed of other jobs, and a schedule that tidies up: `python examples/backup.py FOLDER TARGET`.

The parent holds no slot while it waits; killed at any moment and started again, it finds the children that it has
instead of spawning them twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from spacedrive_jobs import GB, Count, JobContext, Library, Priority, disk_space, gpu, job


@dataclass(frozen=True)
class Catalogue:
    files: list[Path]
    bytes: int


@job(name="example.catalogue")
async def catalogue(ctx: JobContext, folder: Path) -> Catalogue:
    """What there is to back up."""
    files = await ctx.run_in_pool(list_files, folder)
    return Catalogue(files, sum(file.stat().st_size for file in files))


@job(name="example.fingerprint", depends_on="example.catalogue", max_concurrent=2)
async def fingerprint(ctx: JobContext[int], files: list[Path]) -> int:
    """Never more than two at once, in however many processes; and not while a catalogue is being made."""
    for index in range(await ctx.load_state(default=0), len(files)):
        await ctx.run_in_pool(digest, files[index])
        ctx.progress(Count(index + 1, len(files)))
        await ctx.checkpoint(index + 1)
    return len(files)


@job(name="example.store", requires_resources=[disk_space(GB // 100)], retries=3, backoff=timedelta(seconds=1))
async def store(ctx: JobContext[int], files: list[Path], target: Path) -> int:
    """Starts only where ten megabytes are free, and tells them apart from what other jobs have reserved."""
    target.mkdir(parents=True, exist_ok=True)
    for index in range(await ctx.load_state(default=0), len(files)):
        await ctx.run_in_pool(shutil.copy2, files[index], target / f"{index:06}")
        ctx.increment_bytes(files[index].stat().st_size)
        await ctx.checkpoint(index + 1)
    return len(files)


@job(name="example.transcode", max_concurrent=2, requires_resources=[gpu()], priority=Priority.LOW)
async def transcode(ctx: JobContext, film: Path) -> str:
    """Two of them at most, each with a graphics card to itself; refused where the machine has none."""
    return await ctx.step("transcode", digest, film)


@dataclass(frozen=True)
class BackedUp:
    files: int
    bytes: int
    fingerprints: int


@job(name="example.backup", priority=Priority.HIGH)
class Backup:
    folder: Path
    target: Path

    async def run(self, ctx: JobContext) -> BackedUp:
        found = await (await ctx.spawn_child(catalogue.new(self.folder), key="catalogue")).wait()
        known = await ctx.spawn_child(fingerprint.new(found.files), key="fingerprints")
        copies = await ctx.spawn_child(store.new(found.files, self.target), key="copies", after=[known])
        await ctx.wait_for_children()
        return BackedUp(await copies.wait(), found.bytes, await known.wait())


@job(name="example.clean_up")
async def clean_up(ctx: JobContext, folder: Path, older_than: float) -> int:
    """Run by the clock: remove what is old."""
    before = time.time() - older_than  # noqa: TID251 - a program's own time, of no job system's
    old = [file for file in await ctx.run_in_pool(list_files, folder) if file.stat().st_mtime < before]
    for file in old:
        file.unlink()
    return len(old)


def list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def main(folder: Path, target: Path) -> None:
    async with Library.open("backup.sdlibrary", create=True, resources={"gpu": 1}) as library:
        handle = await library.jobs.dispatch(Backup(folder=folder, target=target))
        result = await handle.wait()
        print(f"{result.files} files, {result.bytes} bytes, {result.fingerprints} fingerprints")
        for child in await library.jobs.children(handle.id):
            print(f"  {child.kind} {child.status.value}")
        film = await library.jobs.dispatch(transcode.new(Path(__file__)))
        print((await film.wait())[:12])
        tidy = clean_up.new(target, older_than=30 * 86_400)
        schedule = await library.jobs.schedule(tidy, misfire="skip").every(hours=6).dispatch()
        print("next clean-up:", (await schedule.next_runs(1))[0].isoformat(timespec="minutes"))
        print(await (await schedule.run_now()).wait(), "old files removed")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
