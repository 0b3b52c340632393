"""`python -m tests.acceptance.page.pictures FOLDER`: the pictures of the page that stand in the documentation.

They are taken of a real server over a real library, with the fonts that this machine has: install Inter
(`fonts-inter`) where they are to look as those that are committed.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.abilities import CHROMIUM
from tests.acceptance.page.conftest import FLAGS, JOBS, TOKEN, open_page
from tests.acceptance.page.filled_library import fill


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    width: int
    height: int
    theme: Literal["light", "dark"] = "light"
    kind: str = ""
    """Of the job whose own page it is."""


PICTURES = (
    Picture("page-jobs", "", 1280, 1480),
    Picture("page-job", "jobs/", 1280, 860, "dark", kind="page.copy"),
    Picture("page-form", "new/file_copy", 900, 720),
    Picture("page-narrow", "", 390, 844, "dark"),
)
COLOURS = 128
"""A page has few; so the files stay small."""


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Its name is in the pictures; one that is there already is somebody's.
    home = Path(tempfile.gettempdir()) / "anna"
    home.mkdir()
    try:
        asyncio.run(fill(home))
        with served(home) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for picture in PICTURES:
                take(browser, url, picture, folder / f"{picture.name}.png")
            browser.close()
    finally:
        shutil.rmtree(home)


@contextmanager
def served(home: Path) -> Iterator[str]:
    words = ["--import", JOBS, "--library", str(home / "Photos"), "serve", "--port", "0", "--root", str(home)]
    command = [str(Path(sys.executable).with_name("sdjobs")), *words, "--token", TOKEN, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait()


def take(browser: Browser, url: str, picture: Picture, file: Path) -> None:
    page = open_page(browser, url, [], color_scheme=picture.theme)
    page.set_viewport_size({"width": picture.width, "height": picture.height})
    path = picture.path + (job_of(page, url, picture.kind) if picture.kind else "")
    page.goto(f"{url}/{path}")
    page.wait_for_selector("main h1")
    if picture.kind:
        page.wait_for_selector(".plot canvas")
    page.wait_for_timeout(8_000 if not picture.path or picture.kind else 1_000)  # for the lines of the graphs
    page.screenshot(path=file)
    page.context.close()
    Image.open(file).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


def job_of(page: Page, url: str, kind: str) -> str:
    jobs = page.context.request.get(f"{url}/api/jobs/running").json()["jobs"]
    return str(next(job["id"] for job in jobs if job["kind"] == kind))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
