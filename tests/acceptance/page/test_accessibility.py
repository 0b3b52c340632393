"""For those who do not see the page, or see it badly: axe finds nothing serious on any part, light or dark."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.abilities import NODE_MODULES
from tests.acceptance.page.conftest import Viewed, open_page
from tests.waiting import eventually

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]

RUN = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map(({ impact, id, nodes }) => ({ impact, id, where: nodes.map(one => one.html) }));
}"""


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
