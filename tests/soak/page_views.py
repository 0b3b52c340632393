"""Open pages, read as they stand and compared with what is true."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Error, Page

from tests.acceptance.page.conftest import open_page
from tests.soak.page_truth import FEW, Truth, in_place

MOST_FAILED = 12
ROW = 60

HOME = """() => {
  document.querySelector("section.needs button[aria-expanded=false]")?.click();  // seen with the next look
  const part = (title) => {
    const parts = [...document.querySelectorAll("section")];
    const found = parts.find((one) => one.querySelector("h2")?.textContent === title);
    return [...(found?.querySelectorAll("[data-job]") ?? [])].map((row) => [row.dataset.job, row.dataset.status]);
  };
  return {
    sentence: document.querySelector("h1")?.textContent ?? "",
    running: part("Running"),
    first_in_line: part("Waiting"),
    ended: part("History"),
    failed: part("Needs you"),
  };
}"""

LIST = """() => {
  const table = document.querySelector("[role=table].jobs");
  return {
    count: document.querySelector(".about p")?.textContent ?? "",
    rowcount: Number(table?.getAttribute("aria-rowcount") ?? 1) - 1,
    rows: [...(table?.querySelectorAll("[data-job]") ?? [])]
      .map((row) => [Number(row.getAttribute("aria-rowindex")) - 2, row.dataset.job, row.dataset.status]),
  };
}"""

JOB = """() => ({
  status: document.querySelector("[data-whole]")?.dataset.status ?? "",
  heading: document.querySelector("h1")?.textContent ?? "",
})"""


def pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((id_, status) for id_, status in rows)


@dataclass
class Views:
    """Four pages, each in a profile of its own: a browser has six connections to a server, and each page takes one."""

    home: Page
    history: Page
    waiting: Page
    job: Page
    url: str
    shown_job: str = ""

    @property
    def pages(self) -> tuple[Page, ...]:
        return (self.home, self.history, self.waiting, self.job)

    def go(self) -> None:
        self.home.goto(self.url)
        self.history.goto(f"{self.url}/history")
        self.waiting.goto(f"{self.url}/waiting")

    def look_at(self, job: str) -> None:
        self.shown_job = job
        self.job.goto(f"{self.url}/jobs/{job}")

    def scroll(self, dice: random.Random, rows: int) -> None:
        """The history, to any place."""
        self.history.evaluate("pixels => window.scrollTo(0, pixels)", ROW * dice.randrange(max(1, rows)))

    def differences(self, truth: Truth) -> list[str]:
        """What the pages show that is not so."""
        found = [*self._home(truth), *self._list(self.history, truth.ended), *self._list(self.waiting, truth.waiting)]
        return found + self._job(truth)

    def _home(self, truth: Truth) -> list[str]:
        seen: Any = self.home.evaluate(HOME)
        expected = {
            "running": truth.running,
            "first_in_line": truth.first_in_line,
            "ended": truth.ended[:FEW],
            "failed": truth.failed[:MOST_FAILED],
        }
        wrong = [
            f"home: {name} {pairs(seen[name])}, not {rows}"
            for name, rows in expected.items()
            if pairs(seen[name]) != rows
        ]
        return wrong + (
            [] if seen["sentence"] == truth.sentence else [f"home: {seen['sentence']!r}, not {truth.sentence!r}"]
        )

    def _list(self, page: Page, rows: tuple[tuple[str, str], ...]) -> list[str]:
        seen: Any = page.evaluate(LIST)
        name = page.url.rpartition("/")[2]
        wrong = in_place([(place, id_, status) for place, id_, status in seen["rows"]], rows)
        if seen["rowcount"] != len(rows):
            wrong.append(f"{seen['rowcount']} rows, not {len(rows)}")
        if seen["count"] != f"{len(rows):,} {'job' if len(rows) == 1 else 'jobs'}.":
            wrong.append(f"says {seen['count']!r}, not {len(rows)}")
        if rows and not seen["rows"]:
            wrong.append("shows none")
        return [f"{name}: {one}" for one in wrong]

    def _job(self, truth: Truth) -> list[str]:
        seen: Any = self.job.evaluate(JOB)
        status = truth.status_of(self.shown_job)
        if status is None:
            return [] if seen["heading"] == "This job cannot be shown" else [f"job: {seen}, and is gone"]
        return [] if seen["status"] == status else [f"job: {seen}, and is {status}"]


def open_views(browser: Browser, url: str, trouble: list[str]) -> Views:
    """`trouble`: where what the pages throw is put."""
    home, history, waiting, job = (open_page(browser, url, trouble) for _ in range(4))
    views = Views(home, history, waiting, job, url)
    views.go()
    return views


def read(views: Views, truth: Truth) -> list[str]:
    """As `differences`; a page that is just being loaded differs."""
    try:
        return views.differences(truth)
    except Error as error:
        return [f"a page cannot be read: {error.message}"]
