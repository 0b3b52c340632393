"""A library to look at: photos that are indexed and have thumbnails, jobs that run, wait, ask, failed and are done.

    python -m tests.acceptance.page.filled_library FOLDER [WAITING]

Then `sdjobs --import tests.acceptance.page.page_jobs --library FOLDER/Photos serve --root FOLDER` shows it.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
from contextlib import suppress
from datetime import time
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from spacedrive_jobs import Job, JobFailed, Library
from spacedrive_ops import DuplicatesJob, FileCopyJob, IndexerJob, ThumbnailJob, ValidateJob
from tests.acceptance.page import page_jobs

PHOTOS = 36
PLACES = ("Harbour", "Garden", "Mountains")


async def fill(folder: Path, *, waiting: int = 6) -> None:
    """Make `Pictures`, `Backup` and the library `Photos` in a folder."""
    pictures, backup = folder / "Pictures", folder / "Backup"
    make_pictures(pictures)
    shutil.copytree(pictures / "Harbour", backup / "Harbour")
    for photo in sorted((backup / "Harbour").iterdir())[:5]:
        photo.write_bytes(b"another picture")
    async with Library.open(folder / "Photos", create=True) as library:
        await _work(library, pictures, backup)
    async with Library.open(folder / "Photos", runs="none") as library:
        await _queue(library, pictures, backup, waiting)


def make_pictures(folder: Path) -> None:
    """Photos in three folders, some of them twice, and some that are broken."""
    dice = random.Random(7)
    for place in PLACES:
        (folder / place).mkdir(parents=True)
    for number in range(PHOTOS):
        _picture(dice).save(folder / PLACES[number % 3] / f"IMG_{number:04}.jpg", quality=85)
    for number in range(4):
        shutil.copy2(folder / "Garden" / f"IMG_{number * 3 + 1:04}.jpg", folder / "Mountains" / f"Copy of {number}.jpg")
    whole = (folder / "Garden" / "IMG_0001.jpg").read_bytes()
    for number in range(3):
        (folder / "Garden" / f"broken {number}.jpg").write_bytes(whole[: 2_000 + number])
    (folder / "notes.txt").write_text("What is where.\n")


def _picture(dice: random.Random) -> Image.Image:
    """A sky, a sun and hills, each time others."""
    picture = Image.new("RGB", (900, 600), tuple(dice.randrange(120, 240) for _ in range(3)))
    draw = ImageDraw.Draw(picture)
    x, y, size = dice.randrange(100, 800), dice.randrange(60, 300), dice.randrange(40, 140)
    draw.ellipse(
        (x - size, y - size, x + size, y + size), fill=(255, dice.randrange(180, 240), dice.randrange(90, 160))
    )
    for depth in range(4):
        edge = [(step * 90, 320 + depth * 60 + dice.randrange(-50, 50)) for step in range(11)]
        shade = 150 - depth * 32
        draw.polygon([*edge, (900, 600), (0, 600)], fill=(shade // 2, shade, shade - dice.randrange(40)))
    return picture


async def _work(library: Library, pictures: Path, backup: Path) -> None:
    """What is done by the time that somebody looks."""
    jobs = library.jobs
    for job in _history(pictures, backup):
        handle = await jobs.dispatch(job)
        with suppress(JobFailed):  # one of them is there to fail
            await handle.wait()
    await jobs.schedule(IndexerJob(root=pictures), id="index").every(hours=6).dispatch()
    await jobs.schedule(ValidateJob(root=pictures), id="bit rot").calendar(months=1, at=time(3)).dispatch()
    resting = jobs.schedule(ThumbnailJob(paths=(pictures,)), id="thumbnails")
    await (await resting.calendar(days=1, at=time(4, 30)).dispatch()).pause()
    # Its conflicts are asked once the rest is copied.
    asking = await jobs.dispatch(FileCopyJob(sources=(pictures / "Harbour",), destination=backup, on_conflict="ask"))
    while not (await jobs.questions(asking.id)).rows:
        await asyncio.sleep(0.02)  # waits: for the copy to ask


def _history(pictures: Path, backup: Path) -> list[Job[Any, Any]]:
    gone = backup / "Old laptop"
    return [
        IndexerJob(root=pictures, mode="content"),
        ThumbnailJob(paths=(pictures,)),
        DuplicatesJob(),
        FileCopyJob(sources=(pictures / "Garden",), destination=backup),
        page_jobs.parent.new(),
        page_jobs.logs.new(),
        page_jobs.fails.new((gone,), pictures / "Old laptop", f"{gone} is not there: connect its disk, then try again"),
        ValidateJob(root=pictures),
    ]


async def _queue(library: Library, pictures: Path, backup: Path, waiting: int) -> None:
    """What runs, and what waits, once a server opens the library."""
    jobs = library.jobs
    await jobs.dispatch(page_jobs.SlowCopy(sources=(pictures,), destination=backup / "2026", begin=1_400))
    await jobs.dispatch(
        page_jobs.SlowCopy(sources=(pictures / "Garden",), destination=Path("/media/travel"), begin=300, step=2)
    )
    for number in range(min(waiting, 4)):
        sources = (pictures / PLACES[number % 3],)
        await jobs.dispatch(
            page_jobs.SlowCopy(sources=sources, destination=Path(f"/media/disk {number + 1}")), priority=5 - number
        )
    paused = await jobs.dispatch(ValidateJob(root=backup))
    await paused.pause()
    rest = range(waiting - 5)
    await jobs.dispatch_many([page_jobs.Waits(gate=backup / "never", number=number) for number in rest])


if __name__ == "__main__":
    folder_, *rest_ = sys.argv[1:]
    asyncio.run(fill(Path(folder_), waiting=int(rest_[0]) if rest_ else 6))
