"""For those who do not see the page, or see it badly: axe finds nothing serious on any part, light or dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.abilities import NODE_MODULES
from tests.acceptance.page.conftest import Viewed, open_page, show_filled
from tests.mounts import fill_up, mounted
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]

RUN = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map(({ impact, id, nodes }) => ({ impact, id, where: nodes.map(one => one.html) }));
}"""


LOOKS: Final[tuple[tuple[Literal["light", "dark"], int], ...]] = (
    ("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360),
)  # fmt: skip


def findings(page: Page) -> list[dict[str, Any]]:
    """What is worse than a matter of taste."""
    page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [one for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(filled: Viewed, theme: Literal["light", "dark"]) -> None:
    jobs = {job["kind"]: job["id"] for job in filled.get("jobs", limit=100)["jobs"]}
    page = open_page(filled.browser, filled.url, filled.trouble, color_scheme=theme, reduced_motion="reduce")
    places = ["", f"jobs/{jobs['page.copy']}", f"jobs/{jobs['thumbnails']}", f"jobs/{jobs['page.fails']}",
              f"jobs/{jobs['file_copy']}", "waiting", "history", "library", "library?view=duplicates", "new",
              "new/file_copy?when=clock", "nowhere"]  # fmt: skip
    for path in places:
        page.goto(f"{filled.url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_function("document.querySelector('[aria-busy]') === null")
        page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true; })")
        assert findings(page) == [], path
    page.goto(f"{filled.url}/new/file_copy")
    page.get_by_role("button", name="Choose a folder: What").click()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Help and keyboard shortcuts").click()
    assert findings(page) == []
    page.context.close()


@pytest.fixture
def full(viewed: Viewed) -> Iterator[Viewed]:
    """On a library whose disk was filled to its last byte while jobs run."""
    with mounted(viewed.root / "Photos", 48):
        show_filled(viewed)
        film = fill_up(viewed.root / "Photos")
        yield viewed
        film.unlink()  # there is room again, so that it stops at once
        viewed.page.goto("about:blank")  # that it is gone is nothing to complain of
        viewed.stop()


def looks(page: Page) -> Iterator[str]:
    """The page as it stands in each theme and at each width, one after the other."""
    for theme, width in LOOKS:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 800})
        yield f"{theme}, {width} pixels"


@pytest.mark.needs("root", "mount")
def test_axe_finds_nothing_serious_where_a_disk_is_full(full: Viewed) -> None:
    full.go()
    expect(full.page.get_by_role("heading", level=3, name="The library's disk is full")).to_be_visible()
    # All parts of the page say the same.
    expect(full.page.get_by_role("heading", level=1)).to_have_text(
        re.compile("The library's disk is full: .* hold still")
    )
    expect(full.part("Running")).to_contain_text("Holds still")
    expect(full.part("Running")).not_to_contain_text("Runs for")
    for look in looks(full.page):
        assert findings(full.page) == [], look


def test_axe_finds_nothing_serious_where_a_drive_is_away(viewed: Viewed) -> None:
    drive, _ = viewed.a_drive_goes_away()
    for path in ("", "library"):
        viewed.go(path)
        expect(viewed.page.get_by_text(str(drive)).first).to_be_visible()
        for look in looks(viewed.page):
            assert findings(viewed.page) == [], f"{path}: {look}"


def test_axe_finds_nothing_serious_in_windows(filled: Viewed) -> None:
    """Those over a job's page, over lists and over forms, and a form that refuses what it was given."""
    page = filled.page
    copying = next(job["id"] for job in filled.get("jobs/running")["jobs"] if job["kind"] == "page.copy")
    windows = {f"jobs/{copying}": "Stop at once", "history": "Clear these", "waiting": "Cancel these",
               "new/file_copy": "Choose a folder: What", "": "Change: Index"}  # fmt: skip
    for path, button in windows.items():
        filled.go(path)
        page.get_by_role("button", name=button).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        if path.startswith("new"):
            page.get_by_role("list", name="Folders").get_by_role("button").first.click()
            expect(page.get_by_role("button", name="One up")).to_be_visible()
        for look in looks(page):
            assert findings(page) == [], f"{button}: {look}"
    filled.go("new/file_copy?when=clock")
    page.get_by_role("button", name="Run it by the clock").click()
    expect(page.get_by_text("Something is missing")).to_be_visible()
    for look in looks(page):
        assert findings(page) == [], look


def test_live_regions_do_not_chatter(viewed: Viewed) -> None:
    """A hundred jobs that end are one sentence, and progress is none."""
    page = viewed.page
    viewed.go()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.evaluate("""() => {
        window.said = [];
        const region = document.querySelector("[role=status].unseen");
        const what = { childList: true, characterData: true, subtree: true };
        new MutationObserver(() => window.said.push(region.textContent)).observe(region, what);
    }""")
    for number in range(100):
        viewed.dispatch("page.quick", number=number)
    eventually(lambda: page.evaluate("window.said.length") > 0, within=15, what="a sentence")
    eventually(lambda: viewed.get("statistics")["completed"] == 100)
    assert page.evaluate("window.said.length") <= 4
    assert "completed" in page.evaluate("window.said[0]")


def test_focus_is_seen_and_comes_back_from_a_window(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go()
    help_button = page.get_by_role("button", name="Help and keyboard shortcuts")
    help_button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_button).to_be_focused()
    page.keyboard.press("Shift+Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_single_keys_can_be_switched_off(viewed: Viewed) -> None:
    page = viewed.page
    viewed.go()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    page.keyboard.press("?")
    page.get_by_label("Single keys act on this page").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing to do")
    assert page.url.rstrip("/") == viewed.url


def test_the_look_is_chosen_and_remembered(viewed: Viewed) -> None:
    page = viewed.page
    page.emulate_media(color_scheme="light")
    viewed.go()
    light = background(page)
    switch = page.get_by_role("button", name="Colours:")
    switch.click()
    switch.click()
    assert background(page) != light
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert background(page) != light


def background(page: Page) -> str:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert isinstance(colour, str)
    return colour
