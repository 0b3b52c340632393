"""The page as people see it: a real server on a real library, and a real browser."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from spacedrive_jobs import Library
from tests.abilities import CHROMIUM
from tests.acceptance.cli.conftest import Cli, Started
from tests.acceptance.page.filled_library import fill
from tests.acceptance.web.conftest import bearer
from tests.waiting import eventually

JOBS = "tests.acceptance.page.page_jobs"
TOKEN = "token-of-the-tests-of-the-page"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

PATIENCE = 15_000
"""Milliseconds: a busy machine may take long, a page that hangs takes longer."""

expect.set_options(timeout=PATIENCE)


@dataclass
class Viewed:
    """A server, and a page that shows it. `trouble`: what the browser complained of."""

    cli: Cli
    browser: Browser
    started: Started
    url: str
    page: Page
    root: Path
    trouble: list[str] = field(default_factory=list[str])

    # --- the server, asked beside the page

    def get(self, path: str, **query: Any) -> Any:
        return self._asked("GET", path, params=query)

    def post(self, path: str, body: object = None) -> Any:
        return self._asked("POST", path, json=body) if body is not None else self._asked("POST", path)

    def put(self, path: str, body: object) -> Any:
        return self._asked("PUT", path, json=body)

    def _asked(self, method: str, path: str, **options: Any) -> Any:
        answer = httpx.request(method, f"{self.url}/api/{path}", headers=bearer(TOKEN), timeout=20, **options)
        assert answer.is_success, answer.text
        return answer.json()

    def dispatch(self, kind: str, **arguments: object) -> str:
        id_ = self.post("jobs", {"kind": kind, "arguments": arguments})["id"]
        assert isinstance(id_, str)
        return id_

    def a_drive_goes_away(self) -> tuple[Path, Path]:
        """A folder is indexed, taken away, and looked for; where it was, and where it is now."""
        drive = self.root / "Travel drive"
        drive.mkdir()
        (drive / "IMG_0001.jpg").write_bytes(b"a picture")
        self.dispatch("indexer", root=str(drive))
        eventually(lambda: self.get("statistics")["completed"] == 1)
        away = drive.rename(self.root / "elsewhere")
        self.dispatch("indexer", root=str(drive))
        eventually(lambda: self.get("overview")["locations"][0]["state"] == "offline")
        eventually(lambda: self.get("statistics")["completed"] == 2)
        return drive, away

    def stop(self) -> None:
        self.started.send(signal.SIGTERM)
        self.started.ends()

    def start(self) -> None:
        """Again, at the same address."""
        self.started = start(self.cli, self.root, self.url.rpartition(":")[2])

    # --- the page

    def go(self, path: str = "") -> None:
        self.page.goto(f"{self.url}/{path}")

    def part(self, title: str) -> Locator:
        return self.page.get_by_role("region", name=title, exact=True)

    def job(self, id_: str) -> Locator:
        """The card or row of a job, on whatever part of the page it is."""
        return self.page.locator(f'[data-job="{id_}"]').first

    def said(self, text: str) -> Locator:
        """A message at the edge of the page."""
        return self.page.get_by_role("region", name="Messages").get_by_text(text)

    def shows_job(self) -> str:
        """Wait until the address is a job's; its id."""
        self.page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}$"), timeout=PATIENCE)
        return self.page.url.rpartition("/")[2]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module and no longer: while it is open its loop runs in this thread, and no other test can have one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def start(cli: Cli, root: Path, port: str = "0", *more: str) -> Started:
    words = ["--import", JOBS, "serve", "--port", port, "--root", str(root), "--token", TOKEN, "--json"]
    started = cli.start(*words, *more)
    eventually(lambda: '"ready"' in started.out, within=60, what=f"a server: {started.err}")
    return started


def open_page(browser: Browser, url: str, trouble: list[str], **options: Any) -> Page:
    """Signed in, in a profile of its own, in the zone and language of nobody in particular."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin", **options)
    context.set_default_timeout(PATIENCE)
    answer = context.request.post(f"{url}/api/login", data={"token": TOKEN}, headers={"Origin": url})
    assert answer.ok, answer.text()
    page = context.new_page()
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    return page


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    root.mkdir()
    return root


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path)
    apart(made(cli.library))
    yield cli
    cli.close()


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a thread: in this one the browser's loop is running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def made(path: Path) -> None:
    """A library of its own, without the start of another process."""
    async with Library.open(path, create=True, runs="none"):
        pass


@pytest.fixture
def viewed(cli: Cli, browser: Browser, root: Path) -> Iterator[Viewed]:
    """A page on an empty library. At the end the browser must have found nothing to complain of."""
    started = start(cli, root)
    (ready,) = started.records()
    trouble: list[str] = []
    page = open_page(browser, ready["url"], trouble)
    viewed = Viewed(cli, browser, started, ready["url"], page, root, trouble)
    yield viewed
    viewed.page.context.close()
    assert trouble == []


@pytest.fixture
def filled(viewed: Viewed) -> Viewed:
    """On a library in which something of everything goes on."""
    show_filled(viewed)
    return viewed


def show_filled(viewed: Viewed, *, waiting: int = 6) -> None:
    """Let the server show such a library, with so many jobs that wait."""
    viewed.stop()
    folder = viewed.root
    apart(fill(folder, waiting=waiting))
    viewed.cli.environment["SDJOBS_LIBRARY"] = str(folder / "Photos")
    viewed.cli.library = folder / "Photos"
    viewed.start()
    eventually(lambda: viewed.get("statistics")["running"] >= 2)
    # The cookie is the other library's.
    viewed.page.context.close()
    viewed.page = open_page(viewed.browser, viewed.url, viewed.trouble)
