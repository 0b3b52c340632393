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

from tests.acceptance.page.conftest import Viewed, open_page
from tests.acceptance.page.test_accessibility import findings
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]

KEPT: Final = Path(__file__).with_name("sentences")
MOVING: Final = (
    (r"\b\d+:\d\d(:\d\d)? left", "N left"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b,?( \d+ \w{3},?)?", "DAY"),
    (r"\b\d{1,2} [A-Z][a-z]{2} \d{4}", "DATE"),
    (r"\b\d\d:\d\d(:\d\d)?", "CLOCK"),
    (r"(just now|a moment ago|\d+ min ago)", "AGO"),
    (r"\d+(\.\d+)? (GB|MB|kB|B)(/s)?", "SIZE"),
    (r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID"),
    (r"(under )?\d+(\.\d+)? s\b", "TIME"),
    (r"\d[\d,]*(\.\d+)?", "N"),
)
"""What differs from run to run."""


def spoken(viewed: Viewed) -> str:
    text = viewed.page.locator("body").aria_snapshot().replace(str(viewed.root.parent), "/home/anna")
    for pattern, word in MOVING:
        text = re.sub(pattern, word, text)
    return text + "\n"


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
    viewed.page.wait_for_function("document.querySelector('[aria-busy]') === null")
    compare(spoken(viewed), "empty")


def test_a_failure_and_a_drive_that_is_away_read_as_sentences(viewed: Viewed) -> None:
    viewed.a_drive_goes_away()
    viewed.dispatch("page.fails", sources=["/card"], destination="/photos", message="the card was pulled out")
    eventually(lambda: viewed.get("statistics")["failed"] >= 1)
    viewed.go()
    expect(viewed.part("Needs you")).to_contain_text("Nothing of it is forgotten")
    expect(viewed.part("Needs you")).to_contain_text("The card was pulled out.")
    viewed.page.wait_for_function("document.querySelector('[aria-busy]') === null")
    compare(spoken(viewed), "broken")


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
