"""`python -m tests.acceptance.page.gallery FOLDER [--all]`: the page in each state, size and theme.

Each state is a real one, of a real server over a real library: its full disk is a small file system that was filled,
its drive that is not there was mounted, indexed and taken away (so this needs root). `--all` also takes what
docs/pictures.md leaves out.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from spacedrive_jobs import Library
from spacedrive_ops import IndexerJob
from tests.abilities import CHROMIUM
from tests.acceptance.page import page_jobs
from tests.acceptance.page.conftest import FLAGS, apart, open_page
from tests.acceptance.page.filled_library import fill
from tests.acceptance.page.pictures import job_of, served
from tests.mounts import fill_up, mounted

State = Literal["empty", "busy", "broken"]
Theme = Literal["light", "dark"]

SIZES: Final = {1440: 900, 768: 1024, 360: 760}
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
WAITING: Final = 10_000
DONE: Final = 600
LIBRARY_MIB: Final = 48


@dataclass(frozen=True)
class View:
    name: str
    path: str
    kind: str = ""
    """Of the running job whose own page it is."""


HOME = View("home", "")
OTHERS: Final = (
    View("job", "jobs/", kind="page.copy"),
    View("form", "new/file_copy"),
    View("waiting", "waiting"),
    View("history", "history"),
    View("library", "library"),
    View("search", "library?text=IMG"),
    View("duplicates", "library?view=duplicates"),
)
VIEWS: Final[dict[State, tuple[View, ...]]] = {"empty": (HOME,), "busy": (HOME, *OTHERS), "broken": (HOME,)}


def main(folder: Path, *, everything: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for state in VIEWS:
            with library_of(state) as url:
                for view, width, theme in product(VIEWS[state], SIZES, THEMES):
                    if everything or stands_in_docs(view, width, theme):
                        take(browser, url, state, view, width, theme, folder)
        browser.close()


def stands_in_docs(view: View, width: int, theme: Theme) -> bool:
    """The first page in each size and theme, each other as it is on a desk and on a telephone at night."""
    return view is HOME or (width, theme) in {(1440, "light"), (360, "dark")}


# --- the states


@contextmanager
def library_of(state: State) -> Iterator[str]:
    """A server over a library in that state; its address."""
    # Its name is in the pictures; one that is there already is somebody's.
    home = Path(tempfile.gettempdir()) / "anna"
    home.mkdir()
    try:
        with {"empty": empty, "busy": busy, "broken": broken}[state](home) as url:
            yield url
    finally:
        shutil.rmtree(home)


@contextmanager
def empty(home: Path) -> Iterator[str]:
    apart(made(home / "Photos"))
    with served(home) as url:
        yield url


@contextmanager
def busy(home: Path) -> Iterator[str]:
    apart(much(home))
    with served(home) as url:
        yield url


@contextmanager
def broken(home: Path) -> Iterator[str]:
    photos, drive = home / "Photos", home / "Travel drive"
    with mounted(photos, LIBRARY_MIB):
        with mounted(drive, 8):
            (drive / "IMG_0001.jpg").write_bytes(b"a picture of far away")
            apart(indexed(home, drive))
        drive.rmdir()
        apart(looked_for(photos, drive))
        with served(home) as url:
            fill_up(photos)
            yield url


async def made(library: Path) -> None:
    async with Library.open(library, create=True, runs="none"):
        pass


async def much(home: Path) -> None:
    await fill(home, waiting=WAITING)
    async with Library.open(home / "Photos") as library:
        await library.jobs.pause_queue("page.waits")
        done = await library.jobs.dispatch_many([page_jobs.quick.new(number) for number in range(DONE)])
        await asyncio.gather(*(job.wait() for job in done))
        await library.jobs.resume_queue("page.waits")


async def indexed(home: Path, drive: Path) -> None:
    await fill(home, waiting=6)
    async with Library.open(home / "Photos") as library:
        await (await library.jobs.dispatch(IndexerJob(root=drive), priority=100)).wait()


async def looked_for(photos: Path, drive: Path) -> None:
    async with Library.open(photos) as library:
        await (await library.jobs.dispatch(IndexerJob(root=drive), priority=100)).wait()


# --- the pictures


def take(browser: Browser, url: str, state: State, view: View, width: int, theme: Theme, folder: Path) -> None:
    page = open_page(browser, url, [], color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": SIZES[width]})
    page.goto(f"{url}/{view.path}" + (job_of(page, url, view.kind) if view.kind else ""))
    settle(page, state, view)
    name = "-".join([state] if view is HOME else [view.name]) + f"-{width}-{theme}"
    shot = folder / f"{name}.png"
    page.screenshot(path=shot)
    page.context.close()
    file = shot.with_suffix(".webp")
    Image.open(shot).convert("RGB").save(file, quality=72, method=6)
    shot.unlink()
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


def settle(page: Page, state: State, view: View) -> None:
    """Until all of it is there, and a line has a few points."""
    page.wait_for_selector("main h1")
    page.wait_for_function("document.querySelector('[aria-busy]') === null")
    if state == "broken":
        page.get_by_role("heading", level=3, name="The library's disk is full").wait_for()
        page.get_by_role("heading", name="Travel drive is not there").wait_for()
    page.wait_for_timeout(5_000 if view is HOME or view.kind else 1_000)


if __name__ == "__main__":
    words = argparse.ArgumentParser(description="Take the pictures of the page.")
    words.add_argument("folder", type=Path)
    words.add_argument("--all", action="store_true", help="also those that the documentation leaves out")
    given = words.parse_args()
    main(given.folder, everything=given.all)
