"""The page as people have it: `sdjobs serve` in a process of its own, and Chromium in front of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
TOKEN: Final = "token-of-the-benchmark-of-the-page"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that is ready. `client` asks its API over a connection that stays."""

    url: str
    pid: int
    client: httpx.Client

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/{path}").raise_for_status().json()

    def dispatch(self, kind: str, **arguments: object) -> str:
        """A job by its kind's name; gives its id."""
        made = self.client.post("/api/jobs", json={"kind": kind, "arguments": arguments}).raise_for_status()
        return str(made.json()["id"])


@contextmanager
def served(folder: Path, *more: str) -> Iterator[Served]:
    """The library of `folder`, with the kinds of `benchmarks.jobs`; it runs their jobs unless told `--page-only`."""
    where = ["--import", "benchmarks.jobs", "--library", str(folder / "library")]
    words = ["serve", "--port", "0", "--json", "--token", TOKEN, *more]
    process = subprocess.Popen([sys.executable, "-m", "sdjobs", *where, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30) as client:
            yield Served(url, process.pid, client)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def signed_in(browser: Browser, url: str) -> Page:
    """An empty page that has been let in, in a profile of its own: closing its context closes all of it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.request.post(f"{url}/api/login", data={"token": TOKEN}, headers={"Origin": url})
    return context.new_page()
