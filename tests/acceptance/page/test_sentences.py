"""What a screen reader is given, as text: it reads as sentences. `sentences/` holds what was read and found good.

`UPDATE_SENTENCES=1` writes the files again; read them before they are committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.page.conftest import Viewed, open_page, show_filled
from tests.acceptance.page.test_accessibility import findings
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]

KEPT: Final = Path(__file__).with_name("sentences")
MOVING: Final = (
    (r"\b\d+:\d\d(:\d\d)? left", "N left"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b,?( \d+ \w{3},?)?", "DAY"),
    (r"\b(today|tomorrow)\b", "DAY"),
    (r"\b\d{1,2} [A-Z][a-z]{2} \d{4}", "DATE"),
    (r"\b\d\d:\d\d(:\d\d)?", "CLOCK"),
    (r"(just now|a moment ago|\d+ min ago)", "AGO"),
    (r"\d+(\.\d+)? (GB|MB|kB|B)(/s)?", "SIZE"),
    (r"\b[0-9a-f]{8}(-[0-9a-f-]{27})?\b", "ID"),
    (r"(under )?\d+(\.\d+)? (s|min( \d+ s)?|h( \d+ min)?)\b", "TIME"),
    (r"\d{1,3}(,\d{3})+", "N,NNN"),
    (r"\d+(\.\d+)?", "N"),
)
"""What differs from run to run. That large numbers have commas is seen."""

MOST_ALIKE: Final = 12
"""Lines of a part that is looked for once more below itself."""


def spoken(viewed: Viewed) -> str:
    viewed.page.wait_for_function("document.querySelector('[aria-busy]') === null")
    text = viewed.page.locator("body").aria_snapshot().replace(str(viewed.root.parent), "/home/anna")
    for pattern, word in MOVING:
        text = re.sub(pattern, word, text)
    return "\n".join(folded(text.splitlines())) + "\n"


def folded(lines: list[str]) -> list[str]:
    """What stands several times, one below the other, once: how many lines a log has by now differs from run to run."""
    out: list[str] = []
    for line in lines:
        out.append(line)
        for length in range(1, MOST_ALIKE + 1):
            if out[-length:] == out[-2 * length : -length]:
                del out[-length:]
                break
    return out


def let_asker_rest(viewed: Viewed) -> None:
    """Pause the copy that asks: while it waits for an answer it holds its place for half a minute, and then no more."""
    asker = viewed.get("questions")["questions"][0]["job"]
    viewed.post(f"jobs/{asker}/pause")
    eventually(lambda: viewed.get(f"jobs/{asker}")["status"] == "paused", within=30)


def compare(text: str, name: str) -> None:
    file = KEPT / f"{name}.txt"
    if os.environ.get("UPDATE_SENTENCES"):
        KEPT.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    found: list[str] = page.evaluate("""() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > innerWidth)
            .map(one => one.outerHTML.slice(0, 200))""")
    return found


def test_an_empty_page_reads_as_sentences(viewed: Viewed) -> None:
    viewed.go()
    expect(viewed.page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    compare(spoken(viewed), "empty")


def test_a_failure_and_a_drive_that_is_away_read_as_sentences(viewed: Viewed) -> None:
    viewed.a_drive_goes_away()
    viewed.dispatch("page.fails", sources=["/card"], destination="/photos", message="the card was pulled out")
    eventually(lambda: viewed.get("statistics")["failed"] >= 1)
    viewed.go()
    expect(viewed.part("Needs you")).to_contain_text("Nothing of it is forgotten")
    expect(viewed.part("Needs you")).to_contain_text("The card was pulled out.")
    compare(spoken(viewed), "broken")


def test_ten_thousand_waiting_jobs_read_as_sentences(viewed: Viewed) -> None:
    show_filled(viewed, waiting=10_000)
    let_asker_rest(viewed)
    viewed.go()
    expect(viewed.page.get_by_role("heading", level=1)).to_contain_text("wait")
    for card in viewed.part("Running").locator('[data-job]:has-text("Listing")').all():
        expect(card).to_contain_text("left")
    expect(viewed.page.get_by_role("figure").first).to_contain_text("/s")
    compare(spoken(viewed), "busy")


@pytest.mark.parametrize("state", ["running", "partly", "failed", "asking"])
def test_a_job_of_its_own_reads_as_sentences(filled: Viewed, state: str) -> None:
    kind = {"running": "page.copy", "partly": "thumbnails", "failed": "page.fails", "asking": "file_copy"}[state]
    let_asker_rest(filled)
    jobs = filled.get("jobs/running")["jobs"] if state == "running" else filled.get("jobs", limit=100)["jobs"]
    filled.go(f"jobs/{next(job['id'] for job in jobs if job['kind'] == kind)}")
    expect(filled.part("What it was told")).to_be_visible()
    if state == "running":
        expect(filled.part("Speed")).to_contain_text("Between")
        expect(filled.page.locator(".figures")).to_contain_text("left")
    filled.page.get_by_text("Every change").click()
    expect(filled.page.locator(".changes li").first).to_be_visible()
    compare(spoken(filled), f"job-{state}")


def test_the_history_reads_as_sentences(filled: Viewed) -> None:
    filled.go("history")
    expect(filled.page.get_by_role("table", name="Jobs that have ended")).to_be_visible()
    filled.page.get_by_text("How long they took").click()
    compare(spoken(filled), "history")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "history", "library", "new/file_copy", "waiting"])
def test_an_empty_page_has_nothing_serious_on_a_telephone(viewed: Viewed, theme: str, path: str) -> None:
    page = viewed.page
    page.set_viewport_size({"width": 360, "height": 760})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    viewed.go(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_function("document.querySelector('[aria-busy]') === null")
    assert findings(page) == []
    assert too_wide(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_busy_page_has_nothing_serious_on_a_telephone(filled: Viewed, theme: str) -> None:
    scheme: Literal["light", "dark"] = "dark" if theme == "dark" else "light"
    page = open_page(filled.browser, filled.url, filled.trouble, color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": 360, "height": 760})
    copying = next(job["id"] for job in filled.get("jobs/running")["jobs"] if job["kind"] == "page.copy")
    for path in ("", f"jobs/{copying}", "waiting", "history", "library", "library?view=duplicates", "new"):
        page.goto(f"{filled.url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_function("document.querySelector('[aria-busy]') === null")
        assert findings(page) == [], path
        assert too_wide(page) == [], path
    page.context.close()
